#include "row_ranks.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"
#include "kb_rng.h"
#include "lookup.h"

#include <stdbool.h>

/* A cluster's number is its index + 1, so that 0 is no cluster: a node whose
 * sums are zeros. */
struct rank_node {
	uint32_t left;
	uint32_t right;
	uint32_t parent;
	uint32_t priority;

	/* Of the subtree, including this node; 0 nodes: not in the treap. */
	uint32_t nodes;
	uint32_t lines;

	/* Lines whose first cluster this is. */
	uint32_t own_lines;

	/* The order is by row, then place. */
	uint32_t row;
	int64_t place;
};

/* The two arrays whose lines a list search touches: a cluster's element is its
 * index in both. */
#define LINE_KINDS 2
static const uint32_t per_line[LINE_KINDS] = {
	LOOKUP_LINE_SIZE / LOOKUP_NODE_SIZE,
	LOOKUP_LINE_SIZE / LOOKUP_VA_SIZE,
};

struct row_ranks {
	/* One more than there are indexes. */
	struct rank_node *node;
	uint32_t pages;
	uint32_t root;

	/* The first cluster of each line, 0 if none is in. */
	uint32_t *first[LINE_KINDS];

	/* The place of the next cluster, and the step to the one after it:
	 * places rise toward the tail. */
	int64_t next_place;
	int step;
};

struct row_ranks *row_ranks_new(uint32_t pages, enum kheap_order order)
{
	struct row_ranks *r = calloc(1, sizeof(*r));
	unsigned k;

	if (!r)
		return NULL;
	r->pages = pages;
	r->step = order == KHEAP_ORDER_TAIL ? 1 : -1;
	r->node = calloc((size_t)pages + 1, sizeof(*r->node));
	for (k = 0; k < LINE_KINDS; k++)
		r->first[k] = calloc(kb_div_up(pages, per_line[k]),
				     sizeof(*r->first[k]));
	if (r->node && r->first[0] && r->first[1])
		return r;
	row_ranks_free(r);
	return NULL;
}

void row_ranks_free(struct row_ranks *r)
{
	unsigned k;

	if (!r)
		return;
	for (k = 0; k < LINE_KINDS; k++)
		free(r->first[k]);
	free(r->node);
	free(r);
}

/* True if a search meets `a` before `b`. */
static inline bool before(const struct row_ranks *r, uint32_t a, uint32_t b)
{
	const struct rank_node *x = &r->node[a];
	const struct rank_node *y = &r->node[b];

	return x->row != y->row ? x->row < y->row : x->place < y->place;
}

static inline void sum_up(struct row_ranks *r, uint32_t at)
{
	struct rank_node *n = &r->node[at];

	n->nodes = r->node[n->left].nodes + r->node[n->right].nodes + 1;
	n->lines =
		r->node[n->left].lines + r->node[n->right].lines + n->own_lines;
}

/* What points at `at`: a child of its parent, or the root. */
static inline uint32_t *link_of(struct row_ranks *r, uint32_t at)
{
	const uint32_t parent = r->node[at].parent;

	if (parent == 0)
		return &r->root;
	return r->node[parent].left == at ? &r->node[parent].left
					  : &r->node[parent].right;
}

/*
 *       p          at
 *      / \        /  \
 *    at   c  →   a    p      and its mirror image
 *   /  \             / \
 *  a    b           b   c
 */
static void rotate_up(struct row_ranks *r, uint32_t at)
{
	struct rank_node *n = &r->node[at];
	const uint32_t parent = n->parent;
	struct rank_node *p = &r->node[parent];
	const bool is_left = p->left == at;
	const uint32_t moved = is_left ? n->right : n->left;

	*link_of(r, parent) = at;
	n->parent = p->parent;
	p->parent = at;
	if (is_left) {
		p->left = moved;
		n->right = parent;
	} else {
		p->right = moved;
		n->left = parent;
	}
	if (moved)
		r->node[moved].parent = parent;
	sum_up(r, parent);
	sum_up(r, at);
}

