#include "heap_support.h"

#include <string.h>

static struct kheap_counters counters_of(const struct kheap *h)
{
	struct kheap_counters counters;

	kheap_counters(h, &counters);
	return counters;
}

/* Compares all but fit_steps, which test_page_runs has, and lines and bytes,
 * which test_lookup has. */
static void assert_counters(const struct kheap *h,
			    struct kheap_counters expected)
{
	const struct kheap_counters counters = counters_of(h);

	expected.fit_steps = counters.fit_steps;
	expected.lines_touched = counters.lines_touched;
	expected.lines_touched_max = counters.lines_touched_max;
	expected.lookup_bytes_peak = counters.lookup_bytes_peak;
#define X(name, unit, help, steps) \
	assert_int_equal(counters.name, expected.name);
	KHEAP_COUNTERS(X)
#undef X
}

/* The seed's example, counted. */
static struct kheap *new_golden(const char *lookup, enum kheap_order order)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.first_index = 5,
		.order = order,
		.lookup = lookup_by_name(lookup),
		.pager = test_pager_sim(0),
	});

	kheap_kmalloc_counted(h, 8192);
	kheap_kmalloc_counted(h, 4096);
	kheap_kmalloc_counted(h, 4096);
	return h;
}

/*
 *   Row 0 → [6] ↔ [7]
 *   Row 1 → [5]
 *
 * kfree of 5: compares 6, 7, 5 over two rows, then walks row 1: 5.
 * kfree of 7: compares 6, 7 in one row, then walks row 0: 6, 7.
 * kfree of 5 again: compares 6, over all rows, and removes nothing.
 */
static void test_kheap_counters__rows_tail(void **state)
{
	struct kheap *h = new_golden("rows", KHEAP_ORDER_TAIL);
	struct kheap_counters expected = {
		.pages_live = 4,
		.pages_peak = 4,
		.clusters_live = 3,
	};

	(void)state;
	assert_counters(h, expected);

	assert_int_equal(kheap_kfree_counted(h, 0xF0000000), 0);
	expected.lookups = 1;
	expected.rows_visited = 2;
	expected.nodes_visited = 3;
	expected.nodes_visited_max = 3;
	expected.remove_nodes_visited = 1;
	expected.pages_live = 2;
	expected.clusters_live = 2;
	assert_counters(h, expected);

	assert_int_equal(kheap_kfree_counted(h, 0xF0003000), 0);
	expected.lookups = 2;
	expected.rows_visited = 3;
	expected.nodes_visited = 5;
	expected.remove_nodes_visited = 3;
	expected.pages_live = 1;
	expected.clusters_live = 1;
	assert_counters(h, expected);

	assert_int_equal(kheap_kfree_counted(h, 0xF0000000), KB_E_NOT_LIVE);
	expected.lookups = 3;
	expected.rows_visited = 3 + TEST_PAGES;
	expected.nodes_visited = 6;
	assert_counters(h, expected);

	/* Neither a null free nor a find is a lookup that counts. */
	assert_int_equal(kheap_kfree_counted(h, 0), 0);
	assert_int_equal(kheap_find(h, 0xF0002000), 6);
	assert_counters(h, expected);
	kheap_free(h);
}

/*
 *   Row 0 → [7] ↔ [6]
 *
 * kfree of 7: compares 7 alone, and so does its removal.
 */
static void test_kheap_counters__rows_head(void **state)
{
	struct kheap *h = new_golden("rows", KHEAP_ORDER_HEAD);

	(void)state;
	assert_int_equal(kheap_kfree_counted(h, 0xF0003000), 0);
	assert_counters(h, (struct kheap_counters){
				   .lookups = 1,
				   .rows_visited = 1,
				   .nodes_visited = 1,
				   .nodes_visited_max = 1,
				   .remove_nodes_visited = 1,
				   .pages_live = 3,
				   .pages_peak = 4,
				   .clusters_live = 2,
			   });
	kheap_free(h);
}

/* One entry a lookup inside the window; nothing walked to remove. */
static void test_kheap_counters__pagemap(void **state)
{
	struct kheap *h = new_golden("pagemap", KHEAP_ORDER_TAIL);
	struct kheap_counters expected = {
		.lookups = 2,
		.nodes_visited = 2,
		.nodes_visited_max = 1,
		.pages_live = 1,
		.pages_peak = 4,
		.clusters_live = 1,
	};

	(void)state;
	assert_int_equal(kheap_kfree_counted(h, 0xF0000000), 0);
	assert_int_equal(kheap_kfree_counted(h, 0xF0003000), 0);
	assert_counters(h, expected);
	/* An interior page has an entry to read; a wild address has none. */
	assert_int_equal(kheap_kfree_counted(h, 0xF0001000), KB_E_NOT_LIVE);
	assert_int_equal(kheap_kfree_counted(h, 0xE0000000), KB_E_NOT_LIVE);
	assert_int_equal(kheap_kfree_counted(h, 0xF0002001), KB_E_NOT_LIVE);
	expected.lookups = 5;
	expected.nodes_visited = 3;
	assert_counters(h, expected);
	kheap_free(h);
}

