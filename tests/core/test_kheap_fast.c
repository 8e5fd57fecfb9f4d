/*
 * The heap made for speed does what the general one of the same configuration
 * does: the same addresses, the same frames behind them, the same counters.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kheap_fast.h"

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
	kva_t va = t->base + below(t, t->pages) * KVA_PAGE_SIZE;
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

/* One of the two is as the general one, down to the frame behind each page. */
static void assert_same(const struct trio *t, const struct kheap_fast *f)
{
	const struct pager pager = kheap_pager(t->general);
	uint32_t i;

	for (i = 0; i < t->pages; i++) {
		const kva_t va = t->base + i * KVA_PAGE_SIZE;
		const int idx = kheap_find(t->general, va);
		uint64_t pa = 0, fast_pa = 0;
		kva_t back = 0;

		assert_int_equal(kheap_fast_find(f, va), idx < 0 ? -1 : (int)i);
		assert_int_equal(kheap_fast_size_at(f, va),
				 kheap_cluster_size(t->general, idx));
		assert_int_equal(kheap_fast_translate(f, va, &fast_pa),
				 pager.ops->translate(pager.ctx, va, &pa));
		assert_int_equal(fast_pa, pa);
		if (fast_pa != 0) {
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
static void test_kheap_fast__is_the_general_heap(void **state)
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
		cmocka_unit_test(test_kheap_fast__is_the_general_heap),
		cmocka_unit_test(test_kheap_fast__full_window),
		cmocka_unit_test(test_kheap_fast__payload_follows_the_frame),
		cmocka_unit_test(test_kheap_fast__limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
