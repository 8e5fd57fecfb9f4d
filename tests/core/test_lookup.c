#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kheap_internal.h"

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
 * steps are 0. The tree's shape is libbsd's: here it is on the third level. */
static void test_lookup__steps_are_exact(void **state)
{
	static const struct {
		const char *lookup;
		unsigned rows, nodes, levels, lines;
	} expected[] = {
		/* A head; 40 nodes of 32 bytes; 40 addresses of 4. */
		{ "rows", 1, 40, 0, 1 + 20 + 3 },
		/* The two words of bits, in a line after the heads; and
		 * rows'. */
		{ "rowmap", 1, 40, 0, 1 + 1 + 20 + 3 },
		{ "scan", 0, 40, 0, 3 },
		{ "pte", 0, 1, 2, 2 },
		{ "pagemap", 0, 1, 0, 1 },
		{ "radix", 0, 1, 1, 1 },
		{ "rbtree", 0, 3, 3, 3 },
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

static void test_lookup__a_lost_cluster_is_detected(void **state)
{
	(void)state;
	with_each(check_lost);
}

/* A window that takes three levels of a radix tree, three page tables and two
 * words of a bitmap's second level, and begins inside a page table. */
#define WIDE_PAGES 9000
#define WIDE_BASE  UINT32_C(0xF0300000)

/* Each page's first byte and its second. Expect: a hit where a cluster starts,
 * by its index, and no other. Where a miss walks all rows, few are tried. */
static void check_all_pages(const struct kheap *h)
{
	const struct lookup_ops *lookup = kheap_lookup_ops(h);
	int *expected = malloc(WIDE_PAGES * sizeof(*expected));
	uint32_t i;

	assert_non_null(expected);
	for (i = 0; i < WIDE_PAGES; i++)
		expected[i] = -1;
	for (i = 0; i < WIDE_PAGES; i++)
		if (h->cluster_va[i] != 0)
			expected[kheap_page_of(h, (int)i)] = (int)i;
	for (i = 0; i < WIDE_PAGES; i++) {
		const kva_t va = WIDE_BASE + i * KVA_PAGE_SIZE;

		if (lookup->walks_to_remove && i % 500 != 0)
			continue;
		assert_int_equal(lookup->find(h, va), expected[i]);
		assert_int_equal(lookup->find(h, va + 1), -1);
	}
	free(expected);
}

static void check_wide(const struct lookup_ops *lookup)
{
	struct kb_rng rng = kb_rng_init(3);
	struct kheap *h = test_heap_new((struct kheap_config){
		.base = WIDE_BASE, .pages = WIDE_PAGES, .lookup = lookup });
	const size_t empty = kheap_lookup_bytes(h);
	uint32_t live = 0;
	uint32_t i;

	for (i = 0; i < 1500; i++) {
		const uint32_t size =
			(uint32_t)kb_rng_below(&rng, 9 * KVA_PAGE_SIZE);

		live += kheap_kmalloc(h, size) != 0;
	}
	assert_true(kheap_is_valid(h));
	check_all_pages(h);
	/* Counts that are not so. Two keep none. */
	if (lookup->is_valid && !lookup->walks_to_remove) {
		assert_true(lookup->is_valid(h, live));
		assert_false(lookup->is_valid(h, live + 1));
		if (strcmp(lookup->name, "judy") != 0)
			assert_false(lookup->is_valid(h, live - 1));
	}
	for (i = 0; i < WIDE_PAGES; i++) {
		const kva_t va = h->cluster_va[i];

		if (va != 0 && i % 7 != 0)
			assert_int_equal(kheap_kfree(h, va), 0);
	}
	assert_true(kheap_is_valid(h));
	check_all_pages(h);
	for (i = 0; i < WIDE_PAGES; i++)
		kheap_kfree(h, h->cluster_va[i]);
	assert_true(kheap_is_valid(h));
	assert_int_equal(kheap_free_pages(h), WIDE_PAGES);
	/* What shrinks is as it was; a table of words and a slot stay. */
	if (strcmp(lookup->name, "hash") == 0 ||
	    strcmp(lookup->name, "radix") == 0)
		assert_int_equal(kheap_lookup_bytes(h), empty);
	kheap_free(h);
}

static void test_lookup__wide_window(void **state)
{
	(void)state;
	with_each(check_wide);
}

/* Bytes of the index with 0, 1, 17, 49, 65 and 100 clusters of a page, and then
 * with 20, 16 and 3 of them. */
static void test_lookup__bytes_follow_the_clusters(void **state)
{
	enum { STEPS = 9 };
	static const unsigned clusters[STEPS] = { 0,   1,  17, 49, 65,
						  100, 20, 16, 3 };
	const size_t node = sizeof(uintptr_t) * 65;
	const size_t links = (size_t)WIDE_PAGES * 8;
	const size_t slots = 1024 * sizeof(void *);
	const size_t areas = WIDE_PAGES * 5 * sizeof(void *);
	const struct {
		const char *lookup;
		size_t bytes[STEPS];
	} expected[] = {
		/* Grows beyond a cluster a bucket, shrinks below a quarter. */
		{ "hash",
		  { links + 64, links + 64, links + 128, links + 256,
		    links + 512, links + 512, links + 256, links + 256,
		    links + 64 } },
		/* Grows beyond three quarters, never shrinks. */
		{ "robinhood",
		  { 512, 512, 512, 1024, 1024, 2048, 2048, 2048, 2048 } },
		{ "sorted",
		  { 0, 512, 512, 512, 1024, 1024, 1024, 1024, 1024 } },
		/* Root, node and leaf; another leaf from the 65th on. */
		{ "radix",
		  { 0, 3 * node, 3 * node, 3 * node, 4 * node, 4 * node,
		    3 * node, 3 * node, 3 * node } },
		{ "pte",
		  { slots, slots + 4096, slots + 4096, slots + 4096,
		    slots + 4096, slots + 4096, slots + 4096, slots + 4096,
		    slots + 4096 } },
		/* Bits for 9000 rows, and for the 141 words of those. */
		{ "rowmap",
		  { 1152, 1152, 1152, 1152, 1152, 1152, 1152, 1152, 1152 } },
		{ "rbtree",
		  { areas, areas, areas, areas, areas, areas, areas, areas,
		    areas } },
	};
	size_t k;

	(void)state;
	for (k = 0; k < KB_ARRAY_LEN(expected); k++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.base = WIDE_BASE,
			.pages = WIDE_PAGES,
			.lookup = lookup_by_name(expected[k].lookup) });
		unsigned live = 0;
		size_t i;

		for (i = 0; i < STEPS; i++) {
			for (; live < clusters[i]; live++)
				kheap_kmalloc(h, 1);
			for (; live > clusters[i]; live--)
				kheap_kfree(h, WIDE_BASE + (live - 1) * 4096);
			assert_int_equal(kheap_lookup_bytes(h),
					 expected[k].bytes[i]);
		}
		assert_true(kheap_is_valid(h));
		kheap_free(h);
	}
}

