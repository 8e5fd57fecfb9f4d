/*
 * bench_worker: runs one pass of one cell in a fresh process.
 *
 * Each epoch has a fresh process: a new address space, new physical pages, a
 * new layout, nothing left over from the one before. An allocator that crashes
 * spoils only its own cell. One that hangs is ended after a time without
 * progress; that time is counted in polls, so that a suspended machine ends no
 * worker. The worker is this program, executed again; job and result are in
 * shared memory.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "alloc.h"
#include "bench_outcome.h"
#include "bench_settings.h"
#include "kb_status.h"
#include "replay_clock.h"
#include "replay_result.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* argv[0] of a worker. */
#define BENCH_WORKER_NAME "kheap-replay-worker"

/* Longest trace path, the terminating NUL included, bytes. */
#define BENCH_PATH_SIZE 4096

struct bench_job {
	enum bench_pass pass;

	/* The trace as an open file, which the worker inherits; 0 for none:
	 * then it opens `trace`, which otherwise only names it in errors. */
	int trace_fd;
	char trace[BENCH_PATH_SIZE];
	char alloc[ALLOC_NAME_SIZE];
	uint32_t heap_pages;
	uint32_t heap_base;
	enum alloc_touch touch;
	bool walk;

	/* Pass count: by the recording's clock. */
	bool recorded_clock;

	/* Pass count: collect exact distributions too. */
	bool exact;

	/* -1: not pinned. */
	int cpu;
	bool use_tsc;
	uint64_t budget_ns;
	uint64_t seed;

	/* Pass latency alone; see struct replay_job. */
	uint64_t samples;
	uint64_t round;
	struct replay_clock clock;
	uint32_t dearest;
	uint64_t dear[REPLAY_DEAREST_MAX];

	/* Of the throughput pass; period 0: none. */
	struct replay_sampling sampling;

	/* Likewise; see struct replay_job. */
	uint32_t repeats;
	uint64_t epoch_ns;
	bool press;
	uint32_t evict_kib;
	uint32_t evict_events;

	/* Pass verify: slots whose addresses are wanted; how many events are
	 * replayed, 0 for all. */
	size_t places;
	uint64_t stop;

	/* What foreign code prints is dropped. */
	bool is_mute;

	/* A worker that does no event for this long is ended; 0 is never. */
	uint32_t timeout_ms;
};

/* Between two polls of a worker, ms. */
#define BENCH_LOOK_MS 100

/* How long a worker has made no progress, by the polls; zero it before the
 * first. */
struct bench_idle {
	uint64_t events;
	uint64_t idle_ms;
};

/* A poll of a worker that has done `events` events so far. Returns true if it
 * has done none for `timeout_ms`: it hangs. 0 means never. */
bool bench_idle_look(struct bench_idle *idle, uint64_t events,
		     uint32_t timeout_ms);

/* Called at each poll of a worker, with the events that it has done. Returns
 * true to stop the worker. */
typedef bool (*bench_worker_watch)(uint64_t events, void *user);

/*
 * Runs a job and waits for its end. Returns 0 with `*out` filled (and its
 * status may be an error of the job's); KB_E_STOPPED if the watcher stopped
 * it; or <0 with `diag` filled if no worker could be started.
 */
int bench_worker_run(const struct bench_job *job, bench_worker_watch watch,
		     void *user, struct bench_outcome *out,
		     struct kb_diag *diag);

/* main() of a worker. Returns its exit status. */
int bench_worker_main(void);

#endif /* BENCH_WORKER_H */
