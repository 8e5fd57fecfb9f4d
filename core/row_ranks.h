/*
 * row_ranks: the place of each live cluster in the order in which the row
 * search meets them, row 0 first and along each list, kept in O(log n) per
 * operation. The steps of a counted search are then known without a walk: the
 * nodes that it compares are the prefix of the order that ends with the cluster
 * found.
 *
 * The order is a treap (Seidel, Aragon: "Randomized search trees", 1996) whose
 * priorities are a fixed hash of the index, with the sizes of the subtrees. The
 * distinct lines of a prefix (lookup.h) are sums of the same kind: a prefix
 * touches a line exactly if the line's first cluster, in this order, is in it;
 * so each cluster has a weight of 1 for every line whose first one it is, and
 * adding or removing a cluster changes only the weights of those that share its
 * lines.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef ROW_RANKS_H
#define ROW_RANKS_H

#include "kheap.h"

#include <stdint.h>

struct row_ranks;

/* What a search of the lists does up to some cluster, that one included. */
struct row_ranks_sum {
	/* Nodes compared. */
	uint64_t nodes;

	/* Distinct lines of nodes and of addresses; those of the row heads are
	 * the lookup's to count. */
	uint64_t lines;
};

/* Makes ranks of no clusters for the indexes below `pages`. NULL if the host is
 * out of memory. Freed with row_ranks_free, which ignores NULL. */
struct row_ranks *row_ranks_new(uint32_t pages, enum kheap_order order);
void row_ranks_free(struct row_ranks *ranks);

/* Cluster `idx` is linked into `row`, at the end that the order says. */
void row_ranks_insert(struct row_ranks *ranks, int idx, uint32_t row);

/* Removes cluster `idx`, which is in. */
void row_ranks_erase(struct row_ranks *ranks, int idx);

/* The prefix that ends with `idx`, which is in; with -1, all clusters. */
struct row_ranks_sum row_ranks_upto(const struct row_ranks *ranks, int idx);

#endif /* ROW_RANKS_H */
