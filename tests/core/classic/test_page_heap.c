/*
 * buddy, page_bitmap and vmem: all against one shadow model, then each against
 * what its theory says.
 */
#include "heap_support.h"

#include "buddy_internal.h"
#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_rng.h"
#include "page_bitmap.h"
#include "vmem_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_MAX 512

static const struct design {
	const char *name;
	const struct page_ops *ops;
	unsigned choice;
} designs[] = {
	{ "buddy", &buddy_ops, 0 },
	{ "bitmap", &page_bitmap_ops, 0 },
	{ "vmem", &vmem_ops, VMEM_INSTANT },
	{ "vmem, best", &vmem_ops, VMEM_BEST },
};

#define BUDDY	(&designs[0])
#define BITMAP	(&designs[1])
#define INSTANT (&designs[2])
#define BEST	(&designs[3])

static struct page_heap *open_heap(const struct design *design, uint32_t pages,
				   struct pager pager)
{
	struct page_heap_config config = { .ops = design->ops,
					   .choice = design->choice,
					   .pages = pages,
					   .pager = pager };
	struct page_heap *h;

	assert_int_equal(page_heap_new(&h, &config, NULL), 0);
	assert_true(page_heap_is_valid(h));
	return h;
}

/* The first page of an allocation of `pages` pages; PAGE_HEAP_NONE if there was
 * no room. */
static uint32_t take(struct page_heap *h, uint32_t pages)
{
	kva_t va = page_heap_alloc(h, h->ops, pages * KVA_PAGE_SIZE, true);

	return va ? page_heap_page_of(h, va) : PAGE_HEAP_NONE;
}

static void give(struct page_heap *h, uint32_t page)
{
	kva_t va = h->base + (page << KVA_PAGE_SHIFT);

	assert_int_equal(page_heap_release(h, h->ops, va, true), 0);
}

static uint64_t wanted;
static const char *wanted_name;

static void note_counter(void *user, const char *name, uint64_t value)
{
	(void)user;
	if (strcmp(name, wanted_name) == 0)
		wanted = value;
}

static uint64_t counter(const struct page_heap *h, const char *name)
{
	wanted = UINT64_MAX;
	wanted_name = name;
	h->ops->counters(h->state, note_counter, NULL);
	assert_true(wanted != UINT64_MAX);
	return wanted;
}

/* What the shadow knows: the owner of each page, from 1. */
struct shadow {
	uint16_t owner[TEST_PAGES * 4];
	uint32_t page[LIVE_MAX];
	uint32_t asked[LIVE_MAX];
};

static uint32_t occupied(const struct page_heap *h, uint32_t asked)
{
	return h->ops->occupied ? h->ops->occupied(asked) : asked;
}

/* The longest request that the shadow says there is room for, whatever the
 * design does about it. */
static uint32_t longest_hole(const struct page_heap *h, const struct shadow *s)
{
	uint32_t longest = 0, length = 0;

	for (uint32_t i = 0; i < h->pages; i++) {
		length = s->owner[i] ? 0 : length + 1;
		longest = (uint32_t)kb_max(longest, length);
	}
	return longest;
}

static void shadow_alloc(struct page_heap *h, struct shadow *s, unsigned id,
			 uint32_t asked)
{
	const uint32_t longest = h->ops->longest(h->state);
	const uint32_t page = take(h, asked);

	/* It has room for whatever it says to have room for, and only then. */
	assert_int_equal(page != PAGE_HEAP_NONE, asked <= longest);
	if (h->ops->occupied)
		assert_true(longest <= longest_hole(h, s));
	else
		assert_int_equal(longest, longest_hole(h, s));
	if (page == PAGE_HEAP_NONE)
		return;
	s->page[id] = page;
	s->asked[id] = asked;
	assert_true(page + occupied(h, asked) <= h->pages);
	for (uint32_t i = 0; i < occupied(h, asked); i++) {
		assert_int_equal(s->owner[page + i], 0);
		s->owner[page + i] = (uint16_t)(id + 1);
	}
	assert_int_equal(h->ops->asked(h->state, page), asked);
}

