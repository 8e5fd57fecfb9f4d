#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"

#include <stdlib.h>
#include <string.h>

/* Runs a check with each lookup there is. */
static void with_each(void (*check)(const struct lookup_ops *))
{
	const struct lookup_ops *const *lookup;

	for (lookup = lookup_list; *lookup; lookup++)
		check(*lookup);
}

static struct kheap *new_with(const struct lookup_ops *lookup)
{
	return test_heap_new((struct kheap_config){ .lookup = lookup });
}

static void test_lookup__list_and_names(void **state)
{
	const struct lookup_ops *const *a;
	const struct lookup_ops *const *b;

	(void)state;
	assert_string_equal(lookup_list[0]->name, "rows");
	for (a = lookup_list; *a; a++) {
		assert_ptr_equal(lookup_by_name((*a)->name), *a);
		assert_non_null((*a)->help);
		assert_non_null((*a)->find);
		assert_non_null((*a)->find_counted);
		assert_int_equal(!(*a)->init, !(*a)->release);
		assert_int_equal(!(*a)->insert, !(*a)->erase);
		for (b = lookup_list; b < a; b++)
			assert_string_not_equal((*a)->name, (*b)->name);
	}
	assert_null(lookup_by_name("no such"));
	assert_null(lookup_by_name(""));
}

/* Three clusters: |AA B CCC ....|. Any value at all may be asked for. */
static void check_any_address(const struct lookup_ops *lookup)
{
	static const kva_t wild[] = {
		0,
		1,
		TEST_BASE - 1,
		TEST_BASE + 1,
		TEST_BASE - KVA_PAGE_SIZE,
		TEST_BASE + KVA_PAGE_SIZE,	   /* interior of A */
		TEST_BASE + 4 * KVA_PAGE_SIZE,	   /* interior of C */
		TEST_BASE + 3 * KVA_PAGE_SIZE + 8, /* C, not its first byte */
		TEST_BASE + 6 * KVA_PAGE_SIZE,	   /* free */
		TEST_BASE + TEST_PAGES * KVA_PAGE_SIZE,
		TEST_BASE + (TEST_PAGES - 1) * KVA_PAGE_SIZE,
		TEST_BASE / 2,
		0x7FFFFFFF,
		0x80000000,
		0xFFFFF000,
		0xFFFFFFFF,
	};
	struct kheap *h = new_with(lookup);
	size_t i;

	kheap_kmalloc(h, 2 * KVA_PAGE_SIZE);
	kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 3 * KVA_PAGE_SIZE);
	assert_int_equal(kheap_find(h, TEST_VA(0)), 0);
	assert_int_equal(kheap_find(h, TEST_VA(2)), 1);
	assert_int_equal(kheap_find(h, TEST_VA(3)), 2);
	for (i = 0; i < KB_ARRAY_LEN(wild); i++)
		assert_int_equal(kheap_find(h, wild[i]), -1);
	kheap_free(h);
}

static void test_lookup__refuses_any_other_address(void **state)
{
	(void)state;
	with_each(check_any_address);
}

/* Expect: gone once freed, found again under its new index. */
static void check_follows(const struct lookup_ops *lookup)
{
	struct kheap *h = new_with(lookup);
	const kva_t a = kheap_kmalloc(h, 1);
	const kva_t b = kheap_kmalloc(h, 1);

	assert_int_equal(kheap_find(h, a), 0);
	assert_int_equal(kheap_kfree(h, a), 0);
	assert_int_equal(kheap_kfree(h, b), 0);
	assert_int_equal(kheap_find(h, a), -1);
	assert_int_equal(kheap_find(h, b), -1);
	/* The index last freed was b's. */
	assert_int_equal(kheap_kmalloc(h, 1), a);
	assert_int_equal(kheap_find(h, a), 1);
	kheap_free(h);
}

static void test_lookup__follows_the_heap(void **state)
{
	(void)state;
	with_each(check_follows);
}

