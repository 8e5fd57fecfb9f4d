#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "pager_sim_internal.h"

#include <string.h>

/* The first address of page table 1 of the window used here: 4 MiB aligned. */
#define TABLE_VA UINT32_C(0xF0400000)

static struct pager_counters counters_of(struct pager pager)
{
	struct pager_counters counters;

	pager.ops->counters(pager.ctx, &counters);
	return counters;
}

/* The frame of the page at `va`, which must be mapped both ways. */
static pfn_t frame_of(struct pager pager, kva_t va)
{
	uint64_t pa = 0;
	kva_t back = 0;

	assert_true(pager.ops->translate(pager.ctx, va, &pa));
	assert_true(pager.ops->reverse(pager.ctx, pa, &back));
	assert_int_equal(back, va);
	return (pfn_t)(pa >> KVA_PAGE_SHIFT);
}

static void assert_not_mapped(struct pager pager, kva_t va)
{
	uint64_t pa = 0;

	assert_false(pager.ops->translate(pager.ctx, va, &pa));
	assert_null(pager.ops->payload(pager.ctx, va));
}

static void assert_valid(struct pager pager)
{
	assert_true(pager.ops->is_valid(pager.ctx));
}

static void assert_counters(struct pager pager,
			    const struct pager_counters *expected)
{
	const struct pager_counters counters = counters_of(pager);
	struct pager_counters all = *expected;

	all.modelled_cycles = pager_sim_modelled_cycles(expected);
#define X(name, unit, help) assert_int_equal(counters.name, all.name);
	PAGER_COUNTERS(X)
#undef X
}

/*
 * Maps two pages into an empty machine:
 *
 *   directory [0x3c0] → frame 0, the page table
 *   F0000000 → frame 1, F0001000 → frame 2
 *
 * Expect: every byte translates to its frame and back; nothing else does.
 */
static void test_pager_sim__translates_both_ways(void **state)
{
	struct pager pager = test_pager_sim(0);
	uint64_t pa;
	kva_t va;

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 2), 0);
	assert_int_equal(frame_of(pager, TEST_VA(0)), 1);
	assert_int_equal(frame_of(pager, TEST_VA(1)), 2);
	assert_true(pager.ops->translate(pager.ctx, TEST_VA(1) + 0xabc, &pa));
	assert_int_equal(pa, 0x2abc);
	assert_true(pager.ops->reverse(pager.ctx, 0x1fff, &va));
	assert_int_equal(va, TEST_VA(0) + 0xfff);

	assert_not_mapped(pager, TEST_VA(2));
	assert_not_mapped(pager, TEST_VA(0) - KVA_PAGE_SIZE);
	/* The page table's frame backs no page; frame 3 was never used. */
	assert_false(pager.ops->reverse(pager.ctx, 0x0123, &va));
	assert_false(pager.ops->reverse(pager.ctx, 0x3000, &va));
	assert_false(pager.ops->reverse(pager.ctx, UINT64_MAX, &va));
	assert_valid(pager);

	pager.ops->unmap(pager.ctx, TEST_VA(0), 2);
	assert_not_mapped(pager, TEST_VA(0));
	assert_not_mapped(pager, TEST_VA(1));
	assert_false(pager.ops->reverse(pager.ctx, 0x1000, &va));
	assert_valid(pager);
	pager_release(&pager);
}

/* Expect: the word stays with its frame, and moves with the page's mapping. */
static void test_pager_sim__payload_is_the_frames(void **state)
{
	struct pager pager = test_pager_sim(0);
	uint64_t *word;

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 3), 0);
	*pager.ops->payload(pager.ctx, TEST_VA(0)) = 10;
	*pager.ops->payload(pager.ctx, TEST_VA(1) + 77) = 11;
	*pager.ops->payload(pager.ctx, TEST_VA(2)) = 12;
	assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(1)), 11);
	pager.ops->unmap(pager.ctx, TEST_VA(1), 1);
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(1)));

	/* The frame of page 1 comes next, with what was left in it. */
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(9), 1), 0);
	word = pager.ops->payload(pager.ctx, TEST_VA(9));
	assert_int_equal(*word, 11);
	assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(0)), 10);
	assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(2)), 12);
	assert_valid(pager);
	pager_release(&pager);
}