static void shadow_free(struct page_heap *h, struct shadow *s, unsigned id)
{
	const uint32_t page = s->page[id];

	for (uint32_t i = 0; i < occupied(h, s->asked[id]); i++) {
		/* Nothing starts inside. */
		if (i > 0)
			assert_int_equal(h->ops->give(h->state, page + i), 0);
		s->owner[page + i] = 0;
	}
	give(h, page);
	assert_int_equal(h->ops->asked(h->state, page), 0);
	assert_int_equal(h->ops->give(h->state, page), 0);
	s->asked[id] = 0;
}

static void check_totals(const struct page_heap *h, const struct shadow *s)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < h->pages; i++)
		taken += s->owner[i] != 0;
	assert_int_equal(h->ops->free_pages(h->state), h->pages - taken);
	assert_int_equal(h->pages_live, taken);
	assert_true(page_heap_is_valid(h));
}

static void play(const struct design *design, uint32_t pages, uint64_t seed)
{
	struct page_heap *h = open_heap(design, pages, test_pager_sim(0));
	struct shadow *s = calloc(1, sizeof(*s));
	struct kb_rng rng;

	assert_non_null(s);
	rng = kb_rng_init(seed);
	for (unsigned step = 0; step < 4000; step++) {
		unsigned id = (unsigned)kb_rng_below(&rng, 64);
		uint32_t asked = 1 + (uint32_t)kb_rng_below(&rng, 9);

		if (s->asked[id])
			shadow_free(h, s, id);
		else
			shadow_alloc(h, s, id, asked);
		if (step % 64 == 0)
			check_totals(h, s);
	}
	for (unsigned id = 0; id < 64; id++)
		if (s->asked[id])
			shadow_free(h, s, id);
	check_totals(h, s);
	/* All has merged again: the largest request that the empty window
	 * could serve succeeds. */
	assert_int_not_equal(take(h, design == BUDDY
					     ? UINT32_C(1) << kb_log2(pages)
					     : pages),
			     PAGE_HEAP_NONE);
	free(s);
	page_heap_free(h);
}

static void test_page_heap__agrees_with_a_shadow(void **state)
{
	static const uint32_t pages[] = { 1, 7, 64, 65, 127, 200 };

	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++)
		for (size_t i = 0; i < KB_ARRAY_LEN(pages); i++)
			play(&designs[d], pages[i], 1 + i);
}

/* Plain and counted calls hand out the same. */
static void test_page_heap__plain_is_counted(void **state)
{
	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++) {
		struct pager none = { NULL, NULL };
		struct page_heap *a = open_heap(&designs[d], 128, none);
		struct page_heap *b = open_heap(&designs[d], 128, none);
		kva_t live[32] = { 0 };
		struct kb_rng rng;

		rng = kb_rng_init(7);
		for (unsigned step = 0; step < 3000; step++) {
			kva_t *va = &live[kb_rng_below(&rng, 32)];
			uint32_t size = (uint32_t)kb_rng_below(&rng, 40000);

			if (*va) {
				assert_int_equal(page_heap_release(a, a->ops,
								   *va, false),
						 0);
				assert_int_equal(
					page_heap_release(b, b->ops, *va, true),
					0);
				*va = 0;
				continue;
			}
			*va = page_heap_alloc(a, a->ops, size, false);
			assert_int_equal(page_heap_alloc(b, b->ops, size, true),
					 *va);
		}
		page_heap_free(a);
		page_heap_free(b);
	}
}

/* The n-th request finds no frame: nothing stays taken, and the heap goes on. */
static void test_page_heap__survives_a_failing_pager(void **state)
{
	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++) {
		for (unsigned n = 1; n <= 12; n++) {
			struct spy_pager spy = { .maps = 0 };
			struct page_heap *h;
			uint32_t before = 0;

			h = open_heap(&designs[d], TEST_PAGES,
				      test_pager_spy(&spy));
			spy.fail_from = n;
			for (unsigned i = 1; i < n; i++)
				assert_int_not_equal(take(h, 1 + i % 4),
						     PAGE_HEAP_NONE);
			before = h->ops->free_pages(h->state);
			assert_int_equal(page_heap_alloc(h, h->ops, 8193, true),
					 0);
			assert_int_equal(h->ops->free_pages(h->state), before);
			assert_true(h->ops->is_valid(h->state));
			spy.fail_from = 0;
			assert_int_not_equal(take(h, 3), PAGE_HEAP_NONE);
			assert_true(h->ops->is_valid(h->state));
			page_heap_free(h);
			assert_int_equal(spy.frees, 1);
		}
	}
}

