/*
 * kheap_internal: struct kheap, for the heap itself and its lookups.
 *
 * A lookup reads rows and tracking arrays, and owns lookup_state. Nothing else
 * here is a lookup's business.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef KHEAP_INTERNAL_H
#define KHEAP_INTERNAL_H

#include "kb_bits.h"
#include "kheap.h"
#include "lookup.h"
#include "page_runs.h"

struct kheap {
	/* The tracking arrays, `pages` entries each. A size is in bytes and a
	 * whole number of pages; it is unsigned because 2^19 pages are 2^31
	 * bytes, one more than an int holds. 0 in both: no live cluster has
	 * this index. */
	uint32_t *cluster_size;
	kva_t *cluster_va;

	/* The node of each live cluster by its index, NULL where there is none:
	 * how removal finds it when the lookup is not a search of lists. */
	struct KheapCluster **cluster_node;

	/* The rows, `pages` of them, of the live clusters. */
	struct KheapClusterList *free_clusters;

	const struct lookup_ops *lookup;

	/* The lookup's own, from its init to its release. */
	void *lookup_state;

	struct pager pager;

	/* The window: multiples of the page size; see kheap_new's limits. */
	kva_t base;
	uint32_t pages;

	/* Indexes given back and not handed out since, the last on top. */
	uint32_t *freed_indexes;
	uint32_t freed_index_count;

	/* Indexes handed out for the first time so far: the next new one is
	 * this many beyond first_index, going round at `pages`. */
	uint32_t fresh_index_count;
	uint32_t first_index;

	enum kheap_order order;

	struct page_runs runs;

	struct kheap_counters counters;
};

/* Notes a search that examined `rows` row heads and compared `nodes` nodes. */
static inline void kheap_count_lookup(struct kheap_counters *counters,
				      uint64_t rows, uint64_t nodes)
{
	counters->lookups++;
	counters->rows_visited += rows;
	counters->nodes_visited += nodes;
	counters->nodes_visited_max =
		kb_max(counters->nodes_visited_max, nodes);
}

#endif /* KHEAP_INTERNAL_H */
