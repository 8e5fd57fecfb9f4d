/*
 * The page map: one entry a page of the window, so that an address is its own
 * way to the cluster. Only a cluster's first page has an entry, which is why an
 * interior address is refused without looking at the cluster.
 *
 * It counts one node for each entry read, so one for each address of a page of
 * the window, and no rows: an address outside the window, or not a page's
 * first byte, is refused by arithmetic and counts none.
 */
#include "kheap_internal.h"

#include "kb_assert.h"

#include <stdlib.h>

/* Index + 1 of the cluster that starts at each page; 0 where none does. */
static uint32_t *map_of(const struct kheap *h)
{
	return h->lookup_state;
}

static inline uint32_t page_of(const struct kheap *h, int idx)
{
	return (h->cluster_va[idx] - h->base) >> KVA_PAGE_SHIFT;
}

static int pagemap_init(struct kheap *h)
{
	h->lookup_state = calloc(h->pages, sizeof(uint32_t));
	return h->lookup_state ? 0 : KB_E_NOMEM;
}

static void pagemap_release(struct kheap *h)
{
	free(h->lookup_state);
	h->lookup_state = NULL;
}

static int pagemap_insert(struct kheap *h, int idx)
{
	kb_assert(map_of(h)[page_of(h, idx)] == 0);
	map_of(h)[page_of(h, idx)] = (uint32_t)idx + 1;
	return 0;
}

static void pagemap_erase(struct kheap *h, int idx)
{
	kb_assert(map_of(h)[page_of(h, idx)] == (uint32_t)idx + 1);
	map_of(h)[page_of(h, idx)] = 0;
}

/* A constant NULL for `counters` makes the plain version. */
static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct kheap_counters *counters)
{
	/* An address below the base wraps round to one beyond the window. */
	const uint32_t offset = va - h->base;
	const uint32_t page = offset >> KVA_PAGE_SHIFT;
	const bool within = page < h->pages && offset % KVA_PAGE_SIZE == 0;

	if (counters)
		kheap_count_lookup(counters, 0, within);
	return within ? (int)map_of(h)[page] - 1 : -1;
}

static int pagemap_find(const struct kheap *h, kva_t va)
{
	return search(h, va, NULL);
}

static int pagemap_find_counted(struct kheap *h, kva_t va)
{
	return search(h, va, &h->counters);
}

static size_t pagemap_bytes(const struct kheap *h)
{
	return h->pages * sizeof(uint32_t);
}

extern const struct lookup_ops lookup_pagemap;
const struct lookup_ops lookup_pagemap = {
	.name = "pagemap",
	.help = "an array over the window's pages: one load",
	.init = pagemap_init,
	.release = pagemap_release,
	.insert = pagemap_insert,
	.erase = pagemap_erase,
	.find = pagemap_find,
	.find_counted = pagemap_find_counted,
	.bytes = pagemap_bytes,
};