/*
 * Two pages on either side of a 4 MiB boundary, counted:
 *
 *            page F03FE  F03FF | F0400  F0401
 *   frames   table 0: 1  2     | table 3: 4 5
 *
 * Expect: two tables, made with their first page and dropped with their last.
 */
static void test_pager_sim__tables_follow_their_pages(void **state)
{
	const kva_t va = TABLE_VA - 2 * KVA_PAGE_SIZE;
	struct pager pager = test_pager_sim(0);
	struct pager_counters expected = {
		.maps = 4,
		.pte_writes = 4,
		.pde_writes = 2,
		.page_tables_made = 2,
		.frames_live = 6,
		.frames_peak = 6,
	};

	(void)state;
	assert_int_equal(pager.ops->map_counted(pager.ctx, va, 4), 0);
	assert_counters(pager, &expected);
	assert_int_equal(frame_of(pager, va), 1);
	assert_int_equal(frame_of(pager, va + 0x1000), 2);
	assert_int_equal(frame_of(pager, TABLE_VA), 4);
	assert_int_equal(frame_of(pager, TABLE_VA + 0x1000), 5);

	pager.ops->unmap_counted(pager.ctx, TABLE_VA, 1);
	expected.unmaps = 1;
	expected.pte_writes = 5;
	expected.tlb_invalidations = 1;
	expected.frames_live = 5;
	assert_counters(pager, &expected);
	assert_valid(pager);

	pager.ops->unmap_counted(pager.ctx, TABLE_VA + 0x1000, 1);
	expected.unmaps = 2;
	expected.pte_writes = 6;
	expected.pde_writes = 3;
	expected.tlb_invalidations = 2;
	expected.page_tables_dropped = 1;
	expected.frames_live = 3;
	assert_counters(pager, &expected);
	assert_valid(pager);

	pager.ops->unmap_counted(pager.ctx, va, 2);
	expected.unmaps = 4;
	expected.pte_writes = 8;
	expected.pde_writes = 4;
	expected.tlb_invalidations = 4;
	expected.page_tables_dropped = 2;
	expected.frames_live = 0;
	assert_counters(pager, &expected);
	assert_valid(pager);
	pager_release(&pager);
}

/* Expect: what is unmapped and mapped again gets the same frames. */
static void test_pager_sim__unmap_mirrors_map(void **state)
{
	const kva_t va = TABLE_VA - 5 * KVA_PAGE_SIZE;
	struct pager pager = test_pager_sim(0);
	pfn_t before[9];
	kva_t i;

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 7), 0);
	pager.ops->unmap(pager.ctx, TEST_VA(2), 1);
	pager.ops->unmap(pager.ctx, TEST_VA(5), 1);
	assert_int_equal(pager.ops->map(pager.ctx, va, 9), 0);
	for (i = 0; i < 9; i++)
		before[i] = frame_of(pager, va + i * KVA_PAGE_SIZE);
	pager.ops->unmap(pager.ctx, va, 9);
	assert_int_equal(pager.ops->map(pager.ctx, va, 9), 0);
	for (i = 0; i < 9; i++)
		assert_int_equal(frame_of(pager, va + i * KVA_PAGE_SIZE),
				 before[i]);
	assert_valid(pager);
	pager_release(&pager);
}

/* Some history: frames in use, frames on the free list, some never used. */
static void make_history(struct pager pager)
{
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(0), 6), 0);
	pager.ops->unmap_counted(pager.ctx, TEST_VA(1), 1);
	pager.ops->unmap_counted(pager.ctx, TEST_VA(4), 1);
}

/*
 * Eight pages over a 4 MiB boundary, into a machine that already has five
 * frames in use and two on the free list, and room for `extra` more than those
 * five. The map needs nine: eight pages and the upper table; the lower one is
 * there already.
 *
 * Expect, for every `extra` that is not enough: nothing changed, including the
 * frames that come next, which are compared with a machine that has not tried.
 */
