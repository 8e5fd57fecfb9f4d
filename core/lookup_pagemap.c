/*
 * The page map: one entry per page of the window, so that an address leads
 * straight to the cluster. Only a cluster's first page has an entry, so an
 * interior address is refused without looking at the cluster.
 *
 * It counts one node for each entry read, so one for each address of a page of
 * the window, and no rows: an address outside the window, or not a page's
 * first byte, is refused by arithmetic and counts none.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

/* Index + 1 of the cluster that starts at each page; 0 where none does. */
static uint32_t *map_of(const struct kheap *h)
{
	return h->lookup_state;
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
	kb_assert(map_of(h)[kheap_page_of(h, idx)] == 0);
	map_of(h)[kheap_page_of(h, idx)] = (uint32_t)idx + 1;
	return 0;
}

static void pagemap_erase(struct kheap *h, int idx)
{
	kb_assert(map_of(h)[kheap_page_of(h, idx)] == (uint32_t)idx + 1);
	map_of(h)[kheap_page_of(h, idx)] = 0;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	uint32_t page;

	if (!kheap_page_at(h, va, &page))
		return -1;
	lookup_touch(tally, 0, page);
	if (tally)
		tally->nodes = 1;
	return (int)map_of(h)[page] - 1;
}

LOOKUP_STAMP(pagemap, search)

static size_t pagemap_bytes(const struct kheap *h)
{
	return h->pages * sizeof(uint32_t);
}

static bool pagemap_is_valid(const struct kheap *h, uint32_t clusters)
{
	uint32_t entries = 0;
	uint32_t page;

	for (page = 0; page < h->pages; page++)
		entries += map_of(h)[page] != 0;
	return entries == clusters;
}

extern const struct lookup_ops lookup_pagemap;
const struct lookup_ops lookup_pagemap = {
	.name = "pagemap",
	.help = "an array over the window's pages: one load",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { { LOOKUP_INDEX_SIZE, 1 } },
	.init = pagemap_init,
	.release = pagemap_release,
	.insert = pagemap_insert,
	.erase = pagemap_erase,
	.find = pagemap_find,
	.find_counted = pagemap_find_counted,
	.bytes = pagemap_bytes,
	.is_valid = pagemap_is_valid,
};
