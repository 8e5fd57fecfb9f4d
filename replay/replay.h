/*
 * replay: replays a trace into an allocator, in one of four passes that are
 * never mixed.
 *
 *   verify      a shadow model agrees at every event: no overlap, right
 *               alignment, right size, right cluster found, payload intact;
 *   count       exact integer counters, a digest, distributions, the timeline;
 *   throughput  whole slices timed: one epoch of several replays;
 *   latency     chosen single operations timed.
 *
 * Each takes a reader at the first event and a freshly opened allocator. The
 * caller closes the allocator, which may still hold live objects.
 *
 * bench may include this file.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "alloc.h"
#include "kb_status.h"
#include "replay_clock.h"
#include "replay_exact.h"
#include "replay_feed.h"
#include "replay_progress.h"
#include "replay_result.h"
#include "trc_reader.h"

#include <stdbool.h>
#include <stdint.h>

/* Events of an untimed replay that warms up a timed one, at most. */
#define REPLAY_WARM_EVENTS_MAX UINT64_C(1000000)

struct replay_job {
	/* Borrowed. Positioned at the first event. */
	struct trc_reader *reader;

	/* Where timed passes take the operations from, borrowed, at the first
	 * event; NULL: from the reader, block by block. */
	struct replay_feed *feed;

	/* Borrowed. Freshly opened. */
	struct alloc alloc;

	enum alloc_touch touch;

	/* From the clock's qualification. Timed passes only. */
	bool use_tsc;

	/* Wall time that a timed pass may take, ns; 0 means no bound. */
	uint64_t budget_ns;

	/*
	 * Of the throughput pass: how often to replay the trace, at most
	 * REPLAY_REPEATS_MAX times. 0 is a pilot, which finds that out: until the
	 * last REPLAY_STEADY are within 1% of each other, or one takes over 50 ms;
	 * but once, if `epoch_ns` (0: no bound) is too short for REPLAY_STEADY of
	 * the first and, if there is time for it, of the second.
	 */
	uint32_t repeats;
	uint64_t epoch_ns;

	/* Of the throughput pass: replays under pressure are wanted too. */
	bool press;

	/* KiB of its own that it touches, untimed, before each slice, which has
	 * `evict_events` then, or, if that is 0, as many as come at once; of a
	 * sampled pass, before each window. */
	uint32_t evict_kib;
	uint32_t evict_events;

	/* Seeds the choice of frees that are marked and timed, the same in the
	 * passes count and latency, and of the windows that a sampled pass
	 * measures. */
	uint64_t seed;

	/* Of the throughput pass. An allocator that cannot fast-forward is not
	 * sampled: the result is then all zeros. With sampling, the latency
	 * pass fast-forwards from one sample to the next, except for `warm`
	 * events. */
	struct replay_sampling sampling;

	/* Latency pass only. The number of samples to aim at, of each kind. */
	uint64_t samples;

	/* The number of this process of the pass: each times other frees. */
	uint64_t round;

	/* The cost of a reading. Borrowed. */
	const struct replay_clock *clock;

	/* Events that are timed in every lap, ascending; may be NULL.
	 * Borrowed. */
	const uint64_t *dearest;
	size_t dearest_count;

	/* Events done so far, for whoever watches; NULL for nobody. An untimed
	 * pass tells of each event; a timed one of each slice, the first of
	 * which has 2,048, and, between its replays, of what it frees. */
	struct replay_progress *progress;

	/* Of the count pass: allocators whose clock can be set run by the
	 * recording's. The reader then has all columns. */
	bool recorded_clock;

	/* Of pass verify: by slot, the last address that it got, 0 for none,
	 * written as the events are done, up to `places_count` slots. NULL for
	 * none. Borrowed. */
	uint64_t *places;
	size_t places_count;

	/* Of pass verify: how many events are replayed; 0 for all. What is live
	 * then is not looked at unless these are all. */
	uint64_t stop;

	/* Of the count pass: receives exact distributions, zeroed by the
	 * caller; NULL for none. */
	struct replay_exact *exact;
};

/*
 * Each pass returns 0 with `*out` filled, or <0 with `diag` filled: the
 * reader's error, KB_E_RANGE, KB_E_NOMEM; replay_verify also KB_E_WRONG, naming
 * the event and what is wrong. `*out` is zeroed first.
 */
int replay_verify(const struct replay_job *job,
		  struct replay_verify_result *out, struct kb_diag *diag);
int replay_count(const struct replay_job *job, struct replay_count_result *out,
		 struct kb_diag *diag);
int replay_throughput(const struct replay_job *job,
		      struct replay_time_result *out, struct kb_diag *diag);
int replay_latency(const struct replay_job *job,
		   struct replay_latency_result *out, struct kb_diag *diag);

#endif /* REPLAY_H */
