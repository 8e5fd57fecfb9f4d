/*
 * replay_result: the results of the passes. No pointers anywhere, so that a
 * child process can leave a result in shared memory.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_RESULT_H
#define REPLAY_RESULT_H

#include "alloc.h"
#include "replay_hist.h"
#include "replay_marks.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the engine itself counts: X(name, help). Exact, the same on every
 * machine. The allocator's own counters follow them in a result.
 */
/* clang-format off */
#define REPLAY_COUNTERS(X)                                                     \
	X(events, "events replayed, including skipped frees")                  \
	X(allocs, "allocations requested")                                     \
	X(frees, "frees requested, including skipped ones")                    \
	X(failed_allocs, "allocations that failed")                            \
	X(skipped_frees, "frees skipped because their alloc had failed")       \
	X(live_max, "most allocations live at once")                           \
	X(live_at_end, "allocations live at the end")                          \
	X(bytes_live_max, "peak demand: most bytes requested at once")          \
	X(first_failed_event, "number of the first event that failed, from 1")
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

/* The event after which bin `bin` ends when `events` are cut into at most `bins`
 * (> 0) equal bins; UINT64_MAX for the last one, which ends with the trace. */
uint64_t replay_bin_end(uint64_t events, uint32_t bins, uint32_t bin);

struct replay_bin {
	/* Events up to the end of the bin. */
	uint64_t event;

	/* States at the end of the bin. Pages: only for allocators with a heap
	 * window. */
	uint64_t live;
	uint64_t live_bytes;
	uint64_t pages_live;
	uint64_t free_pages;
	uint64_t longest_free_run;

	/* Sums and the maximum over the bin. */
	uint64_t lookups;
	uint64_t nodes_visited;
	uint64_t nodes_visited_max;

	/* Memory at the end of the bin, bytes; ALLOC_UNKNOWN if unknown. As in
	 * struct replay_memory. */
	uint64_t granted;
	uint64_t mapped;
	uint64_t resident;
	uint64_t metadata;
	uint64_t largest;
};

/*
 * Memory along the trace, bytes: X(name, help). The first two are known after
 * every event. So are `mapped`, `largest` and `free` of an allocator with a
 * heap window; everything else has one value per bin.
 */
/* clang-format off */
#define REPLAY_MEMORY(X)                                                       \
	X(requested, "requested and live")                                     \
	X(granted, "usable in the live allocations")                           \
	X(mapped, "address space that has pages")                              \
	X(resident, "mapped and in physical memory")                           \
	X(metadata, "the allocator's own data")                                \
	X(largest, "largest request that would succeed")                       \
	X(free, "free in the heap window")
/* clang-format on */

/* One of them, over all of its values: how many there are, the smallest, the
 * largest, the last, and their sum, which divided by their number is the mean.
 * All 0 if unknown. */
struct replay_span {
	uint64_t count;
	uint64_t low;
	uint64_t peak;
	uint64_t end;
	uint64_t sum;
};

/* Adds a value; ALLOC_UNKNOWN is none. */
void replay_span_add(struct replay_span *span, uint64_t value);

struct replay_memory {
#define X(name, help) struct replay_span name;
	REPLAY_MEMORY(X)
#undef X

	/* The allocator does not report resident memory: it is how much the
	 * worker's process has grown since the pass began, including the
	 * harness's tables, and at most what is mapped. */
	bool resident_is_process;
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

	struct replay_memory memory;

	/* The cost of single frees, for the latency pass. */
	struct replay_marks marks;
};

/* Pass verify. */
struct replay_verify_result {
	uint64_t events;
	bool has_digest;
	uint64_t digest;

	/* False for an allocator without memory: it was only called. */
	bool has_memory;

	/* Allocations that had to be found, when freed or at the end; and how
	 * many of them were found by the allocator's own search: all, unless
	 * its searches would take minutes. The others were found in the records
	 * of its counted operations. */
	uint64_t finds;
	uint64_t searches;

	/* Where places were asked for: bytes of address space that have pages after
	 * the last event replayed; ALLOC_UNKNOWN if the allocator does not say. */
	uint64_t mapped;

	/* Where KB_E_WRONG was returned: what is known of it, and the number of
	 * its event as trc print gives it; REPLAY_NO_EVENT after the last. */
	struct alloc_fault fault;
	uint64_t fault_event;
};

/* No event. */
#define REPLAY_NO_EVENT UINT64_MAX

/* Which events of a long trace a timed pass measures (replay_sample.h): asked
 * for with a pass, kept with its results. */
struct replay_sampling {
	/* Events from the start of one window to the next; 0 for no sampling:
	 * everything is measured. */
	uint64_t period;

	/* Events measured in a window, and run for real before it;
	 * 0 < window, window + warm <= period. */
	uint64_t window;
	uint64_t warm;
};

/* Replays of an epoch, at most. */
#define REPLAY_REPEATS_MAX 16

/* The last replays of an epoch, whose median is its steady figure. */
#define REPLAY_STEADY 3

