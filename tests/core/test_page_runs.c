#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "page_runs.h"
#include "runs_sizes.h"
#include "shadow_runs.h"

#include <stdlib.h>
#include <string.h>

static void test_page_runs__fits_have_names(void **state)
{
	size_t fit;

	(void)state;
	for (fit = 0; fit < RUNS_FITS; fit++)
		assert_non_null(runs_fit_name(fit));
	assert_null(runs_fit_name(RUNS_FITS));
}

/*
 * Takes four pieces of ten pages:
 *
 *   before  |..........|
 *   after   |AABCCC....|
 *
 * Expect: each piece directly after the last one, from page 0.
 */
static void test_page_runs__take_goes_upward(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 10, RUNS_FIRST), 0);
	assert_int_equal(runs_longest(&runs), 10);
	assert_int_equal(runs_take(&runs, 2), 0);
	assert_int_equal(runs_take(&runs, 1), 2);
	assert_int_equal(runs_take(&runs, 3), 3);
	assert_int_equal(runs_free_pages(&runs), 4);
	assert_int_equal(runs_longest(&runs), 4);
	assert_int_equal(runs_length_at(&runs, 6), 4);
	assert_int_equal(runs_length_at(&runs, 7), 0);
	assert_int_equal(runs_take(&runs, 5), RUNS_NONE);
	assert_int_equal(runs_take(&runs, 4), 6);
	assert_int_equal(runs_take(&runs, 1), RUNS_NONE);
	assert_int_equal(runs_free_pages(&runs), 0);
	assert_int_equal(runs_longest(&runs), 0);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/*
 * Holes of 1, 3 and 2 pages in front of a top of 2:
 *
 *   before  |.#...#..#..|      page 0, 2, 6, 9
 *
 * Expect: two pages come from the front of the hole at 2, not from the one of
 * just that length at 6; then the one left over at 4 serves a single page only
 * after the one at 0.
 */
static void test_page_runs__first_fit_is_the_lowest(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 11, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 9), 0);
	runs_give(&runs, 6, 2);
	runs_give(&runs, 0, 1);
	runs_give(&runs, 2, 3);
	assert_int_equal(runs_longest(&runs), 3);

	assert_int_equal(runs_take(&runs, 2), 2);
	assert_int_equal(runs_length_at(&runs, 4), 1);
	assert_int_equal(runs_take(&runs, 1), 0);
	assert_int_equal(runs_take(&runs, 1), 4);
	assert_int_equal(runs_take(&runs, 1), 6);
	assert_int_equal(runs_take(&runs, 2), 9);
	assert_int_equal(runs_free_pages(&runs), 1);
	assert_int_equal(runs_length_at(&runs, 7), 1);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/* Gives back pages 4 and 5 of ten, with what is free around them as `left` and
 * `right` say; expects one run from `start`, `length` pages long. */
static void check_merge(bool left, bool right, uint32_t start, uint32_t length)
{
	struct page_runs runs;

	assert_int_equal(runs_init(&runs, 10, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 10), 0);
	if (left)
		runs_give(&runs, 2, 2);
	if (right)
		runs_give(&runs, 6, 3);
	runs_give(&runs, 4, 2);
	assert_int_equal(runs_length_at(&runs, start), length);
	assert_int_equal(runs_longest(&runs), length);
	assert_int_equal(runs_free_pages(&runs), length);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/*
 * Pages 4 and 5 come back between free and taken neighbors:
 *
 *   |####..####|  |##....####|  |####.....#|  |##.......#|
 */
static void test_page_runs__give_merges(void **state)
{
	(void)state;
	check_merge(false, false, 4, 2);
	check_merge(true, false, 2, 4);
	check_merge(false, true, 4, 5);
	check_merge(true, true, 2, 7);
}

/*
 * The end of the window comes back, then what precedes it:
 *
 *   |########..|   |####....  |   |..##....|, then all
 */
static void test_page_runs__give_merges_with_the_top(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 10, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 10), 0);
	runs_give(&runs, 8, 2);
	assert_int_equal(runs_length_at(&runs, 8), 2);
	runs_give(&runs, 4, 4);
	assert_int_equal(runs_length_at(&runs, 4), 6);
	assert_int_equal(runs_length_at(&runs, 8), 0);
	runs_give(&runs, 0, 2);
	assert_int_equal(runs_longest(&runs), 6);
	runs_give(&runs, 2, 2);
	assert_int_equal(runs_length_at(&runs, 0), 10);
	assert_int_equal(runs_free_pages(&runs), 10);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/* A window of one page, and the largest: the tree's shortest and tallest. */
