#include "heap_support.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kheap_internal.h"

#include <string.h>

/* Runs a check with each lookup there is. */
static void with_each(void (*check)(const struct lookup_ops *))
{
	const struct lookup_ops *const *lookup;

	for (lookup = lookup_list; *lookup; lookup++)
		check(*lookup);
}

/* The seed's example: three clusters, the first index being 5. */
static struct kheap *new_golden(const struct lookup_ops *lookup,
				enum kheap_order order, struct pager pager)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.first_index = 5,
		.order = order,
		.lookup = lookup,
		.pager = pager,
	});

	assert_int_equal(kheap_kmalloc(h, 8192), 0xF0000000);
	assert_int_equal(kheap_kmalloc(h, 4096), 0xF0002000);
	assert_int_equal(kheap_kmalloc(h, 4096), 0xF0003000);
	return h;
}

/*
 * kmalloc(8192), kmalloc(4096), kmalloc(4096):
 *
 *   window   |55 6 7 ....|
 *   Row 0 → [6] ↔ [7]
 *   Row 1 → [5]
 *   Row 2
 *
 * Expect: as drawn; sizes 8192, 4096, 4096; addresses F0000000, F0002000,
 * F0003000; all other rows and entries empty.
 */
static void check_golden(const struct lookup_ops *lookup)
{
	struct kheap *h =
		new_golden(lookup, KHEAP_ORDER_TAIL, test_pager_sim(0));
	int i;

	assert_row(h, 0, 2, 6, 7);
	assert_row(h, 1, 1, 5);
	for (i = 2; i < TEST_PAGES; i++)
		assert_row(h, (uint32_t)i, 0);
	assert_cluster(h, 5, 8192, 0xF0000000);
	assert_cluster(h, 6, 4096, 0xF0002000);
	assert_cluster(h, 7, 4096, 0xF0003000);
	for (i = 0; i < TEST_PAGES; i++)
		if (i < 5 || i > 7)
			assert_cluster(h, i, 0, 0);
	assert_int_equal(kheap_free_pages(h), TEST_PAGES - 4);
	assert_int_equal(kheap_longest_free_run(h), TEST_PAGES - 4);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_kheap__golden(void **state)
{
	(void)state;
	with_each(check_golden);
}

/*
 * kfree(F0000000) of the golden example:
 *
 *   window   |.. 6 7 ....|
 *   Row 0 → [6] ↔ [7]
 *   Row 1
 *
 * Expect: one unmap, of 2 pages from F0000000; entry 5 cleared, the others as
 * they were; and the same address, under the same index, for the next 8192.
 */
static void check_golden_kfree(const struct lookup_ops *lookup)
{
	struct spy_pager spy;
	struct kheap *h =
		new_golden(lookup, KHEAP_ORDER_TAIL, test_pager_spy(&spy));

	assert_int_equal(spy.maps, 3);
	assert_int_equal(kheap_kfree(h, 0xF0000000), 0);
	assert_int_equal(spy.maps, 3);
	assert_int_equal(spy.unmaps, 1);
	assert_int_equal(spy.last_va, 0xF0000000);
	assert_int_equal(spy.last_pages, 2);
	assert_row(h, 0, 2, 6, 7);
	assert_row(h, 1, 0);
	assert_cluster(h, 5, 0, 0);
	assert_cluster(h, 6, 4096, 0xF0002000);
	assert_cluster(h, 7, 4096, 0xF0003000);
	assert_int_equal(kheap_find(h, 0xF0000000), -1);
	assert_int_equal(kheap_free_pages(h), TEST_PAGES - 2);
	assert_int_equal(kheap_longest_free_run(h), TEST_PAGES - 4);
	assert_true(kheap_is_valid(h));

	assert_int_equal(kheap_kmalloc(h, 8192), 0xF0000000);
	assert_row(h, 1, 1, 5);
	assert_int_equal(spy.last_pages, 2);
	kheap_free(h);
	assert_int_equal(spy.frees, 1);
}

static void test_kheap__golden_kfree(void **state)
{
	(void)state;
	with_each(check_golden_kfree);
}

/*
 * The seed's usage, step by step: find, read the size, take the node out of
 * its row, free it.
 */
static void check_seed_steps(const struct lookup_ops *lookup)
{
	struct kheap *h = new_golden(lookup, KHEAP_ORDER_TAIL, pager_none());
	const int idx = kheap_find(h, 0xF0000000);
	struct KheapCluster *node;
	uint32_t size;

	assert_int_equal(idx, 5);
	size = kheap_cluster_size(h, idx);
	assert_int_equal(size, 8192);
	assert_int_equal(size / KVA_PAGE_SIZE, 2);

	assert_null(kheap_remove_cluster(h, 0, 5));
	assert_null(kheap_remove_cluster(h, 2, 5));
	assert_null(kheap_remove_cluster(h, 1, 4));
	assert_null(kheap_remove_cluster(h, 1, -1));
	assert_null(kheap_remove_cluster(h, 1, TEST_PAGES));
	assert_null(kheap_remove_cluster(h, TEST_PAGES, 5));
	assert_true(kheap_is_valid(h));

	node = kheap_remove_cluster(h, 1, 5);
	assert_non_null(node);
	assert_int_equal(node->cluster_index, 5);
	assert_row(h, 1, 0);
	/* The node has gone, the arrays have not. */
	assert_cluster(h, 5, 8192, 0xF0000000);
	assert_null(kheap_remove_cluster(h, 1, 5));
	kheap_free_node(h, node);
	kheap_free(h);
}

static void test_kheap__seed_steps(void **state)
{
	(void)state;
	with_each(check_seed_steps);
}

/* Expect: add stores size and address and appends, remove undoes the latter. */
static void test_kheap__add_and_remove_directly(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });
	struct KheapCluster *node;

	(void)state;
	assert_int_equal(kheap_add_cluster(h, 1, 9, 8192, TEST_VA(0)), 0);
	assert_int_equal(kheap_add_cluster(h, 1, 3, 8192, TEST_VA(2)), 0);
	assert_int_equal(kheap_add_cluster(h, 1, 4, 8192, TEST_VA(8)), 0);
	assert_row(h, 1, 3, 9, 3, 4);
	assert_cluster(h, 3, 8192, TEST_VA(2));
	assert_int_equal(kheap_find(h, TEST_VA(2)), 3);

	/* From the middle of its row. */
	node = kheap_remove_cluster(h, 1, 3);
	assert_int_equal(node->cluster_index, 3);
	kheap_free_node(h, node);
	assert_row(h, 1, 2, 9, 4);
	kheap_free(h);
}

