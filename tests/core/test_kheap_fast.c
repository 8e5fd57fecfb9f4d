/*
 * The heap made for speed does what the general one of the same configuration
 * does: the same addresses, a frame for each page, the same counters.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kheap_fast_internal.h"
#include "pager_sim.h"

#define PAGES 120

/* A page table ends 50 pages into the window. */
#define BASE (UINT32_C(0xF0400000) - 50 * KVA_PAGE_SIZE)

/* The general heap, counted, and the fast one, counted and plain. */
struct trio {
	struct kheap *general;
	struct kheap_fast *counted;
	struct kheap_fast *plain;
	struct kb_rng rng;
	kva_t base;
	uint32_t pages;
};

static struct kheap_fast *new_fast(kva_t base, uint32_t pages)
{
	const struct kheap_fast_config config = { .base = base,
						  .pages = pages };
	struct kheap_fast *f = NULL;

	assert_int_equal(kheap_fast_new(&f, &config, NULL), 0);
	assert_true(kheap_fast_is_valid(f));
	return f;
}

static void trio_init(struct trio *t, kva_t base, uint32_t pages, uint64_t seed)
{
	t->general = test_heap_new((struct kheap_config){
		.base = base,
		.pages = pages,
		.fit = RUNS_QUICK,
		.nodes = KHEAP_NODES_POOL,
		.lookup = lookup_by_name("pagemap"),
		.pager = test_pager_sim(0),
	});
	t->counted = new_fast(base, pages);
	t->plain = new_fast(base, pages);
	t->rng = kb_rng_init(seed);
	t->base = base;
	t->pages = pages;
}

static void trio_release(struct trio *t)
{
	kheap_free(t->general);
	kheap_fast_free(t->counted);
	kheap_fast_free(t->plain);
}

static uint32_t below(struct trio *t, uint32_t bound)
{
	return (uint32_t)kb_rng_below(&t->rng, bound);
}

static void step_kmalloc(struct trio *t)
{
	static const uint32_t bounds[] = { 4097, 4097, 4097, 5 * 4096,
					   60 * 4096 };
	const uint32_t size = below(t, 200) ? below(t, bounds[below(t, 5)])
					    : UINT32_MAX - below(t, 5000);
	const kva_t va = kheap_kmalloc_counted(t->general, size);

	assert_int_equal(kheap_fast_kmalloc_counted(t->counted, size), va);
	assert_int_equal(kheap_fast_kmalloc(t->plain, size), va);
}

static void step_kfree(struct trio *t)
{
	kva_t va = t->base + below(t, t->pages + 1) * KVA_PAGE_SIZE;
	int status;

	if (below(t, 20) == 0)
		va = (kva_t)kb_rng_next(&t->rng);
	if (below(t, 20) == 0)
		va += below(t, KVA_PAGE_SIZE);
	if (below(t, 50) == 0)
		va = 0;
	status = kheap_kfree_counted(t->general, va);
	assert_int_equal(kheap_fast_kfree_counted(t->counted, va), status);
	assert_int_equal(kheap_fast_kfree(t->plain, va), status);
}

static void step_touch(struct trio *t)
{
	const kva_t va = t->base + below(t, t->pages) * KVA_PAGE_SIZE;
	const struct pager pager = kheap_pager(t->general);
	uint64_t pa;

	if (!pager.ops->translate(pager.ctx, va, &pa))
		return;
	kheap_touch_counted(t->general, va + 7);
	kheap_fast_touch_counted(t->counted, va + 7);
	kheap_fast_touch(t->plain, va + 7);
}