static void test_page_runs__smallest_and_largest_window(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 1, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 2), RUNS_NONE);
	assert_int_equal(runs_take(&runs, 1), 0);
	assert_int_equal(runs_take(&runs, 1), RUNS_NONE);
	runs_give(&runs, 0, 1);
	assert_int_equal(runs_longest(&runs), 1);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);

	assert_int_equal(runs_init(&runs, RUNS_PAGES_MAX, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, RUNS_PAGES_MAX), 0);
	assert_int_equal(runs_longest(&runs), 0);
	runs_give(&runs, RUNS_PAGES_MAX - 2, 1);
	runs_give(&runs, 700000, 3);
	assert_int_equal(runs_take(&runs, 2), 700000);
	assert_int_equal(runs_take(&runs, 2), RUNS_NONE);
	assert_int_equal(runs_take(&runs, 1), 700002);
	assert_int_equal(runs_take(&runs, 1), RUNS_PAGES_MAX - 2);
	assert_int_equal(runs_free_pages(&runs), 0);
	runs_release(&runs);
}

/* Steps, by hand: ten pages make a tree of one level over the leaves. */
static void test_page_runs__steps_are_exact(void **state)
{
	struct page_runs runs;
	uint64_t steps = 0;

	(void)state;
	assert_int_equal(runs_init(&runs, 10, RUNS_FIRST), 0);

	/* From the top, and back to it: the tree is not looked at. */
	assert_int_equal(runs_take_counted(&runs, 8, &steps), 0);
	assert_int_equal(steps, 0);

	/* A new leaf: one maximum is looked at, and raised. */
	runs_give_counted(&runs, 1, 1, &steps);
	assert_int_equal(steps, 1);
	runs_give_counted(&runs, 4, 2, &steps);
	assert_int_equal(steps, 2);

	/* One child on the way down, and one maximum on the way up, which the
	 * hole at 4 keeps as it is. */
	assert_int_equal(runs_take_counted(&runs, 1, &steps), 1);
	assert_int_equal(steps, 2 + 1 + 1);

	/* One child down; one maximum up for the new leaf at 5, and one for
	 * the old leaf at 4, which was the maximum, so the one child that is
	 * left is looked at. */
	assert_int_equal(runs_take_counted(&runs, 1, &steps), 4);
	assert_int_equal(steps, 4 + 1 + 1 + 1 + 1);

	/* A failure examines nothing. */
	assert_int_equal(runs_take_counted(&runs, 3, &steps), RUNS_NONE);
	assert_int_equal(steps, 8);
	runs_release(&runs);
}

/* The same with an order by size: a step for each hole that comes into it or goes
 * out of it, and one for each that is compared. */
static void test_page_runs__steps_of_the_order(void **state)
{
	struct page_runs runs;
	uint64_t steps = 0;

	(void)state;
	assert_int_equal(runs_init(&runs, 10, RUNS_BEST), 0);
	assert_int_equal(runs_take_counted(&runs, 8, &steps), 0);
	assert_int_equal(steps, 0);
	runs_give_counted(&runs, 1, 1, &steps);
	assert_int_equal(steps, 1 + 1);
	assert_int_equal(runs_take_counted(&runs, 1, &steps), 1);
	assert_int_equal(steps, 2 + 1 + 1 + 1);
	runs_release(&runs);
}

