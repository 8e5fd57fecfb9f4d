/*
 * bench_summary_parts: the parts of a cell's summary, each computed in a file
 * of its own. Each fills its own fields of a zeroed summary that has its cell.
 *
 * Only this folder's files include this file.
 */
#ifndef BENCH_SUMMARY_PARTS_H
#define BENCH_SUMMARY_PARTS_H

#include "bench_summary.h"

/* A figure below this many errors of its clock is not a number. */
#define BENCH_FLOOR_ERRORS 4.0

/* Returns 0, or KB_E_NOMEM with `diag` filled. */
int bench_summary_throughput(struct bench_cell_summary *s,
			     const struct replay_clock *clock,
			     struct kb_diag *diag);

/* Single operations, frozen lookups, what the samples cost, the cost models. */
void bench_summary_latency(struct bench_cell_summary *s,
			   const struct replay_clock *clock);

/* The results of the pass count; `ideal` may be NULL. */
void bench_summary_counts(struct bench_cell_summary *s,
			  const struct bench_ideal *ideal);

#endif /* BENCH_SUMMARY_PARTS_H */
