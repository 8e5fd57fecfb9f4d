/*
 * What kheap_is_valid sees: one part of a heap is changed behind its back, and
 * where several of its checks would notice, in such a way that one does.
 */
#include "heap_support.h"
#include "kb_bits.h"
#include "kheap_internal.h"

#include <limits.h>
#include <string.h>

/* Five clusters in 64 pages, indexes 0 to 4, and 2 and 4 freed again:
 *
 *   |AABxCCCx....|      row 0 → [1]     row 1 → [0]     row 2 → [3]
 */
static struct kheap *new_damaged(const struct kheap_config *config)
{
	struct kheap *h = test_heap_new(*config);

	assert_int_equal(kheap_kmalloc_counted(h, 2 * KVA_PAGE_SIZE),
			 TEST_VA(0));
	assert_int_equal(kheap_kmalloc_counted(h, 1), TEST_VA(2));
	assert_int_equal(kheap_kmalloc_counted(h, 1), TEST_VA(3));
	assert_int_equal(kheap_kmalloc_counted(h, 3 * KVA_PAGE_SIZE),
			 TEST_VA(4));
	assert_int_equal(kheap_kmalloc_counted(h, 1), TEST_VA(7));
	assert_int_equal(kheap_kfree_counted(h, TEST_VA(7)), 0);
	assert_int_equal(kheap_kfree_counted(h, TEST_VA(3)), 0);
	assert_true(kheap_is_valid(h));
	return h;
}

/* One word has another value. Expect: that is seen, and put right it is well. */
static void check_word(const struct kheap *h, uint32_t *word, uint32_t value)
{
	const uint32_t was = *word;

	*word = value;
	assert_false(kheap_is_valid(h));
	*word = was;
	assert_true(kheap_is_valid(h));
}

static void test_kheap_damage__entries(void **state)
{
	struct kheap *h = new_damaged(&(struct kheap_config){ 0 });

	(void)state;
	/* Of an index that is free. */
	check_word(h, &h->cluster_size[2], 1);
	check_word(h, &h->cluster_va[2], TEST_VA(9));
	check_word(h, &h->cluster_size[60], 1);
	check_word(h, &h->cluster_va[60], TEST_VA(9));
	/* Bytes that are no whole pages. */
	check_word(h, &h->cluster_size[1], KVA_PAGE_SIZE + 1);
	check_word(h, &h->cluster_va[1], TEST_VA(2) + 1);
	check_word(h, &h->cluster_size[1], 0);
	/* Over the window's end, in its front, on what is free. */
	check_word(h, &h->cluster_va[0], TEST_VA(TEST_PAGES - 1));
	check_word(h, &h->cluster_va[1], TEST_VA(TEST_PAGES));
	check_word(h, &h->cluster_va[1], TEST_VA(-1));
	check_word(h, &h->cluster_va[1], TEST_VA(TEST_PAGES - 1));
	check_word(h, &h->pages, 0);
	kheap_free(h);
}