/* |#.#####.##|, the rover at 6. Expect: a request longer than any hole examines
 * none, not even the one after the rover. */
static void test_page_runs__next_fit_finds_the_longest(void **state)
{
	struct page_runs runs;
	uint64_t steps = 0;

	(void)state;
	assert_int_equal(runs_init(&runs, 10, RUNS_NEXT), 0);
	assert_int_equal(runs_take(&runs, 10), 0);
	runs_give(&runs, 1, 1);
	runs_give(&runs, 4, 2);
	runs_give(&runs, 7, 1);
	assert_int_equal(runs_take(&runs, 2), 4);
	assert_int_equal(runs_take_counted(&runs, 2, &steps), RUNS_NONE);
	assert_int_equal(steps, 0);
	runs_release(&runs);
}

/* Holes of 2, 2 and 1 pages at 1, 4 and 8. Expect: with the first one gone, the
 * first child that is as long as the old maximum ends the search for a new one;
 * with both gone, all that is left is looked at. */
static void test_page_runs__maximum_is_found_early(void **state)
{
	struct page_runs runs;
	uint64_t steps = 0;

	(void)state;
	assert_int_equal(runs_init(&runs, 12, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 12), 0);
	runs_give(&runs, 1, 2);
	runs_give(&runs, 4, 2);
	runs_give(&runs, 8, 1);
	/* A child down, a maximum up, a child. */
	assert_int_equal(runs_take_counted(&runs, 2, &steps), 1);
	assert_int_equal(steps, 1 + 1 + 1);
	assert_int_equal(runs_take_counted(&runs, 2, &steps), 4);
	assert_int_equal(steps, 3 + 1 + 1 + 1);
	assert_int_equal(runs_longest(&runs), 1);
	runs_release(&runs);
}

/* Lengths 2, 4 and 6 at 1, 10 and 20, the middle one the root: each search
 * compares two nodes. */
static void test_page_runs__ordered_by_size(void **state)
{
	static const struct {
		uint32_t length, page;
	} expected[] = { { 1, 1 },  { 2, 1 },  { 3, 10 },	{ 4, 10 },
			 { 5, 20 }, { 6, 20 }, { 7, RUNS_NONE } };
	struct runs_sizes *sizes = runs_sizes_new(30);
	uint64_t steps = 0;
	size_t i;

	(void)state;
	assert_non_null(sizes);
	assert_int_equal(runs_sizes_find(sizes, 1, &steps), RUNS_NONE);
	assert_int_equal(steps, 0);
	runs_sizes_add(sizes, 1, 2);
	runs_sizes_add(sizes, 10, 4);
	runs_sizes_add(sizes, 20, 6);
	for (i = 0; i < KB_ARRAY_LEN(expected); i++) {
		assert_int_equal(
			runs_sizes_find(sizes, expected[i].length, &steps),
			expected[i].page);
		assert_int_equal(steps, 2 * (i + 1));
		assert_int_equal(
			runs_sizes_find(sizes, expected[i].length, NULL),
			expected[i].page);
	}
	/* Of equally long ones the lowest. */
	runs_sizes_add(sizes, 5, 6);
	assert_int_equal(runs_sizes_find(sizes, 5, NULL), 5);
	runs_sizes_remove(sizes, 5);
	assert_int_equal(runs_sizes_find(sizes, 5, NULL), 20);
	runs_sizes_free(sizes);
}

static void assert_runs_are(const struct page_runs *runs,
			    const struct shadow_runs *s)
{
	uint32_t page;

	for (page = 0; page < s->pages; page++)
		assert_int_equal(runs_length_at(runs, page),
				 shadow_runs_length_at(s, page));
	assert_int_equal(runs_longest(runs), shadow_runs_longest(s));
	assert_int_equal(runs_free_pages(runs), shadow_runs_free_pages(s));
	assert_true(runs_is_valid(runs));
}

