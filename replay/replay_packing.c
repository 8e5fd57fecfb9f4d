#include "replay_packing.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Nothing happens at this event; a page is free forever. */
#define NOTHING UINT32_MAX
#define FOREVER UINT32_MAX

/* A packing in progress. */
struct packing {
	struct replay_packed *objects;
	size_t count;
	uint32_t events;

	/* By event: the object that is born or dies there, or NOTHING. */
	uint32_t *object_at;

	/* The objects of two pages and more, in the order of step 1; and those
	 * placed so far, lowest page first. */
	uint32_t *large;
	uint32_t *placed;
	size_t large_count;

	/* The total of their pages, and the most one-page objects live at
	 * once. */
	uint64_t large_pages;
	uint32_t small_peak;

	/* By page: where its part of `visit` starts, and which entry is next;
	 * the part holds the births of the large objects on that page,
	 * ascending. */
	uint32_t *visits_from;
	uint32_t *visit;

	/* Leaf p of a tree of maxima is the event until which page p is empty,
	 * 0 while it is taken. leaf[0] is free_until[leaves]. */
	uint32_t *free_until;
	uint32_t leaves;

	/* The lowest so far. */
	uint32_t *best_page;
	uint32_t height;
};

/* --- Orders ------------------------------------------------------------------ */

static uint64_t lifetime(const struct replay_packed *o)
{
	return o->death - o->birth;
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_birth(const struct replay_packed *a,
		    const struct replay_packed *b)
{
	return (a->birth > b->birth) - (a->birth < b->birth);
}

static int by_area(const struct replay_packed *a, const struct replay_packed *b)
{
	int order = descending(a->pages * lifetime(a), b->pages * lifetime(b));

	return order ? order : by_birth(a, b);
}

static int by_size(const struct replay_packed *a, const struct replay_packed *b)
{
	int order = descending(a->pages, b->pages);

	return order ? order : by_area(a, b);
}

static int by_lifetime(const struct replay_packed *a,
		       const struct replay_packed *b)
{
	int order = descending(lifetime(a), lifetime(b));

	return order ? order : by_area(a, b);
}

struct order {
	const char *name;
	int (*compare)(const struct replay_packed *a,
		       const struct replay_packed *b);
};

static const struct order orders[] = {
	{ "size x lifetime", by_area },
	{ "size", by_size },
	{ "lifetime", by_lifetime },
};

/* Sinks the element at `root` of a heap of `count`, the last in order on
 * top. */
static void sift(const struct packing *p, const struct order *order,
		 size_t root, size_t count)
{
	uint32_t *v = p->large;

	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		uint32_t t = v[root];

		if (child + 1 < count &&
		    order->compare(&p->objects[v[child]],
				   &p->objects[v[child + 1]]) < 0)
			child++;
		if (order->compare(&p->objects[t], &p->objects[v[child]]) >= 0)
			return;
		v[root] = v[child];
		v[child] = t;
	}
}

/* Heap sort: qsort gives its comparison no context. */
static void sort_large(const struct packing *p, const struct order *order)
{
	uint32_t *v = p->large;

	for (size_t i = p->large_count / 2; i > 0; i--)
		sift(p, order, i - 1, p->large_count);
	for (size_t i = p->large_count; i > 1; i--) {
		uint32_t t = v[0];

		v[0] = v[i - 1];
		v[i - 1] = t;
		sift(p, order, 0, i - 1);
	}
}

/* --- Step 1: large objects ---------------------------------------------------- */

static bool meet_in_time(const struct replay_packed *a,
			 const struct replay_packed *b)
{
	return a->birth < b->death && b->birth < a->death;
}

/* Places the object large[n] as low as possible among the n before it. Returns
 * how many it was compared with. */
static size_t place_large(struct packing *p, size_t n)
{
	struct replay_packed *o = &p->objects[p->large[n]];
	uint64_t page = 0;
	size_t i, at;

	for (i = 0; i < n; i++) {
		const struct replay_packed *other = &p->objects[p->placed[i]];

		if (!meet_in_time(o, other))
			continue;
		if (page + o->pages <= other->page)
			break;
		page = kb_max(page, (uint64_t)other->page + other->pages);
	}
	/* It rests on another one or at the bottom, so the height is at most
	 * the sum of all. */
	kb_assert(page + o->pages <= p->large_pages);
	o->page = (uint32_t)page;
	for (at = i; at > 0 && p->objects[p->placed[at - 1]].page > o->page;)
		at--;
	memmove(&p->placed[at + 1], &p->placed[at],
		(n - at) * sizeof(*p->placed));
	p->placed[at] = p->large[n];
	return i + (n - at) / 16;
}

