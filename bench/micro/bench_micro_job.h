/*
 * bench_micro_job: what the micro-benchmarks measure.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MICRO_JOB_H
#define BENCH_MICRO_JOB_H

#include "alloc_spec.h"

#include <stdbool.h>
#include <stddef.h>

/* What to measure and where the results go. All borrowed. */
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

#endif /* BENCH_MICRO_JOB_H */
