/*
 * Free page runs: a top, boundary tags and a tree of maxima.
 *
 * First fit is usually a list of free runs sorted by address, and its cost is
 * the number of too-short runs that precede the right one: thousands on a heap
 * that has run for a while. Here every kmalloc would pay that cost, whatever
 * the lookup, and it would drown the differences between lookups. So the choice
 * must be cheap, and its answer must still be exactly first fit's.
 *
 * Most heaps have short holes between clusters and one long run after the last
 * cluster. Of that run, the top, only the first page is stored: it is the
 * highest run, so first fit takes from it only if no hole will do, and in the
 * tree below it would only hide how long the holes are.
 *
 * For the holes two structures share one array. A hole's length is noted at its
 * first page (level 0 of the tree) and again at its last one: Knuth's boundary
 * tags. A freed run looks at the tag just before it and the tag just after it,
 * and so knows both neighbors without any search.
 *
 *   page           0   1   2   3   4   5   6   7   8   9
 *                  .   .   #   #   .   #   .   .   #   .   # taken   top = 9
 *   level[0]       2   0   0   0   1   0   2   0   0   0
 *   length_at_end  0   2   0   0   1   0   0   2   0   0
 *
 * Above level 0 are levels of maxima, each number the greatest of the
 * RUNS_FANOUT below it, up to a single root. If that is too short for a request,
 * so is every hole. Otherwise the search goes down, at each level to the
 * leftmost child that is large enough: that one certainly has a hole that
 * fits, and nothing to its left does. At the bottom is the lowest that fits.
 *
 *   level[2]                     2
 *   level[1]         2       1       2       0         (drawn 3 children wide)
 *   level[0]       2 0 0   0 1 0   2 0 0   0
 *
 * To maintain the maxima, an update climbs from a changed leaf and ends at the
 * first level whose maximum is not affected. For a short hole that is nearly
 * always the first or second. With a fan-out of 64 the tree is flat: three
 * levels hold the usual window, four a million pages.
 *
 * Another fit is another way to choose a run; carving and giving back stay. The
 * longest hole is the number at the root, and the lowest of its length is first
 * fit's answer for that length: so worst fit needs nothing more. Next fit enters
 * the tree at the rover's leaf and climbs until something to the right is long
 * enough. Best and exact fit ask for an order by length, which the tree of
 * maxima cannot give; for these a second tree is kept (runs_sizes.h).
 *
 * Quick fit (Weinstock and Wulf's, with unbounded lists) is tried before all
 * this. Kernels request the same few lengths again and again, so a freed run is
 * most useful as it is; merging is work that the next request would undo. Only
 * a request that nothing else can serve pays for it, and each run that was
 * given back is merged at most once.
 */
#include "page_runs.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"
#include "kb_status.h"
#include "runs_sizes.h"

static_assert(RUNS_PAGES_MAX <=
		      UINT64_C(1) << (RUNS_FANOUT_SHIFT * RUNS_LEVELS_MAX),
	      "the levels must reach one root");

static_assert(RUNS_FANOUT == 64, "a node's children must be a uint64_t's bits");

/* Nodes over a level with `count` numbers. */
static size_t level_nodes(size_t count)
{
	return kb_div_up(count, RUNS_FANOUT);
}

/* Entries of a level with `count` numbers, padded to whole groups. */
static size_t level_entries(size_t count)
{
	return level_nodes(count) << RUNS_FANOUT_SHIFT;
}

const char *runs_fit_name(size_t fit)
{
	static const char *const names[RUNS_FITS] = {
		[RUNS_FIRST] = "first",	  [RUNS_NEXT] = "next",
		[RUNS_BEST] = "best",	  [RUNS_WORST] = "worst",
		[RUNS_CUSTOM] = "custom", [RUNS_QUICK] = "quick",
	};

	return fit < RUNS_FITS ? names[fit] : NULL;
}