/* Runs, their model and the pieces held. Odd steps are counted ones. */
struct trial {
	struct page_runs runs;
	struct shadow_runs shadow;
	struct shadow_run *held;
	uint32_t count;
	struct kb_rng rng;
	uint64_t steps;
};

/* Some takes are undone. */
static void trial_take(struct trial *t, bool counted)
{
	const uint32_t bound = kb_rng_below(&t->rng, 8) ? 4 : 70;
	const uint32_t n = 1 + (uint32_t)kb_rng_below(&t->rng, bound);
	const uint32_t expected = shadow_runs_take(&t->shadow, n);
	const uint32_t page =
		counted ? runs_take_counted(&t->runs, n, &t->steps)
			: runs_take(&t->runs, n);

	if (expected == t->shadow.pages) {
		assert_int_equal(page, RUNS_NONE);
		return;
	}
	assert_int_equal(page, expected);
	if (kb_rng_below(&t->rng, 8) != 0) {
		t->held[t->count++] = (struct shadow_run){ page, n };
		return;
	}
	shadow_runs_undo(&t->shadow, page, n);
	if (counted)
		runs_undo_counted(&t->runs, page, n, &t->steps);
	else
		runs_undo(&t->runs, page, n);
}

static void trial_give(struct trial *t, bool counted)
{
	const uint64_t k = kb_rng_below(&t->rng, t->count);
	const struct shadow_run p = t->held[k];

	t->held[k] = t->held[--t->count];
	shadow_runs_give(&t->shadow, p.page, p.pages);
	if (counted)
		runs_give_counted(&t->runs, p.page, p.pages, &t->steps);
	else
		runs_give(&t->runs, p.page, p.pages);
}

/* Takes and gives `steps` times in a window of `pages`, mostly full, and
 * compares each answer with the model's. */
static void check_random(uint32_t pages, uint64_t seed, enum runs_fit fit,
			 unsigned steps)
{
	struct trial t = { .rng = kb_rng_init(seed) };
	unsigned i;

	t.held = calloc(pages, sizeof(*t.held));
	assert_non_null(t.held);
	shadow_runs_init(&t.shadow, pages, fit);
	assert_int_equal(runs_init(&t.runs, pages, fit), 0);
	for (i = 0; i < steps; i++) {
		if (kb_rng_below(&t.rng, 100) < 55 || t.count == 0)
			trial_take(&t, i % 2);
		else
			trial_give(&t, i % 2);
		if (i % 16 == 0 && (pages <= 500 || i % 512 == 0))
			assert_runs_are(&t.runs, &t.shadow);
	}
	assert_runs_are(&t.runs, &t.shadow);
	runs_release(&t.runs);
	shadow_runs_release(&t.shadow);
	free(t.held);
}

/* Sizes around those at which the tree gets a level more. */
static void test_page_runs__agree_with_the_model(void **state)
{
	static const uint32_t sizes[] = { 1,   2,   63,	  64,	65,
					  127, 500, 4095, 4096, 4097 };
	int fit;
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(sizes); i++)
		for (fit = 0; fit < RUNS_FITS; fit++)
			check_random(sizes[i], 1000 + i, (enum runs_fit)fit,
				     3000);
}

/*
 * Holes of 4, 2, 4 and 3 pages, and a top of 4, the rover after page 17:
 *
 *   |....#..#....#...##....|      page 0, 5, 8, 13, 18
 *
 * Expect: for two and for three pages, what each policy says.
 */
