/*
 * bench_shrink: the shortest trace on which an allocator has the same fault: first
 * only the events up to the fault, then as trc_shrink.h. Each try is a replay in pass
 * verify, in a worker of its own.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SHRINK_H
#define BENCH_SHRINK_H

#include "bench_trace.h"
#include "bench_worker.h"
#include "kb_status.h"

#include <stdint.h>

/* Replays at most; and events of all replays together, after which no other one
 * begins. */
#define BENCH_SHRINK_TRIES  150
#define BENCH_SHRINK_EVENTS UINT64_C(30000000)

struct bench_shrink {
	/* The trace, and the file that has its events. Borrowed. */
	const struct bench_trace *trace;
	const char *path;

	/* The job that has the fault: its word, and its event or
	 * REPLAY_NO_EVENT. Borrowed. */
	struct bench_job job;
	const char *kind;
	uint64_t fault_event;

	/* Called at each poll of a worker, with the events that it has done; NULL
	 * for nothing. */
	bench_worker_watch watch;
	void *user;

	/* So far: replays, their events, objects left of how many. */
	uint64_t tries;
	uint64_t replayed;
	uint64_t left;
	uint64_t objects;

	/* Result: the events that are left. */
	uint64_t events;
};

/*
 * Writes the trace to `out`, which also holds what is tried on the way, so that there
 * is nothing else to remove. A replay that the clock ends shows nothing; it is the
 * last one. Returns 0, or KB_E_STOPPED or another error with `diag` filled and no
 * file.
 */
int bench_shrink(struct bench_shrink *shrink, const char *out,
		 struct kb_diag *diag);

#endif /* BENCH_SHRINK_H */
