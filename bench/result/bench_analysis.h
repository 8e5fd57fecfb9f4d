/*
 * bench_analysis: the results of reading a trace and replaying it without a
 * clock, for the reports.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_ANALYSIS_H
#define BENCH_ANALYSIS_H

#include "alloc.h"
#include "bench_ideal.h"
#include "bench_map.h"
#include "bench_profile.h"
#include "bench_site.h"
#include "bench_tape.h"

#include <stdbool.h>

struct bench_analysis {
	struct bench_ideal ideal;

	/* Only for a results folder; absent where none was requested. */
	bool has_profile;
	struct bench_profile profile;

	/* Of the heap window of `map_alloc`. */
	bool has_map;
	char map_alloc[ALLOC_NAME_SIZE];
	struct bench_map map;

	/* Empty if no allocator has a heap of pages or the trace has no call
	 * sites. */
	struct bench_site_table sites;

	/* Of the first allocators that have rows; empty for a trace too long to
	 * show. Owned: to be released. */
	struct bench_tape tape;
};

#endif /* BENCH_ANALYSIS_H */
