/*
 * kheap_internal: struct kheap, for the heap itself and its lookups.
 *
 * A lookup reads rows and tracking arrays, and owns lookup_state. It uses
 * nothing else here.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef KHEAP_INTERNAL_H
#define KHEAP_INTERNAL_H

#include "kb_bits.h"
#include "kheap.h"
#include "lookup.h"
#include "lookup_lines.h"
#include "page_runs.h"
#include "row_ranks.h"

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

	/* With nodes=pool, the node of each index, `pages` of them, in use or
	 * not; else NULL. */
	struct KheapCluster *node_pool;

	/* The rows, `pages` of them, of the live clusters. */
	struct KheapClusterList *free_clusters;

	const struct lookup_ops *lookup;

	/* The lookup's own, from its init to its release. */
	void *lookup_state;

	/* What the counted lookup under way has touched. */
	struct lookup_lines lines;

	struct pager pager;

	/* The window: multiples of the page size; see kheap_new's limits. */
	kva_t base;
	uint32_t pages;

	/* Indexes given back and not handed out since, the last on top. */
	uint32_t *freed_indexes;
	uint32_t freed_index_count;

	/* Indexes handed out so far, reuse not counted: the next new one is
	 * this many beyond first_index, wrapping round at `pages`. */
	uint32_t fresh_index_count;
	uint32_t first_index;

	enum kheap_order order;
	enum kheap_count count;

	/* The index + 1 of the cluster that starts at each page of the window,
	 * 0 where none does. NULL until an operation needs it. */
	uint32_t *index_at;

	/* What the counted operations of a row search use instead of a walk.
	 * NULL until the first of them, and for other lookups. */
	struct row_ranks *ranks;

	/* The counted operations maintain index_at and ranks, and use them. */
	bool ranked;

	struct page_runs runs;

	struct kheap_counters counters;

	/* The host refused memory that an operation needed. */
	bool is_starved;
};

/* The steps of one lookup. */
struct lookup_tally {
	uint64_t rows;
	uint64_t nodes;
	uint64_t levels;
	struct lookup_lines *lines;
};

/* Notes that a search reads element `i` of area `area`; with a constant NULL
 * for `tally`, nothing. */
static kb_always_inline void lookup_touch(struct lookup_tally *tally,
					  unsigned area, uint64_t i)
{
	if (tally)
		lookup_lines_touch(tally->lines, area, i);
}

/* Adds a search that has ended to the heap's counters. */
static inline void kheap_count_lookup(struct kheap *h,
				      const struct lookup_tally *tally)
{
	struct kheap_counters *c = &h->counters;

	c->lookups++;
	c->rows_visited += tally->rows;
	c->nodes_visited += tally->nodes;
	c->nodes_visited_max = kb_max(c->nodes_visited_max, tally->nodes);
	c->levels_walked += tally->levels;
	c->lines_touched += tally->lines->touched;
	c->lines_touched_max =
		kb_max(c->lines_touched_max, tally->lines->touched);
}

/* Stamps a find that counts one lookup, from `search` as below. */
#define LOOKUP_STAMP_COUNTED(name, search)                          \
	static int name(struct kheap *h, kva_t va)                  \
	{                                                           \
		struct lookup_tally tally = { .lines = &h->lines }; \
		int idx;                                            \
                                                                    \
		lookup_lines_begin(tally.lines);                    \
		idx = search(h, va, &tally);                        \
		kheap_count_lookup(h, &tally);                      \
		return idx;                                         \
	}

/*
 * Stamps prefix_find and prefix_find_counted from `search`, a kb_always_inline
 * template (h, va, tally) that counts only where `tally` is not NULL.
 */
#define LOOKUP_STAMP(prefix, search)                              \
	static int prefix##_find(const struct kheap *h, kva_t va) \
	{                                                         \
		return search(h, va, NULL);                       \
	}                                                         \
	LOOKUP_STAMP_COUNTED(prefix##_find_counted, search)

/* Fills in the defaults of base and pages and checks them, and first_index,
 * against kheap_new's limits. Returns 0 or KB_E_RANGE. */
int kheap_check_window(struct kheap_config *config, struct kb_diag *diag);

/* The window's page where the cluster with index `idx` starts. */
static inline uint32_t kheap_page_of(const struct kheap *h, int idx)
{
	return (h->cluster_va[idx] - h->base) >> KVA_PAGE_SHIFT;
}

/* True if `va` is the first byte of a page of the window, whose number is then
 * in `*page`. An address below the base wraps round to one beyond the end. */
static kb_always_inline bool kheap_page_at(const struct kheap *h, kva_t va,
					   uint32_t *page)
{
	const uint32_t offset = va - h->base;

	*page = offset >> KVA_PAGE_SHIFT;
	return *page < h->pages && offset % KVA_PAGE_SIZE == 0;
}

/* The index of the cluster that starts at `va`, or -1, by index_at. */
static inline int kheap_index_at(const struct kheap *h, kva_t va)
{
	uint32_t page;

	return kheap_page_at(h, va, &page) ? (int)h->index_at[page] - 1 : -1;
}

/* The row of the live cluster with index `idx`. */
static inline uint32_t kheap_row_of(const struct kheap *h, int idx)
{
	return (h->cluster_size[idx] >> KVA_PAGE_SHIFT) - 1;
}

/* Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): the page number of `va` times 2^32
 * over the golden ratio, of which the high `bits`, 1 to 31, are the place. */
static inline uint32_t lookup_place_of(kva_t va, unsigned bits)
{
	const uint32_t mixed = (va >> KVA_PAGE_SHIFT) * UINT32_C(2654435769);

	return mixed >> (32 - bits);
}

/* Adds to a row search's steps what it does in the lists until it has found
 * cluster `idx`, or with -1 none. */
static inline void kheap_tally_lists(const struct kheap *h, int idx,
				     struct lookup_tally *tally)
{
	const struct row_ranks_sum sum = row_ranks_upto(h->ranks, idx);

	tally->nodes += sum.nodes;
	tally->lines->touched += sum.lines;
}

#endif /* KHEAP_INTERNAL_H */