/* What one counted search costs. */
struct cost {
	unsigned rows, nodes, levels, lines;
};

static void check_cost(struct kheap *h, kva_t va, int idx, struct cost expected)
{
	struct kheap_counters before, after;

	kheap_counters(h, &before);
	assert_int_equal(kheap_lookup_ops(h)->find_counted(h, va), idx);
	kheap_counters(h, &after);
	assert_int_equal(after.lookups - before.lookups, 1);
	assert_int_equal(after.rows_visited - before.rows_visited,
			 expected.rows);
	assert_int_equal(after.nodes_visited - before.nodes_visited,
			 expected.nodes);
	assert_int_equal(after.levels_walked - before.levels_walked,
			 expected.levels);
	assert_int_equal(after.lines_touched - before.lines_touched,
			 expected.lines);
}

/* What the test below expects: of each lookup what finding a, b and c costs, an
 * address inside of b, and the window's last page. */
static const struct {
	const char *lookup;
	struct cost a, b, c, in_b, end;
} wide_costs[] = {
	/* Four heads a line, two nodes, sixteen addresses. */
	{ "rows",
	  { 1, 1, 0, 1 + 1 + 1 },
	  { 4200, 3, 0, 1050 + 2 + 1 },
	  { 1, 2, 0, 1 + 2 + 1 },
	  { 9000, 3, 0, 2250 + 2 + 1 },
	  { 9000, 3, 0, 2250 + 2 + 1 } },
	/* The words' line and the line of the words of words, the
	 * head's; then another word's and another head's. */
	{ "rowmap",
	  { 1, 1, 0, 3 + 1 + 1 },
	  { 2, 3, 0, 5 + 2 + 1 },
	  { 1, 2, 0, 3 + 2 + 1 },
	  { 2, 3, 0, 5 + 2 + 1 },
	  { 2, 3, 0, 5 + 2 + 1 } },
	{ "scan",
	  { 0, 1, 0, 1 },
	  { 0, 2, 0, 1 },
	  { 0, 3, 0, 1 },
	  { 0, 3, 0, 1 },
	  { 0, 3, 0, 1 } },
	/* Three entries, the middle one first. */
	{ "sorted",
	  { 0, 2, 0, 1 },
	  { 0, 2, 0, 1 },
	  { 0, 2, 0, 1 },
	  { 0, 2, 0, 1 },
	  { 0, 2, 0, 1 } },
	{ "radix",
	  { 0, 3, 3, 3 },
	  { 0, 3, 3, 3 },
	  { 0, 3, 3, 3 },
	  /* 2000 is below the root's first slot, in no leaf; 8999 is
	   * below its third. */
	  { 0, 2, 2, 2 },
	  { 0, 1, 1, 1 } },
	/* A table of words for each of the first three page tables;
	 * none for the one in between. */
	{ "pte",
	  { 0, 1, 2, 2 },
	  { 0, 1, 2, 2 },
	  { 0, 1, 2, 2 },
	  { 0, 0, 1, 1 },
	  { 0, 0, 1, 1 } },
	{ "pagemap",
	  { 0, 1, 0, 1 },
	  { 0, 1, 0, 1 },
	  { 0, 1, 0, 1 },
	  { 0, 1, 0, 1 },
	  { 0, 1, 0, 1 } },
};