static void check_rollback(uint32_t extra)
{
	const kva_t va = TABLE_VA - 3 * KVA_PAGE_SIZE;
	struct pager tried = test_pager_sim(5 + extra);
	struct pager other = test_pager_sim(0);
	struct pager_counters before;
	struct pager_counters after;
	uint32_t i;

	make_history(tried);
	make_history(other);
	before = counters_of(tried);
	assert_int_equal(before.frames_live, 5);
	assert_int_equal(tried.ops->map_counted(tried.ctx, va, 8),
			 KB_E_NO_FRAMES);
	assert_valid(tried);
	after = counters_of(tried);
	assert_int_equal(after.maps, before.maps);
	assert_int_equal(after.unmaps, before.unmaps);
	assert_int_equal(after.tlb_invalidations, before.tlb_invalidations);
	assert_int_equal(after.frames_live, before.frames_live);
	assert_int_equal(after.page_tables_made - before.page_tables_made,
			 after.page_tables_dropped);
	assert_int_equal(after.map_rollbacks, extra > 0);
	assert_int_equal(after.frames_peak, kb_max(7, 5 + extra));
	for (i = 0; i < 8; i++)
		assert_not_mapped(tried, va + i * KVA_PAGE_SIZE);

	for (i = 0; i < extra; i++) {
		const kva_t page = TEST_VA(10 + i);

		assert_int_equal(tried.ops->map(tried.ctx, page, 1), 0);
		assert_int_equal(other.ops->map(other.ctx, page, 1), 0);
		assert_int_equal(frame_of(tried, page), frame_of(other, page));
	}
	assert_int_equal(tried.ops->map(tried.ctx, TEST_VA(30), 1),
			 KB_E_NO_FRAMES);
	pager_release(&tried);
	pager_release(&other);
}

static void test_pager_sim__out_of_frames_leaves_no_trace(void **state)
{
	struct pager pager;
	uint32_t extra;

	(void)state;
	/* Two of the five are on the free list again: the history needs 7. */
	for (extra = 2; extra < 9; extra++)
		check_rollback(extra);
	pager = test_pager_sim(5 + 9);
	make_history(pager);
	assert_int_equal(pager.ops->map_counted(
				 pager.ctx, TABLE_VA - 3 * KVA_PAGE_SIZE, 8),
			 0);
	assert_int_equal(counters_of(pager).frames_live, 14);
	assert_int_equal(counters_of(pager).map_rollbacks, 0);
	assert_valid(pager);
	pager_release(&pager);
}

/*
 * One frame in all: it goes to the page table, and there is none for the page.
 *
 * Expect: the table goes again; that is a map undone. Two frames are enough.
 */
static void test_pager_sim__an_unused_table_is_undone(void **state)
{
	struct pager pager = test_pager_sim(1);
	const struct pager_counters expected = {
		.pde_writes = 2,
		.page_tables_made = 1,
		.page_tables_dropped = 1,
		.frames_peak = 1,
		.map_rollbacks = 1,
	};

	(void)state;
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(0), 1),
			 KB_E_NO_FRAMES);
	assert_counters(pager, &expected);
	assert_not_mapped(pager, TEST_VA(0));
	assert_valid(pager);
	pager_release(&pager);

	pager = test_pager_sim(2);
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 1), 0);
	/* All frames taken: nothing to undo. */
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(1), 1),
			 KB_E_NO_FRAMES);
	assert_int_equal(counters_of(pager).map_rollbacks, 0);
	assert_valid(pager);
	pager_release(&pager);
}

/*
 * Pages 0 and 1 touched, each twice; then page 0 is unmapped and mapped anew.
 *
 * Expect: miss, hit, miss, hit; the unmap drops page 0 alone, so it misses
 * again and page 1 still hits.
 */
static void test_pager_sim__invlpg_drops_the_page(void **state)
{
	struct pager pager = test_pager_sim(0);
	const struct pager_ops *ops = pager.ops;
	struct pager_counters counters;

	(void)state;
	assert_int_equal(ops->map_counted(pager.ctx, TEST_VA(0), 2), 0);
	ops->touch_counted(pager.ctx, TEST_VA(0) + 5);
	ops->touch_counted(pager.ctx, TEST_VA(0) + 4095);
	ops->touch_counted(pager.ctx, TEST_VA(1));
	ops->touch_counted(pager.ctx, TEST_VA(1));
	counters = counters_of(pager);
	assert_int_equal(counters.tlb_misses, 2);
	assert_int_equal(counters.tlb_hits, 2);
	/* The walk's flags are not the kernel's writes. */
	assert_int_equal(counters.pte_writes, 2);
	assert_int_equal(counters.pde_writes, 1);
	assert_valid(pager);

	ops->unmap_counted(pager.ctx, TEST_VA(0), 1);
	assert_valid(pager);
	assert_int_equal(ops->map_counted(pager.ctx, TEST_VA(0), 1), 0);
	assert_valid(pager);
	ops->touch_counted(pager.ctx, TEST_VA(1));
	ops->touch_counted(pager.ctx, TEST_VA(0));
	counters = counters_of(pager);
	assert_int_equal(counters.tlb_misses, 3);
	assert_int_equal(counters.tlb_hits, 3);
	assert_int_equal(counters.tlb_invalidations, 1);
	assert_valid(pager);
	pager_release(&pager);
}

