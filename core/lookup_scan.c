/*
 * cluster_va[] searched straight through: the arrays that are there anyway,
 * against the lists. Nothing is kept.
 *
 * Indexes are handed out from first_index upward, so those ever used are one
 * stretch of the array, unless they have gone round. The loop over a block has
 * no exit, so that the compiler makes vector instructions of it; which entry
 * of a block it was is found out afterwards.
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

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const uint64_t used = (uint64_t)h->first_index + h->fresh_index_count;
	const bool round = used > h->pages;
	const uint32_t begin = round ? 0 : h->first_index;
	const uint32_t end = round ? h->pages : (uint32_t)used;
	uint32_t i;

	/* No cluster starts at 0, which is what free entries hold. */
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

extern const struct lookup_ops lookup_scan;
const struct lookup_ops lookup_scan = {
	.name = "scan",
	.help = "cluster_va[] searched straight through",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { { LOOKUP_VA_SIZE, 1 } },
	.find = scan_find,
	.find_counted = scan_find_counted,
};