/* |A|BBB…|C|: clusters of 1, 4200 and 1 pages, indexes 0, 1 and 2. A search for
 * each, for a page of B, for a free page, and for an address in between. */
static void test_lookup__costs_in_a_wide_window(void **state)
{
	static const kva_t a = WIDE_BASE;
	static const kva_t b = WIDE_BASE + 4096;
	static const kva_t c = WIDE_BASE + 4201 * 4096;
	static const kva_t end = WIDE_BASE + 8999 * UINT32_C(4096);
	size_t k;

	(void)state;
	for (k = 0; k < KB_ARRAY_LEN(wide_costs); k++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.base = WIDE_BASE,
			.pages = WIDE_PAGES,
			.lookup = lookup_by_name(wide_costs[k].lookup) });

		kheap_kmalloc(h, 1);
		kheap_kmalloc(h, 4200 * 4096);
		kheap_kmalloc(h, 1);
		check_cost(h, a, 0, wide_costs[k].a);
		check_cost(h, b, 1, wide_costs[k].b);
		check_cost(h, c, 2, wide_costs[k].c);
		check_cost(h, b + 2000 * 4096, -1, wide_costs[k].in_b);
		check_cost(h, end, -1, wide_costs[k].end);
		kheap_free(h);
	}
}

/* The sums and the greatest of the costs of 120 searches: for the first page of
 * each of 60 places of 89 pages, and for the 35th. */
struct costs {
	unsigned nodes, lines, nodes_max, lines_max;
};

