/*
 * bench_sweep_merge: the results of sweeps in one file, merged.json:
 *
 *   jobs      how many were planned
 *   missing   keys of those without a result
 *   results   one object per job: what it was, and what is the same wherever it
 *             runs: counters, digest, lookup steps, memory that is counted
 *   timed     one object per cell and machine: its epochs, pooled over all
 *             repeats, with their median and its interval; kfree's and the
 *             lookup's histograms, added bin by bin
 *
 * The same results give the same bytes, in whatever order and however often they
 * are given.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_MERGE_H
#define BENCH_SWEEP_MERGE_H

#include "bench_sweep_gather.h"

#include <stdio.h>

/*
 * Writes what was gathered, one result at a time. Returns 0; KB_E_CORRUPT if a
 * result's file changed since it was gathered; or KB_E_NOMEM; with `diag` filled.
 * The caller sees to it that what was written is whole.
 */
int bench_sweep_merge(FILE *out, const struct bench_sweep_gather *gather,
		      struct kb_diag *diag);

#endif /* BENCH_SWEEP_MERGE_H */