/* One of the two is as the general one; which frame backs a page is its own. */
static void assert_same(const struct trio *t, const struct kheap_fast *f)
{
	const struct pager pager = kheap_pager(t->general);
	uint32_t i;

	for (i = 0; i < t->pages; i++) {
		const kva_t va = t->base + i * KVA_PAGE_SIZE;
		const int idx = kheap_find(t->general, va);
		uint64_t pa = 0, fast_pa = 0;
		const bool mapped = pager.ops->translate(pager.ctx, va, &pa);
		kva_t back = 0;

		assert_int_equal(kheap_fast_find(f, va), idx < 0 ? -1 : (int)i);
		assert_int_equal(kheap_fast_size_at(f, va),
				 kheap_cluster_size(t->general, idx));
		assert_int_equal(kheap_fast_translate(f, va, &fast_pa), mapped);
		if (mapped) {
			assert_true(kheap_fast_reverse(f, fast_pa + 5, &back));
			assert_int_equal(back, va + 5);
		}
	}
	assert_int_equal(kheap_fast_free_pages(f),
			 kheap_free_pages(t->general));
	assert_int_equal(kheap_fast_longest_free_run(f),
			 kheap_longest_free_run(t->general));
	assert_true(kheap_fast_is_valid(f));
}

/* All but the bytes of an index that the fast one has not got. */
static void assert_same_counters(const struct trio *t)
{
	const struct pager pager = kheap_pager(t->general);
	struct kheap_counters heap, fast_heap;
	struct pager_counters paging, fast_paging;

	kheap_counters(t->general, &heap);
	pager.ops->counters(pager.ctx, &paging);
	kheap_fast_counters(t->counted, &fast_heap, &fast_paging);
	fast_heap.lookup_bytes_peak = heap.lookup_bytes_peak;
#define X(name, unit, help, steps) assert_int_equal(fast_heap.name, heap.name);
	KHEAP_COUNTERS(X)
#undef X
#define X(name, unit, help) assert_int_equal(fast_paging.name, paging.name);
	PAGER_COUNTERS(X)
#undef X
	assert_int_equal(kheap_fast_steps(), lookup_by_name("pagemap")->steps);

	kheap_fast_counters(t->plain, &fast_heap, &fast_paging);
#define X(name, unit, help, steps) assert_int_equal(fast_heap.name, 0);
	KHEAP_COUNTERS(X)
#undef X
#define X(name, unit, help) assert_int_equal(fast_paging.name, 0);
	PAGER_COUNTERS(X)
#undef X
}

static void check_random(kva_t base, uint32_t pages, uint64_t seed, int steps)
{
	struct trio t;
	int i;

	trio_init(&t, base, pages, seed);
	for (i = 0; i < steps; i++) {
		const uint32_t kind = below(&t, 10);

		if (kind < 4)
			step_kmalloc(&t);
		else if (kind < 9)
			step_kfree(&t);
		else
			step_touch(&t);
		if (i % 61 == 0) {
			assert_same(&t, t.counted);
			assert_same(&t, t.plain);
			assert_same_counters(&t);
		}
	}
	trio_release(&t);
}

/* Windows that are short, that cross a page table's end, of whole page tables,
 * and that end where addresses do. */
static void test_kheap_fast__equals_the_general_heap(void **state)
{
	(void)state;
	check_random(BASE, PAGES, 1, 6000);
	check_random(BASE, 1, 2, 500);
	check_random(UINT32_C(0xF0000000), 2048, 3, 4000);
	check_random(UINT32_C(0xFFFFF000) - 9 * KVA_PAGE_SIZE, 9, 4, 2000);
	check_random(KVA_PAGE_SIZE, 40, 5, 2000);
}

/* Expect: the path for one page and the path for any size write the same: every
 * page a cluster, freed and taken again. */