/* What some fits need in addition to the tree. */
static int init_fit(struct page_runs *runs, uint32_t pages, enum runs_fit fit)
{
	runs->fit = fit;
	if (fit == RUNS_QUICK)
		return runs_lists_init(&runs->lists, pages);
	if (fit != RUNS_BEST && fit != RUNS_CUSTOM)
		return 0;
	runs->sizes = runs_sizes_new(pages);
	return runs->sizes ? 0 : KB_E_NOMEM;
}

int runs_init(struct page_runs *runs, uint32_t pages, enum runs_fit fit)
{
	size_t level_at[RUNS_LEVELS_MAX + 1] = { 0 };
	size_t nonzero_at[RUNS_LEVELS_MAX + 1] = { 0 };
	size_t entries = 0;
	size_t nodes = 0;
	size_t count;
	uint32_t k = 0;

	kb_assert(pages >= 1 && pages <= RUNS_PAGES_MAX);
	memset(runs, 0, sizeof(*runs));
	for (count = pages;; count = level_nodes(count)) {
		level_at[k] = entries;
		nonzero_at[k] = nodes;
		entries += level_entries(count);
		nodes += level_nodes(count);
		if (count == 1)
			break;
		k++;
	}
	runs->levels = k;
	runs->level[0] = calloc(entries, sizeof(uint32_t));
	runs->nonzero[0] = calloc(nodes, sizeof(uint64_t));
	runs->length_at_end = calloc(pages, sizeof(uint32_t));
	if (!runs->level[0] || !runs->nonzero[0] || !runs->length_at_end ||
	    init_fit(runs, pages, fit) < 0) {
		runs_release(runs);
		return KB_E_NOMEM;
	}
	for (k = 1; k <= runs->levels; k++)
		runs->level[k] = runs->level[0] + level_at[k];
	for (k = 1; k < runs->levels; k++)
		runs->nonzero[k] = runs->nonzero[0] + nonzero_at[k];
	runs->pages = pages;
	runs->free_pages = pages;
	kb_assert_slow(runs_is_valid(runs));
	return 0;
}

void runs_release(struct page_runs *runs)
{
	free(runs->level[0]);
	free(runs->nonzero[0]);
	free(runs->length_at_end);
	runs_sizes_free(runs->sizes);
	runs_lists_release(&runs->lists);
	memset(runs, 0, sizeof(*runs));
}

size_t runs_bytes(const struct page_runs *runs)
{
	size_t bytes = runs->pages * sizeof(*runs->length_at_end);
	size_t count = runs->pages;

	for (uint32_t k = 0; k <= runs->levels; k++) {
		bytes += level_entries(count) * sizeof(*runs->level[0]) +
			 level_nodes(count) * sizeof(*runs->nonzero[0]);
		count = level_nodes(count);
	}
	if (runs->sizes)
		bytes += runs_sizes_bytes(runs->pages);
	if (runs->fit == RUNS_QUICK)
		bytes += runs_lists_bytes(&runs->lists);
	return bytes;
}

static kb_always_inline void count_step(uint64_t *steps)
{
	if (steps)
		(*steps)++;
}

/* The maximum of a node's children, which is at most `bound`. */
static kb_always_inline uint32_t node_max(const uint32_t *children,
					  uint64_t nonzero, uint32_t bound,
					  uint64_t *steps)
{
	uint32_t max = 0;

	for (; nonzero != 0 && max < bound; nonzero &= nonzero - 1) {
		const uint32_t child = children[kb_low_bit(nonzero)];

		max = child > max ? child : max;
		count_step(steps);
	}
	return max;
}

/* Keeps the order by length: `was` and `now` as in set_length. */
static kb_noinline void resize_hole(struct page_runs *runs, uint32_t page,
				    uint32_t was, uint32_t now, uint64_t *steps)
{
	if (was != 0) {
		runs_sizes_remove(runs->sizes, page);
		count_step(steps);
	}
	if (now != 0) {
		runs_sizes_add(runs->sizes, page, now);
		count_step(steps);
	}
}

/*
 * Writes the length of the hole that starts at page `i`, 0 for none any more,
 * and mends the maxima above. A constant NULL for `steps` makes the plain
 * version.
 */