static void check_costs(struct kheap *h, struct costs expected)
{
	struct costs costs = { 0, 0, 0, 0 };
	struct kheap_counters before, after;
	uint32_t i;

	for (i = 0; i < 120; i++) {
		const uint32_t page = i / 2 * 89 + i % 2 * 34;
		unsigned nodes, lines;

		kheap_counters(h, &before);
		kheap_lookup_ops(h)->find_counted(h, WIDE_BASE + page * 4096);
		kheap_counters(h, &after);
		nodes = (unsigned)(after.nodes_visited - before.nodes_visited);
		lines = (unsigned)(after.lines_touched - before.lines_touched);
		costs.nodes += nodes;
		costs.lines += lines;
		costs.nodes_max = (unsigned)kb_max(costs.nodes_max, nodes);
		costs.lines_max = (unsigned)kb_max(costs.lines_max, lines);
	}
	assert_int_equal(costs.nodes, expected.nodes);
	assert_int_equal(costs.lines, expected.lines);
	assert_int_equal(costs.nodes_max, expected.nodes_max);
	assert_int_equal(costs.lines_max, expected.lines_max);
}

/* 48 or 60 of the places hold clusters; then every third of these goes. 89 is a
 * Fibonacci number, so that their hashes are close to each other. The figures
 * are those of a model in another language. */
static void test_lookup__costs_where_hashes_meet(void **state)
{
	static const struct {
		const char *lookup;
		unsigned clusters;
		struct costs full, thinned;
	} expected[] = {
		{ "robinhood", 48, { 2608, 438, 34, 5 }, { 1367, 282, 18, 3 } },
		{ "robinhood", 60, { 1551, 299, 23, 4 }, { 263, 139, 3, 2 } },
		{ "hash", 48, { 242, 236, 4, 3 }, { 178, 232, 3, 3 } },
		{ "hash", 60, { 303, 263, 4, 3 }, { 222, 260, 3, 3 } },
		{ "sorted", 48, { 667, 336, 6, 3 }, { 605, 267, 6, 3 } },
		{ "sorted", 60, { 715, 373, 6, 4 }, { 653, 300, 6, 3 } },
	};
	size_t k;

	(void)state;
	for (k = 0; k < KB_ARRAY_LEN(expected); k++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.base = WIDE_BASE,
			.pages = WIDE_PAGES,
			.lookup = lookup_by_name(expected[k].lookup) });
		uint32_t i;

		for (i = 0; i < expected[k].clusters; i++)
			kheap_kmalloc(h, 89 * 4096);
		check_costs(h, expected[k].full);
		for (i = 0; i < expected[k].clusters; i += 3)
			assert_int_equal(
				kheap_kfree(h, WIDE_BASE + i * 89 * 4096), 0);
		check_costs(h, expected[k].thinned);
		assert_true(kheap_is_valid(h));
		kheap_free(h);
	}
}

/* Two clusters at home in one slot of a table of 64. Expect: the one that came
 * first is there, the other one after it. */
static void test_lookup__robinhood_ties_keep_order(void **state)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .base = WIDE_BASE,
				       .pages = WIDE_PAGES,
				       .lookup = lookup_by_name("robinhood") });
	const uint32_t home = lookup_place_of(WIDE_BASE, 6);
	uint32_t page = 1;
	kva_t va;

	(void)state;
	while (lookup_place_of(WIDE_BASE + page * KVA_PAGE_SIZE, 6) != home)
		page++;
	kheap_kmalloc(h, page * KVA_PAGE_SIZE);
	va = kheap_kmalloc(h, 1);
	assert_int_equal(va, WIDE_BASE + page * KVA_PAGE_SIZE);
	check_cost(h, WIDE_BASE, 0, (struct cost){ 0, 1, 0, 1 });
	/* Eight slots a line. */
	check_cost(h, va, 1, (struct cost){ 0, 2, 0, 1 + (home % 8 == 7) });
	kheap_free(h);
}

