/*
 * replay_exact: exact distributions of lookups: for every number of steps, how
 * many lookups took exactly that number; and how many were for clusters of each
 * row. A value's count is one entry of an array, since no search takes more
 * steps than the largest window has pages.
 *
 * No pointers, and most of it is never touched: it may be in shared memory,
 * which then takes only what the largest value needs.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_EXACT_H
#define REPLAY_EXACT_H

#include <stdint.h>

/* One for each value from 0: the largest window's pages, and the lines of row
 * heads and the like on top. The last entry counts everything larger. */
#define REPLAY_EXACT_VALUES ((UINT32_C(1) << 19) + 64)

/* The kinds of step: X(name, help). */
/* clang-format off */
#define REPLAY_EXACT_KINDS(X)						\
	X(nodes, "nodes compared")					\
	X(rows, "row heads examined")					\
	X(lines, "distinct 64-byte lines touched")
/* clang-format on */

enum replay_exact_kind {
#define X(name, help) REPLAY_EXACT_##name,
	REPLAY_EXACT_KINDS(X)
#undef X
		REPLAY_EXACT_COUNT
};

struct replay_tally {
	/* Lookups; 0: steps of this kind are not counted. */
	uint64_t lookups;

	/* The most steps of one of them. */
	uint32_t max;

	/* Lookups that took i steps. */
	uint64_t at[REPLAY_EXACT_VALUES];
};

struct replay_exact {
	struct replay_tally of[REPLAY_EXACT_COUNT];

	/* Entries used of what follows: the highest row, plus one. */
	uint32_t rows;

	/* Lookups of clusters in each row, and the nodes that they compared. */
	uint64_t row_lookups[REPLAY_EXACT_VALUES];
	uint64_t row_nodes[REPLAY_EXACT_VALUES];
};

/* The name of a kind. */
const char *replay_exact_name(enum replay_exact_kind kind);

/* Adds a lookup that took `steps` steps. */
void replay_exact_add(struct replay_exact *exact, enum replay_exact_kind kind,
		      uint64_t steps);

/* Adds a lookup that compared `nodes` nodes to its cluster's row. */
void replay_exact_add_row(struct replay_exact *exact, uint64_t row,
			  uint64_t nodes);

/* The steps of the lookup of rank ceil(share / 10,000 * lookups) in ascending
 * order, exact. 0 < share <= 10,000; there is at least one lookup. */
uint32_t replay_exact_quantile(const struct replay_tally *tally,
			       unsigned share);

/* A copy on the heap, owned by the caller. Counts in `from` that exceed an
 * array are cut to its end. NULL if out of memory. */
struct replay_exact *replay_exact_copy(const struct replay_exact *from);

#endif /* REPLAY_EXACT_H */