static kb_always_inline void set_length(struct page_runs *runs, uint32_t i,
					uint32_t now, uint64_t *steps)
{
	uint32_t was = runs->level[0][i];
	uint32_t k;

	if (runs->sizes)
		resize_hole(runs, i, was, now, steps);
	runs->level[0][i] = now;
	for (k = 0; k < runs->levels; k++) {
		const uint32_t node = i >> RUNS_FANOUT_SHIFT;
		const uint64_t bit = UINT64_C(1) << (i & (RUNS_FANOUT - 1));
		uint64_t *nonzero = &runs->nonzero[k][node];
		uint32_t *above = &runs->level[k + 1][node];
		const uint32_t old = *above;

		*nonzero = now != 0 ? *nonzero | bit : *nonzero & ~bit;
		count_step(steps);
		if (now <= old) {
			if (was < old)
				return;
			now = node_max(
				&runs->level[k][node << RUNS_FANOUT_SHIFT],
				*nonzero, old, steps);
		}
		if (now == old)
			return;
		*above = now;
		was = old;
		i = node;
	}
}

static inline uint32_t longest_hole(const struct page_runs *runs)
{
	return runs->level[runs->levels][0];
}

static inline uint32_t top_length(const struct page_runs *runs)
{
	return runs->pages - runs->top;
}

/* The lowest child of a node that is at least `pages` and whose bit is in
 * `mask`; or RUNS_NONE. Level k is the children's. */
static kb_always_inline uint32_t first_child(const struct page_runs *runs,
					     uint32_t k, uint32_t node,
					     uint64_t mask, uint32_t pages,
					     uint64_t *steps)
{
	uint64_t nonzero = runs->nonzero[k][node] & mask;

	for (; nonzero != 0; nonzero &= nonzero - 1) {
		const uint32_t child = node << RUNS_FANOUT_SHIFT |
				       (uint32_t)kb_low_bit(nonzero);

		count_step(steps);
		if (kb_likely(runs->level[k][child] >= pages))
			return child;
	}
	return RUNS_NONE;
}

/* The lowest hole of at least `pages` pages below number `i` of level `k`, which
 * is large enough. */
static kb_always_inline uint32_t descend(const struct page_runs *runs,
					 uint32_t k, uint32_t i, uint32_t pages,
					 uint64_t *steps)
{
	while (k-- > 0)
		i = first_child(runs, k, i, UINT64_MAX, pages, steps);
	return i;
}

/* First fit among the holes; RUNS_NONE if none is long enough. */
static kb_always_inline uint32_t first_hole(const struct page_runs *runs,
					    uint32_t pages, uint64_t *steps)
{
	if (pages > longest_hole(runs))
		return RUNS_NONE;
	return descend(runs, runs->levels, 0, pages, steps);
}

/* First fit among the holes that start at page `from` or above it. */
static uint32_t first_hole_from(const struct page_runs *runs, uint32_t from,
				uint32_t pages, uint64_t *steps)
{
	uint64_t mask = UINT64_MAX << (from & (RUNS_FANOUT - 1));
	uint32_t i = from;
	uint32_t k;

	if (pages > longest_hole(runs) || from >= runs->top)
		return RUNS_NONE;
	for (k = 0; k < runs->levels; k++) {
		const uint32_t node = i >> RUNS_FANOUT_SHIFT;
		const uint32_t child =
			first_child(runs, k, node, mask, pages, steps);

		if (child != RUNS_NONE)
			return descend(runs, k, child, pages, steps);
		i = node;
		/* The rest of the group, right of it; nothing if it is the
		 * last. */
		mask = ~(UINT64_MAX >> (~i & (RUNS_FANOUT - 1)));
	}
	return RUNS_NONE;
}

/* The first page of the run to take, the top's included; or RUNS_NONE. */
static kb_always_inline uint32_t choose_first(const struct page_runs *runs,
					      uint32_t pages, uint64_t *steps)
{
	const uint32_t hole = first_hole(runs, pages, steps);

	if (hole == RUNS_NONE && kb_likely(pages <= top_length(runs)))
		return runs->top;
	return hole;
}

