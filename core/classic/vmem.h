/*
 * vmem: Bonwick's resource allocator (Bonwick and Adams, "Magazines and Vmem",
 * USENIX 2001, section 4), over the pages of one span.
 *
 * Every segment of the window, free or allocated, has a *boundary tag*, kept
 * outside; the tags are linked in the order of addresses. Free segments are also
 * on one of the power-of-two lists: list k holds those of 2^k … 2^(k+1) - 1
 * pages, the most recently freed first. Allocated ones are in a chained hash
 * table by address, which doubles when it has more segments than chains.
 *
 *   instant fit  the first segment of the first list whose every segment is
 *                long enough, in constant time; only if all of these are empty,
 *                the first that fits of the one list below.
 *   best fit     the shortest segment that fits, of equally short ones that in
 *                front: of the list that the length itself belongs to, else of
 *                the first that is not empty.
 *
 * The request gets the segment's low end. A freed segment joins free neighbors
 * at once.
 *
 * core/ and whoever makes such a heap may include this file.
 */
#ifndef VMEM_H
#define VMEM_H

#include "page_heap.h"

/* The choice that page_ops' init takes. */
enum vmem_fit { VMEM_INSTANT, VMEM_BEST };

/* What vmem counts: X(name, unit, help). */
#define VMEM_COUNTERS(X)                                             \
	X(lookups, "lookups", "lookups in the hash table")           \
	X(nodes_visited, "tags", "tags compared by lookups")         \
	X(nodes_visited_max, "tags", "most tags that one compared")  \
	X(hash_doublings, "times", "times that the table has grown") \
	X(splits, "segments", "segments cut in two")                 \
	X(merges, "segments", "segments joined to a neighbor")       \
	X(fit_steps, "steps", "lists and segments examined")

extern const struct page_ops vmem_ops;

#endif /* VMEM_H */