/* The default TLB has 4 ways: five pages 16 apart fall out of one set. */
static void test_pager_sim__tlb_shape_is_configured(void **state)
{
	const struct pager_sim_config one_way = { .tlb_sets = 1,
						  .tlb_ways = 64 };
	struct pager pager = test_pager_sim(0);
	int round;
	uint32_t i;

	(void)state;
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(0), 80), 0);
	for (round = 0; round < 2; round++)
		for (i = 0; i < 5; i++)
			pager.ops->touch_counted(pager.ctx, TEST_VA(16 * i));
	assert_int_equal(counters_of(pager).tlb_misses, 10);
	assert_int_equal(counters_of(pager).tlb_hits, 0);
	pager_release(&pager);

	assert_int_equal(pager_sim_new(&pager, &one_way), 0);
	assert_int_equal(pager.ops->map_counted(pager.ctx, TEST_VA(0), 80), 0);
	for (round = 0; round < 2; round++)
		for (i = 0; i < 5; i++)
			pager.ops->touch_counted(pager.ctx, TEST_VA(16 * i));
	assert_int_equal(counters_of(pager).tlb_misses, 5);
	assert_int_equal(counters_of(pager).tlb_hits, 5);
	pager_release(&pager);
}

/* Plain operations do the same and count nothing. */
static void test_pager_sim__plain_counts_nothing(void **state)
{
	const struct pager_counters zeros = { 0 };
	struct pager pager = test_pager_sim(6);

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 5), 0);
	assert_int_equal(pager.ops->map(pager.ctx, TABLE_VA, 2),
			 KB_E_NO_FRAMES);
	pager.ops->touch(pager.ctx, TEST_VA(2));
	pager.ops->touch(pager.ctx, TEST_VA(2));
	pager.ops->unmap(pager.ctx, TEST_VA(2), 2);
	assert_valid(pager);
	assert_counters(pager, &zeros);
	pager_release(&pager);
}

/* Expect: zeros become the defaults, and the largest of each is allowed. */
static void test_pager_sim__check_fills_in(void **state)
{
	struct pager_sim_config config = { 0 };

	(void)state;
	assert_int_equal(pager_sim_check(&config), 0);
	assert_int_equal(config.frame_limit, KVA_SPACE_PAGES);
	assert_int_equal(config.tlb_sets, PAGER_TLB_SETS_DEFAULT);
	assert_int_equal(config.tlb_ways, PAGER_TLB_WAYS_DEFAULT);
	config.tlb_sets = PAGER_TLB_SETS_MAX;
	config.tlb_ways = PAGER_TLB_WAYS_MAX;
	assert_int_equal(pager_sim_check(&config), 0);
	assert_int_equal(config.tlb_sets, PAGER_TLB_SETS_MAX);
	assert_int_equal(config.tlb_ways, PAGER_TLB_WAYS_MAX);
}

static void test_pager_sim__limits(void **state)
{
	static const struct pager_sim_config bad[] = {
		{ .frame_limit = KVA_SPACE_PAGES + 1 },
		{ .tlb_sets = 3 },
		{ .tlb_sets = 2 * PAGER_TLB_SETS_MAX },
		{ .tlb_ways = PAGER_TLB_WAYS_MAX + 1 },
	};
	static const struct pager_sim_config good = {
		.frame_limit = KVA_SPACE_PAGES,
		.tlb_sets = PAGER_TLB_SETS_MAX,
		.tlb_ways = PAGER_TLB_WAYS_MAX,
	};
	struct pager pager = { NULL, NULL };
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(bad); i++) {
		assert_int_equal(pager_sim_new(&pager, &bad[i]), KB_E_RANGE);
		assert_null(pager.ops);
	}
	assert_int_equal(pager_sim_new(&pager, &good), 0);
	pager_release(&pager);
	assert_int_equal(pager_sim_new(&pager, NULL), 0);
	assert_string_equal(pager.ops->name, "sim");
	pager_release(&pager);
}

