/*
 * The seed's lookup: row 0, row 1, … and along each list, comparing
 * cluster_va[node->cluster_index] with the address. The rows are the index, so
 * there is nothing to keep. A miss examines every row of the window.
 */
#include "kheap_internal.h"

enum { AREA_HEADS, AREA_NODES, AREA_VAS };

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct KheapCluster *node;
	uint64_t nodes = 0;
	uint32_t row;
	int found = -1;

	for (row = 0; row < h->pages; row++) {
		lookup_touch(tally, AREA_HEADS, row);
		TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
			const int idx = node->cluster_index;

			if (tally)
				nodes++;
			lookup_touch(tally, AREA_NODES, (uint32_t)idx);
			lookup_touch(tally, AREA_VAS, (uint32_t)idx);
			if (h->cluster_va[idx] == va) {
				found = idx;
				goto out;
			}
		}
	}
out:
	if (tally) {
		tally->rows = row + (found >= 0);
		tally->nodes = nodes;
	}
	return found;
}

LOOKUP_STAMP(rows, search)

/* The search's steps, by the cluster's rank. */
static int rank(const struct kheap *h, kva_t va, struct lookup_tally *tally)
{
	const int idx = kheap_index_at(h, va);

	tally->rows = idx >= 0 ? kheap_row_of(h, idx) + 1 : h->pages;
	lookup_lines_stretch(tally->lines, AREA_HEADS, 0, tally->rows);
	kheap_tally_lists(h, idx, tally);
	return idx;
}

LOOKUP_STAMP_COUNTED(rows_find_ranked, rank)

extern const struct lookup_ops lookup_rows;
const struct lookup_ops lookup_rows = {
	.name = "rows",
	.help = "the list walk as designed: row after row, node by node",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { [AREA_HEADS] = { LOOKUP_HEAD_SIZE, 1 },
		   [AREA_NODES] = { LOOKUP_NODE_SIZE, 1 },
		   [AREA_VAS] = { LOOKUP_VA_SIZE, 1 } },
	.walks_to_remove = true,
	.find = rows_find,
	.find_counted = rows_find_counted,
	.find_ranked = rows_find_ranked,
};
