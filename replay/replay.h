/*
 * replay: replays a trace into an allocator, in one of four passes that are
 * never mixed.
 *
 *   verify      a shadow model agrees at every event: no overlap, right
 *               alignment, right size, right cluster found, payload intact;
 *   count       exact integer counters, a digest, distributions, the timeline;
 *   throughput  whole slices timed: one epoch;
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
#include "replay_progress.h"
#include "replay_result.h"
#include "trc_reader.h"

#include <stdbool.h>
#include <stdint.h>

/* Events of the first, untimed replay of a timed pass, at most. */
#define REPLAY_WARM_EVENTS_MAX UINT64_C(1000000)

struct replay_job {
	/* Borrowed. Positioned at the first event. */
	struct trc_reader *reader;

	/* Borrowed. Freshly opened. */
	struct alloc alloc;

	enum alloc_touch touch;

	/* From the clock's qualification. Timed passes only. */
	bool use_tsc;

	/* Wall time that a timed pass may take, ns; 0 means no limit. At most
	 * half of it goes to the first replay. */
	uint64_t budget_ns;

	/* Seeds the choice of frees to mark and time, which is the same in the
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

	/* Events done so far, for a watcher; NULL for none. An untimed pass
	 * reports each event; a timed one each slice, the first of which has
	 * 2,048 events, and, between its two replays, what it frees. */
	struct replay_progress *progress;

	/* Of the count pass: allocators whose clock can be set run by the
	 * recording's. The reader then has all columns. */
	bool recorded_clock;

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