/* Double, wild and interior frees change nothing. */
static void test_page_heap__refuses_objects_that_are_not_live(void **state)
{
	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++) {
		struct page_heap *h =
			open_heap(&designs[d], TEST_PAGES, test_pager_sim(0));
		kva_t va = page_heap_alloc(h, h->ops, 3 * KVA_PAGE_SIZE, true);
		const kva_t wrong[] = { va + KVA_PAGE_SIZE,
					va + 1,
					va - 1,
					0,
					va + TEST_PAGES * KVA_PAGE_SIZE,
					UINT32_MAX };

		for (size_t i = 0; i < KB_ARRAY_LEN(wrong); i++)
			assert_int_equal(
				page_heap_release(h, h->ops, wrong[i], true),
				KB_E_NOT_LIVE);
		assert_int_equal(page_heap_page_of(h, TEST_VA(TEST_PAGES)),
				 PAGE_HEAP_NONE);
		assert_int_equal(h->ops->give(h->state, TEST_PAGES), 0);
		assert_int_equal(h->ops->asked(h->state, TEST_PAGES), 0);
		assert_int_equal(page_heap_release(h, h->ops, va, true), 0);
		assert_int_equal(page_heap_release(h, h->ops, va, true),
				 KB_E_NOT_LIVE);
		assert_true(page_heap_is_valid(h));
		page_heap_free(h);
	}
}

/* Expect: more than there can be is refused by number, and none is too much for
 * numbers to hold. */
static void test_page_heap__refuses_requests_that_are_too_large(void **state)
{
	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++) {
		struct pager none = { NULL, NULL };
		struct page_heap *h = open_heap(&designs[d], TEST_PAGES, none);

		assert_int_equal(take(h, TEST_PAGES + 1), PAGE_HEAP_NONE);
		assert_int_equal(page_heap_alloc(h, h->ops, UINT32_MAX, true),
				 0);
		assert_true(page_heap_is_valid(h));
		assert_int_equal(take(h, TEST_PAGES), 0);
		page_heap_free(h);
	}
}

/* Pages that are mapped or not behind the heap's back. Expect: those of its
 * window are seen. */
static void test_page_heap__is_valid_checks_the_backing(void **state)
{
	struct page_heap *h = open_heap(BITMAP, TEST_PAGES, test_pager_sim(0));
	const struct pager pager = h->pager;

	(void)state;
	assert_int_equal(take(h, 2), 0);
	pager.ops->unmap_counted(pager.ctx, TEST_VA(1), 1);
	assert_false(page_heap_is_valid(h));
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(1), 1), 0);
	assert_true(page_heap_is_valid(h));
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(2), 1), 0);
	assert_false(page_heap_is_valid(h));
	pager.ops->unmap_counted(pager.ctx, TEST_VA(2), 1);
	assert_int_equal(
		pager.ops->map_counted(pager.ctx, TEST_VA(TEST_PAGES), 1), 0);
	assert_true(page_heap_is_valid(h));
	page_heap_free(h);
}

/* Expect: the state whole; a record a page, two bits a page, a tag a segment and
 * a pointer a chain. */
static void test_page_heap__record_bytes(void **state)
{
	/* 18 segments, 17 of them live. */
	const size_t tags =
		18 * sizeof(struct vmem_tag) + 32 * sizeof(struct vmem_tag *);
	const size_t expected[] = { 130 * sizeof(struct buddy_page),
				    6 * sizeof(uint64_t), tags, tags };

	(void)state;
	for (size_t d = 0; d < KB_ARRAY_LEN(designs); d++) {
		struct pager none = { NULL, NULL };
		struct page_heap *h = open_heap(&designs[d], 130, none);

		for (unsigned i = 0; i < 17; i++)
			take(h, 1);
		assert_int_equal(h->ops->record_bytes(h->state),
				 h->ops->state_size + expected[d]);
		page_heap_free(h);
	}
}

/*
 * Internal: requests of 2^k + 1 pages take 2^(k+1), so of 64 pages, with k = 3,
 * exactly 64 / 16 * 9 = 36 can be used: the waste is (2^k - 1) / 2^(k+1), just
 * under half.
 */