/* How much of the caches the replays under pressure take from the allocator
 * before each slice, KiB; how many replays each of them has. */
#define REPLAY_PRESSURES 3
#define REPLAY_PRESSED	 3

/* One timed replay: ticks of its slices together, how many events they ran, and
 * how many slices, each of which costs one reading of the clock. */
struct replay_round {
	uint64_t ticks;
	uint64_t events;
	uint64_t slices;
};

/* Pass throughput: one epoch. */
struct replay_time_result {
	/* How often it replayed the trace: each replay's tally, the first into an
	 * allocator that has done nothing yet. */
	uint32_t repeats;
	struct replay_round replay[REPLAY_REPEATS_MAX];

	/* Then, where `has_pressed`, replays under pressure. */
	bool has_pressed;
	struct replay_round pressed[REPLAY_PRESSURES][REPLAY_PRESSED];

	/* Pilot only: what one slice more costs, its reading of the clock
	 * included, ticks. */
	double entry_ticks;

	/* How the operations came: enum replay_feed_kind. */
	uint32_t feed;

	/* Events of the trace that the last replay went through. More than its
	 * tally has where it was sampled: then it is the only one, and of each of
	 * the `windows` measured, the ticks an event are added up here, and
	 * their squares. */
	uint64_t covered;
	uint64_t windows;
	double rate_sum;
	double rate_squares;

	/* Time spent fast-forwarding between the windows, ns. */
	uint64_t forward_ns;

	/* The budget ended before the epoch did. */
	bool cut_short;

	/* While the steady replays ran, or the only one: involuntary context
	 * switches and page faults of this process. */
	uint64_t preemptions;
	uint64_t faults;

	/* And the time that the hypervisor took from its CPU, ms. */
	uint64_t steal_ms;
};

/* The KiB of each pressure. */
extern const uint32_t replay_pressed_kib[REPLAY_PRESSURES];

/*
 * What the latency pass times: X(name, help). `kfree` is the whole
 * operation; the others are parts of it, each read on its own.
 */
/* clang-format off */
#define REPLAY_SERIES(X)                                                       \
	X(kfree, "the whole kfree")                                            \
	X(lookup, "finding the object by its address")                         \
	X(unmap, "unmapping its pages")                                        \
	X(remove, "unlinking it from its row and the lookup's index")          \
	X(release, "giving its run of pages and its index back")
/* clang-format on */

enum replay_series_id {
#define X(name, help) REPLAY_SERIES_##name,
	REPLAY_SERIES(X)
#undef X
		REPLAY_SERIES_COUNT
};

/* Readings of one kind of operation: ticks, including the cost of reading. */
struct replay_series {
	/* Each sample weighted by the operations that it represents: the
	 * inverse of its probability of being chosen (Horvitz-Thompson). */
	struct replay_hist weighted;

	/* Each sample once. */
	struct replay_hist plain;

	/* Samples, among the above, during which the process lost its CPU. */
	uint64_t preempted;
};

/* A single sample. */
struct replay_timed {
	/* Number of the event, from 0. */
	uint64_t event;

	/* Of one enum replay_series_id. */
	uint32_t series;

	/* As read; UINT32_MAX and more are UINT32_MAX. */
	uint32_t ticks;
};

/* One process keeps at most this many single samples, the first ones. */
#define REPLAY_SAMPLES_MAX 32768

/* Lookups in one timer interval of a frozen state, and how often each
 * interval's lookups are repeated after their first pass. */
#define REPLAY_FROZEN_BATCH   32
#define REPLAY_FROZEN_REPEATS 3

/* Readings of timer intervals of REPLAY_FROZEN_BATCH lookups in a frozen state:
 * the first pass over each, which finds the caches as the replay left them, and
 * the repeated ones. Ticks, including the cost of one reading; a repeated interval of
 * over 100 µs is the sum of shorter ones, each the quicker of two tries. */
struct replay_frozen {
	struct replay_hist cold;
	struct replay_hist warm;

	/* The places where the replay paused. */
	uint64_t places;
};

/* Replays of the whole trace: how many; their slices' total ticks; and the
 * quickest one's, 0 if none reached the end. */
struct replay_laps {
	uint64_t laps;
	uint64_t ticks;
	uint64_t best_ticks;
};

/* Pass latency: one process's samples. */
struct replay_latency_result {
	struct replay_series series[REPLAY_SERIES_COUNT];
	struct replay_frozen frozen;

	uint32_t samples;
	struct replay_timed sample[REPLAY_SAMPLES_MAX];

	/* No replay reached the trace's end. */
	bool cut_short;

	/* One free of 2^rate_bits was timed in each lap, except for the
	 * costliest, which were timed in every lap; this is their number. */
	uint32_t rate_bits;
	uint32_t dearest;

	/* Replays with samples, alternating with replays without. */
	struct replay_laps probed;
	struct replay_laps plain;

	/* Pairs of clock readings in the probed laps. */
	uint64_t pairs;
};

#endif /* REPLAY_RESULT_H */
