/*
 * bench_gbench: each cell as a benchmark of Google Benchmark, whose repetitions
 * are the epochs that our own runner recorded, told through manual time.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include "bench_report.h"

#include <stdbool.h>
#include <stddef.h>

/* The name of a cell's benchmark: "boot.trc/kheap". */
void bench_gbench_name(char *out, size_t size, const struct bench_trace *trace,
		       const struct alloc_spec *spec);

/*
 * Leaves in `*specs` only the allocators whose benchmark the options'
 * --benchmark_filter matches. Returns 0 or 2 (said on stderr).
 */
int bench_gbench_filter(const struct bench_options *opts,
			const struct bench_trace *trace,
			struct alloc_spec *specs, size_t *count);

/* Reports all cells of all reports as Google Benchmark would. Returns 0 or 2
 * (said on stderr). */
int bench_gbench_report(const struct bench_report *reports, size_t count,
			bool to_stderr);

/* Runs the micro-benchmarks under the library's own loop: importing and
 * decoding of the traces given, lookups against live clusters. Returns the
 * exit status. */
int bench_micro(const struct bench_options *opts);

#endif /* BENCH_GBENCH_H */