/* The highest page there can be, and the lowest. */
static void test_pager_sim__ends_of_the_address_space(void **state)
{
	struct pager pager = test_pager_sim(0);

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, 0xFFFFE000, 2), 0);
	assert_int_equal(pager.ops->map(pager.ctx, 0x00001000, 1), 0);
	assert_int_equal(frame_of(pager, 0xFFFFF000), 2);
	assert_int_equal(frame_of(pager, 0x00001000), 4);
	pager.ops->touch(pager.ctx, 0xFFFFFFFF);
	assert_valid(pager);
	pager.ops->unmap(pager.ctx, 0xFFFFE000, 2);
	pager.ops->unmap(pager.ctx, 0x00001000, 1);
	assert_valid(pager);
	pager_release(&pager);
}

/* One step of the model test: page `i` changes between mapped and not. */
static void flip(struct pager pager, bool *mapped, uint32_t i)
{
	const kva_t va = TABLE_VA - 40 * KVA_PAGE_SIZE + i * KVA_PAGE_SIZE;

	if (mapped[i]) {
		assert_int_equal(*pager.ops->payload(pager.ctx, va), va);
		pager.ops->unmap_counted(pager.ctx, va, 1);
		assert_not_mapped(pager, va);
	} else {
		assert_int_equal(pager.ops->map_counted(pager.ctx, va, 1), 0);
		*pager.ops->payload(pager.ctx, va) = va;
		pager.ops->touch_counted(pager.ctx, va + 1);
	}
	mapped[i] = !mapped[i];
}

/* Pages come and go at random; those mapped are exactly those that should be,
 * each with its own frame and word. */
static void test_pager_sim__random_pages(void **state)
{
	enum { PAGES = 80 };
	bool mapped[PAGES] = { false };
	struct kb_rng rng = kb_rng_init(5);
	struct pager pager = test_pager_sim(PAGES + 2);
	struct pager_counters counters;
	uint64_t live = 0;
	unsigned step;
	uint32_t i;

	(void)state;
	for (step = 0; step < 3000; step++) {
		flip(pager, mapped, (uint32_t)kb_rng_below(&rng, PAGES));
		if (step % 64 == 0)
			assert_valid(pager);
	}
	for (i = 0; i < PAGES; i++)
		live += mapped[i];
	counters = counters_of(pager);
	assert_int_equal(counters.maps - counters.unmaps, live);
	assert_int_equal(counters.frames_live,
			 live + counters.page_tables_made -
				 counters.page_tables_dropped);
	assert_int_equal(counters.pte_writes, counters.maps + counters.unmaps);
	assert_int_equal(counters.tlb_misses, counters.maps);
	assert_valid(pager);
	pager_release(&pager);
}

/* Two pages mapped, touched twice and unmapped, by hand: 4 + 2 entries
 * written, 2 invalidations, 2 misses, a page table zeroed. */
static void test_pager_sim__cycles_are_modeled(void **state)
{
	struct pager pager = test_pager_sim(0);
	struct pager_counters c;
	uint32_t i;

	(void)state;
	pager.ops->map_counted(pager.ctx, TEST_VA(0), 2);
	for (i = 0; i < 4; i++)
		pager.ops->touch_counted(pager.ctx, TEST_VA(i % 2));
	pager.ops->unmap_counted(pager.ctx, TEST_VA(0), 2);
	pager.ops->counters(pager.ctx, &c);
	assert_int_equal(c.tlb_misses, 2);
	assert_int_equal(c.modelled_cycles, 6 + 2 * 420 + 2 * 300 + 897);
	pager_release(&pager);
}

/* One word has another value. Expect: that is seen, and put right it is well. */
static void check_word(struct pager pager, uint32_t *word, uint32_t value)
{
	const uint32_t was = *word;

	assert_int_not_equal(was, value);
	*word = value;
	assert_false(pager.ops->is_valid(pager.ctx));
	*word = was;
	assert_valid(pager);
}

/* Two pages before a page table's end and three after it, mapped; the first of
 * these three is unmapped again, the last one was touched. */