/* Expect: every page a cluster, every one found, plain and counted alike. */
static void check_full(const struct lookup_ops *lookup)
{
	struct kheap *h = new_with(lookup);
	struct kheap_counters counters;
	uint32_t i;

	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(kheap_kmalloc_counted(h, 1), TEST_VA(i));
	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(kheap_find(h, TEST_VA(i)), i);
	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(lookup->find_counted(h, TEST_VA(i)), i);
	kheap_counters(h, &counters);
	assert_int_equal(counters.lookups, TEST_PAGES);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_lookup__full_heap(void **state)
{
	(void)state;
	with_each(check_full);
}

static void test_lookup__bytes(void **state)
{
	struct kheap *rows = new_with(lookup_by_name("rows"));
	struct kheap *pagemap = new_with(lookup_by_name("pagemap"));

	(void)state;
	assert_int_equal(kheap_lookup_bytes(rows), 0);
	assert_int_equal(kheap_lookup_bytes(pagemap), TEST_PAGES * 4);
	kheap_free(rows);
	kheap_free(pagemap);
}

/* What one counted search for the 40th of 64 clusters of a page costs; absent
 * steps are 0. The tree's shape is libbsd's: it has 6 levels here. */
static void test_lookup__steps_are_exact(void **state)
{
	static const struct {
		const char *lookup;
		unsigned rows, nodes, levels, lines;
	} expected[] = {
		/* A head; 40 nodes of 32 bytes; 40 addresses of 4. */
		{ "rows", 1, 40, 0, 1 + 20 + 3 },
		/* The two words of bits, in a line behind the heads; and rows'. */
		{ "rowmap", 1, 40, 0, 1 + 1 + 20 + 3 },
		{ "scan", 0, 40, 0, 3 },
		{ "pte", 0, 1, 2, 2 },
		{ "pagemap", 0, 1, 0, 1 },
		{ "radix", 0, 1, 1, 1 },
		{ "judy", 0, 0, 0, 0 },
	};
	size_t k;

	(void)state;
	for (k = 0; k < KB_ARRAY_LEN(expected); k++) {
		const struct lookup_ops *lookup =
			lookup_by_name(expected[k].lookup);
		struct kheap *h = new_with(lookup);
		struct kheap_counters c;
		int i;

		for (i = 0; i < TEST_PAGES; i++)
			kheap_kmalloc_counted(h, 1);
		assert_int_equal(lookup->find_counted(h, TEST_VA(39)), 39);
		kheap_counters(h, &c);
		assert_int_equal(c.lookups, 1);
		assert_int_equal(c.rows_visited, expected[k].rows);
		assert_int_equal(c.nodes_visited, expected[k].nodes);
		assert_int_equal(c.levels_walked, expected[k].levels);
		assert_int_equal(c.lines_touched, expected[k].lines);
		assert_int_equal(c.lines_touched_max, expected[k].lines);
		assert_true(c.lookup_bytes_peak >= kheap_lookup_bytes(h));
		kheap_free(h);
	}
}

/* Expect: a lookup counts steps of the kinds that it says, and no others. */
static void check_kinds(const struct lookup_ops *lookup)
{
	struct kheap *h = new_with(lookup);
	struct kheap_counters c;
	int i;

	for (i = 0; i < TEST_PAGES; i++)
		kheap_kmalloc_counted(h, 1);
	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(kheap_kfree_counted(h, TEST_VA(i)), 0);
	kheap_counters(h, &c);
	assert_int_equal(c.lookups, TEST_PAGES);
	assert_true(c.rows_visited == 0 || lookup->steps & LOOKUP_ROWS);
	assert_int_equal(c.nodes_visited != 0,
			 (lookup->steps & LOOKUP_NODES) != 0);
	assert_int_equal(c.levels_walked != 0,
			 (lookup->steps & LOOKUP_LEVELS) != 0);
	assert_int_equal(c.lines_touched != 0,
			 (lookup->steps & LOOKUP_LINES) != 0);
	assert_true(c.nodes_visited_max <= TEST_PAGES);
	kheap_free(h);
}

static void test_lookup__counts_what_it_says(void **state)
{
	(void)state;
	with_each(check_kinds);
}

/* A cluster that leaves the index behind the heap's back. Expect: the heap's own
 * check misses it; and is content again once it is back. */
static void check_lost(const struct lookup_ops *lookup)
{
	struct kheap *h = new_with(lookup);

	kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 2 * KVA_PAGE_SIZE);
	kheap_kmalloc(h, 1);
	assert_true(kheap_is_valid(h));
	/* The lists are the heap's, so these two have nothing to lose. */
	if (lookup->erase && !lookup->walks_to_remove) {
		for (int index = 0; index < 3; index++) {
			lookup->erase(h, index);
			assert_false(kheap_is_valid(h));
			assert_int_equal(lookup->insert(h, index), 0);
		}
	}
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_lookup__a_lost_cluster_is_seen(void **state)
{
	(void)state;
	with_each(check_lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup__list_and_names),
		cmocka_unit_test(test_lookup__refuses_any_other_address),
		cmocka_unit_test(test_lookup__follows_the_heap),
		cmocka_unit_test(test_lookup__full_heap),
		cmocka_unit_test(test_lookup__bytes),
		cmocka_unit_test(test_lookup__steps_are_exact),
		cmocka_unit_test(test_lookup__counts_what_it_says),
		cmocka_unit_test(test_lookup__a_lost_cluster_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
