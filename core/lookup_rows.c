/*
 * The seed's lookup: row 0, row 1, … and along each list, comparing
 * cluster_va[node->cluster_index] with the address. The rows are the index, so
 * there is nothing to keep. A miss examines every row of the window.
 */
#include "kheap_internal.h"

/* A constant NULL for `counters` makes the plain version. */
static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct kheap_counters *counters)
{
	const struct KheapCluster *node;
	uint64_t nodes = 0;
	uint32_t row;
	int found = -1;

	for (row = 0; row < h->pages; row++) {
		TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
			if (counters)
				nodes++;
			if (h->cluster_va[node->cluster_index] == va) {
				found = node->cluster_index;
				goto out;
			}
		}
	}
out:
	if (counters)
		kheap_count_lookup(counters, row + (found >= 0), nodes);
	return found;
}

static int rows_find(const struct kheap *h, kva_t va)
{
	return search(h, va, NULL);
}

static int rows_find_counted(struct kheap *h, kva_t va)
{
	return search(h, va, &h->counters);
}

extern const struct lookup_ops lookup_rows;
const struct lookup_ops lookup_rows = {
	.name = "rows",
	.help = "the seed's search: every row from the first, along each list",
	.walks_to_remove = true,
	.find = rows_find,
	.find_counted = rows_find_counted,
};
