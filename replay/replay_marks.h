/*
 * replay_marks: the cost of single frees in exact steps. The latency pass
 * chooses frees by it, and its times are compared with it.
 *
 * Two sets of frees are kept. Marked ones are a random part of all, the same
 * for every allocator and pass of one seed, with their counters. The costliest
 * (`dearest`) are those with the most nodes, at most a thousandth of all: the
 * tail, which a random part would hardly contain. The latency pass times only
 * these two.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_MARKS_H
#define REPLAY_MARKS_H

#include "alloc.h"
#include "kb_rng.h"

#include <stdbool.h>
#include <stdint.h>

/* The allocator's counters that explain a time: X(name). */
/* clang-format off */
#define REPLAY_MARK_COUNTERS(X)                                                \
	X(nodes_visited)                                                       \
	X(remove_nodes_visited)                                                \
	X(lines_touched)                                                       \
	X(pte_writes)                                                          \
	X(tlb_invalidations)
/* clang-format on */

/* Most marks, and most of the costliest. */
#define REPLAY_MARKS_MAX   16384
#define REPLAY_DEAREST_MAX 4096

/* One free in this number may be among the costliest. */
#define REPLAY_DEAREST_SHARE 1000

/* One free's counts. */
struct replay_mark {
	/* Number of the event, from 0. */
	uint64_t event;
#define X(name) uint32_t name;
	REPLAY_MARK_COUNTERS(X)
#undef X
};

struct replay_dear {
	uint64_t nodes;
	uint64_t event;
};

struct replay_marks {
	/* Set by replay_marks_init. */
	uint64_t seed;
	uint32_t bits;
	uint32_t dearest_max;

	/* Which of REPLAY_MARK_COUNTERS the allocator has, one bit each in
	 * their order. */
	uint32_t has;

	/* In the order of their events. */
	uint32_t count;
	struct replay_mark mark[REPLAY_MARKS_MAX];

	/* While counting, a heap with the cheapest on top; then sorted by
	 * event. */
	uint32_t dearest;
	struct replay_dear dear[REPLAY_DEAREST_MAX];
};

/* Empties `marks` for a trace of `frees` frees. */
void replay_marks_init(struct replay_marks *marks, uint64_t frees,
		       uint64_t seed);

/* A free is marked if the low `bits` bits of its hash are 0. */
uint32_t replay_marks_bits(uint64_t frees);
static inline uint64_t replay_marks_hash(uint64_t seed, uint64_t event)
{
	return kb_mix64(kb_mix64(seed) ^ event);
}

static inline bool replay_marks_is_marked(const struct replay_marks *marks,
					  uint64_t event)
{
	uint64_t mask = (UINT64_C(1) << marks->bits) - 1;

	return (replay_marks_hash(marks->seed, event) & mask) == 0;
}

/* Call these around a marked free of a live object: they read the allocator's
 * counters. */
void replay_marks_before(struct replay_marks *marks, uint64_t event,
			 const struct alloc *alloc);
void replay_marks_after(struct replay_marks *marks, const struct alloc *alloc);

/* Offers a free as one of the costliest. */
void replay_marks_offer(struct replay_marks *marks, uint64_t event,
			uint64_t nodes);

/* Ends the counting: sorts the costliest by event and keeps only those with
 * more than `usual` nodes. If all cost the same, none is left. */
void replay_marks_end(struct replay_marks *marks, uint64_t usual);

/* The mark of an event, or NULL. */
const struct replay_mark *replay_marks_find(const struct replay_marks *marks,
					    uint64_t event);

#endif /* REPLAY_MARKS_H */