/* Expect: a full table that has more slots than twice the window's pages still
 * has its lines. */
static void test_lookup__robinhood_full(void **state)
{
	enum { PAGES = 2000 };
	struct kheap *h = test_heap_new((struct kheap_config){
		.pages = PAGES, .lookup = lookup_by_name("robinhood") });
	uint32_t i;

	(void)state;
	for (i = 0; i < PAGES; i++)
		assert_int_equal(kheap_kmalloc_counted(h, 1), TEST_VA(i));
	for (i = 0; i < PAGES; i++)
		assert_int_equal(
			kheap_lookup_ops(h)->find_counted(h, TEST_VA(i)),
			(int)i);
	kheap_free(h);
}

/* A miss goes by one head, its node and address, and by the words: those of 128
 * rows and the word of words share a line; those of 4608 fill more, with a second
 * word of words in the line of the first. */
static void test_lookup__rowmap_lines_of_words(void **state)
{
	static const struct {
		uint32_t pages;
		unsigned lines;
	} expected[] = { { 128, 3 + 1 }, { 4608, 3 + 2 } };
	size_t k;

	(void)state;
	for (k = 0; k < KB_ARRAY_LEN(expected); k++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.pages = expected[k].pages,
			.lookup = lookup_by_name("rowmap") });

		kheap_kmalloc(h, 1);
		check_cost(h, TEST_VA(1), -1,
			   (struct cost){ 1, 1, 0, expected[k].lines });
		kheap_free(h);
	}
}

/* What was in memory before means nothing to a lookup without a layout. */
static void test_lookup__lines_of_none(void **state)
{
	const struct lookup_ops *judy = lookup_by_name("judy");
	struct lookup_lines lines;

	(void)state;
	memset(&lines, 0xa5, sizeof(lines));
	assert_int_equal(lookup_lines_init(&lines, judy, TEST_PAGES), 0);
	assert_null(lines.stamps);
	assert_int_equal(lines.lookup, 0);
	lookup_lines_release(&lines);
}

/* All indexes from the first to the window's last have been handed out. Expect:
 * a scan begins at the first one as before, and at 0 once they go round. */
static void test_lookup__scan_begins_at_the_first_index(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.lookup = lookup_by_name("scan"), .first_index = 5 });
	int i;

	(void)state;
	for (i = 5; i < TEST_PAGES; i++)
		kheap_kmalloc(h, 1);
	check_cost(h, TEST_VA(0), 5, (struct cost){ 0, 1, 0, 1 });
	check_cost(h, TEST_VA(58), 63, (struct cost){ 0, 59, 0, 4 });
	kheap_kmalloc(h, 1);
	check_cost(h, TEST_VA(59), 0, (struct cost){ 0, 1, 0, 1 });
	check_cost(h, TEST_VA(58), 63, (struct cost){ 0, 64, 0, 4 });
	kheap_free(h);
}

/* Rows that a bitmap should know of: each one in turn gets a node without its
 * knowledge, and the one that has one loses it. */
static void test_lookup__rowmap_sees_each_row(void **state)
{
	const struct lookup_ops *rowmap = lookup_by_name("rowmap");
	struct kheap *h = test_heap_new((struct kheap_config){
		.base = WIDE_BASE, .pages = WIDE_PAGES, .lookup = rowmap });
	struct KheapCluster other = { .cluster_index = 5 };
	struct KheapCluster *node;
	uint32_t row;

	(void)state;
	kheap_kmalloc(h, 1);
	for (row = 1; row < WIDE_PAGES; row++) {
		TAILQ_INSERT_TAIL(&h->free_clusters[row], &other,
				  prev_next_info);
		if (row < 130 || row % 97 == 0 || row == WIDE_PAGES - 1)
			assert_false(rowmap->is_valid(h, 1));
		TAILQ_REMOVE(&h->free_clusters[row], &other, prev_next_info);
	}
	assert_true(rowmap->is_valid(h, 1));
	node = h->cluster_node[0];
	TAILQ_REMOVE(&h->free_clusters[0], node, prev_next_info);
	assert_false(rowmap->is_valid(h, 1));
	TAILQ_INSERT_TAIL(&h->free_clusters[0], node, prev_next_info);
	kheap_free(h);
}