static uint32_t choose_next(const struct page_runs *runs, uint32_t pages,
			    uint64_t *steps)
{
	const uint32_t hole = first_hole_from(runs, runs->rover, pages, steps);

	if (hole != RUNS_NONE)
		return hole;
	if (runs->top >= runs->rover && pages <= top_length(runs))
		return runs->top;
	return choose_first(runs, pages, steps);
}

static uint32_t choose_best(const struct page_runs *runs, uint32_t pages,
			    uint64_t *steps)
{
	const uint32_t hole = runs_sizes_find(runs->sizes, pages, steps);

	if (pages <= top_length(runs) &&
	    (hole == RUNS_NONE || top_length(runs) < runs->level[0][hole]))
		return runs->top;
	return hole;
}

static uint32_t choose_worst(const struct page_runs *runs, uint32_t pages,
			     uint64_t *steps)
{
	const uint32_t longest = longest_hole(runs);

	if (pages > kb_max(longest, top_length(runs)))
		return RUNS_NONE;
	if (longest < top_length(runs))
		return runs->top;
	return first_hole(runs, longest, steps);
}

static uint32_t choose_custom(const struct page_runs *runs, uint32_t pages,
			      uint64_t *steps)
{
	const uint32_t hole = runs_sizes_find(runs->sizes, pages, steps);

	if (hole == RUNS_NONE)
		return pages <= top_length(runs) ? runs->top : RUNS_NONE;
	if (runs->level[0][hole] == pages)
		return hole;
	return first_hole(runs, longest_hole(runs), steps);
}

static kb_always_inline uint32_t choose(const struct page_runs *runs,
					uint32_t pages, uint64_t *steps)
{
	switch (runs->fit) {
	case RUNS_NEXT:
		return choose_next(runs, pages, steps);
	case RUNS_BEST:
		return choose_best(runs, pages, steps);
	case RUNS_WORST:
		return choose_worst(runs, pages, steps);
	case RUNS_CUSTOM:
		return choose_custom(runs, pages, steps);
	default:
		return choose_first(runs, pages, steps);
	}
}

/* Takes the first `pages` pages of the hole that starts at `page`. What is left
 * of it is written first, so that no maximum is lowered and raised again. */
static kb_always_inline void carve(struct page_runs *runs, uint32_t page,
				   uint32_t pages, uint64_t *steps)
{
	const uint32_t length = runs->level[0][page];
	const uint32_t rest = length - pages;

	runs->length_at_end[page + length - 1] = rest;
	if (rest != 0)
		set_length(runs, page + pages, rest, steps);
	set_length(runs, page, 0, steps);
}

/* Adds `pages` pages in front of the top, and the `left` pages of the hole in
 * front of those, if there is one. */
static kb_always_inline void grow_top(struct page_runs *runs, uint32_t left,
				      uint32_t pages, uint64_t *steps)
{
	runs->top -= pages;
	if (left == 0)
		return;
	runs->length_at_end[runs->top - 1] = 0;
	runs->top -= left;
	set_length(runs, runs->top, 0, steps);
}

/* Makes the `pages` pages from `page` a hole, merged with the `left` and
 * `right` pages of the holes that touch it. */
static kb_always_inline void join(struct page_runs *runs, uint32_t left,
				  uint32_t page, uint32_t pages, uint32_t right,
				  uint64_t *steps)
{
	const uint32_t end = page + pages;
	const uint32_t length = left + pages + right;

	if (left != 0)
		runs->length_at_end[page - 1] = 0;
	runs->length_at_end[end + right - 1] = length;
	set_length(runs, page - left, length, steps);
	if (right != 0)
		set_length(runs, end, 0, steps);
}

/* Gives pages back to the holes and the top, merging. */
static kb_always_inline void merge(struct page_runs *runs, uint32_t page,
				   uint32_t pages, uint64_t *steps)
{
	const uint32_t end = page + pages;
	const uint32_t left = page > 0 ? runs->length_at_end[page - 1] : 0;

	if (end == runs->top)
		grow_top(runs, left, pages, steps);
	else
		join(runs, left, page, pages, runs->level[0][end], steps);
}