static void test_page_heap__buddy_wastes_just_under_half(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 64, none);
	unsigned served = 0;

	(void)state;
	while (take(h, 9) != PAGE_HEAP_NONE)
		served++;
	assert_int_equal(served, 4);
	assert_int_equal(h->pages_live, 64);
	assert_int_equal(h->pages_live - served * 9, 4 * (8 - 1));
	page_heap_free(h);
}

/*
 * External: every page taken singly, every second one given back:
 *
 *   [0][ ][2][ ][4][ ] … [62][ ]
 *
 * Half the window is free, and two pages are not to be had. With page 0 back
 * too, its buddy 1 joins it: two pages, at 0, and no more.
 */
static void test_page_heap__buddy_half_free_cannot_serve_two_pages(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 64, none);

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		assert_int_not_equal(take(h, 1), PAGE_HEAP_NONE);
	/* 63 splits make 64 pages of one block. */
	assert_int_equal(counter(h, "splits"), 63);
	for (uint32_t page = 1; page < 64; page += 2)
		give(h, page);
	assert_int_equal(h->ops->free_pages(h->state), 32);
	assert_int_equal(h->ops->longest(h->state), 1);
	assert_int_equal(take(h, 2), PAGE_HEAP_NONE);
	assert_int_equal(counter(h, "merges"), 0);
	give(h, 0);
	assert_int_equal(counter(h, "merges"), 1);
	assert_int_equal(take(h, 2), 0);
	assert_int_equal(take(h, 2), PAGE_HEAP_NONE);
	page_heap_free(h);
}

/* Expect: a step for each request; for each block that comes back one for each
 * buddy that it looks at, and none where there is no order above. */
static void test_page_heap__buddy_steps(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 4, none);

	(void)state;
	assert_int_equal(take(h, 1), 0);
	assert_int_equal(counter(h, "fit_steps"), 1);
	assert_int_equal(take(h, 1), 1);
	assert_int_equal(counter(h, "fit_steps"), 2);
	give(h, 1);
	assert_int_equal(counter(h, "fit_steps"), 2 + 1);
	give(h, 0);
	assert_int_equal(counter(h, "fit_steps"), 3 + 2);
	assert_int_equal(counter(h, "merges"), 2);
	assert_int_equal(take(h, 8), PAGE_HEAP_NONE);
	assert_int_equal(counter(h, "fit_steps"), 6);
	page_heap_free(h);
}

/* Blocks start at multiples of their length; neighbors that are not buddies do
 * not join: with 1 and 2 free, two pages in a row, a block of two is not
 * available. */
static void test_page_heap__buddy_merges_only_buddies(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 4, none);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		take(h, 1);
	give(h, 1);
	give(h, 2);
	assert_int_equal(h->ops->longest(h->state), 1);
	assert_int_equal(take(h, 2), PAGE_HEAP_NONE);
	page_heap_free(h);
}

/*
 *   before   [0  ][1  ][2  ][3  ] …, 1 and 3 given back, rover at 5
 *   Expect   the rover goes up to the end before it comes back to 1.
 */
static void test_page_heap__bitmap_is_next_fit(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BITMAP, 8, none);

	(void)state;
	for (uint32_t page = 0; page < 5; page++)
		assert_int_equal(take(h, 1), page);
	give(h, 1);
	give(h, 3);
	assert_int_equal(take(h, 2), 5);
	/* One page is left after the rover. */
	assert_int_equal(counter(h, "wraps"), 0);
	assert_int_equal(take(h, 1), 7);
	assert_int_equal(take(h, 1), 1);
	assert_int_equal(counter(h, "wraps"), 1);
	assert_int_equal(take(h, 1), 3);
	assert_int_equal(take(h, 1), PAGE_HEAP_NONE);
	page_heap_free(h);
}

/* It takes what is left of the run that the rover is in. */
static void test_page_heap__bitmap_continues_in_its_run(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BITMAP, 8, none);

	(void)state;
	assert_int_equal(take(h, 2), 0);
	give(h, 0);
	assert_int_equal(take(h, 1), 2);
	assert_int_equal(take(h, 5), 3);
	assert_int_equal(take(h, 2), 0);
	page_heap_free(h);
}