static void test_kheap_damage__rows(void **state)
{
	struct kheap *h = new_damaged(&(struct kheap_config){ 0 });
	struct KheapClusterList *rows = h->free_clusters;
	struct KheapCluster *node = h->cluster_node[1];
	struct KheapCluster other = *node;

	(void)state;
	/* In the row of another length. */
	TAILQ_REMOVE(&rows[0], node, prev_next_info);
	TAILQ_INSERT_TAIL(&rows[3], node, prev_next_info);
	assert_false(kheap_is_valid(h));
	TAILQ_REMOVE(&rows[3], node, prev_next_info);
	/* In none. */
	assert_false(kheap_is_valid(h));
	/* Another one in its place. */
	TAILQ_INSERT_TAIL(&rows[0], &other, prev_next_info);
	assert_false(kheap_is_valid(h));
	other.cluster_index = INT_MAX;
	assert_false(kheap_is_valid(h));
	TAILQ_REMOVE(&rows[0], &other, prev_next_info);
	TAILQ_INSERT_TAIL(&rows[0], node, prev_next_info);
	assert_true(kheap_is_valid(h));
	/* One too many, after all others. */
	other.cluster_index = 1;
	TAILQ_INSERT_TAIL(&rows[5], &other, prev_next_info);
	assert_false(kheap_is_valid(h));
	TAILQ_REMOVE(&rows[5], &other, prev_next_info);
	assert_true(kheap_is_valid(h));
	/* A row that goes in a circle. */
	node->prev_next_info.tqe_next = node;
	assert_false(kheap_is_valid(h));
	node->prev_next_info.tqe_next = NULL;
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_kheap_damage__indexes(void **state)
{
	struct kheap *h = new_damaged(
		&(struct kheap_config){ .lookup = lookup_by_name("pagemap") });

	(void)state;
	assert_int_equal(h->fresh_index_count, 5);
	assert_int_equal(h->freed_index_count, 2);
	check_word(h, &h->fresh_index_count, 4);
	check_word(h, &h->fresh_index_count, 6);
	check_word(h, &h->freed_index_count, 1);
	/* Freed: one that is live, twice, never handed out, none at all. */
	check_word(h, &h->freed_indexes[0], 1);
	check_word(h, &h->freed_indexes[0], h->freed_indexes[1]);
	check_word(h, &h->freed_indexes[0], 5);
	check_word(h, &h->freed_indexes[0], TEST_PAGES - 1);
	check_word(h, &h->freed_indexes[0], TEST_PAGES);
	check_word(h, &h->first_index, 1);
	kheap_free(h);
}

/* Pages that are two clusters', free as well, or nobody's. */
static void test_kheap_damage__pages(void **state)
{
	struct kheap *h = new_damaged(&(struct kheap_config){ 0 });

	(void)state;
	check_word(h, &h->cluster_va[1], TEST_VA(1));
	check_word(h, &h->cluster_va[1], TEST_VA(5));
	check_word(h, &h->cluster_va[1], TEST_VA(3));
	assert_int_equal(runs_take(&h->runs, 1), 3);
	assert_false(kheap_is_valid(h));
	runs_give(&h->runs, 3, 1);
	assert_true(kheap_is_valid(h));
	check_word(h, &h->runs.free_pages, h->runs.free_pages + 1);
	kheap_free(h);
}

/* The page of the cluster with index 0 is not backed. */
static void test_kheap_damage__backing(void **state)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .pager = test_pager_sim(0) });
	const struct pager pager = kheap_pager(h);

	(void)state;
	assert_int_equal(kheap_kmalloc(h, 1), TEST_VA(0));
	assert_true(kheap_is_valid(h));
	pager.ops->unmap(pager.ctx, TEST_VA(0), 1);
	assert_false(kheap_is_valid(h));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 1), 0);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

/* A full window is well, and so are its last pages. */
static void test_kheap_damage__none_in_a_full_window(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){ 0 });
	uint32_t i;

	(void)state;
	for (i = 0; i < TEST_PAGES; i++)
		kheap_kmalloc(h, 1);
	assert_int_equal(kheap_free_pages(h), 0);
	assert_true(kheap_is_valid(h));
	/* The last two pages are one cluster, which begins a page too late. */
	kheap_kfree(h, TEST_VA(TEST_PAGES - 2));
	kheap_kfree(h, TEST_VA(TEST_PAGES - 1));
	assert_int_equal(kheap_kmalloc(h, 2 * KVA_PAGE_SIZE),
			 TEST_VA(TEST_PAGES - 2));
	check_word(h, &h->cluster_va[TEST_PAGES - 1], TEST_VA(TEST_PAGES - 1));
	kheap_free(h);
	h = test_heap_new((struct kheap_config){ 0 });
	assert_int_equal(kheap_kmalloc(h, TEST_PAGES * KVA_PAGE_SIZE),
			 TEST_VA(0));
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

/* What the configurable parts answer, one wrong answer at a time. */
static struct {
	bool lookup_is_valid, translates, reverses, reverses_right;
	bool pager_is_valid;
} honest;

/* The index that is not found; -1: each is. */
static int lost;

static bool liar_is_valid(const struct kheap *h, uint32_t clusters)
{
	(void)h;
	assert_int_equal(clusters, 3);
	return honest.lookup_is_valid;
}

static int liar_find(const struct kheap *h, kva_t va)
{
	const int idx = lookup_by_name("scan")->find(h, va);

	return idx != lost ? idx : -1;
}

static int liar_find_counted(struct kheap *h, kva_t va)
{
	return liar_find(h, va);
}