/* Expect: no node where there is no such row, index or cluster, and index 0 as
 * any other. */
static void test_kheap__remove_checks_its_argument(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });

	(void)state;
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(0));
	assert_null(kheap_remove_cluster(h, TEST_PAGES, 0));
	assert_null(kheap_remove_cluster(h, 1, 0));
	assert_null(kheap_remove_cluster(h, 0, 1));
	assert_null(kheap_remove_cluster(h, UINT32_MAX, 1));
	assert_null(kheap_remove_cluster(h, 0, -1));
	assert_null(kheap_remove_cluster(h, 0, TEST_PAGES));
	assert_null(kheap_remove_cluster(h, 0, INT32_MAX));
	assert_row(h, 0, 1, 0);
	kheap_free_node(h, kheap_remove_cluster(h, 0, 0));
	assert_row(h, 0, 0);
	kheap_free(h);
}

/* How far a kfree of index 1 has come, seen from its four steps. */
struct steps {
	const struct kheap *h;
	unsigned done;
};

static void note_step(void *user)
{
	struct steps *steps = user;
	const struct kheap *h = steps->h;
	const struct pager pager = kheap_pager(h);
	uint64_t pa;

	steps->done++;
	assert_int_equal(pager.ops->translate(pager.ctx, TEST_VA(1), &pa),
			 steps->done < 2);
	assert_int_equal(kheap_cluster_va(h, 1),
			 steps->done < 3 ? TEST_VA(1) : 0);
	assert_int_equal(h->cluster_node[1] != NULL, steps->done < 3);
	assert_int_equal(h->freed_index_count, steps->done / 4);
	assert_int_equal(kheap_free_pages(h), TEST_PAGES - 3 + steps->done / 4);
}

