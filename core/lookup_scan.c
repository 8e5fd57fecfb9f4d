/*
 * A linear search of cluster_va[], which exists anyway, for comparison with the
 * lists. It keeps nothing.
 *
 * Indexes are handed out from first_index upward, so those ever used are one
 * stretch of the array, unless they have wrapped round. The loop over a block
 * has no exit, so that the compiler vectorizes it; which entry of the block
 * matched is determined afterwards.
 *
 * An entry counts as a node compared up to the one that hits, as if they were
 * compared one by one, whatever the width of the host's vectors.
 */
#include "kheap_internal.h"

/* Entries of a block: a line of the host. */
#define BLOCK 16u

static inline bool block_holds(const kva_t *entries, kva_t va)
{
	uint32_t hits = 0;
	uint32_t i;

	for (i = 0; i < BLOCK; i++)
		hits |= entries[i] == va;
	return hits != 0;
}

/* The first of entries begin … end - 1 that holds `va`, or `end`. */
static inline uint32_t scan(const kva_t *entries, uint32_t begin, uint32_t end,
			    kva_t va)
{
	uint32_t i = begin;

	while (end - i >= BLOCK && !block_holds(&entries[i], va))
		i += BLOCK;
	while (i < end && entries[i] != va)
		i++;
	return i;
}

/* The entries that a search goes through: begin … end - 1. */
static inline uint32_t entries_of(const struct kheap *h, uint32_t *begin)
{
	const uint64_t used = (uint64_t)h->first_index + h->fresh_index_count;
	const bool round = used > h->pages;

	*begin = round ? 0 : h->first_index;
	return round ? h->pages : (uint32_t)used;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	uint32_t begin;
	const uint32_t end = entries_of(h, &begin);
	uint32_t i;

	/* No cluster starts at 0, the value of free entries. */
	i = va != 0 ? scan(h->cluster_va, begin, end, va) : end;
	if (tally && va != 0) {
		uint32_t k;

		tally->nodes = i - begin + (i < end);
		for (k = begin; k < begin + tally->nodes; k++)
			lookup_touch(tally, 0, k);
	}
	return i < end ? (int)i : -1;
}

LOOKUP_STAMP(scan, search)

/* The search's steps: they follow from the index alone. */
static int rank(const struct kheap *h, kva_t va, struct lookup_tally *tally)
{
	const int idx = kheap_index_at(h, va);
	uint32_t begin;
	const uint32_t end = entries_of(h, &begin);

	if (va != 0)
		tally->nodes = (idx >= 0 ? (uint32_t)idx + 1 : end) - begin;
	lookup_lines_stretch(tally->lines, 0, begin, tally->nodes);
	return idx;
}

LOOKUP_STAMP_COUNTED(scan_find_ranked, rank)

extern const struct lookup_ops lookup_scan;
const struct lookup_ops lookup_scan = {
	.name = "scan",
	.help = "a linear scan of cluster_va[]",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { { LOOKUP_VA_SIZE, 1 } },
	.find = scan_find,
	.find_counted = scan_find_counted,
	.find_ranked = scan_find_ranked,
};
