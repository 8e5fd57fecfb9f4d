/*
 * A radix tree over the window's page number, 64 slots per node, like Linux's
 * XArray. Nodes are made when an entry is added below them and freed when they
 * become empty. The height follows from the window and never changes.
 *
 *   page number   [ 6 bits | 6 bits | 6 bits ]     three levels: 2^18 pages
 *                   root     node     leaf
 *
 * A level is a node that is gone through, and a node compared is the slot read
 * in it. An address that is no page's first byte is refused by arithmetic.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

#define SLOTS_SHIFT 6
#define SLOTS	    (1u << SLOTS_SHIFT)
#define LEVELS_MAX  4

static_assert(UINT64_C(1) << (SLOTS_SHIFT * LEVELS_MAX) >= KHEAP_PAGES_MAX,
	      "the levels must reach one root");

/* A slot on the modeled machine: a pointer. */
#define SLOT_SIZE 8

struct node {
	/* Slots in use. */
	uint32_t used;

	union {
		/* Above the leaves; NULL: nothing is below. */
		struct node *child[SLOTS];

		/* In a leaf: index + 1, 0 for none. */
		uintptr_t index[SLOTS];
	} slot;
};

struct radix {
	/* NULL if the tree is empty. */
	struct node *root;

	/* The leaves are level 0, the root is level `levels` - 1. */
	unsigned levels;

	/* In the modeled layout, the first slot of each level. */
	uint32_t level_at[LEVELS_MAX];

	size_t nodes;
};

static inline uint32_t slot_at(uint32_t page, unsigned level)
{
	return page >> (SLOTS_SHIFT * level) & (SLOTS - 1);
}

static int radix_init(struct kheap *h)
{
	struct radix *tree = calloc(1, sizeof(*tree));
	uint32_t slots = h->pages;
	uint32_t at = 0;

	if (!tree)
		return KB_E_NOMEM;
	for (;;) {
		const uint32_t nodes = (uint32_t)kb_div_up(slots, SLOTS);

		tree->level_at[tree->levels++] = at;
		at += nodes << SLOTS_SHIFT;
		if (nodes == 1)
			break;
		slots = nodes;
	}
	h->lookup_state = tree;
	return 0;
}

/* The path of nodes from the root towards `page`, path[0] the leaf; NULL from
 * where there are none. */
static void find_path(const struct radix *tree, uint32_t page,
		      struct node *path[LEVELS_MAX])
{
	struct node *node = tree->root;
	unsigned level = tree->levels;

	while (level-- > 0) {
		path[level] = node;
		if (node && level > 0)
			node = node->slot.child[slot_at(page, level)];
	}
}

/* Takes what is below `level` out of its node on the path, and frees from there
 * upward what is empty. */
static void prune(struct radix *tree, uint32_t page,
		  struct node *path[LEVELS_MAX], unsigned level)
{
	for (; level < tree->levels; level++) {
		if (path[level]->used > 0)
			return;
		free(path[level]);
		tree->nodes--;
		if (level + 1 == tree->levels) {
			tree->root = NULL;
		} else {
			path[level + 1]->slot.child[slot_at(page, level + 1)] =
				NULL;
			path[level + 1]->used--;
		}
	}
}

/* Frees leaf after leaf by their pages, which frees all that is above. */
static void radix_release(struct kheap *h)
{
	struct radix *tree = h->lookup_state;
	struct node *path[LEVELS_MAX];
	uint32_t page;

	for (page = 0; page < h->pages && tree->root; page += SLOTS) {
		find_path(tree, page, path);
		if (!path[0])
			continue;
		path[0]->used = 0;
		prune(tree, page, path, 0);
	}
	free(tree);
	h->lookup_state = NULL;
}

static int radix_insert(struct kheap *h, int idx)
{
	struct radix *tree = h->lookup_state;
	const uint32_t page = kheap_page_of(h, idx);
	struct node *path[LEVELS_MAX];
	unsigned level = tree->levels;

	find_path(tree, page, path);
	while (level-- > 0) {
		if (path[level])
			continue;
		path[level] = calloc(1, sizeof(*path[level]));
		if (!path[level]) {
			if (level + 1 < tree->levels)
				prune(tree, page, path, level + 1);
			return KB_E_NOMEM;
		}
		tree->nodes++;
		if (level + 1 == tree->levels) {
			tree->root = path[level];
			continue;
		}
		path[level + 1]->slot.child[slot_at(page, level + 1)] =
			path[level];
		path[level + 1]->used++;
	}
	path[0]->slot.index[slot_at(page, 0)] = (uintptr_t)idx + 1;
	path[0]->used++;
	return 0;
}

static void radix_erase(struct kheap *h, int idx)
{
	struct radix *tree = h->lookup_state;
	const uint32_t page = kheap_page_of(h, idx);
	struct node *path[LEVELS_MAX];

	find_path(tree, page, path);
	kb_assert(path[0]->slot.index[slot_at(page, 0)] == (uintptr_t)idx + 1);
	path[0]->slot.index[slot_at(page, 0)] = 0;
	path[0]->used--;
	prune(tree, page, path, 0);
}

/* Notes a slot read on the way to `page`. */
static kb_always_inline void count_level(const struct radix *tree,
					 uint32_t page, unsigned level,
					 struct lookup_tally *tally)
{
	if (!tally)
		return;
	tally->levels++;
	tally->nodes++;
	lookup_touch(tally, 0,
		     tree->level_at[level] + (page >> (SLOTS_SHIFT * level)));
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct radix *tree = h->lookup_state;
	const struct node *node = tree->root;
	unsigned level = tree->levels - 1;
	uint32_t page;

	if (!kheap_page_at(h, va, &page))
		return -1;
	for (; node && level > 0; level--) {
		count_level(tree, page, level, tally);
		node = node->slot.child[slot_at(page, level)];
	}
	if (!node)
		return -1;
	count_level(tree, page, 0, tally);
	return (int)node->slot.index[slot_at(page, 0)] - 1;
}

LOOKUP_STAMP(radix, search)

static size_t radix_bytes(const struct kheap *h)
{
	const struct radix *tree = h->lookup_state;

	return tree->nodes * sizeof(struct node);
}

/* Counts entries leaf by leaf, and the nodes above by what they should hold. */
static bool radix_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct radix *tree = h->lookup_state;
	struct node *path[LEVELS_MAX] = { NULL };
	uint32_t entries = 0;
	uint32_t page;

	for (page = 0; page < h->pages; page += SLOTS) {
		uint32_t used = 0;
		uint32_t i;

		find_path(tree, page, path);
		if (!path[0])
			continue;
		for (i = 0; i < SLOTS; i++)
			used += path[0]->slot.index[i] != 0;
		if (used == 0 || used != path[0]->used)
			return false;
		entries += used;
	}
	return entries == clusters && !tree->root == (clusters == 0);
}

extern const struct lookup_ops lookup_radix;
const struct lookup_ops lookup_radix = {
	.name = "radix",
	.help = "a radix tree over the page number, like Linux's XArray",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LEVELS | LOOKUP_LINES,
	.areas = { { SLOT_SIZE, 2 } },
	.init = radix_init,
	.release = radix_release,
	.insert = radix_insert,
	.erase = radix_erase,
	.find = radix_find,
	.find_counted = radix_find_counted,
	.bytes = radix_bytes,
	.is_valid = radix_is_valid,
};