static void test_kheap_fast__full_window(void **state)
{
	struct kheap_fast *f = new_fast(BASE, PAGES);
	uint32_t round, i;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < PAGES; i++)
			assert_int_not_equal(kheap_fast_kmalloc(f, 4096), 0);
		assert_int_equal(kheap_fast_kmalloc(f, 1), 0);
		assert_int_equal(kheap_fast_free_pages(f), 0);
		assert_true(kheap_fast_is_valid(f));
		for (i = 0; i < PAGES; i++)
			assert_int_equal(
				kheap_fast_kfree(f, BASE + i * KVA_PAGE_SIZE),
				0);
		assert_true(kheap_fast_is_valid(f));
	}
	assert_int_equal(kheap_fast_kmalloc(f, PAGES * 4096), BASE);
	assert_int_equal(kheap_fast_size_at(f, BASE), PAGES * 4096);
	assert_int_equal(kheap_fast_kfree(f, BASE + 4096), KB_E_NOT_LIVE);
	assert_int_equal(kheap_fast_kfree(f, BASE), 0);
	assert_int_equal(kheap_fast_kfree(f, BASE), KB_E_NOT_LIVE);
	kheap_fast_free(f);
}

static void test_kheap_fast__payload_follows_the_frame(void **state)
{
	struct kheap_fast *f = new_fast(0, 0);
	const kva_t va = kheap_fast_kmalloc(f, 3 * 4096);
	uint32_t i;

	(void)state;
	assert_int_equal(va, KHEAP_BASE_DEFAULT);
	for (i = 0; i < 3; i++)
		*kheap_fast_payload(f, va + i * KVA_PAGE_SIZE) = 10 + i;
	kheap_fast_kmalloc(f, 1);
	for (i = 0; i < 3; i++)
		assert_int_equal(*kheap_fast_payload(f, va + i * KVA_PAGE_SIZE),
				 10 + i);
	assert_null(kheap_fast_payload(f, va + 4 * KVA_PAGE_SIZE));
	assert_null(kheap_fast_payload(f, va - 1));
	kheap_fast_free(f);
}

/* All pages at once: listed, they are had again by one look at a list. */
static void test_kheap_fast__whole_window(void **state)
{
	struct trio t;
	int round;

	(void)state;
	trio_init(&t, BASE, PAGES, 1);
	for (round = 0; round < 3; round++) {
		const uint32_t size = PAGES * KVA_PAGE_SIZE;

		assert_int_equal(kheap_kmalloc_counted(t.general, size), BASE);
		assert_int_equal(kheap_fast_kmalloc_counted(t.counted, size),
				 BASE);
		assert_same(&t, t.counted);
		assert_int_equal(kheap_kfree_counted(t.general, BASE), 0);
		assert_int_equal(kheap_fast_kfree_counted(t.counted, BASE), 0);
		assert_same(&t, t.counted);
		assert_same_counters(&t);
	}
	trio_release(&t);
}

/* Expect: with a page listed, a byte more than it has takes two pages. */
static void test_kheap_fast__more_than_a_page(void **state)
{
	struct kheap_fast *f = new_fast(BASE, PAGES);

	(void)state;
	kheap_fast_kmalloc(f, 1);
	kheap_fast_kmalloc(f, 1);
	assert_int_equal(kheap_fast_kfree(f, BASE), 0);
	assert_int_equal(kheap_fast_kmalloc(f, 4097), BASE + 8192);
	assert_int_equal(kheap_fast_size_at(f, BASE + 8192), 8192);
	assert_int_equal(kheap_fast_kmalloc(f, 4096), BASE);
	assert_int_equal(kheap_fast_size_at(f, BASE), 4096);
	assert_int_equal(kheap_fast_kfree(f, BASE), 0);
	assert_int_equal(kheap_fast_kmalloc(f, 0), BASE);
	kheap_fast_free(f);
}

/* The page after the last one belongs to no cluster. As many pages as fill what
 * malloc hands out, so that something else follows their entries. */
static void test_kheap_fast__end_of_the_window(void **state)
{
	const uint32_t pages = 122;
	const kva_t end = BASE + pages * KVA_PAGE_SIZE;
	struct kheap_fast *f = new_fast(BASE, pages);
	uint64_t pa;

	(void)state;
	/* Frames for its pages and for two page tables. */
	assert_int_equal(f->frame_limit, pages + 2);
	assert_int_equal(kheap_fast_kmalloc(f, pages * KVA_PAGE_SIZE), BASE);
	assert_int_equal(kheap_fast_find(f, end), -1);
	assert_int_equal(kheap_fast_size_at(f, end), 0);
	assert_false(kheap_fast_translate(f, end, &pa));
	assert_null(kheap_fast_payload(f, end));
	assert_int_equal(kheap_fast_kfree(f, end), KB_E_NOT_LIVE);
	assert_int_equal(kheap_fast_kfree_counted(f, end), KB_E_NOT_LIVE);
	assert_true(kheap_fast_is_valid(f));
	kheap_fast_free(f);
}