/* `at` owns one line more, or one less. */
static void change_lines(struct row_ranks *r, uint32_t at, bool more)
{
	r->node[at].own_lines += more ? 1u : -1u;
	for (; at != 0; at = r->node[at].parent)
		r->node[at].lines += more ? 1u : -1u;
}

static void claim_lines(struct row_ranks *r, uint32_t at)
{
	unsigned k;

	for (k = 0; k < LINE_KINDS; k++) {
		uint32_t *first = &r->first[k][(at - 1) / per_line[k]];

		if (*first && before(r, *first, at))
			continue;
		if (*first)
			change_lines(r, *first, false);
		*first = at;
		change_lines(r, at, true);
	}
}

/* The first cluster of the line, except `at`; 0 if there is none. */
static uint32_t first_mate(const struct row_ranks *r, uint32_t at,
			   uint32_t count)
{
	const uint32_t begin = (at - 1) / count * count + 1;
	const uint32_t end = (uint32_t)kb_min(begin + count, r->pages + 1);
	uint32_t first = 0;
	uint32_t i;

	for (i = begin; i < end; i++)
		if (i != at && r->node[i].nodes &&
		    (first == 0 || before(r, i, first)))
			first = i;
	return first;
}

static void disclaim_lines(struct row_ranks *r, uint32_t at)
{
	unsigned k;

	for (k = 0; k < LINE_KINDS; k++) {
		uint32_t *first = &r->first[k][(at - 1) / per_line[k]];

		if (*first != at)
			continue;
		change_lines(r, at, false);
		*first = first_mate(r, at, per_line[k]);
		if (*first)
			change_lines(r, *first, true);
	}
}

void row_ranks_insert(struct row_ranks *r, int idx, uint32_t row)
{
	const uint32_t at = (uint32_t)idx + 1;
	struct rank_node *n = &r->node[at];
	uint32_t *link = &r->root;
	uint32_t up;

	kb_assert(idx >= 0 && at <= r->pages && n->nodes == 0);
	*n = (struct rank_node){
		.priority = (uint32_t)kb_mix64(at),
		.nodes = 1,
		.row = row,
		.place = r->next_place,
	};
	r->next_place += r->step;
	while (*link != 0) {
		n->parent = *link;
		link = before(r, at, n->parent) ? &r->node[n->parent].left
						: &r->node[n->parent].right;
	}
	*link = at;
	for (up = n->parent; up != 0; up = r->node[up].parent)
		r->node[up].nodes++;
	while (n->parent && r->node[n->parent].priority < n->priority)
		rotate_up(r, at);
	claim_lines(r, at);
}

void row_ranks_erase(struct row_ranks *r, int idx)
{
	const uint32_t at = (uint32_t)idx + 1;
	struct rank_node *n = &r->node[at];
	uint32_t up;

	kb_assert(idx >= 0 && at <= r->pages && n->nodes > 0);
	disclaim_lines(r, at);
	while (n->left || n->right) {
		const bool left =
			!n->right ||
			(n->left && r->node[n->left].priority >
					    r->node[n->right].priority);

		rotate_up(r, left ? n->left : n->right);
	}
	*link_of(r, at) = 0;
	for (up = n->parent; up != 0; up = r->node[up].parent)
		r->node[up].nodes--;
	n->nodes = 0;
}

struct row_ranks_sum row_ranks_upto(const struct row_ranks *r, int idx)
{
	uint32_t at = idx < 0 ? r->root : (uint32_t)idx + 1;
	struct row_ranks_sum sum = { 0, 0 };
	bool with = true;

	if (idx < 0)
		return (struct row_ranks_sum){ r->node[at].nodes,
					       r->node[at].lines };
	kb_assert(at <= r->pages && r->node[at].nodes > 0);
	/* Climb to the root. Whenever the path comes from a right child, the
	 * parent and its left subtree precede. */
	while (at != 0) {
		const uint32_t parent = r->node[at].parent;

		if (with) {
			const struct rank_node *left =
				&r->node[r->node[at].left];

			sum.nodes += left->nodes + 1;
			sum.lines += left->lines + r->node[at].own_lines;
		}
		with = r->node[parent].right == at;
		at = parent;
	}
	return sum;
}