/* Merges all listed runs. */
static kb_noinline void merge_listed(struct page_runs *runs, uint64_t *steps)
{
	while (runs->lists.listed > 0) {
		const uint32_t pages = runs_lists_shortest(&runs->lists);

		count_step(steps);
		merge(runs, runs_lists_pop(&runs->lists, pages), pages, steps);
	}
}

/* Takes from the start of the run at `page`, which is long enough. */
static kb_always_inline void take_from(struct page_runs *runs, uint32_t page,
				       uint32_t pages, uint64_t *steps)
{
	if (page == runs->top)
		runs->top += pages;
	else
		carve(runs, page, pages, steps);
}

static uint32_t take_quick(struct page_runs *runs, uint32_t pages,
			   uint64_t *steps)
{
	uint32_t page;

	count_step(steps);
	page = pages <= runs->pages ? runs_lists_pop(&runs->lists, pages)
				    : RUNS_NONE;
	runs->from_list = page != RUNS_NONE;
	if (page != RUNS_NONE)
		return page;
	page = choose_first(runs, pages, steps);
	/* More pages than are free are not worth merging for. */
	if (page == RUNS_NONE && pages <= runs->free_pages) {
		merge_listed(runs, steps);
		page = choose_first(runs, pages, steps);
	}
	if (page != RUNS_NONE)
		take_from(runs, page, pages, steps);
	return page;
}

static kb_always_inline uint32_t take(struct page_runs *runs, uint32_t pages,
				      uint64_t *steps)
{
	uint32_t page;

	kb_assert(pages >= 1);
	kb_assert_slow(runs_is_valid(runs));
	if (runs->fit == RUNS_QUICK) {
		page = take_quick(runs, pages, steps);
	} else {
		page = choose(runs, pages, steps);
		if (kb_likely(page != RUNS_NONE))
			take_from(runs, page, pages, steps);
	}
	if (kb_unlikely(page == RUNS_NONE))
		return RUNS_NONE;
	runs->free_pages -= pages;
	runs->rover_before = runs->rover;
	runs->rover = page + pages;
	kb_assert_slow(runs_is_valid(runs));
	return page;
}

static kb_always_inline void give(struct page_runs *runs, uint32_t page,
				  uint32_t pages, const bool listed,
				  uint64_t *steps)
{
	kb_assert(pages >= 1 && page + pages <= runs->top);
	kb_assert_slow(runs_is_valid(runs));
	if (listed) {
		runs_lists_push(&runs->lists, page, pages);
		count_step(steps);
	} else {
		merge(runs, page, pages, steps);
	}
	runs->free_pages += pages;
	kb_assert_slow(runs_is_valid(runs));
}

static void undo(struct page_runs *runs, uint32_t page, uint32_t pages,
		 uint64_t *steps)
{
	give(runs, page, pages, runs->from_list, steps);
	runs->rover = runs->rover_before;
}

uint32_t runs_take(struct page_runs *runs, uint32_t pages)
{
	return take(runs, pages, NULL);
}

uint32_t runs_take_counted(struct page_runs *runs, uint32_t pages,
			   uint64_t *steps)
{
	return take(runs, pages, steps);
}

void runs_give(struct page_runs *runs, uint32_t page, uint32_t pages)
{
	give(runs, page, pages, runs->fit == RUNS_QUICK, NULL);
}

void runs_give_counted(struct page_runs *runs, uint32_t page, uint32_t pages,
		       uint64_t *steps)
{
	give(runs, page, pages, runs->fit == RUNS_QUICK, steps);
}

void runs_undo(struct page_runs *runs, uint32_t page, uint32_t pages)
{
	undo(runs, page, pages, NULL);
}

void runs_undo_counted(struct page_runs *runs, uint32_t page, uint32_t pages,
		       uint64_t *steps)
{
	undo(runs, page, pages, steps);
}

