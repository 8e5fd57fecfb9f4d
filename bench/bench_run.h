/*
 * bench_run: measures the cells of one trace, pass by pass, the allocators of a
 * timed pass interleaved epoch by epoch.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench_cell.h"
#include "bench_options.h"
#include "bench_progress.h"
#include "replay_clock.h"

#include <signal.h>

/* Set by a signal's handler: its number, once one has come. */
extern volatile sig_atomic_t bench_signal;

/* True once one has: for bench_trace_open. */
bool bench_stopped(void);

struct bench_run {
	const struct bench_options *opts;
	const struct bench_trace *trace;

	/* Recalibrated by every timed pass. */
	struct replay_clock *clock;
	struct bench_progress *progress;

	/* One a name in opts->allocs. Owned by the caller. */
	struct bench_cell *cells;
	size_t count;

	/* The CPU that timed passes run on; -1 for any. */
	int cpu;

	/* The count pass makes every search for real; see alloc_config. */
	bool walk;
};

/*
 * Runs the chosen passes over all cells. What goes wrong with one allocator
 * stays in its cell. Returns 0; KB_E_STOPPED after a signal, with unfinished
 * cells marked partial; or <0 with `diag` filled if nothing can be run at all.
 */
int bench_run(struct bench_run *run, struct kb_diag *diag);

/* Has SIGINT and SIGTERM set bench_signal: the first one ends a run in good
 * order, the second one at once. */
void bench_run_catch_signals(void);

/* The highest CPU that this process may run on; -1 if unknown. */
int bench_default_cpu(void);

#endif /* BENCH_RUN_H */