static void test_page_runs__each_fit_chooses_its_own(void **state)
{
	static const struct {
		enum runs_fit fit;
		uint32_t two;
		uint32_t three;
	} expected[] = {
		{ RUNS_FIRST, 0, 0 },	{ RUNS_NEXT, 18, 18 },
		{ RUNS_BEST, 5, 13 },	{ RUNS_WORST, 0, 0 },
		{ RUNS_CUSTOM, 5, 13 },
	};
	struct page_runs runs;
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(expected); i++) {
		assert_int_equal(runs_init(&runs, 22, expected[i].fit), 0);
		assert_int_equal(runs_take(&runs, 18), 0);
		runs_give(&runs, 0, 4);
		runs_give(&runs, 5, 2);
		runs_give(&runs, 8, 4);
		runs_give(&runs, 13, 3);
		assert_int_equal(runs_take(&runs, 2), expected[i].two);
		runs_undo(&runs, expected[i].two, 2);
		assert_int_equal(runs_take(&runs, 3), expected[i].three);
		runs_undo(&runs, expected[i].three, 3);
		assert_int_equal(runs_length_at(&runs, 13), 3);
		assert_int_equal(runs_length_at(&runs, 18), 4);
		assert_true(runs_is_valid(&runs));
		runs_release(&runs);
	}
}

/*
 * Custom fit: no hole of one page, so the longest; none of four, so the break.
 *
 *   |..#...#.....|      holes at 0 and 3, break at 7
 */
static void test_page_runs__custom_extends_the_break_last(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 12, RUNS_CUSTOM), 0);
	assert_int_equal(runs_take(&runs, 7), 0);
	runs_give(&runs, 0, 2);
	runs_give(&runs, 3, 3);
	assert_int_equal(runs_take(&runs, 1), 3);
	assert_int_equal(runs_take(&runs, 4), 7);
	assert_int_equal(runs_take(&runs, 2), 0);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/*
 * Quick fit: runs come back in the order 2, 0, 4, each of a page.
 *
 *   |.#.#.#|
 *
 * Expect: they are handed out again the last first; two pages are served only
 * by merging 0 with 1 once that is back too.
 */
static void test_page_runs__quick_is_last_in_first_out(void **state)
{
	struct page_runs runs;
	uint32_t i;

	(void)state;
	assert_int_equal(runs_init(&runs, 6, RUNS_QUICK), 0);
	for (i = 0; i < 6; i++)
		assert_int_equal(runs_take(&runs, 1), i);
	runs_give(&runs, 2, 1);
	runs_give(&runs, 0, 1);
	runs_give(&runs, 4, 1);
	assert_int_equal(runs_longest(&runs), 1);
	assert_int_equal(runs_take(&runs, 1), 4);
	runs_give(&runs, 1, 1);
	assert_int_equal(runs_longest(&runs), 3);
	assert_int_equal(runs_length_at(&runs, 0), 1);
	assert_int_equal(runs_take(&runs, 2), 0);
	assert_int_equal(runs_length_at(&runs, 2), 1);
	assert_int_equal(runs_take(&runs, 2), RUNS_NONE);
	assert_int_equal(runs_take(&runs, 1), 2);
	assert_int_equal(runs_free_pages(&runs), 0);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/* Lists of 100, of 4200 and of 9000 pages: each has its bit in another word. */
static void test_page_runs__shortest_list(void **state)
{
	struct runs_lists lists;

	(void)state;
	assert_int_equal(runs_lists_init(&lists, 9000), 0);
	assert_int_equal(runs_lists_shortest(&lists), 0);
	runs_lists_push(&lists, 0, 9000);
	assert_int_equal(runs_lists_shortest(&lists), 9000);
	assert_int_equal(runs_lists_pop(&lists, 9000), 0);
	runs_lists_push(&lists, 4000, 4200);
	assert_int_equal(runs_lists_shortest(&lists), 4200);
	runs_lists_push(&lists, 7, 100);
	assert_int_equal(runs_lists_shortest(&lists), 100);
	assert_true(runs_lists_is_valid(&lists));
	runs_lists_release(&lists);
}

/* Taking and giving back leaves every tag and every maximum as it was. */
static void test_page_runs__give_undoes_take(void **state)
{
	struct page_runs runs;
	uint32_t n;

	(void)state;
	assert_int_equal(runs_init(&runs, 200, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 180), 0);
	runs_give(&runs, 10, 3);
	runs_give(&runs, 60, 8);
	runs_give(&runs, 130, 30);
	for (n = 1; n <= 30; n++) {
		const uint32_t page = runs_take(&runs, n);
		const uint32_t expected = n <= 3 ? 10 : n <= 8 ? 60 : 130;

		assert_int_equal(page, expected);
		runs_give(&runs, page, n);
		assert_int_equal(runs_length_at(&runs, 10), 3);
		assert_int_equal(runs_length_at(&runs, 60), 8);
		assert_int_equal(runs_length_at(&runs, 130), 30);
		assert_int_equal(runs_length_at(&runs, 180), 20);
		assert_true(runs_is_valid(&runs));
	}
	runs_release(&runs);
}

/*
 * 200 pages: a tag each; 256 + 64 + 64 numbers with 4 + 1 + 1 words of bits; for
 * quick fit 201 heads, 200 links, 200 lengths, 4 + 1 words of bits.
 */
static void test_page_runs__bytes(void **state)
{
	const size_t plain = 200 * 4 + (256 + 64 + 64) * 4 + (4 + 1 + 1) * 8;
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 200, RUNS_FIRST), 0);
	assert_int_equal(runs_bytes(&runs), plain);
	runs_release(&runs);
	assert_int_equal(runs_init(&runs, 200, RUNS_QUICK), 0);
	assert_int_equal(runs_bytes(&runs), plain + 601 * 4 + 5 * 8);
	runs_release(&runs);
	assert_int_equal(runs_init(&runs, 200, RUNS_CUSTOM), 0);
	assert_int_equal(runs_bytes(&runs), plain + runs_sizes_bytes(200));
	runs_release(&runs);
	/* A tree's root; a node is three pointers, a color and a key. */
	assert_true(runs_sizes_bytes(200) >=
		    sizeof(void *) + 200 * (3 * sizeof(void *) + 8));
	assert_true(runs_sizes_bytes(200) <=
		    sizeof(void *) + 200 * (3 * sizeof(void *) + 16));
}