static void check_steps(const struct lookup_ops *lookup)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.lookup = lookup, .pager = test_pager_sim(0) });
	struct steps steps = { h, 0 };
	int i;

	for (i = 0; i < 3; i++)
		kheap_kmalloc(h, 1);
	assert_int_equal(kheap_kfree_steps(h, 0, note_step, &steps), 0);
	assert_int_equal(kheap_kfree_steps(h, TEST_VA(9), note_step, &steps),
			 KB_E_NOT_LIVE);
	assert_int_equal(steps.done, 0);
	assert_int_equal(kheap_kfree_steps(h, TEST_VA(1), note_step, &steps),
			 0);
	assert_int_equal(steps.done, 4);
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(1));
	assert_row(h, 0, 3, 0, 2, 1);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_kheap__kfree_in_steps(void **state)
{
	(void)state;
	with_each(check_steps);
}

/* Operations without a search and plain ones by turns, against a heap that has
 * only plain ones. Expect: the same addresses, indexes and refusals. */
static void check_forward(const struct lookup_ops *lookup)
{
	const struct kheap_config config = { .first_index = 3,
					     .lookup = lookup };
	struct kheap *plain = test_heap_new(config);
	struct kheap *mixed = test_heap_new(config);
	struct kb_rng rng = kb_rng_init(9);
	int i;

	for (i = 0; i < 1200; i++) {
		const bool forward = i / 100 % 2;
		const uint32_t size = (uint32_t)kb_rng_below(&rng, 9000);
		const kva_t va = TEST_VA(kb_rng_below(&rng, TEST_PAGES + 2)) +
				 (i % 50 == 0);

		if (forward && i % 100 == 0)
			assert_int_equal(kheap_forward(mixed), 0);
		if (kb_rng_below(&rng, 2))
			assert_int_equal((forward ? kheap_kmalloc_forward
						  : kheap_kmalloc)(mixed, size),
					 kheap_kmalloc(plain, size));
		assert_int_equal((forward ? kheap_kfree_forward
					  : kheap_kfree)(mixed, va),
				 kheap_kfree(plain, va));
		assert_int_equal(kheap_find(mixed, va), -1);
	}
	assert_true(kheap_is_valid(mixed));
	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(kheap_find(mixed, TEST_VA(i)),
				 kheap_find(plain, TEST_VA(i)));
	assert_true(kheap_free_pages(mixed) < TEST_PAGES);
	kheap_free(plain);
	kheap_free(mixed);
}

static void test_kheap__forward_is_the_same(void **state)
{
	(void)state;
	with_each(check_forward);
}

/* A cluster that was there before, with the first index of all. Expect: going
 * forward knows it. */
static void test_kheap__forward_knows_index_0(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });

	(void)state;
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(0));
	assert_cluster(h, 0, KVA_PAGE_SIZE, TEST_VA(0));
	assert_int_equal(kheap_forward(h), 0);
	assert_int_equal(kheap_kfree_forward(h, TEST_VA(0)), 0);
	assert_heap_empty(h);
	kheap_free(h);
}

/* As many pages as fill what malloc hands out, so that something else follows
 * the arrays. Expect: it is never taken for a cluster's. */
static void check_behind(const struct lookup_ops *lookup)
{
	enum { PAGES = 70 };
	struct kheap *h = test_heap_new((struct kheap_config){
		.pages = PAGES, .lookup = lookup, .pager = test_pager_sim(0) });

	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(0));
	assert_true(kheap_is_valid(h));
	assert_int_equal(kheap_cluster_size(h, PAGES), 0);
	assert_int_equal(kheap_cluster_va(h, PAGES), 0);
	assert_int_equal(kheap_forward(h), 0);
	assert_int_equal(kheap_kfree_forward(h, TEST_VA(0)), 0);
	kheap_free(h);
}

static void test_kheap__no_access_past_the_arrays(void **state)
{
	(void)state;
	with_each(check_behind);
}

/*
 * The other order people write: a new node goes to the head.
 *
 *   Row 0 → [7] ↔ [6]
 */