/* The pager's counters are kept by the counted operations, all of them. */
static void test_kheap_counters__pager(void **state)
{
	struct kheap *h = new_golden("rows", KHEAP_ORDER_TAIL);
	const struct pager pager = kheap_pager(h);
	struct pager_counters counters;

	(void)state;
	kheap_touch_counted(h, 0xF0001234);
	kheap_touch_counted(h, 0xF0001234);
	kheap_kfree_counted(h, 0xF0000000);
	pager.ops->counters(pager.ctx, &counters);
	assert_int_equal(counters.maps, 4);
	assert_int_equal(counters.unmaps, 2);
	assert_int_equal(counters.pte_writes, 6);
	assert_int_equal(counters.pde_writes, 1);
	assert_int_equal(counters.page_tables_made, 1);
	assert_int_equal(counters.page_tables_dropped, 0);
	assert_int_equal(counters.frames_live, 3);
	assert_int_equal(counters.frames_peak, 5);
	assert_int_equal(counters.tlb_invalidations, 2);
	assert_int_equal(counters.tlb_misses, 1);
	assert_int_equal(counters.tlb_hits, 1);
	assert_int_equal(counters.map_rollbacks, 0);
	kheap_free(h);
}

/* A failed kmalloc counts no cluster, and its frames are not live. */
static void test_kheap_counters__failed_kmalloc(void **state)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .pager = test_pager_sim(4) });
	const struct pager pager = kheap_pager(h);
	struct pager_counters counters;

	(void)state;
	assert_int_equal(kheap_kmalloc_counted(h, 2 * KVA_PAGE_SIZE),
			 TEST_VA(0));
	assert_int_equal(kheap_kmalloc_counted(h, 2 * KVA_PAGE_SIZE), 0);
	assert_counters(h, (struct kheap_counters){
				   .pages_live = 2,
				   .pages_peak = 2,
				   .clusters_live = 1,
			   });
	pager.ops->counters(pager.ctx, &counters);
	assert_int_equal(counters.maps, 2);
	assert_int_equal(counters.unmaps, 0);
	assert_int_equal(counters.frames_live, 3);
	assert_int_equal(counters.frames_peak, 4);
	assert_int_equal(counters.map_rollbacks, 1);
	kheap_free(h);
}

/* Expect: the plain operations count nothing at all, in any lookup. */
static void test_kheap_counters__plain_counts_nothing(void **state)
{
	const struct lookup_ops *const *lookup;
	const struct kheap_counters zeros = { 0 };
	const struct pager_counters pager_zeros = { 0 };
	struct kheap_counters counters;
	struct pager_counters pager_counters;

	(void)state;
	for (lookup = lookup_list; *lookup; lookup++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.lookup = *lookup,
			.pager = test_pager_sim(20),
		});
		const struct pager pager = kheap_pager(h);
		const kva_t a = kheap_kmalloc(h, 3 * KVA_PAGE_SIZE);
		const kva_t b = kheap_kmalloc(h, 1);

		assert_int_equal(kheap_kmalloc(h, 30 * KVA_PAGE_SIZE), 0);
		assert_int_equal(kheap_kmalloc(h, 99 * KVA_PAGE_SIZE), 0);
		kheap_touch(h, b);
		assert_int_equal(kheap_kfree(h, a), 0);
		assert_int_equal(kheap_kmalloc(h, 1), a);
		assert_int_equal(kheap_kfree(h, a + 1), KB_E_NOT_LIVE);
		assert_int_equal(kheap_kfree(h, b), 0);
		counters = counters_of(h);
		assert_memory_equal(&counters, &zeros, sizeof(zeros));
		pager.ops->counters(pager.ctx, &pager_counters);
		assert_memory_equal(&pager_counters, &pager_zeros,
				    sizeof(pager_zeros));
		kheap_free(h);
	}
}

/* From the top, the fit looks at nothing; a hole is one leaf in a tree of one
 * level. */
static void test_kheap_counters__fit_steps(void **state)
{
	struct kheap *h = new_golden("rows", KHEAP_ORDER_TAIL);

	(void)state;
	assert_int_equal(counters_of(h).fit_steps, 0);
	kheap_kfree_counted(h, 0xF0000000);
	assert_int_equal(counters_of(h).fit_steps, 1);
	/* A child down; then the maximum up, and no child is left. */
	kheap_kmalloc_counted(h, 8192);
	assert_int_equal(counters_of(h).fit_steps, 3);
	kheap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kheap_counters__rows_tail),
		cmocka_unit_test(test_kheap_counters__rows_head),
		cmocka_unit_test(test_kheap_counters__pagemap),
		cmocka_unit_test(test_kheap_counters__pager),
		cmocka_unit_test(test_kheap_counters__failed_kmalloc),
		cmocka_unit_test(test_kheap_counters__plain_counts_nothing),
		cmocka_unit_test(test_kheap_counters__fit_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
