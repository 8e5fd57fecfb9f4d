/*
 * bench_scaling: micro-benchmarks of the simulated heaps: what a lookup costs
 * against the number of live clusters, and the cases of Linux's
 * lib/test_vmalloc.c.
 *
 *   lookup/ALLOC/POPULATION/ORDER/live:N
 *       One lookup with N clusters live. POPULATION: one-row (all of one page)
 *       or many-row (1 to 31 pages, evenly). ORDER is that of the frees that the
 *       lookup represents: fifo looks for the oldest cluster, lifo for the
 *       newest, random for any. The state is frozen, so caches are warm. The
 *       counters `rows`, `nodes` and `lines`, where the lookup counts such, are
 *       means over real frees in that order, exact.
 *   fix_size, random_size, long_busy, full_fit
 *       One iteration is what one of test_vmalloc's is: a page; 1 to 100 pages;
 *       100 pages and a page beside 15,000 live ones; a page into a heap full of
 *       holes of a page. Each allocated and freed again.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SCALING_H
#define BENCH_SCALING_H

#include "bench_micro_job.h"

struct bench_scaling;

/*
 * Registers the benchmarks for the allocators given, or, if none was given on
 * the command line, for the kheap with each of its lookups. Returns NULL with a
 * message on stderr if out of memory.
 */
struct bench_scaling *bench_scaling_register(const struct bench_micro_job *job);

/*
 * Writes the results of the random lookups to OUT/lookup-scaling.tsv and draws
 * it, if --out names a folder and unless --no-plots. Returns an exit status.
 */
int bench_scaling_report(const struct bench_scaling *scaling,
			 const struct bench_micro_job *job);

/* Frees it; NULL is ignored. */
void bench_scaling_free(struct bench_scaling *scaling);

#endif /* BENCH_SCALING_H */