static void test_kheap__head_order(void **state)
{
	struct kheap *h = new_golden(NULL, KHEAP_ORDER_HEAD, pager_none());

	(void)state;
	assert_row(h, 0, 2, 7, 6);
	assert_row(h, 1, 1, 5);
	assert_cluster(h, 6, 4096, 0xF0002000);
	assert_cluster(h, 7, 4096, 0xF0003000);
	kheap_kmalloc(h, 1);
	assert_row(h, 0, 3, 8, 7, 6);
	assert_int_equal(kheap_kfree(h, 0xF0003000), 0);
	assert_row(h, 0, 2, 8, 6);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

/* Sizes round up to whole pages; 0 takes one. */
static void test_kheap__sizes_round_up(void **state)
{
	static const struct {
		uint32_t size;
		uint32_t pages;
	} cases[] = {
		{ 0, 1 },    { 1, 1 },	  { 4095, 1 },	{ 4096, 1 },
		{ 4097, 2 }, { 8192, 2 }, { 12289, 4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < KB_ARRAY_LEN(cases); i++) {
		struct kheap *h = test_heap_new((struct kheap_config){ 0 });

		assert_int_equal(kheap_kmalloc(h, cases[i].size), TEST_BASE);
		assert_row(h, cases[i].pages - 1, 1, 0);
		assert_cluster(h, 0, cases[i].pages * KVA_PAGE_SIZE, TEST_BASE);
		assert_int_equal(kheap_kfree(h, TEST_BASE), 0);
		assert_heap_empty(h);
		kheap_free(h);
	}
}

/* Larger than the window, up to where rounding up could overflow. */
static void check_too_large(const struct lookup_ops *lookup)
{
	static const uint32_t sizes[] = {
		TEST_PAGES * 4096 + 1,
		0x10000000,
		0x7FFFFFFF,
		0x80000000,
		0x80000001,
		0xFFFFF000,
		0xFFFFF001,
		0xFFFFFFFF,
	};
	struct kheap *h = test_heap_new((struct kheap_config){
		.lookup = lookup, .pager = test_pager_sim(0) });
	size_t i;

	for (i = 0; i < KB_ARRAY_LEN(sizes); i++)
		assert_int_equal(kheap_kmalloc(h, sizes[i]), 0);
	assert_heap_empty(h);
	assert_int_equal(kheap_kmalloc(h, TEST_PAGES * 4096), TEST_BASE);
	assert_int_equal(kheap_kmalloc(h, 0), 0);
	assert_row(h, TEST_PAGES - 1, 1, 0);
	assert_int_equal(kheap_longest_free_run(h), 0);
	assert_true(kheap_is_valid(h));
	assert_int_equal(kheap_kfree(h, TEST_BASE), 0);
	assert_heap_empty(h);
	kheap_free(h);
}

static void test_kheap__too_large(void **state)
{
	(void)state;
	with_each(check_too_large);
}

/*
 * Free pages enough, but no run of two:
 *
 *   |0#2#4#…|  every other page freed
 *
 * Expect: 8192 fails and changes nothing; 4096 gets the lowest.
 */
static void test_kheap__exhaustion_by_fragmentation(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });
	uint32_t i;

	(void)state;
	for (i = 0; i < TEST_PAGES; i++)
		assert_int_equal(kheap_kmalloc(h, 4096), TEST_VA(i));
	assert_int_equal(kheap_kmalloc(h, 1), 0);
	for (i = 1; i < TEST_PAGES; i += 2)
		assert_int_equal(kheap_kfree(h, TEST_VA(i)), 0);
	assert_int_equal(kheap_free_pages(h), TEST_PAGES / 2);
	assert_int_equal(kheap_longest_free_run(h), 1);
	assert_int_equal(kheap_kmalloc(h, 8192), 0);
	assert_int_equal(kheap_free_pages(h), TEST_PAGES / 2);
	assert_true(kheap_is_valid(h));
	assert_int_equal(kheap_kmalloc(h, 4096), TEST_VA(1));
	/* The index freed last. */
	assert_int_equal(kheap_find(h, TEST_VA(1)), TEST_PAGES - 1);
	kheap_free(h);
}

/*
 *   |AA B CCC ....|
 *
 * Expect: double, wild, interior and unaligned frees are reported and change
 * nothing; kfree(0) is fine.
 */
