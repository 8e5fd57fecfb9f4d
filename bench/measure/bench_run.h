/*
 * bench_run: measures the cells of one trace, pass by pass; in a timed pass the
 * allocators are interleaved epoch by epoch.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench_cell.h"
#include "bench_forecast.h"
#include "bench_settings.h"
#include "kb_progress.h"
#include "replay_clock.h"

struct bench_run {
	const struct bench_settings *settings;
	const struct bench_trace *trace;

	/* Recalibrated by every timed pass. */
	struct replay_clock *clock;
	struct kb_progress *progress;

	/* One per allocator. Owned by the caller. */
	struct bench_cell *cells;
	size_t count;

	/* The CPU that timed passes run on; -1 for any. */
	int cpu;

	/* The count pass walks every search; see alloc_config. */
	bool walk;

	/* Called after each result that a cell got; NULL for nothing. */
	void (*on_result)(const struct bench_run *run, void *user);
	void *user;

	/* How long the caller will go on after the run, ns; for the progress
	 * line. */
	double after_ns;

	/* Of bench_run alone: where it is. The system clock, ns, as it began and
	 * as the worker that runs now did, and what was left then. */
	struct bench_forecast forecast;
	uint64_t begin_ns;
	uint64_t step_ns;
	double rest_ns;
};

/*
 * Runs the chosen passes over all cells. One allocator's failure affects only its
 * own cell. Returns 0; KB_E_STOPPED after a signal, with unfinished
 * cells marked partial; or <0 with `diag` filled if nothing can be run or the
 * trace was modified during the run.
 */
int bench_run(struct bench_run *run, struct kb_diag *diag);

#endif /* BENCH_RUN_H */