uint32_t runs_free_pages(const struct page_runs *runs)
{
	return runs->free_pages;
}

/* The longest stretch of pages in holes, listed runs and top, which may touch
 * each other. */
static uint32_t longest_stretch(const struct page_runs *runs)
{
	uint32_t longest = 0;
	uint32_t stretch = 0;
	uint32_t page = 0;

	while (page < runs->pages) {
		const uint32_t length = runs_length_at(runs, page);

		stretch = length != 0 ? stretch + length : 0;
		longest = stretch > longest ? stretch : longest;
		page += length != 0 ? length : 1;
	}
	return longest;
}

uint32_t runs_longest(const struct page_runs *runs)
{
	if (runs->lists.listed > 0)
		return longest_stretch(runs);
	return (uint32_t)kb_max(longest_hole(runs), top_length(runs));
}

uint32_t runs_length_at(const struct page_runs *runs, uint32_t page)
{
	kb_assert(page < runs->pages);
	if (page == runs->top)
		return top_length(runs);
	if (runs->lists.listed > 0 && runs->lists.length[page] != 0)
		return runs->lists.length[page];
	return runs->level[0][page];
}

/* True if the tags describe holes that touch neither each other nor the top,
 * and all adds up. */
static bool tags_are_valid(const struct page_runs *runs)
{
	const uint32_t *leaf = runs->level[0];
	uint32_t total = top_length(runs) + runs->lists.listed;
	uint32_t page = 0;
	bool after_hole = false;

	while (page < runs->top) {
		const uint32_t length = leaf[page];
		uint32_t i;

		if (length >= runs->top - page || (length != 0 && after_hole))
			return false;
		/* All tags of the hole but its first and last are 0. */
		for (i = page; i + 1 < page + length; i++)
			if (leaf[i + 1] != 0 || runs->length_at_end[i] != 0)
				return false;
		if (length != 0)
			page += length - 1;
		if (runs->length_at_end[page] != length)
			return false;
		total += length;
		after_hole = length != 0;
		page++;
	}
	for (; page < runs->pages; page++)
		if (leaf[page] != 0 || runs->length_at_end[page] != 0)
			return false;
	return total == runs->free_pages;
}

/* True if level k has its maxima in level k + 1, its bits right, and zeros
 * after its `count` numbers. */
static bool level_is_valid(const struct page_runs *runs, uint32_t k,
			   size_t count)
{
	const uint32_t *level = runs->level[k];
	uint32_t max = 0;
	size_t i;

	for (i = 0; i < level_entries(count); i++) {
		const size_t node = i >> RUNS_FANOUT_SHIFT;
		const unsigned bit = i & (RUNS_FANOUT - 1);

		if ((runs->nonzero[k][node] >> bit & 1) != (level[i] != 0) ||
		    (i >= count && level[i] != 0))
			return false;
		max = bit == 0 || level[i] > max ? level[i] : max;
		if (bit == RUNS_FANOUT - 1 && runs->level[k + 1][node] != max)
			return false;
	}
	return true;
}

/* True if the order by length has all holes, and the lists are sound. */
static bool fit_is_valid(const struct page_runs *runs)
{
	uint32_t holes = 0;
	uint32_t page;

	if (runs->rover > runs->pages)
		return false;
	if (runs->fit == RUNS_QUICK && !runs_lists_is_valid(&runs->lists))
		return false;
	for (page = 0; runs->sizes && page < runs->pages; page++)
		holes += runs->level[0][page] != 0;
	return !runs->sizes ||
	       runs_sizes_is_valid(runs->sizes, runs->level[0], holes);
}

bool runs_is_valid(const struct page_runs *runs)
{
	size_t count = runs->pages;
	uint32_t k;

	if (runs->top > runs->pages)
		return false;
	for (k = 0; k < runs->levels; k++) {
		if (!level_is_valid(runs, k, count))
			return false;
		count = level_nodes(count);
	}
	return count == 1 && tags_are_valid(runs) && fit_is_valid(runs);
}