static void check_bad_frees(const struct lookup_ops *lookup)
{
	static const kva_t bad[] = {
		TEST_VA(2),	    /* double: B is freed below */
		TEST_VA(1),	    /* interior of A */
		TEST_VA(4),	    /* interior of C */
		TEST_VA(0) + 1,	    /* A's second byte */
		TEST_VA(3) + 4095,  /* C's first page, last byte */
		TEST_VA(6),	    /* never allocated */
		TEST_VA(63),	    /* the window's last page */
		TEST_VA(64),	    /* just beyond */
		TEST_BASE - 0x1000, /* just below */
		1,
		0x1000,
		0xFFFFFFFF,
	};
	struct kheap *h = test_heap_new((struct kheap_config){
		.lookup = lookup, .pager = test_pager_sim(0) });
	size_t i;

	kheap_kmalloc(h, 2 * KVA_PAGE_SIZE);
	kheap_kmalloc(h, 1);
	kheap_kmalloc(h, 3 * KVA_PAGE_SIZE);
	assert_int_equal(kheap_kfree(h, TEST_VA(2)), 0);
	for (i = 0; i < KB_ARRAY_LEN(bad); i++) {
		assert_int_equal(kheap_kfree(h, bad[i]), KB_E_NOT_LIVE);
		assert_int_equal(kheap_kfree_counted(h, bad[i]), KB_E_NOT_LIVE);
	}
	assert_int_equal(kheap_kfree(h, 0), 0);
	assert_int_equal(kheap_kfree_counted(h, 0), 0);
	assert_row(h, 0, 0);
	assert_row(h, 1, 1, 0);
	assert_row(h, 2, 1, 2);
	assert_cluster(h, 0, 2 * KVA_PAGE_SIZE, TEST_VA(0));
	assert_cluster(h, 1, 0, 0);
	assert_cluster(h, 2, 3 * KVA_PAGE_SIZE, TEST_VA(3));
	assert_int_equal(kheap_free_pages(h), TEST_PAGES - 5);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_kheap__bad_frees(void **state)
{
	(void)state;
	with_each(check_bad_frees);
}

/*
 * Four indexes, the first being 2:
 *
 *   take ×4           2 3 0 1
 *   free 3, free 0    then 0 and 3 come back, in that order
 */
static void test_kheap__index_order(void **state)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .pages = 4, .first_index = 2 });

	(void)state;
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(0));
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(1));
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(2));
	assert_row(h, 0, 3, 2, 3, 0);
	assert_int_equal(kheap_kfree(h, TEST_VA(1)), 0);
	assert_int_equal(kheap_kfree(h, TEST_VA(2)), 0);
	assert_row(h, 0, 1, 2);
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(1));
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(2));
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(3));
	assert_row(h, 0, 4, 2, 0, 3, 1);
	assert_int_equal(kheap_kmalloc(h, 1), 0);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

/* Everything freed, the boot step again: indexes start over. */
static void test_kheap__clusters_init_starts_over(void **state)
{
	struct kheap *h = new_golden(NULL, KHEAP_ORDER_TAIL, pager_none());

	(void)state;
	assert_int_equal(kheap_kfree(h, 0xF0002000), 0);
	assert_int_equal(kheap_kfree(h, 0xF0000000), 0);
	assert_int_equal(kheap_kfree(h, 0xF0003000), 0);
	assert_heap_empty(h);
	kheap_clusters_init(h);
	assert_heap_empty(h);
	kheap_kmalloc(h, 1);
	assert_row(h, 0, 1, 5);
	kheap_free(h);
}

static void test_kheap__defaults(void **state)
{
	struct kheap_config config = { 0 };
	struct kheap *h;

	(void)state;
	assert_int_equal(kheap_new(&h, &config, NULL), 0);
	assert_int_equal(kheap_base(h), 0xF0000000);
	assert_int_equal(kheap_pages(h), 32766);
	assert_int_equal(kheap_free_pages(h), 32766);
	assert_string_equal(kheap_pager(h).ops->name, "none");
	assert_int_equal(kheap_cluster_size(h, -1), 0);
	assert_int_equal(kheap_cluster_va(h, 32766), 0);
	assert_int_equal(kheap_cluster_size(h, INT32_MAX), 0);
	assert_int_equal(kheap_cluster_va(h, INT32_MAX), 0);
	assert_int_equal(kheap_cluster_size(h, INT32_MIN), 0);
	assert_int_equal(kheap_cluster_va(h, INT32_MIN), 0);
	assert_int_equal(kheap_kmalloc(h, 1), 0xF0000000);
	assert_row(h, 0, 1, 0);
	/* Without touch in the pager, touching does nothing. */
	kheap_touch(h, 0xF0000000);
	kheap_touch_counted(h, 0xF0000000);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
	kheap_free(NULL);
}