/* Expect: a plain touch does what a counted one does to PTE, PDE and TLB. */
static void test_kheap_fast__touch_sets_the_flags(void **state)
{
	struct kheap_fast *f = new_fast(BASE, PAGES);
	const kva_t va = kheap_fast_kmalloc(f, 2 * KVA_PAGE_SIZE);

	(void)state;
	kheap_fast_touch(f, va + KVA_PAGE_SIZE + 9);
	assert_int_equal(f->pte[0] & PAGER_PTE_ACCESSED, 0);
	assert_int_equal(f->pte[1] & PAGER_PTE_ACCESSED, PAGER_PTE_ACCESSED);
	assert_int_equal(f->pte[1] & PAGER_PTE_DIRTY, PAGER_PTE_DIRTY);
	assert_int_equal(f->pde[BASE >> 22] & PAGER_PTE_ACCESSED,
			 PAGER_PTE_ACCESSED);
	assert_true(tlb_holds(&f->tlb, (va >> KVA_PAGE_SHIFT) + 1));
	assert_int_equal(kheap_fast_kfree(f, va), 0);
	assert_false(tlb_holds(&f->tlb, (va >> KVA_PAGE_SHIFT) + 1));
	assert_true(kheap_fast_is_valid(f));
	kheap_fast_free(f);
}

/* Expect: no address for a frame that is free, a table's or was never used. */
static void test_kheap_fast__reverse_checks_its_argument(void **state)
{
	struct kheap_fast *f = new_fast(BASE, PAGES);
	const kva_t va = kheap_fast_kmalloc(f, 1);
	kva_t back = 0;
	uint64_t pa = 0;

	(void)state;
	assert_true(kheap_fast_translate(f, va + 4095, &pa));
	assert_true(kheap_fast_reverse(f, pa, &back));
	assert_int_equal(back, va + 4095);
	/* Frame 0 is the page table's, frame 1 the page's. */
	assert_false(kheap_fast_reverse(f, 0x0000, &back));
	assert_false(kheap_fast_reverse(f, 0x2000, &back));
	assert_false(kheap_fast_reverse(f, UINT64_MAX, &back));
	/* The frame freed waits with its page. */
	kheap_fast_kmalloc(f, 1);
	assert_int_equal(kheap_fast_kfree(f, va), 0);
	assert_false(kheap_fast_reverse(f, pa, &back));
	assert_int_equal(kheap_fast_kmalloc(f, 8192), va + 8192);
	assert_false(kheap_fast_reverse(f, pa, &back));
	assert_int_equal(kheap_fast_kmalloc(f, 1), va);
	assert_true(kheap_fast_reverse(f, pa, &back));
	assert_int_equal(back, va + 4095);
	kheap_fast_free(f);
}

/* Four pages take the frames of two of their own, so that a frame is free whose
 * last page has another. Expect: no address for it. */