/* Expect: each word that is examined, once for each search that does so. */
static void test_page_heap__bitmap_steps(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BITMAP, 130, none);

	(void)state;
	/* The word of the free page that comes first. */
	assert_int_equal(take(h, 1), 0);
	assert_int_equal(counter(h, "fit_steps"), 1);
	/* The same, and for what follows it both words that 1 to 100 are in. */
	assert_int_equal(take(h, 100), 1);
	assert_int_equal(counter(h, "fit_steps"), 1 + 1 + 2);
	/* No block begins in any of three words; pages are free in the second. */
	give(h, 1);
	assert_int_equal(counter(h, "fit_steps"), 4 + 3 + 2);
	page_heap_free(h);
	/* Up to a word's end. */
	h = open_heap(BITMAP, 128, none);
	assert_int_equal(take(h, 64), 0);
	assert_int_equal(counter(h, "fit_steps"), 1 + 1);
	/* Too long, and the rover has not moved. */
	page_heap_free(h);
	h = open_heap(BITMAP, 128, none);
	assert_int_equal(take(h, 129), PAGE_HEAP_NONE);
	assert_int_equal(counter(h, "wraps"), 0);
	page_heap_free(h);
}

/* Holes of 3, 5 and 8 pages, made in this order, each followed by a live page,
 * and the window full. */
static struct page_heap *make_holes(const struct design *design)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(design, 19, none);
	const uint32_t hole[] = { 8, 3, 5 };
	uint32_t page[3];

	for (size_t i = 0; i < 3; i++) {
		page[i] = take(h, hole[i]);
		take(h, 1);
	}
	for (size_t i = 0; i < 3; i++)
		give(h, page[i]);
	assert_int_equal(h->ops->free_pages(h->state), 16);
	return h;
}

/*
 * Holes: 8 pages at 0, 3 at 9, 5 at 13; lists 3, 1, 2. Instant fit for 3 pages
 * begins at list 2, where all are long enough, and so passes the hole that fits
 * exactly; best fit finds it. Neither takes a step more than it must: instant
 * fit looks at one list.
 */
static void test_page_heap__vmem_instant_fit_is_instant(void **state)
{
	struct page_heap *h = make_holes(INSTANT);
	uint64_t steps = counter(h, "fit_steps");

	(void)state;
	assert_int_equal(take(h, 3), 13);
	assert_int_equal(counter(h, "fit_steps"), steps + 1);
	/* A power of two begins at its own list. */
	assert_int_equal(take(h, 2), 16);
	page_heap_free(h);
	h = make_holes(BEST);
	assert_int_equal(take(h, 3), 9);
	assert_int_equal(take(h, 4), 13);
	page_heap_free(h);
}

/* Where no list is sure the own one is searched: nothing that fits is refused. */
static void test_page_heap__vmem_instant_fit_falls_back(void **state)
{
	struct page_heap *h = make_holes(INSTANT);

	(void)state;
	assert_int_equal(take(h, 7), 0);
	assert_int_equal(take(h, 5), 13);
	assert_int_equal(take(h, 3), 9);
	assert_int_equal(take(h, 2), PAGE_HEAP_NONE);
	assert_int_equal(take(h, 1), 7);
	page_heap_free(h);
}

/* A full window of two blocks with a page after each; both are freed, the
 * second one first. */
static struct page_heap *make_two(const struct design *design, uint32_t first,
				  uint32_t second)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(design, first + second + 2, none);

	assert_int_equal(take(h, first), 0);
	take(h, 1);
	assert_int_equal(take(h, second), first + 1);
	take(h, 1);
	give(h, first + 1);
	give(h, 0);
	return h;
}

/*
 * Both on one list, the one at 0 in front. Expect: best fit goes through the list
 * up to one that fits exactly, and of two of a length takes that in front;
 * instant fit takes the first that will do. A step for each request and each
 * segment.
 */