/* One word has another value. Expect: that is seen, and put right it is well. */
static void check_word(const struct page_runs *runs, uint32_t *word,
		       uint32_t value)
{
	const uint32_t was = *word;

	assert_int_not_equal(was, value);
	*word = value;
	assert_false(runs_is_valid(runs));
	*word = was;
	assert_true(runs_is_valid(runs));
}

static void check_bit(const struct page_runs *runs, uint64_t *word, int bit)
{
	*word ^= UINT64_C(1) << bit;
	assert_false(runs_is_valid(runs));
	*word ^= UINT64_C(1) << bit;
	assert_true(runs_is_valid(runs));
}

/* In a window of one node over the leaves: writes a leaf, its bit and the
 * maximum. */
static void set_leaf(struct page_runs *runs, uint32_t page, uint32_t length)
{
	const uint64_t bit = UINT64_C(1) << page;
	uint32_t i;

	assert_int_equal(runs->levels, 1);
	runs->level[0][page] = length;
	runs->nonzero[0][0] &= ~bit;
	if (length != 0)
		runs->nonzero[0][0] |= bit;
	runs->level[1][0] = 0;
	for (i = 0; i < RUNS_FANOUT; i++)
		if (runs->level[0][i] > runs->level[1][0])
			runs->level[1][0] = runs->level[0][i];
}

/* Pages at `page` that tree and total take for a hole. Expect: seen by the tags
 * that are not as they should be. */
static void check_hole(struct page_runs *runs, uint32_t page, uint32_t length)
{
	uint32_t *end = &runs->length_at_end[page + length - 1];
	const uint32_t leaf_was = runs->level[0][page];
	const uint32_t end_was = *end;

	set_leaf(runs, page, length);
	*end = length;
	runs->free_pages += length;
	assert_false(runs_is_valid(runs));
	runs->free_pages -= length;
	assert_false(runs_is_valid(runs));
	*end = end_was;
	set_leaf(runs, page, leaf_was);
	assert_true(runs_is_valid(runs));
}