static void test_kheap_fast__reverse_of_a_stale_frame(void **state)
{
	struct kheap_fast *f = new_fast(BASE, PAGES);
	uint64_t pa[3] = { 0 };
	kva_t back = 0;
	uint32_t i;

	(void)state;
	/* Of three pages, then of two, and the first three again. */
	assert_int_equal(kheap_fast_kmalloc(f, 3 * 4096), BASE);
	for (i = 0; i < 3; i++)
		assert_true(kheap_fast_translate(f, BASE + i * 4096, &pa[i]));
	assert_int_equal(kheap_fast_kmalloc(f, 8192), BASE + 3 * 4096);
	assert_int_equal(kheap_fast_kfree(f, BASE), 0);
	assert_int_equal(kheap_fast_kfree(f, BASE + 3 * 4096), 0);
	assert_int_equal(kheap_fast_kmalloc(f, 3 * 4096), BASE);
	/* The first two have the frames of the other two. */
	assert_true(kheap_fast_reverse(f, pa[0], &back));
	assert_int_equal(back, BASE + 2 * 4096);
	for (i = 1; i < 3; i++)
		assert_false(kheap_fast_reverse(f, pa[i], &back));
	assert_true(kheap_fast_is_valid(f));
	kheap_fast_free(f);
}

/* One word has another value. Expect: that is seen, and put right it is well. */
static void check_word(const struct kheap_fast *f, uint32_t *word,
		       uint32_t value)
{
	const uint32_t was = *word;

	assert_int_not_equal(was, value);
	*word = value;
	assert_false(kheap_fast_is_valid(f));
	*word = was;
	assert_true(kheap_fast_is_valid(f));
}

/* The same of one of the pages that wait. */
static void check_single(struct kheap_fast *f, uint64_t value)
{
	const uint64_t was = f->singles[0];

	assert_int_not_equal(was, value);
	f->singles[0] = value;
	assert_false(kheap_fast_is_valid(f));
	f->singles[0] = was;
	assert_true(kheap_fast_is_valid(f));
}

/* A and C of a page, B of two, D of nine; a page in front of D and one after it
 * freed, and three that came to the top again by merging:
 *
 *   |ABBC.DDDDDDDDD.E|      A starts 2 pages in front of a page table's end
 */
static struct kheap_fast *new_damaged(bool counted)
{
	static const uint32_t pages[] = { 1, 2, 1, 1, 9, 1, 1 };
	const kva_t base = UINT32_C(0xF0400000) - 2 * KVA_PAGE_SIZE;
	struct kheap_fast *f = new_fast(base, PAGES);
	size_t i;

	for (i = 0; i < KB_ARRAY_LEN(pages); i++)
		(counted ? kheap_fast_kmalloc_counted
			 : kheap_fast_kmalloc)(f, pages[i] * KVA_PAGE_SIZE);
	(counted ? kheap_fast_touch_counted : kheap_fast_touch)(f, base + 4096);
	(counted ? kheap_fast_kfree_counted
		 : kheap_fast_kfree)(f, base + 4 * KVA_PAGE_SIZE);
	(counted ? kheap_fast_kfree_counted
		 : kheap_fast_kfree)(f, base + 14 * KVA_PAGE_SIZE);
	assert_int_equal(f->single_count, 2);
	assert_int_equal(f->free_frame_count, 0);
	assert_int_equal(f->fresh_frames, 16 + 2);
	assert_true(kheap_fast_is_valid(f));
	return f;
}

static void test_kheap_fast__damaged_clusters(void **state)
{
	const uint32_t length_one = UINT32_C(1) << 9;
	struct kheap_fast *f = new_damaged(false);

	(void)state;
	/* A cluster without a length, one in a cluster, one too long. */
	check_word(f, &f->pte[0], f->pte[0] - length_one);
	check_word(f, &f->pte[2], f->pte[2] + length_one);
	check_word(f, &f->pte[1], f->pte[1] - length_one);
	check_word(f, &f->pte[1], f->pte[1] + length_one);
	check_word(f, &f->pte[3], f->pte[3] + length_one);
	check_word(f, &f->long_length[5], 8);
	check_word(f, &f->long_length[5], 10);
	check_word(f, &f->long_length[5], PAGES - 5);
	check_word(f, &f->long_length[5], PAGES - 4);
	check_word(f, &f->long_length[5], 0);
	/* One on pages that are free, and a page that is lost. */
	check_word(f, &f->pte[60], f->pte[0]);
	check_word(f, &f->pte[0], 0);
	kheap_fast_free(f);
}

