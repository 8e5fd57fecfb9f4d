/*
 * bench_micro: the micro-benchmarks under Google Benchmark's own loop: importing
 * and decoding of traces, lookups against live clusters.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "alloc_spec.h"

#include <stdbool.h>
#include <stddef.h>

/* What to measure and where it goes. All borrowed. */
struct bench_micro_job {
	/* Recordings and .trc files to import and decode. */
	const char *const *traces;
	size_t trace_count;

	/* The allocators whose lookups are measured; none: the kheap with each
	 * of its lookups. */
	const struct alloc_spec *allocs;
	size_t alloc_count;

	/* The results folder; NULL for none. */
	const char *out;
	bool no_plots;

	/* argv[0] and the library's own options. */
	int argc;
	char **argv;
};

/* Runs them. Returns the exit status; what goes wrong is said on stderr. */
int bench_micro(const struct bench_micro_job *job);

#endif /* BENCH_MICRO_H */