/* Returns their height; KB_E_RANGE beyond REPLAY_PACKING_PAIRS_MAX, which no
 * test reaches, since that takes a second. */
static int place_all_large(struct packing *p, uint32_t *height)
{
	uint64_t pairs = 0, top = 0;

	for (size_t n = 0; n < p->large_count; n++) {
		const struct replay_packed *o = &p->objects[p->large[n]];

		pairs += place_large(p, n);
		top = kb_max(top, (uint64_t)o->page + o->pages);
		if (pairs > REPLAY_PACKING_PAIRS_MAX)
			return KB_E_RANGE;
	}
	*height = (uint32_t)top;
	return 0;
}

/* --- Step 2: objects of one page ---------------------------------------------- */

/* Notes for each page which large objects it gets, in order of time. */
static void list_visits(struct packing *p, uint32_t pages)
{
	uint32_t *from = p->visits_from;

	memset(from, 0, (pages + (size_t)1) * sizeof(*from));
	for (size_t n = 0; n < p->large_count; n++) {
		const struct replay_packed *o = &p->objects[p->large[n]];

		for (uint32_t i = 0; i < o->pages; i++)
			from[o->page + i]++;
	}
	for (uint32_t page = 0, sum = 0; page <= pages; page++) {
		uint32_t visits = from[page];

		from[page] = sum;
		/* An end mark after each page's own. */
		sum += visits + 1;
	}
	for (size_t n = 0; n < p->count; n++) {
		const struct replay_packed *o = &p->objects[n];

		for (uint32_t i = 0; o->pages > 1 && i < o->pages; i++)
			p->visit[from[o->page + i]++] = o->birth;
	}
	/* Back from each part's end to its start. */
	for (uint32_t page = pages; page > 0; page--) {
		p->visit[from[page]] = FOREVER;
		from[page] = from[page - 1] + 1;
	}
	p->visit[from[0]] = FOREVER;
	from[0] = 0;
}

static void set_free_until(struct packing *p, uint32_t page, uint32_t event)
{
	uint32_t *tree = p->free_until;

	for (size_t i = (size_t)page + p->leaves; i > 0; i /= 2) {
		uint32_t value = i >= p->leaves
					 ? event
					 : (uint32_t)kb_max(tree[2 * i],
							    tree[2 * i + 1]);

		if (tree[i] == value)
			return;
		tree[i] = value;
	}
}

/* The lowest page that is empty until `event`; there always is one. */
static uint32_t lowest_page(const struct packing *p, uint32_t event)
{
	size_t i = 1;

	kb_assert(p->free_until[1] >= event);
	while (i < p->leaves)
		i = 2 * i + (p->free_until[2 * i] < event);
	return (uint32_t)(i - p->leaves);
}

static void init_tree(struct packing *p, uint32_t large_height)
{
	uint32_t pages = large_height + p->small_peak;

	p->leaves = 1;
	while (p->leaves < pages)
		p->leaves *= 2;
	for (uint32_t i = 0; i < p->leaves; i++)
		p->free_until[p->leaves + i] =
			i < large_height ? p->visit[p->visits_from[i]]
			: i < pages	 ? FOREVER
					 : 0;
	for (size_t i = p->leaves - 1; i > 0; i--)
		p->free_until[i] = (uint32_t)kb_max(p->free_until[2 * i],
						    p->free_until[2 * i + 1]);
}

/* What the birth or death of a large object does to its pages. */
static void move_large(struct packing *p, const struct replay_packed *o,
		       bool is_birth)
{
	for (uint32_t page = o->page; page < o->page + o->pages; page++) {
		p->visits_from[page] += is_birth;
		set_free_until(p, page,
			       is_birth ? 0 : p->visit[p->visits_from[page]]);
	}
}

static uint32_t free_again(const struct packing *p, uint32_t page,
			   uint32_t large_height)
{
	return page < large_height ? p->visit[p->visits_from[page]] : FOREVER;
}

/* Returns the height of everything. */
static uint32_t place_small(struct packing *p, uint32_t large_height)
{
	uint32_t height = large_height;

	for (uint32_t event = 0; event < p->events; event++) {
		uint32_t number = p->object_at[event];
		struct replay_packed *o = &p->objects[number];

		if (number == NOTHING)
			continue;
		if (o->pages > 1) {
			move_large(p, o, event == o->birth);
		} else if (event == o->birth) {
			o->page = lowest_page(p, o->death);
			set_free_until(p, o->page, 0);
			height = (uint32_t)kb_max(height, o->page + 1u);
		} else {
			set_free_until(p, o->page,
				       free_again(p, o->page, large_height));
		}
	}
	return height;
}