static void test_kheap_fast__damaged_tables(void **state)
{
	struct kheap_fast *f = new_damaged(false);
	uint32_t *used = &f->used[f->base >> 22];
	uint32_t *pde = &f->pde[f->base >> 22];

	(void)state;
	check_word(f, &used[0], 1);
	check_word(f, &used[0], 3);
	check_word(f, &used[1], 1);
	check_word(f, &pde[0], 0);
	check_word(f, &pde[1], 0);
	/* Both in one frame, and in a page's. */
	check_word(f, &pde[1], pde[0]);
	check_word(f, &pde[1], f->pte[0]);
	kheap_fast_free(f);
	/* Of the last table nothing is used. */
	f = new_fast(UINT32_C(0xF0400000) - 2 * KVA_PAGE_SIZE, PAGES);
	assert_int_not_equal(kheap_fast_kmalloc(f, 1), 0);
	assert_true(kheap_fast_is_valid(f));
	check_word(f, &f->used[(f->base >> 22) + 1], 1);
	kheap_fast_free(f);
}

static void test_kheap_fast__damaged_frames(void **state)
{
	struct kheap_fast *f = new_damaged(false);
	const uint32_t page = KVA_PAGE_SIZE;
	const uint64_t single = f->singles[0];
	const uint64_t above = UINT64_C(1) << 32;

	(void)state;
	/* Waiting: another page's, in use, never used, of other flags. */
	check_single(f, (uint32_t)single | f->singles[1] >> 32 << 32);
	check_single(f, (uint32_t)single | f->pte[0] * above);
	check_single(f,
		     single % above + (f->fresh_frames * page | 0x203) * above);
	check_single(f, single + above);
	check_single(f, (uint32_t)single);
	kheap_fast_free(f);
	f = new_damaged(false);
	assert_int_equal(kheap_fast_kfree(f, f->base + page), 0);
	assert_int_equal(f->free_frame_count, 2);
	assert_true(kheap_fast_is_valid(f));
	/* Free: twice, in use, never used. */
	check_word(f, &f->free_frames[0], f->free_frames[1]);
	check_word(f, &f->free_frames[0], f->pte[0] / page);
	check_word(f, &f->free_frames[0], f->pde[f->base >> 22] / page);
	check_word(f, &f->free_frames[0], f->fresh_frames);
	check_word(f, &f->free_frames[0], f->fresh_frames + 1);
	check_word(f, &f->free_frame_count, 1);
	check_word(f, &f->fresh_frames, f->fresh_frames + 1);
	check_word(f, &f->fresh_frames, f->fresh_frames - 1);
	/* The frame of a page: another page's, one never used, one that names
	 * another page. */
	check_word(f, &f->pte[0], f->pte[3]);
	check_word(f, &f->pte[0], f->pte[0] % page + f->fresh_frames * page);
	check_word(f, &f->frame_va[f->pte[0] / page], f->base + 3 * page);
	check_word(f, &f->frame_va[f->pte[3] / page], f->base);
	check_word(f, &f->frame_va[f->pte[13] / page], f->base);
	kheap_fast_free(f);
}

static void test_kheap_fast__damaged_runs(void **state)
{
	struct kheap_fast *f = new_damaged(false);

	(void)state;
	/* Listed: twice, in use, after the window; none at all. */
	check_single(f, f->singles[1]);
	check_single(f, f->singles[0] >> 32 << 32 | (f->base + 3 * 4096));
	check_single(f, f->singles[0] >> 32 << 32 | (f->base + PAGES * 4096));
	check_single(f, f->singles[0] >> 32 << 32 | (f->base + 50 * 4096));
	check_word(f, &f->single_count, 1);
	check_word(f, &f->runs.free_pages, f->runs.free_pages + 1);
	check_word(f, &f->runs.top, f->runs.top + 1);
	check_word(f, &f->runs.rover, PAGES + 1);
	check_word(f, &f->lists.listed, 1);
	/* B listed and in use. */
	runs_lists_push(&f->lists, 1, 2);
	assert_false(kheap_fast_is_valid(f));
	f->single_count = 0;
	assert_false(kheap_fast_is_valid(f));
	kheap_fast_free(f);
}

