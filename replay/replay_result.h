/*
 * replay_result: what the passes give back. No pointers anywhere, so that a
 * child process can leave a result in shared memory.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_RESULT_H
#define REPLAY_RESULT_H

#include "replay_hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the engine itself counts: X(name, help). Exact, the same on every
 * machine. The allocator's own counters follow them in a result.
 */
/* clang-format off */
#define REPLAY_COUNTERS(X)                                                     \
	X(events, "events replayed, the skipped frees included")               \
	X(allocs, "allocations asked for")                                     \
	X(frees, "frees asked for, the skipped ones included")                 \
	X(failed_allocs, "allocations that the allocator refused")             \
	X(skipped_frees, "frees left out because their alloc had failed")      \
	X(live_max, "most allocations live at once")                           \
	X(live_at_end, "allocations live at the end")                          \
	X(bytes_live_max, "most bytes asked for and live at once")             \
	X(first_failed_event, "number of the first event refused, from 1")
/* clang-format on */

#define REPLAY_COUNTERS_MAX	 64
#define REPLAY_COUNTER_NAME_SIZE 32

struct replay_counter {
	char name[REPLAY_COUNTER_NAME_SIZE];
	uint64_t value;
};

struct replay_counters {
	uint32_t count;
	struct replay_counter item[REPLAY_COUNTERS_MAX];
};

/* The counter called `name`, or NULL if it does not apply. */
const struct replay_counter *
replay_counters_find(const struct replay_counters *counters, const char *name);

/* The trace is cut into at most this many bins of equally many events. */
#define REPLAY_BINS 512

struct replay_bin {
	/* Events up to the end of the bin. */
	uint64_t event;

	/* States at the end of the bin. Pages: allocators with a heap window
	 * only. */
	uint64_t live;
	uint64_t live_bytes;
	uint64_t pages_live;
	uint64_t free_pages;
	uint64_t longest_free_run;

	/* Sums and the maximum over the bin. */
	uint64_t lookups;
	uint64_t nodes_visited;
	uint64_t nodes_visited_max;
};

/* Pass count. */
struct replay_count_result {
	struct replay_counters counters;

	bool has_digest;
	uint64_t digest;

	/* Allocators with a heap window: the bins' pages mean something. */
	bool has_gauge;

	uint32_t bins;
	struct replay_bin bin[REPLAY_BINS];

	/* Nodes compared by each lookup. */
	struct replay_hist nodes;
};

/* Pass verify. */
struct replay_verify_result {
	uint64_t events;
	bool has_digest;
	uint64_t digest;

	/* False for an allocator without memory: only its calls were made. */
	bool has_memory;
};

/* Pass throughput: one epoch. */
struct replay_time_result {
	/* The first replay, and the timed one behind it: ticks of the timed
	 * slices together, how many events they ran, and how many slices, each
	 * of which costs one reading of the clock. */
	uint64_t cold_ticks;
	uint64_t cold_events;
	uint64_t cold_slices;
	uint64_t ticks;
	uint64_t events;
	uint64_t slices;

	/* The budget ended before the trace did. */
	bool cut_short;

	/* While the timed replay ran: involuntary context switches and page
	 * faults of this process. */
	uint64_t preemptions;
	uint64_t faults;
};

/* Pass latency: one process's samples, as ticks read, reading included. */
struct replay_latency_result {
	struct replay_hist kfree;
	struct replay_hist lookup;
	bool cut_short;
};

#endif /* REPLAY_RESULT_H */
