/*
 * bench_sweep_page: what a merged sweep says, as text and as one HTML file without
 * scripts: the recommendation, all configurations by their geometric mean, a heat map
 * of configurations and traces, and each trace's Pareto front.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_PAGE_H
#define BENCH_SWEEP_PAGE_H

#include "bench_sweep_best.h"

#include <stdio.h>

/* Writes one or two sentences: the best configuration, the next best, and how sure that
 * is; or that none served every trace. Names are as they are: for text. */
void bench_sweep_verdict(FILE *out, const struct bench_sweep_best *best);

/*
 * Writes the page to `path` as a whole or not at all. Returns 0, or KB_E_IO, also if
 * `path` is `input`, or KB_E_NOMEM, with `diag` filled.
 */
int bench_sweep_page(const struct bench_sweep_best *best, const char *path,
		     const char *input, struct kb_diag *diag);

#endif /* BENCH_SWEEP_PAGE_H */