/* --- Together ----------------------------------------------------------------- */

/* Fills object_at and everything that needs no placement. */
static uint32_t sweep(struct packing *p)
{
	uint64_t load = 0, live = 0;
	uint32_t small = 0;

	memset(p->object_at, 0xff, p->events * sizeof(*p->object_at));
	for (size_t n = 0; n < p->count; n++) {
		const struct replay_packed *o = &p->objects[n];

		p->object_at[o->birth] = (uint32_t)n;
		if (o->death < p->events)
			p->object_at[o->death] = (uint32_t)n;
		p->large_count += o->pages > 1;
		p->large_pages += o->pages > 1 ? o->pages : 0;
	}
	for (uint32_t event = 0; event < p->events; event++) {
		uint32_t number = p->object_at[event];
		const struct replay_packed *o = &p->objects[number];
		bool is_small;

		if (number == NOTHING)
			continue;
		is_small = o->pages == 1;
		live += event == o->birth ? o->pages : -(uint64_t)o->pages;
		small += event == o->birth ? is_small : -(uint32_t)is_small;
		load = kb_max(load, live);
		p->small_peak = (uint32_t)kb_max(p->small_peak, small);
	}
	return (uint32_t)kb_min(load, UINT32_MAX);
}

static int make_room(struct packing *p)
{
	size_t pages = (size_t)p->large_pages + p->small_peak + 1;
	size_t leaves = 1, n = 0;

	while (leaves < pages)
		leaves *= 2;
	p->large = malloc((p->large_count + 1) * sizeof(*p->large));
	p->placed = malloc((p->large_count + 1) * sizeof(*p->placed));
	p->visits_from = malloc((pages + 1) * sizeof(*p->visits_from));
	p->visit = malloc(2 * pages * sizeof(*p->visit));
	p->free_until = malloc(2 * leaves * sizeof(*p->free_until));
	p->best_page = malloc((p->count + 1) * sizeof(*p->best_page));
	if (!p->large || !p->placed || !p->visits_from || !p->visit ||
	    !p->free_until || !p->best_page)
		return KB_E_NOMEM;
	for (size_t i = 0; i < p->count; i++)
		if (p->objects[i].pages > 1)
			p->large[n++] = (uint32_t)i;
	return 0;
}

static int pack_by(struct packing *p, const struct order *order,
		   uint32_t *height)
{
	int err;

	sort_large(p, order);
	err = place_all_large(p, height);
	if (err < 0)
		return err;
	list_visits(p, *height);
	init_tree(p, *height);
	*height = place_small(p, *height);
	return 0;
}

static int pack(struct packing *p, struct replay_packing *out)
{
	uint32_t height;
	int err;

	for (size_t i = 0; i < KB_ARRAY_LEN(orders); i++) {
		err = pack_by(p, &orders[i], &height);
		/* If one order alone takes too much work, the others may still
		 * do. */
		if (err < 0 && i == 0)
			return err;
		if (err < 0 || (i > 0 && height >= out->height))
			continue;
		out->height = height;
		out->order = orders[i].name;
		for (size_t n = 0; n < p->count; n++)
			p->best_page[n] = p->objects[n].page;
		if (height == out->load)
			break;
	}
	for (size_t n = 0; n < p->count; n++)
		p->objects[n].page = p->best_page[n];
	return 0;
}

int replay_packing_run(struct replay_packed *objects, size_t count,
		       uint32_t events, struct replay_packing *out)
{
	struct packing p = { .objects = objects,
			     .count = count,
			     .events = events };
	int err;

	memset(out, 0, sizeof(*out));
	if (count > REPLAY_PACKING_OBJECTS_MAX)
		return KB_E_RANGE;
	p.object_at = malloc((events + (size_t)1) * sizeof(*p.object_at));
	if (!p.object_at)
		return KB_E_NOMEM;
	out->load = sweep(&p);
	err = p.large_pages + p.small_peak > REPLAY_PACKING_PAGES_MAX
		      ? KB_E_RANGE
		      : make_room(&p);
	if (err == 0)
		err = pack(&p, out);
	free(p.object_at);
	free(p.large);
	free(p.placed);
	free(p.visits_from);
	free(p.visit);
	free(p.free_until);
	free(p.best_page);
	return err;
}