static struct pager new_damaged(bool counted)
{
	struct pager pager = test_pager_sim(0);

	if (counted) {
		pager.ops->map_counted(pager.ctx, TABLE_VA - 8192, 5);
		pager.ops->unmap_counted(pager.ctx, TABLE_VA, 1);
		pager.ops->touch_counted(pager.ctx, TABLE_VA + 8192);
	} else {
		pager.ops->map(pager.ctx, TABLE_VA - 8192, 5);
		pager.ops->unmap(pager.ctx, TABLE_VA, 1);
		pager.ops->touch(pager.ctx, TABLE_VA + 8192);
	}
	assert_valid(pager);
	return pager;
}

static void test_pager_sim__damaged_entries(void **state)
{
	const uint32_t slot = TABLE_VA >> SIM_SLOT_SHIFT;
	struct pager pager = new_damaged(false);
	struct pager_sim *sim = pager.ctx;
	struct page_table *table = sim->table[slot];
	uint32_t bit;

	(void)state;
	/* PTE 1: no frame, a flag that is none, one that is missing; another
	 * page's frame, one never used, a page table's. */
	check_word(pager, &table->pte[1], 0);
	for (bit = 0; bit < 32; bit++)
		if ((1u << bit & (PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY)) == 0)
			check_word(pager, &table->pte[1],
				   table->pte[1] ^ 1u << bit);
	check_word(pager, &table->pte[1], table->pte[2]);
	check_word(pager, &table->pte[1],
		   sim->frames.fresh * KVA_PAGE_SIZE + 3);
	check_word(pager, &table->pte[1], sim->pde[slot]);
	check_word(pager, &table->pte[0], table->pte[1]);
	check_word(pager, &table->pte[1023], table->pte[1]);
	check_word(pager, &table->used, 1);
	check_word(pager, &table->used, 3);
	/* The directory: no table, a table where nothing is, another's frame, a
	 * page's. */
	check_word(pager, &sim->pde[slot], 0);
	check_word(pager, &sim->pde[slot], sim->pde[slot] ^ 1);
	check_word(pager, &sim->pde[slot], sim->pde[slot - 1]);
	check_word(pager, &sim->pde[slot], table->pte[1]);
	check_word(pager, &sim->pde[0], sim->pde[slot]);
	check_word(pager, &sim->pde[SIM_SLOTS - 1], sim->pde[slot]);
	pager_release(&pager);
}

static void test_pager_sim__damaged_frames(void **state)
{
	const uint32_t slot = TABLE_VA >> SIM_SLOT_SHIFT;
	struct pager pager = new_damaged(false);
	struct pager_sim *sim = pager.ctx;
	const pfn_t freed = sim->frames.free_head;
	const pfn_t used = frame_of(pager, TABLE_VA + 4096);
	const pfn_t of_table = sim->pde[slot] >> KVA_PAGE_SHIFT;

	(void)state;
	assert_int_equal(sim->frames.fresh, 7);
	assert_int_equal(sim->frames.records[freed].next_free, FRAMES_NONE);
	/* The list of free frames: one lost, one never used, one of a page, one
	 * of a page table, a circle. */
	check_word(pager, &sim->frames.free_head, FRAMES_NONE);
	check_word(pager, &sim->frames.free_head, 7);
	check_word(pager, &sim->frames.free_head, used);
	check_word(pager, &sim->frames.free_head, of_table);
	check_word(pager, &sim->frames.records[freed].next_free, freed);
	check_word(pager, &sim->frames.records[freed].next_free, used);
	check_word(pager, &sim->frames.records[freed].va, TABLE_VA);
	check_word(pager, &sim->frames.records[used].va, TABLE_VA);
	check_word(pager, &sim->frames.records[of_table].va, TABLE_VA);
	check_word(pager, &sim->frames.fresh, 8);
	check_word(pager, &sim->frames.limit, 5);
	sim->frames.records[of_table].payload++;
	assert_false(pager.ops->is_valid(pager.ctx));
	sim->frames.records[of_table].payload--;
	assert_valid(pager);
	/* As many as there may be, and free ones that name a slot or none. */
	sim->frames.limit = 6;
	sim->frames.records[freed].payload = slot;
	assert_valid(pager);
	sim->frames.records[freed].payload = SIM_SLOTS;
	assert_valid(pager);
	pager_release(&pager);
}