static void test_page_heap__vmem_goes_through_a_list(void **state)
{
	static const struct {
		const struct design *design;
		uint32_t first, second, asked, page;
		unsigned steps;
	} expected[] = {
		{ BEST, 7, 5, 5, 8, 1 + 2 },	{ BEST, 5, 7, 5, 0, 1 + 1 },
		{ BEST, 7, 5, 4, 8, 1 + 2 },	{ BEST, 3, 3, 2, 0, 1 + 2 },
		{ INSTANT, 7, 5, 5, 0, 1 + 1 }, { INSTANT, 5, 7, 6, 6, 1 + 2 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		struct page_heap *h =
			make_two(expected[i].design, expected[i].first,
				 expected[i].second);
		const uint64_t before = counter(h, "fit_steps");

		assert_int_equal(take(h, expected[i].asked), expected[i].page);
		assert_int_equal(counter(h, "fit_steps") - before,
				 expected[i].steps);
		page_heap_free(h);
	}
}

/* |A|B|C|…: each of the three splits; C joins what follows, A nothing, and B
 * both of them. */
static void test_page_heap__vmem_splits_and_merges(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(INSTANT, 8, none);

	(void)state;
	for (uint32_t page = 0; page < 3; page++)
		assert_int_equal(take(h, 1), page);
	assert_int_equal(counter(h, "splits"), 3);
	give(h, 2);
	assert_int_equal(counter(h, "merges"), 1);
	give(h, 0);
	assert_int_equal(counter(h, "merges"), 1);
	give(h, 1);
	assert_int_equal(counter(h, "merges"), 3);
	assert_int_equal(take(h, 8), 0);
	assert_int_equal(counter(h, "splits"), 3);
	page_heap_free(h);
}

/* The hash grows with what is live: chains stay short. */
static void test_page_heap__vmem_hash_stays_short(void **state)
{
	struct pager none = { NULL, NULL };
	const long before = kb_fault_unfreed();
	struct page_heap *h = open_heap(INSTANT, 4096, none);

	(void)state;
	for (unsigned i = 0; i < 4096; i++) {
		/* The 17th finds a segment in each of 16 chains. */
		assert_int_equal(counter(h, "hash_doublings"),
				 i > 16 ? kb_log2((i - 1) / 16) + 1 : 0);
		assert_int_not_equal(take(h, 1), PAGE_HEAP_NONE);
	}
	assert_int_equal(counter(h, "hash_doublings"), 8);
	for (uint32_t page = 0; page < 4096; page++)
		give(h, page);
	assert_int_equal(counter(h, "lookups"), 4096);
	assert_in_range(counter(h, "nodes_visited"), 4096, 2 * 4096);
	assert_in_range(counter(h, "nodes_visited_max"), 1, 4);
	page_heap_free(h);
	assert_int_equal(kb_fault_unfreed(), before);
}

/* Each allocation that making one takes fails once. Expect: no heap, the pager
 * released all the same, and nothing left behind. */
static void test_page_heap__without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(designs); i++) {
		const long before = kb_fault_unfreed();
		int status = KB_E_NOMEM;
		unsigned n;

		for (n = 1; status != 0; n++) {
			struct spy_pager spy;
			struct page_heap_config config = {
				.ops = designs[i].ops,
				.choice = designs[i].choice,
				.pages = TEST_PAGES,
				.pager = test_pager_spy(&spy)
			};
			struct page_heap *h = NULL;
			struct kb_diag diag = { 0 };

			kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
			status = page_heap_new(&h, &config, &diag);
			assert_int_equal(status,
					 kb_fault_end() ? KB_E_NOMEM : 0);
			assert_int_equal(status, diag.status);
			assert_int_equal(spy.frees, status != 0);
			/* Moved into the heap, or released. */
			assert_null(config.pager.ops);
			page_heap_free(h);
			assert_int_equal(spy.frees, 1);
			assert_int_equal(kb_fault_unfreed(), before);
		}
		/* The heap, its state, an array; the last n succeeds. */
		assert_true(n - 1 >= 4);
	}
}

/* A window that cannot be. Expect: the limit named, the pager released. */
static void test_page_heap__no_such_window(void **state)
{
	struct spy_pager spy;
	struct page_heap_config config = { .ops = &buddy_ops,
					   .base = TEST_BASE,
					   .pages = KVA_SPACE_PAGES,
					   .pager = test_pager_spy(&spy) };
	struct page_heap *h = NULL;
	struct kb_diag diag = { 0 };

	(void)state;
	assert_int_equal(page_heap_new(&h, &config, &diag), KB_E_RANGE);
	assert_int_equal(diag.status, KB_E_RANGE);
	assert_non_null(strstr(diag.text, "at most 524288"));
	assert_null(h);
	assert_int_equal(spy.frees, 1);
}

