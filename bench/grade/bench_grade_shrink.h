/*
 * bench_grade_shrink: the shortest trace on which an allocator has the same fault: first
 * only the events up to the fault, then as trc_shrink.h.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_SHRINK_H
#define BENCH_GRADE_SHRINK_H

#include "bench_trace.h"
#include "bench_worker.h"
#include "kb_status.h"

struct grade_shrink {
	/* The trace, and its file. */
	const struct bench_trace *trace;
	const char *path;

	/* For what is made on the way. */
	const char *folder;

	/* The job that has the fault, and its outcome. */
	struct bench_job job;
	const struct bench_outcome *outcome;
	bench_worker_watch watch;

	/* Result: the events that are left. */
	uint64_t events;
};

/* Writes the trace to `out`. Returns 0, KB_E_STOPPED, or <0 with `diag` filled. */
int grade_shrink(struct grade_shrink *shrink, const char *out,
		 struct kb_diag *diag);

#endif /* BENCH_GRADE_SHRINK_H */
