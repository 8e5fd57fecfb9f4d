/*
 * bench_analysis_read: reads and replays a trace for the reports.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_ANALYSIS_READ_H
#define BENCH_ANALYSIS_READ_H

#include "bench_analysis.h"
#include "bench_cell.h"
#include "bench_settings.h"
#include "bench_trace.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

/* What to read. Borrowed for the call. */
struct bench_analysis_job {
	const struct bench_settings *settings;
	const struct bench_trace *trace;

	/* The map and the table of call sites are made for the first of these
	 * that has a heap window and was counted. */
	const struct bench_cell *cells;
	size_t count;

	/* All that a results folder shows; else the ideal alone. */
	bool whole;
};

/*
 * Returns 0 with `*out` filled, or <0 with `diag` filled. What a signal stops is
 * omitted.
 */
int bench_analysis_read(struct bench_analysis *out,
			const struct bench_analysis_job *job,
			struct kb_diag *diag);

#endif /* BENCH_ANALYSIS_READ_H */
