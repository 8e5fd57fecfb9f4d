/*
 * bench_gbench: each cell as a benchmark of Google Benchmark, whose repetitions
 * are the epochs that our own runner recorded, reported as manual time.
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
 * Leaves in `*specs` only the allocators whose benchmark --benchmark_filter
 * among the library's own options, `argv`, matches. Returns 0 or 2 (with
 * a message on stderr).
 */
int bench_gbench_filter(int argc, char **argv, const struct bench_trace *trace,
			struct alloc_spec *specs, size_t *count);

/* gb_run, which also writes the file of --benchmark_out, whole. Returns 0 or 2
 * (said on stderr). */
int bench_gbench_run(int argc, char **argv, bool all, bool to_stderr);

/* Reports all cells of all reports as Google Benchmark would with the options
 * `argv`. Returns 0 or 2 (with a message on stderr). */
int bench_gbench_report(const struct bench_report *reports, size_t count,
			int argc, char **argv, bool to_stderr);

#endif /* BENCH_GBENCH_H */