/* Addresses that no page begins at. Expect: not live, nothing changed. */
static void test_page_heap__wild_frees(void **state)
{
	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(designs); i++) {
		struct pager none = { NULL, NULL };
		struct page_heap *h = open_heap(&designs[i], TEST_PAGES, none);
		const kva_t wild[] = { TEST_BASE + 1, TEST_VA(TEST_PAGES),
				       TEST_BASE - KVA_PAGE_SIZE };

		assert_int_equal(take(h, 2), 0);
		for (size_t k = 0; k < KB_ARRAY_LEN(wild); k++)
			assert_int_equal(
				page_heap_release(h, h->ops, wild[k], k % 2),
				KB_E_NOT_LIVE);
		assert_int_equal(page_heap_release(h, h->ops, TEST_VA(1), true),
				 KB_E_NOT_LIVE);
		assert_true(page_heap_is_valid(h));
		assert_int_equal(h->ops->asked(h->state, 0), 2);
		page_heap_free(h);
	}
}

/* One word has another value. Expect: that is seen, and put right it is well. */
static void check_word(const struct page_heap *h, uint32_t *word,
		       uint32_t value)
{
	const uint32_t was = *word;

	assert_int_not_equal(was, value);
	*word = value;
	assert_false(page_heap_is_valid(h));
	*word = was;
	assert_true(page_heap_is_valid(h));
}

static void check_byte(const struct page_heap *h, uint8_t *byte, uint8_t value)
{
	const uint8_t was = *byte;

	assert_int_not_equal(was, value);
	*byte = value;
	assert_false(page_heap_is_valid(h));
	*byte = was;
	assert_true(page_heap_is_valid(h));
}

/*
 *   page    0        4        8    9    10
 *           |3 live  |4 free  |live|free|2 free |
 */
static void test_page_heap__damaged_buddy(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 12, none);
	struct buddy *b = h->state;

	(void)state;
	assert_int_equal(take(h, 1), 8);
	assert_int_equal(take(h, 3), 0);
	assert_true(page_heap_is_valid(h));
	/* Blocks: too long for what was asked, too short, for nothing; another
	 * one inside; not there; beyond the end. */
	check_word(h, &b->page[0].asked, 5);
	check_word(h, &b->page[0].asked, 2);
	check_word(h, &b->page[0].asked, 0);
	check_byte(h, &b->page[1].state, BLOCK_LIVE);
	check_byte(h, &b->page[3].state, BLOCK_FREE);
	check_byte(h, &b->page[0].state, BLOCK_INSIDE);
	check_byte(h, &b->page[4].state, BLOCK_INSIDE);
	check_byte(h, &b->page[8].order, 3);
	check_byte(h, &b->page[0].order, 1);
	check_byte(h, &b->page[10].order, 0);
	/* Lists: not marked, marked, none, another's, in a circle. */
	for (unsigned order = 0; order < BUDDY_ORDERS; order++)
		check_word(h, &b->nonempty, b->nonempty ^ 1u << order);
	check_word(h, &b->head[0], 10);
	check_word(h, &b->head[1], 9);
	check_word(h, &b->head[2], BUDDY_NIL);
	check_word(h, &b->head[3], 4);
	check_word(h, &b->page[9].prev, 10);
	check_word(h, &b->page[9].next, 9);
	check_word(h, &b->page[4].next, 10);
	check_word(h, &b->free_pages, 8);
	page_heap_free(h);
}

/*
 * Four single pages at 8, all live. Expect: a block of two is not in the middle
 * of them, a page is nobody's inside, and two buddies that are free are one.
 */
static void test_page_heap__damaged_buddies(void **state)
{
	struct pager none = { NULL, NULL };
	struct page_heap *h = open_heap(BUDDY, 12, none);
	struct buddy *b = h->state;

	(void)state;
	for (uint32_t page = 8; page < 12; page++)
		assert_int_equal(take(h, 1), page);
	check_byte(h, &b->page[8].state, BLOCK_INSIDE);
	b->page[9].order = 1;
	b->page[9].asked = 2;
	b->page[10].state = BLOCK_INSIDE;
	assert_false(page_heap_is_valid(h));
	b->page[9].order = 0;
	b->page[9].asked = 1;
	b->page[10].state = BLOCK_LIVE;
	assert_true(page_heap_is_valid(h));
	give(h, 9);
	b->page[8] = (struct buddy_page){ .next = 9,
					  .prev = BUDDY_NIL,
					  .state = BLOCK_FREE };
	b->page[9].prev = 8;
	b->head[0] = 8;
	b->free_pages++;
	assert_false(page_heap_is_valid(h));
	page_heap_free(h);
}

