/*
 * bench_gbench_options: Google Benchmark's options, checked before anything runs.
 * The library ends the program on an unknown option, takes any word for a switch's
 * value, and ignores what does not concern it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GBENCH_OPTIONS_H
#define BENCH_GBENCH_OPTIONS_H

#include "kb_options.h"
#include "kb_status.h"

#include <stdbool.h>

/*
 * Checks words that begin with "--benchmark_": names, values, and that each has an
 * effect: some are only for the micro-benchmarks (`micro`). `stdout_taken`: another
 * output goes to standard output. Returns 0, or KB_E_ARG with `diag` filled.
 */
int bench_gbench_options_check(const struct kb_words *words, bool micro,
			       bool stdout_taken, struct kb_diag *diag);

/* The value of the last --benchmark_NAME=VALUE; NULL if there is none. */
const char *bench_gbench_options_value(const struct kb_words *words,
				       const char *name);

#endif /* BENCH_GBENCH_OPTIONS_H */