/*
 * Sixty pages, the top at 50, holes of 4 pages at 5 and of 9 at 20. Each tag,
 * bit, maximum and total is wrong once, and nothing else is.
 */
static void test_page_runs__is_valid_sees_damage(void **state)
{
	struct page_runs runs;
	uint32_t i;

	(void)state;
	assert_int_equal(runs_init(&runs, 60, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 50), 0);
	runs_give(&runs, 5, 4);
	runs_give(&runs, 20, 9);
	assert_true(runs_is_valid(&runs));

	/* Before holes, in them, after them; after the top. */
	for (i = 0; i < 60; i++)
		check_word(&runs, &runs.length_at_end[i],
			   runs.length_at_end[i] + 1);
	for (i = 0; i < 64; i++) {
		const uint32_t was = runs.level[0][i];

		check_bit(&runs, &runs.nonzero[0][0], (int)i);
		set_leaf(&runs, i, was == 0 ? 1 : was - 1);
		assert_false(runs_is_valid(&runs));
		set_leaf(&runs, i, was);
		assert_true(runs_is_valid(&runs));
	}
	/* Holes that touch a hole or the top, or are in the top or beyond the
	 * window. */
	check_hole(&runs, 3, 2);
	check_hole(&runs, 9, 2);
	check_hole(&runs, 47, 3);
	check_hole(&runs, 50, 1);
	check_hole(&runs, 59, 1);
	check_word(&runs, &runs.level[1][0], 10);
	check_word(&runs, &runs.level[1][0], 8);
	check_word(&runs, &runs.free_pages, runs.free_pages - 1);
	check_word(&runs, &runs.top, 49);
	check_word(&runs, &runs.top, 51);
	check_word(&runs, &runs.top, 61);
	check_word(&runs, &runs.rover, 61);
	runs.rover = 60;
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/* Three levels over the leaves, the longest hole not the last one. */
static void test_page_runs__is_valid_sees_damaged_levels(void **state)
{
	struct page_runs runs;
	uint32_t k;

	(void)state;
	assert_int_equal(runs_init(&runs, 5000, RUNS_FIRST), 0);
	assert_int_equal(runs_take(&runs, 4900), 0);
	runs_give(&runs, 10, 8);
	runs_give(&runs, 700, 3);
	runs_give(&runs, 4800, 6);
	assert_int_equal(runs.levels, 3);
	assert_true(runs_is_valid(&runs));
	for (k = 0; k < 3; k++) {
		check_bit(&runs, &runs.nonzero[k][0], 0);
		check_bit(&runs, &runs.nonzero[k][0], 63);
		check_word(&runs, &runs.level[k + 1][0], 7);
		check_word(&runs, &runs.level[k + 1][0], 9);
	}
	check_word(&runs, &runs.level[1][75], 5);
	check_word(&runs, &runs.level[2][1], 7);
	/* Of nothing, in what fills the level up. */
	check_word(&runs, &runs.level[1][80], 1);
	check_bit(&runs, &runs.nonzero[1][1], 63);
	runs_release(&runs);
}

/* Best fit's order by size lacks a hole, or has another length for it. */
static void test_page_runs__is_valid_sees_damaged_order(void **state)
{
	struct page_runs runs;

	(void)state;
	assert_int_equal(runs_init(&runs, 60, RUNS_BEST), 0);
	assert_int_equal(runs_take(&runs, 50), 0);
	runs_give(&runs, 5, 4);
	runs_give(&runs, 20, 9);
	assert_true(runs_is_valid(&runs));
	runs_sizes_remove(runs.sizes, 5);
	assert_false(runs_is_valid(&runs));
	runs_sizes_add(runs.sizes, 5, 3);
	assert_false(runs_is_valid(&runs));
	runs_sizes_remove(runs.sizes, 5);
	runs_sizes_add(runs.sizes, 6, 4);
	assert_false(runs_is_valid(&runs));
	runs_sizes_add(runs.sizes, 5, 4);
	assert_false(runs_is_valid(&runs));
	runs_sizes_remove(runs.sizes, 6);
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

/* Quick fit's lists: two runs of 4 pages, one of 80, and one of 4200, so that
 * there are two words of bits for the words. */
static void test_page_runs__is_valid_sees_damaged_lists(void **state)
{
	struct page_runs runs;
	struct runs_lists *lists = &runs.lists;
	uint32_t i;

	(void)state;
	assert_int_equal(runs_init(&runs, 5000, RUNS_QUICK), 0);
	assert_int_equal(runs_take(&runs, 5000), 0);
	runs_give(&runs, 5, 4);
	runs_give(&runs, 30, 4);
	runs_give(&runs, 50, 80);
	runs_give(&runs, 500, 4200);
	assert_true(runs_is_valid(&runs));

	for (i = 0; i < 64; i++) {
		check_bit(&runs, &lists->lengths[0], (int)i);
		check_bit(&runs, &lists->lengths[1], (int)i);
		check_bit(&runs, &lists->words[0], (int)i);
	}
	check_bit(&runs, &lists->words[1], 1);
	check_bit(&runs, &lists->words[1], 0);
	check_word(&runs, &lists->length[5], 5);
	check_word(&runs, &lists->length[30], 3);
	check_word(&runs, &lists->length[6], 1);
	check_word(&runs, &lists->listed, lists->listed + 1);
	check_word(&runs, &lists->head[4], 6);
	check_word(&runs, &lists->head[80], 31);
	check_word(&runs, &lists->head[7], 8);
	check_word(&runs, &lists->head[4], 5001);
	check_word(&runs, &lists->next[5], 6);
	check_word(&runs, &lists->next[5], 31);
	check_word(&runs, &lists->next[5], 7);
	check_word(&runs, &lists->next[30], 0);
	check_word(&runs, &lists->next[30], 5001);
	/* The last run of one list and the only one of another changed over. */
	lists->next[30] = 51;
	lists->head[80] = 6;
	assert_false(runs_is_valid(&runs));
	lists->next[30] = 6;
	lists->head[80] = 51;
	assert_true(runs_is_valid(&runs));
	runs_release(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_runs__fits_have_names),
		cmocka_unit_test(test_page_runs__take_goes_upward),
		cmocka_unit_test(test_page_runs__first_fit_is_the_lowest),
		cmocka_unit_test(test_page_runs__give_merges),
		cmocka_unit_test(test_page_runs__give_merges_with_the_top),
		cmocka_unit_test(test_page_runs__smallest_and_largest_window),
		cmocka_unit_test(test_page_runs__steps_are_exact),
		cmocka_unit_test(test_page_runs__steps_of_the_order),
		cmocka_unit_test(test_page_runs__next_fit_finds_the_longest),
		cmocka_unit_test(test_page_runs__maximum_is_found_early),
		cmocka_unit_test(test_page_runs__ordered_by_size),
		cmocka_unit_test(test_page_runs__agree_with_the_model),
		cmocka_unit_test(test_page_runs__shortest_list),
		cmocka_unit_test(test_page_runs__give_undoes_take),
		cmocka_unit_test(test_page_runs__each_fit_chooses_its_own),
		cmocka_unit_test(test_page_runs__custom_extends_the_break_last),
		cmocka_unit_test(test_page_runs__quick_is_last_in_first_out),
		cmocka_unit_test(test_page_runs__bytes),
		cmocka_unit_test(test_page_runs__is_valid_sees_damage),
		cmocka_unit_test(test_page_runs__is_valid_sees_damaged_levels),
		cmocka_unit_test(test_page_runs__is_valid_sees_damaged_order),
		cmocka_unit_test(test_page_runs__is_valid_sees_damaged_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
