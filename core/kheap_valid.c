/*
 * Whether a heap is sound: every walk that compares one of its parts with
 * another. No operation needs them; debug builds (kb_assert_slow) and tests
 * call them.
 */
#include "kheap_internal.h"

#include "kb_host.h"

/* True if index `idx` is either free everywhere or live and well formed. */
static bool entry_is_valid(const struct kheap *h, uint32_t idx)
{
	const uint32_t size = h->cluster_size[idx];
	const uint32_t offset = h->cluster_va[idx] - h->base;
	const struct KheapCluster *node = h->cluster_node[idx];

	if (!node)
		return size == 0 && h->cluster_va[idx] == 0;
	return node->cluster_index == (int)idx && size != 0 &&
	       size % KVA_PAGE_SIZE == 0 && offset % KVA_PAGE_SIZE == 0 &&
	       offset >> KVA_PAGE_SHIFT < h->pages &&
	       size >> KVA_PAGE_SHIFT <= h->pages - (offset >> KVA_PAGE_SHIFT);
}

/* True if each row holds nodes of its own length that the arrays know. Counts
 * the nodes in `*clusters`; more than the window can have is a circle. */
static bool rows_are_valid(const struct kheap *h, uint32_t *clusters)
{
	const struct KheapCluster *node;
	uint32_t row;

	for (row = 0; row < h->pages; row++) {
		TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
			const int idx = node->cluster_index;

			if (idx < 0 || (uint32_t)idx >= h->pages ||
			    h->cluster_node[idx] != node ||
			    h->cluster_size[idx] >> KVA_PAGE_SHIFT != row + 1 ||
			    ++*clusters > h->pages)
				return false;
		}
	}
	return true;
}

/* True if the indexes handed out are those of the live clusters and those on
 * the stack of freed ones, each once. */
static bool indexes_are_valid(const struct kheap *h, uint32_t clusters,
			      uint8_t *seen)
{
	uint32_t i;

	if (h->fresh_index_count > h->pages ||
	    h->freed_index_count + clusters != h->fresh_index_count)
		return false;
	for (i = 0; i < h->freed_index_count; i++) {
		const uint32_t idx = h->freed_indexes[i];

		if (idx >= h->pages || seen[idx] || h->cluster_node[idx])
			return false;
		seen[idx] = 1;
	}
	/* None that was never handed out is live or freed. */
	for (i = h->fresh_index_count; i < h->pages; i++) {
		const uint32_t idx = (h->first_index + i) % h->pages;

		if (seen[idx] || h->cluster_node[idx])
			return false;
	}
	return true;
}

/* True if clusters and free runs together cover each page once. */
static bool pages_are_tiled(const struct kheap *h, uint8_t *seen)
{
	uint32_t covered = runs_free_pages(&h->runs);
	uint32_t page = 0;
	uint32_t idx;

	while (page < h->pages) {
		const uint32_t length = runs_length_at(&h->runs, page);

		memset(&seen[page], length != 0, kb_max(length, 1));
		page += (uint32_t)kb_max(length, 1);
	}
	for (idx = 0; idx < h->pages; idx++) {
		const uint32_t pages = h->cluster_size[idx] >> KVA_PAGE_SHIFT;
		uint32_t i;

		page = (h->cluster_va[idx] - h->base) >> KVA_PAGE_SHIFT;
		for (i = page; i < page + pages; i++) {
			if (seen[i])
				return false;
			seen[i] = 1;
		}
		covered += pages;
	}
	return covered == h->pages;
}

/* True if the lookup finds the live clusters: all of them or, if each takes a
 * walk, the last one of each row. */
static bool lookup_is_valid(const struct kheap *h, uint32_t clusters)
{
	uint32_t i;

	if (h->lookup->is_valid && !h->lookup->is_valid(h, clusters))
		return false;
	for (i = 0; i < h->pages; i++) {
		const struct KheapCluster *node = h->cluster_node[i];

		if (h->lookup->walks_to_remove)
			node = TAILQ_LAST(&h->free_clusters[i],
					  KheapClusterList);
		if (node &&
		    h->lookup->find(h, h->cluster_va[node->cluster_index]) !=
			    node->cluster_index)
			return false;
	}
	return true;
}

/* True if each page of the clusters is backed by a frame that points back to
 * it; so no two pages share one. */
static bool pages_are_backed(const struct kheap *h)
{
	const struct pager_ops *ops = h->pager.ops;
	uint32_t idx;

	if (!ops->translate || !ops->reverse)
		return true;
	for (idx = 0; idx < h->pages; idx++) {
		const kva_t end = h->cluster_va[idx] + h->cluster_size[idx];
		kva_t va = h->cluster_va[idx];

		for (; va != end; va += KVA_PAGE_SIZE) {
			uint64_t pa;
			kva_t back;

			if (!ops->translate(h->pager.ctx, va, &pa) ||
			    !ops->reverse(h->pager.ctx, pa, &back) ||
			    back != va)
				return false;
		}
	}
	return true;
}

/* True if what ranked counting uses agrees with the rows. */
static bool ranks_are_valid(const struct kheap *h)
{
	const struct KheapCluster *node;
	uint64_t rank = 0;
	uint32_t row;

	for (row = 0; h->ranked && row < h->pages; row++) {
		TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
			const int idx = node->cluster_index;

			rank++;
			if (kheap_index_at(h, h->cluster_va[idx]) != idx ||
			    (h->ranks &&
			     row_ranks_upto(h->ranks, idx).nodes != rank))
				return false;
		}
	}
	return !h->ranks || row_ranks_upto(h->ranks, -1).nodes == rank;
}

bool kheap_is_valid(const struct kheap *h)
{
	uint32_t clusters = 0;
	uint8_t *seen;
	uint32_t idx;
	uint32_t nodes = 0;
	bool valid;

	if (h->pages == 0)
		return false;
	for (idx = 0; idx < h->pages; idx++) {
		if (!entry_is_valid(h, idx))
			return false;
		clusters += h->cluster_node[idx] != NULL;
	}
	if (!rows_are_valid(h, &nodes) || nodes != clusters ||
	    !runs_is_valid(&h->runs) || !ranks_are_valid(h))
		return false;
	seen = calloc(h->pages, 1);
	if (!seen)
		return true;
	valid = indexes_are_valid(h, clusters, seen) &&
		pages_are_tiled(h, seen) && lookup_is_valid(h, clusters) &&
		pages_are_backed(h) &&
		(!h->pager.ops->is_valid ||
		 h->pager.ops->is_valid(h->pager.ctx));
	free(seen);
	return valid;
}