/* Expect: refused, the limit named, the pager released. */
static void check_refused(kva_t base, uint32_t pages, uint32_t first_index,
			  const char *limit)
{
	struct spy_pager spy;
	struct kheap_config config = {
		.base = base,
		.pages = pages,
		.first_index = first_index,
		.pager = test_pager_spy(&spy),
	};
	struct kb_diag diag;
	struct kheap *h = NULL;

	kb_diag_init(&diag);
	assert_int_equal(kheap_new(&h, &config, &diag), KB_E_RANGE);
	assert_null(h);
	assert_int_equal(diag.status, KB_E_RANGE);
	if (!strstr(diag.text, limit))
		fail_msg("\"%s\" does not name %s", diag.text, limit);
	assert_int_equal(spy.frees, 1);
	assert_null(config.pager.ops);
}

static void check_accepted(kva_t base, uint32_t pages, uint32_t first_index)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.base = base,
		.pages = pages,
		.first_index = first_index,
		.lookup = lookup_by_name("pagemap"),
	});
	const uint32_t size = pages * KVA_PAGE_SIZE;

	assert_int_equal(kheap_base(h), base);
	assert_int_equal(kheap_pages(h), pages);
	assert_int_equal(kheap_kmalloc(h, size), base);
	assert_cluster(h, (int)first_index, size, base);
	assert_row(h, pages - 1, 1, (int)first_index);
	assert_true(kheap_is_valid(h));
	assert_int_equal(kheap_kfree(h, base), 0);
	assert_int_equal(kheap_longest_free_run(h), pages);
	kheap_free(h);
}

static void test_kheap__geometry_limits(void **state)
{
	(void)state;
	check_accepted(0xF0000000, 65535, 65534);
	check_refused(0xF0000000, 65536, 0, "at most 65535");
	check_accepted(0x10000000, KHEAP_PAGES_MAX, 0);
	check_accepted(0x7FFFF000, KHEAP_PAGES_MAX, 0);
	check_refused(0x80000000, KHEAP_PAGES_MAX, 0, "at most 524287");
	check_refused(0x10000000, KHEAP_PAGES_MAX + 1, 0, "at most 524288");
	check_refused(0x10000000, UINT32_MAX, 0, "at most 524288");
	check_accepted(0xFFFFE000, 1, 0);
	check_refused(0xFFFFE000, 2, 0, "at most 1 ");
	check_refused(0xFFFFF000, 1, 0, "at most 0 ");
	check_refused(0xF0000800, 10, 0, "page size, 4096");
	check_refused(1, 10, 0, "page size, 4096");
	check_accepted(0x00001000, 1, 0);
	check_refused(0xF0000000, 10, 10, "number of heap pages, 10");
}

/* A cluster of 2^31 bytes: the largest size there is. */
static void test_kheap__largest_cluster(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.base = 0x40000000,
		.pages = KHEAP_PAGES_MAX,
	});

	(void)state;
	assert_int_equal(kheap_kmalloc(h, UINT32_C(0x80000001)), 0);
	assert_int_equal(kheap_kmalloc(h, UINT32_C(0x80000000)), 0x40000000);
	assert_cluster(h, 0, UINT32_C(0x80000000), 0x40000000);
	assert_int_equal(kheap_kfree(h, 0x40000000), 0);
	kheap_free(h);
}

/*
 * The payload of each page, written through the heap's pager.
 *
 * Expect: it is there as long as the cluster lives.
 */
static void test_kheap__payload_through_the_pager(void **state)
{
	struct kheap *h = new_golden(NULL, KHEAP_ORDER_TAIL, test_pager_sim(0));
	const struct pager pager = kheap_pager(h);
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		*pager.ops->payload(pager.ctx, TEST_VA(i)) = 100 + i;
	assert_int_equal(kheap_kfree(h, TEST_VA(2)), 0);
	for (i = 0; i < 4; i++)
		if (i != 2)
			assert_int_equal(
				*pager.ops->payload(pager.ctx, TEST_VA(i)),
				100 + i);
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(2)));
	kheap_free(h);
}