static bool liar_translate(const void *ctx, kva_t va, uint64_t *pa)
{
	(void)ctx;
	*pa = va;
	return honest.translates;
}

static bool liar_reverse(const void *ctx, uint64_t pa, kva_t *va)
{
	(void)ctx;
	*va = (kva_t)pa + (honest.reverses_right ? 0 : KVA_PAGE_SIZE);
	return honest.reverses;
}

static bool liar_pager_is_valid(const void *ctx)
{
	(void)ctx;
	return honest.pager_is_valid;
}

static void check_lie(const struct kheap *h, bool *part)
{
	*part = false;
	assert_false(kheap_is_valid(h));
	*part = true;
	assert_true(kheap_is_valid(h));
}

/* The pager has a way back and says whether it is well, or has not. */
static void check_liars(bool walks, bool has_reverse, bool has_is_valid)
{
	const struct lookup_ops lookup = { .name = "liar",
					   .find = liar_find,
					   .find_counted = liar_find_counted,
					   .walks_to_remove = walks,
					   .is_valid = liar_is_valid };
	struct spy_pager spy;
	struct pager pager = test_pager_spy(&spy);
	struct pager_ops ops = *pager.ops;
	struct kheap *h;

	memset(&honest, true, sizeof(honest));
	lost = -1;
	ops.translate = liar_translate;
	ops.reverse = has_reverse ? liar_reverse : NULL;
	ops.is_valid = has_is_valid ? liar_pager_is_valid : NULL;
	h = new_damaged(&(struct kheap_config){ .nodes = KHEAP_NODES_POOL });
	h->lookup = &lookup;
	h->pager = (struct pager){ &ops, &spy };
	assert_true(kheap_is_valid(h));
	check_lie(h, &honest.lookup_is_valid);
	for (lost = 0; lost < 4; lost++)
		assert_int_equal(kheap_is_valid(h), lost == 2);
	lost = -1;
	if (has_reverse) {
		check_lie(h, &honest.translates);
		check_lie(h, &honest.reverses);
		check_lie(h, &honest.reverses_right);
	}
	if (has_is_valid)
		check_lie(h, &honest.pager_is_valid);
	kheap_free(h);
}

static void test_kheap_damage__lookup_and_pager(void **state)
{
	(void)state;
	check_liars(false, true, true);
	check_liars(true, true, false);
	check_liars(true, false, true);
}

/* Row 0 → [0] ↔ [1] ↔ [2], and what ranked counting knows of it. */
static void check_ranks(const char *lookup)
{
	struct kheap *h = test_heap_new(
		(struct kheap_config){ .lookup = lookup_by_name(lookup),
				       .count = KHEAP_COUNT_RANKED });
	struct KheapCluster *node;
	uint32_t i;

	for (i = 0; i < 3; i++)
		kheap_kmalloc_counted(h, 1);
	assert_true(kheap_is_valid(h));
	check_word(h, &h->index_at[1], 0);
	check_word(h, &h->index_at[1], 3);
	if (h->ranks) {
		node = h->cluster_node[1];
		TAILQ_REMOVE(&h->free_clusters[0], node, prev_next_info);
		TAILQ_INSERT_TAIL(&h->free_clusters[0], node, prev_next_info);
		assert_false(kheap_is_valid(h));
		TAILQ_REMOVE(&h->free_clusters[0], node, prev_next_info);
		TAILQ_INSERT_AFTER(&h->free_clusters[0], h->cluster_node[0],
				   node, prev_next_info);
		assert_true(kheap_is_valid(h));
		row_ranks_insert(h->ranks, 7, 5);
		assert_false(kheap_is_valid(h));
		row_ranks_erase(h->ranks, 7);
	}
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

static void test_kheap_damage__ranks(void **state)
{
	(void)state;
	check_ranks("rows");
	check_ranks("rowmap");
	check_ranks("scan");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kheap_damage__entries),
		cmocka_unit_test(test_kheap_damage__rows),
		cmocka_unit_test(test_kheap_damage__indexes),
		cmocka_unit_test(test_kheap_damage__pages),
		cmocka_unit_test(test_kheap_damage__backing),
		cmocka_unit_test(test_kheap_damage__none_in_a_full_window),
		cmocka_unit_test(test_kheap_damage__lookup_and_pager),
		cmocka_unit_test(test_kheap_damage__ranks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