static void check_link(const struct page_heap *h, struct vmem_tag **link,
		       struct vmem_tag *value)
{
	struct vmem_tag *was = *link;

	assert_ptr_not_equal(was, value);
	*link = value;
	assert_false(page_heap_is_valid(h));
	*link = was;
	assert_true(page_heap_is_valid(h));
}

static void check_live(const struct page_heap *h, struct vmem_tag *tag)
{
	tag->live = !tag->live;
	assert_false(page_heap_is_valid(h));
	tag->live = !tag->live;
	assert_true(page_heap_is_valid(h));
}

/*
 *   page   0       8    9       12   13      18
 *          |8 free |live|3 free |live|5 free |live|      tags 0 … 5
 */
static void test_page_heap__damaged_vmem(void **state)
{
	struct page_heap *h = make_holes(INSTANT);
	struct vmem *v = h->state;
	struct vmem_tag *tag = v->tag;

	(void)state;
	assert_true(page_heap_is_valid(h));
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(tag[i].live, i % 2);
		check_live(h, &tag[i]);
		check_word(h, &tag[i].start, tag[i].start + 1);
		check_word(h, &tag[i].pages, tag[i].pages + 1);
		check_word(h, &tag[i].pages, 0);
		check_link(h, &tag[i].below, &tag[i]);
	}
	/* Lists: linked back wrongly, not at all, one that is live. */
	for (unsigned i = 0; i < 6; i += 2) {
		check_link(h, &tag[i].prev, &tag[1]);
		check_link(h, &tag[i].next, &tag[1]);
		check_link(h, &v->list[kb_log2(tag[i].pages)], NULL);
	}
	check_link(h, &v->list[0], &tag[0]);
	for (unsigned k = 0; k < VMEM_LISTS; k++)
		check_word(h, &v->nonempty, v->nonempty ^ 1u << k);
	for (unsigned i = 0; i < v->chains; i++)
		if (v->chain[i])
			check_link(h, &v->chain[i], NULL);
	check_word(h, &v->live, 2);
	check_word(h, &v->tags_used, 7);
	check_word(h, &v->free_pages, 15);
	page_heap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_heap__agrees_with_a_shadow),
		cmocka_unit_test(test_page_heap__plain_is_counted),
		cmocka_unit_test(test_page_heap__survives_a_failing_pager),
		cmocka_unit_test(
			test_page_heap__refuses_objects_that_are_not_live),
		cmocka_unit_test(
			test_page_heap__refuses_requests_that_are_too_large),
		cmocka_unit_test(test_page_heap__is_valid_checks_the_backing),
		cmocka_unit_test(test_page_heap__record_bytes),
		cmocka_unit_test(test_page_heap__buddy_wastes_just_under_half),
		cmocka_unit_test(
			test_page_heap__buddy_half_free_cannot_serve_two_pages),
		cmocka_unit_test(test_page_heap__buddy_steps),
		cmocka_unit_test(test_page_heap__buddy_merges_only_buddies),
		cmocka_unit_test(test_page_heap__bitmap_is_next_fit),
		cmocka_unit_test(test_page_heap__bitmap_continues_in_its_run),
		cmocka_unit_test(test_page_heap__bitmap_steps),
		cmocka_unit_test(test_page_heap__vmem_instant_fit_is_instant),
		cmocka_unit_test(test_page_heap__vmem_instant_fit_falls_back),
		cmocka_unit_test(test_page_heap__vmem_goes_through_a_list),
		cmocka_unit_test(test_page_heap__vmem_splits_and_merges),
		cmocka_unit_test(test_page_heap__vmem_hash_stays_short),
		cmocka_unit_test(test_page_heap__without_memory),
		cmocka_unit_test(test_page_heap__no_such_window),
		cmocka_unit_test(test_page_heap__wild_frees),
		cmocka_unit_test(test_page_heap__damaged_buddy),
		cmocka_unit_test(test_page_heap__damaged_buddies),
		cmocka_unit_test(test_page_heap__damaged_vmem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