/* Expect: a page of the window costs five array entries; besides there are the
 * runs, the lookup's index, and a node for each cluster or for each page. */
static void test_kheap__record_bytes(void **state)
{
	const size_t a_page =
		3 * sizeof(uint32_t) + sizeof(void *) + 2 * sizeof(void *);
	const size_t node = sizeof(struct KheapCluster);
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .lookup = lookup_by_name("pagemap") });
	const size_t rest = runs_bytes(&h->runs) + TEST_PAGES * 4;

	(void)state;
	assert_int_equal(kheap_record_bytes(h), TEST_PAGES * a_page + rest);
	kheap_kmalloc_counted(h, 9000);
	kheap_kmalloc_counted(h, 1);
	assert_int_equal(kheap_record_bytes(h),
			 TEST_PAGES * a_page + rest + 2 * node);
	kheap_free(h);
	h = test_heap_new(
		(struct kheap_config){ .lookup = lookup_by_name("pagemap"),
				       .nodes = KHEAP_NODES_POOL });
	assert_int_equal(kheap_record_bytes(h),
			 TEST_PAGES * (a_page + node) + rest);
	kheap_free(h);
}

/* The check itself sees what it should see. */
static void test_kheap__is_valid_sees_damage(void **state)
{
	struct kheap *h = new_golden(NULL, KHEAP_ORDER_TAIL, test_pager_sim(0));
	struct KheapCluster *node = h->cluster_node[6];

	(void)state;
	h->cluster_va[6] = 0xF0003000;
	assert_false(kheap_is_valid(h));
	h->cluster_va[6] = 0xF0004000;
	assert_false(kheap_is_valid(h));
	h->cluster_va[6] = 0xF0002000;
	h->cluster_size[6] = 8192;
	assert_false(kheap_is_valid(h));
	h->cluster_size[6] = 4096;
	node->cluster_index = 5;
	assert_false(kheap_is_valid(h));
	node->cluster_index = 6;
	h->fresh_index_count--;
	assert_false(kheap_is_valid(h));
	h->fresh_index_count++;
	h->pager.ops->unmap(h->pager.ctx, 0xF0002000, 1);
	assert_false(kheap_is_valid(h));
	assert_int_equal(h->pager.ops->map(h->pager.ctx, 0xF0002000, 1), 0);
	assert_true(kheap_is_valid(h));

	/* An index that is both freed and live, and one freed twice. */
	assert_int_equal(kheap_kfree(h, 0xF0002000), 0);
	assert_int_equal(kheap_kfree(h, 0xF0003000), 0);
	assert_int_equal(h->freed_indexes[0], 6);
	h->freed_indexes[0] = 5;
	assert_false(kheap_is_valid(h));
	h->freed_indexes[0] = h->freed_indexes[1];
	assert_false(kheap_is_valid(h));
	h->freed_indexes[0] = 6;
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kheap__golden),
		cmocka_unit_test(test_kheap__golden_kfree),
		cmocka_unit_test(test_kheap__seed_steps),
		cmocka_unit_test(test_kheap__add_and_remove_directly),
		cmocka_unit_test(test_kheap__remove_checks_its_argument),
		cmocka_unit_test(test_kheap__kfree_in_steps),
		cmocka_unit_test(test_kheap__forward_is_the_same),
		cmocka_unit_test(test_kheap__forward_knows_index_0),
		cmocka_unit_test(test_kheap__no_access_past_the_arrays),
		cmocka_unit_test(test_kheap__head_order),
		cmocka_unit_test(test_kheap__sizes_round_up),
		cmocka_unit_test(test_kheap__too_large),
		cmocka_unit_test(test_kheap__exhaustion_by_fragmentation),
		cmocka_unit_test(test_kheap__bad_frees),
		cmocka_unit_test(test_kheap__index_order),
		cmocka_unit_test(test_kheap__clusters_init_starts_over),
		cmocka_unit_test(test_kheap__defaults),
		cmocka_unit_test(test_kheap__geometry_limits),
		cmocka_unit_test(test_kheap__largest_cluster),
		cmocka_unit_test(test_kheap__payload_through_the_pager),
		cmocka_unit_test(test_kheap__record_bytes),
		cmocka_unit_test(test_kheap__is_valid_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