/* A page table comes back, frame and all, with no page in it. */
static void test_pager_sim__damaged_empty_table(void **state)
{
	const uint32_t slot = TABLE_VA >> SIM_SLOT_SHIFT;
	struct pager pager = test_pager_sim(0);
	struct pager_sim *sim = pager.ctx;
	uint32_t pde;

	(void)state;
	assert_int_equal(pager.ops->map(pager.ctx, TABLE_VA, 1), 0);
	pde = sim->pde[slot];
	pager.ops->unmap(pager.ctx, TABLE_VA, 1);
	assert_valid(pager);
	assert_int_equal(sim->frames.free_head, pde >> KVA_PAGE_SHIFT);
	sim->frames.free_head =
		sim->frames.records[sim->frames.free_head].next_free;
	sim->pde[slot] = pde;
	assert_false(pager.ops->is_valid(pager.ctx));
	pager_release(&pager);
}

static void test_pager_sim__damaged_tlb_and_counters(void **state)
{
	const uint32_t page = (TABLE_VA >> KVA_PAGE_SHIFT) + 2;
	struct pager pager = new_damaged(true);
	struct pager_sim *sim = pager.ctx;
	uint32_t *set =
		&sim->tlb.pages[(page & sim->tlb.set_mask) * sim->tlb.ways];
	uint32_t *pte = &sim->table[TABLE_VA >> SIM_SLOT_SHIFT]->pte[2];
	size_t i;

	(void)state;
	assert_int_equal(set[0], page);
	check_word(pager, pte, *pte & ~PAGER_PTE_ACCESSED);
	check_word(pager, set, page - 1);
	check_word(pager, set, page + 16);
	for (i = 0; i < tlb_entries(&sim->tlb); i++)
		if (&sim->tlb.pages[i] != set)
			check_word(pager, &sim->tlb.pages[i], page);
	/* In its set, the first, but not mapped. */
	check_word(pager, &sim->tlb.pages[0], page - 2);
	sim->counters.frames_live++;
	assert_false(pager.ops->is_valid(pager.ctx));
	sim->counters.frames_live -= 2;
	assert_false(pager.ops->is_valid(pager.ctx));
	sim->counters.frames_live++;
	assert_valid(pager);
	pager_release(&pager);
}

/* Expect: a plain touch sets the flags that a counted one does. */
static void test_pager_sim__touch_sets_the_flags(void **state)
{
	struct pager pager = new_damaged(false);
	struct pager_sim *sim = pager.ctx;
	const struct page_table *table = sim->table[TABLE_VA >> SIM_SLOT_SHIFT];
	const uint32_t both = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;

	(void)state;
	assert_int_equal(table->pte[1] & both, 0);
	assert_int_equal(table->pte[2] & both, both);
	assert_int_equal(sim->pde[TABLE_VA >> SIM_SLOT_SHIFT] & both,
			 PAGER_PTE_ACCESSED);
	pager_release(&pager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pager_sim__translates_both_ways),
		cmocka_unit_test(test_pager_sim__payload_is_the_frames),
		cmocka_unit_test(test_pager_sim__tables_follow_their_pages),
		cmocka_unit_test(test_pager_sim__unmap_mirrors_map),
		cmocka_unit_test(test_pager_sim__out_of_frames_leaves_no_trace),
		cmocka_unit_test(test_pager_sim__an_unused_table_is_undone),
		cmocka_unit_test(test_pager_sim__invlpg_drops_the_page),
		cmocka_unit_test(test_pager_sim__tlb_shape_is_configured),
		cmocka_unit_test(test_pager_sim__plain_counts_nothing),
		cmocka_unit_test(test_pager_sim__check_fills_in),
		cmocka_unit_test(test_pager_sim__limits),
		cmocka_unit_test(test_pager_sim__ends_of_the_address_space),
		cmocka_unit_test(test_pager_sim__random_pages),
		cmocka_unit_test(test_pager_sim__cycles_are_modeled),
		cmocka_unit_test(test_pager_sim__damaged_entries),
		cmocka_unit_test(test_pager_sim__damaged_frames),
		cmocka_unit_test(test_pager_sim__damaged_empty_table),
		cmocka_unit_test(test_pager_sim__damaged_tlb_and_counters),
		cmocka_unit_test(test_pager_sim__touch_sets_the_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