/* Two clusters at one address. Expect: an order by address will not have it. */
static void test_lookup__sorted_detects_a_duplicate(void **state)
{
	const struct lookup_ops *sorted = lookup_by_name("sorted");
	struct kheap *h = new_with(sorted);

	(void)state;
	kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 1);
	assert_true(sorted->is_valid(h, 2));
	h->cluster_va[2] = h->cluster_va[0];
	assert_int_equal(sorted->insert(h, 2), 0);
	assert_false(sorted->is_valid(h, 3));
	h->cluster_va[2] = 0;
	kheap_free(h);
}

/* The same in a tree: a node gets another's address, and with that it is not
 * linked in a second time. */
static void test_lookup__rbtree_detects_a_duplicate(void **state)
{
	const struct lookup_ops *rbtree = lookup_by_name("rbtree");
	struct kheap *h = new_with(rbtree);

	(void)state;
	kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 1);
	h->cluster_va[0] = TEST_VA(1);
	assert_int_equal(rbtree->insert(h, 0), 0);
	assert_false(rbtree->is_valid(h, 2));
	h->cluster_va[0] = TEST_VA(0);
	assert_int_equal(rbtree->insert(h, 0), 0);
	assert_true(rbtree->is_valid(h, 2));
	kheap_free(h);
}

/* A cluster that is entered again, at another address. Expect: its link is found
 * in the bucket where it no longer belongs. */
static void test_lookup__hash_detects_a_misplaced_link(void **state)
{
	const struct lookup_ops *hash = lookup_by_name("hash");
	struct kheap *h = new_with(hash);

	(void)state;
	kheap_kmalloc(h, 1);
	assert_true(hash->is_valid(h, 1));
	h->cluster_va[0] = TEST_VA(9);
	assert_int_equal(hash->insert(h, 0), 0);
	assert_false(hash->is_valid(h, 2));
	h->cluster_va[0] = TEST_VA(0);
	kheap_free(h);
}

/* A page that is entered twice. Expect: its leaf says that it holds more than it
 * does. */
static void test_lookup__radix_detects_a_duplicate(void **state)
{
	const struct lookup_ops *radix = lookup_by_name("radix");
	struct kheap *h = new_with(radix);

	(void)state;
	kheap_kmalloc(h, 1);
	assert_true(radix->is_valid(h, 1));
	assert_int_equal(radix->insert(h, 0), 0);
	assert_false(radix->is_valid(h, 1));
	assert_false(radix->is_valid(h, 2));
	kheap_free(h);
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
		cmocka_unit_test(test_lookup__a_lost_cluster_is_detected),
		cmocka_unit_test(test_lookup__wide_window),
		cmocka_unit_test(test_lookup__bytes_follow_the_clusters),
		cmocka_unit_test(test_lookup__costs_in_a_wide_window),
		cmocka_unit_test(test_lookup__costs_where_hashes_meet),
		cmocka_unit_test(test_lookup__robinhood_ties_keep_order),
		cmocka_unit_test(test_lookup__robinhood_full),
		cmocka_unit_test(test_lookup__rowmap_lines_of_words),
		cmocka_unit_test(test_lookup__lines_of_none),
		cmocka_unit_test(test_lookup__scan_begins_at_the_first_index),
		cmocka_unit_test(test_lookup__rowmap_sees_each_row),
		cmocka_unit_test(test_lookup__sorted_detects_a_duplicate),
		cmocka_unit_test(test_lookup__rbtree_detects_a_duplicate),
		cmocka_unit_test(test_lookup__hash_detects_a_misplaced_link),
		cmocka_unit_test(test_lookup__radix_detects_a_duplicate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