static void test_kheap_fast__damaged_tlb_and_counters(void **state)
{
	struct kheap_fast *f = new_damaged(true);
	const uint32_t page = (f->base >> KVA_PAGE_SHIFT) + 1;
	uint32_t *set = &f->tlb.pages[(page & f->tlb.set_mask) * f->tlb.ways];
	size_t i;

	(void)state;
	assert_int_equal(set[0], page);
	/* The page is in the TLB but was not walked to, or is another set's. */
	check_word(f, &f->pte[1], f->pte[1] & ~PAGER_PTE_ACCESSED);
	check_word(f, set, page + 1);
	check_word(f, set, page + 16);
	/* The next page's set is the first one. */
	assert_int_equal((page + 1) & f->tlb.set_mask, 0);
	check_word(f, &f->tlb.pages[0], page + 1);
	/* So far no page of these sets has been touched. */
	for (i = 0; i < tlb_entries(&f->tlb); i++)
		if (&f->tlb.pages[i] != set)
			check_word(f, &f->tlb.pages[i], page + 2);
	f->paging.frames_live++;
	assert_false(kheap_fast_is_valid(f));
	f->paging.frames_live -= 2;
	assert_false(kheap_fast_is_valid(f));
	f->paging.frames_live++;
	assert_true(kheap_fast_is_valid(f));
	kheap_fast_free(f);
}

/*
 * 120 pages: 12 bytes each for a list of single pages and for long lengths;
 *
 *   runs    120 tags; 128 + 64 + 64 numbers; 2 + 1 + 1 words of bits;
 *   lists   121 heads, 120 links, 120 lengths; 2 + 1 words of bits.
 */
static void test_kheap_fast__record_bytes(void **state)
{
	struct kheap_fast *f = new_fast(BASE, 120);

	(void)state;
	assert_int_equal(kheap_fast_record_bytes(f),
			 120 * 12 + (120 + 256) * 4 + 4 * 8 + 361 * 4 + 3 * 8);
	kheap_fast_free(f);
}

static void test_kheap_fast__limits(void **state)
{
	static const struct kheap_fast_config refused[] = {
		{ .base = 0xF0000800 },
		{ .pages = 65536 },
		{ .base = 0x10000000, .pages = KHEAP_PAGES_MAX + 1 },
		{ .tlb_sets = 3 },
		{ .tlb_ways = 65 },
	};
	struct kheap_fast *f = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(refused); i++) {
		assert_int_equal(kheap_fast_new(&f, &refused[i], NULL),
				 KB_E_RANGE);
		assert_null(f);
	}
	kheap_fast_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while malloc puts one array after the other. */
		cmocka_unit_test(test_kheap_fast__end_of_the_window),
		cmocka_unit_test(test_kheap_fast__equals_the_general_heap),
		cmocka_unit_test(test_kheap_fast__full_window),
		cmocka_unit_test(test_kheap_fast__payload_follows_the_frame),
		cmocka_unit_test(test_kheap_fast__whole_window),
		cmocka_unit_test(test_kheap_fast__more_than_a_page),
		cmocka_unit_test(test_kheap_fast__touch_sets_the_flags),
		cmocka_unit_test(test_kheap_fast__reverse_checks_its_argument),
		cmocka_unit_test(test_kheap_fast__reverse_of_a_stale_frame),
		cmocka_unit_test(test_kheap_fast__damaged_clusters),
		cmocka_unit_test(test_kheap_fast__damaged_tables),
		cmocka_unit_test(test_kheap_fast__damaged_frames),
		cmocka_unit_test(test_kheap_fast__damaged_runs),
		cmocka_unit_test(test_kheap_fast__damaged_tlb_and_counters),
		cmocka_unit_test(test_kheap_fast__record_bytes),
		cmocka_unit_test(test_kheap_fast__limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
