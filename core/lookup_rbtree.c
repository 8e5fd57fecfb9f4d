/*
 * A red-black tree keyed by the address, as Linux's vmalloc finds an area
 * (find_vmap_area). The tree is libbsd's <bsd/sys/tree.h>; only the descent is
 * written out here, because it is what is counted.
 *
 * A node is one whose key is compared, and so is a level.
 */
#include "kheap_internal.h"

#include "kb_host.h"

#include <bsd/sys/tree.h>

/* Of the cluster with the index that is its place in the array. */
struct area {
	RB_ENTRY(area) entry;
	kva_t va;
};

/* On the modeled machine: three pointers, the color, the key. */
#define AREA_SIZE 32

RB_HEAD(area_tree, area);

struct rbtree {
	struct area_tree tree;

	/* `pages` of them. */
	struct area *areas;
};

static inline int compare(const struct area *a, const struct area *b)
{
	return (a->va > b->va) - (a->va < b->va);
}

/* clang-format off */
RB_GENERATE_INTERNAL(area_tree, area, entry, compare,
		     __attribute__((unused)) static)
/* clang-format on */

static int rbtree_init(struct kheap *h)
{
	struct rbtree *t = calloc(1, sizeof(*t));

	if (!t)
		return KB_E_NOMEM;
	RB_INIT(&t->tree);
	t->areas = calloc(h->pages, sizeof(*t->areas));
	if (!t->areas) {
		free(t);
		return KB_E_NOMEM;
	}
	h->lookup_state = t;
	return 0;
}

static void rbtree_release(struct kheap *h)
{
	struct rbtree *t = h->lookup_state;

	free(t->areas);
	free(t);
	h->lookup_state = NULL;
}

static int rbtree_insert(struct kheap *h, int idx)
{
	struct rbtree *t = h->lookup_state;

	t->areas[idx].va = h->cluster_va[idx];
	area_tree_RB_INSERT(&t->tree, &t->areas[idx]);
	return 0;
}

static void rbtree_erase(struct kheap *h, int idx)
{
	struct rbtree *t = h->lookup_state;

	area_tree_RB_REMOVE(&t->tree, &t->areas[idx]);
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct rbtree *t = h->lookup_state;
	const struct area *area = RB_ROOT(&t->tree);

	while (area) {
		lookup_touch(tally, 0, (uint64_t)(area - t->areas));
		if (tally) {
			tally->nodes++;
			tally->levels++;
		}
		if (area->va == va)
			return (int)(area - t->areas);
		area = va < area->va ? RB_LEFT(area, entry)
				     : RB_RIGHT(area, entry);
	}
	return -1;
}

LOOKUP_STAMP(rbtree, search)

static size_t rbtree_bytes(const struct kheap *h)
{
	return h->pages * sizeof(struct area);
}

/* In order, and no red node under a red one. */
static bool rbtree_is_valid(const struct kheap *h, uint32_t clusters)
{
	struct rbtree *t = h->lookup_state;
	const struct area *last = NULL;
	struct area *area;
	uint32_t count = 0;

	RB_FOREACH(area, area_tree, &t->tree) {
		const struct area *parent = RB_PARENT(area, entry);

		if (last && last->va >= area->va)
			return false;
		/* No test can color a node. */
		if (parent && RB_COLOR(parent, entry) == RB_RED &&
		    RB_COLOR(area, entry) == RB_RED)
			return false;
		last = area;
		if (++count > clusters)
			return false;
	}
	return count == clusters;
}

extern const struct lookup_ops lookup_rbtree;
const struct lookup_ops lookup_rbtree = {
	.name = "rbtree",
	.help = "a red-black tree keyed by the address, as in Linux's vmalloc",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LEVELS | LOOKUP_LINES,
	.areas = { { AREA_SIZE, 1 } },
	.init = rbtree_init,
	.release = rbtree_release,
	.insert = rbtree_insert,
	.erase = rbtree_erase,
	.find = rbtree_find,
	.find_counted = rbtree_find_counted,
	.bytes = rbtree_bytes,
	.is_valid = rbtree_is_valid,
};
