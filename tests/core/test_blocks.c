#include "heap_support.h"

#include "blocks_internal.h"
#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The area's first address: 32 MiB and a page below the window. */
#define AREA	    (TEST_BASE - 8193u * 4096u)
#define AREA_VA(pg) (AREA + (kva_t)(pg)*4096u)

static struct blocks *open_over(struct pager pager)
{
	struct kheap_config config = { .pager = pager };
	struct blocks *b;

	assert_int_equal(blocks_new(&b, test_heap_new(config), NULL), 0);
	assert_true(blocks_is_valid(b));
	return b;
}

static struct blocks *open_blocks(void)
{
	return open_over(test_pager_sim(0));
}

static uint64_t wanted;
static const char *wanted_name;

static void note_counter(void *user, const char *name, uint64_t value)
{
	(void)user;
	if (strcmp(name, wanted_name) == 0)
		wanted = value;
}

static uint64_t counter(const struct blocks *b, const char *name)
{
	wanted = UINT64_MAX;
	wanted_name = name;
	blocks_counters(b, note_counter, NULL);
	return wanted;
}

/* A page holds blocks of one power of two, by address. */
static void test_blocks__sizes(void **state)
{
	static const struct {
		uint32_t size, block;
	} expected[] = {
		{ 0, 8 },	{ 1, 8 },	{ 8, 8 },	{ 9, 16 },
		{ 16, 16 },	{ 17, 32 },	{ 33, 64 },	{ 65, 128 },
		{ 128, 128 },	{ 129, 256 },	{ 257, 512 },	{ 513, 1024 },
		{ 1024, 1024 }, { 1025, 2048 }, { 2048, 2048 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		struct blocks *b = open_blocks();
		const uint32_t block = expected[i].block;

		for (uint32_t at = 0; at < 4096; at += block) {
			kva_t va = blocks_kmalloc_counted(b, expected[i].size);

			assert_int_equal(va, AREA + at);
			assert_int_equal(blocks_size_at(b, va), block);
		}
		assert_int_equal(blocks_pages_live(b), 1);
		assert_int_equal(blocks_kmalloc_counted(b, expected[i].size),
				 AREA_VA(1));
		assert_int_equal(blocks_pages_live(b), 2);
		assert_true(blocks_is_valid(b));
		blocks_free(b);
	}
}

static void test_blocks__larger_requests_are_clusters(void **state)
{
	struct blocks *b = open_blocks();
	kva_t page = blocks_kmalloc_counted(b, 2049);
	kva_t two = blocks_kmalloc_counted(b, 4097);
	kva_t small = blocks_kmalloc_counted(b, 2048);

	(void)state;
	assert_int_equal(page, TEST_VA(0));
	assert_int_equal(two, TEST_VA(1));
	assert_int_equal(small, AREA);
	assert_int_equal(blocks_size_at(b, page), 4096);
	assert_int_equal(blocks_size_at(b, two), 8192);
	assert_int_equal(blocks_size_at(b, two + 4096), 0);
	assert_int_equal(counter(b, "cluster_allocs"), 2);
	assert_int_equal(blocks_pages_peak(b), 4);
	assert_int_equal(blocks_kfree_counted(b, two), 0);
	assert_int_equal(blocks_kfree_counted(b, two), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree_counted(b, 0), 0);
	assert_true(blocks_is_valid(b));
	blocks_free(b);
}

/* Last in, first out; the page goes when its last block does. */
static void test_blocks__empty_pages_go_back(void **state)
{
	struct blocks *b = open_blocks();
	const struct pager pager = kheap_pager(blocks_heap(b));
	kva_t va[4];
	uint64_t pa;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		va[i] = blocks_kmalloc_counted(b, 2048);
	assert_int_equal(va[3], AREA_VA(1) + 2048);
	assert_int_equal(blocks_kfree_counted(b, va[1]), 0);
	assert_int_equal(blocks_kfree_counted(b, va[2]), 0);
	assert_int_equal(blocks_kmalloc_counted(b, 2000), va[2]);
	assert_int_equal(blocks_kfree_counted(b, va[0]), 0);
	assert_int_equal(blocks_pages_live(b), 1);
	assert_false(pager.ops->translate(pager.ctx, va[0], &pa));
	assert_true(pager.ops->translate(pager.ctx, va[2], &pa));
	assert_int_equal(counter(b, "block_pages_returned"), 1);
	/* The page that came back last serves any size. */
	assert_int_equal(blocks_kmalloc_counted(b, 8), AREA);
	assert_true(blocks_is_valid(b));
	blocks_free(b);
}

static void test_blocks__wrong_frees(void **state)
{
	struct blocks *b = open_blocks();
	kva_t va = blocks_kmalloc_counted(b, 64);
	kva_t next = blocks_kmalloc_counted(b, 64);

	(void)state;
	assert_int_equal(blocks_kfree_counted(b, va + 8), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree(b, va + 8), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree_counted(b, va + 128), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree_counted(b, AREA_VA(1)), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree_counted(b, AREA_VA(8192)), KB_E_NOT_LIVE);
	assert_int_equal(blocks_kfree_counted(b, va), 0);
	assert_int_equal(blocks_kfree_counted(b, va), KB_E_NOT_LIVE);
	assert_int_equal(blocks_size_at(b, va), 0);
	assert_int_equal(blocks_size_at(b, next), 64);
	assert_true(blocks_is_valid(b));
	blocks_free(b);
}

/* Two frames are left for pages, one more for the page table. Expect: a free
 * block of the next larger size serves, and then nothing does. */
static void test_blocks__larger_blocks_serve_in_need(void **state)
{
	struct spy_pager spy;
	struct blocks *b = open_over(test_pager_spy(&spy));

	(void)state;
	spy.fail_from = 3;
	assert_int_equal(blocks_kmalloc_counted(b, 1024), AREA_VA(0));
	assert_int_equal(blocks_kmalloc_counted(b, 512), AREA_VA(1));
	assert_int_equal(blocks_kmalloc_counted(b, 8), AREA_VA(1) + 512);
	assert_int_equal(counter(b, "blocks_larger"), 1);
	assert_int_equal(blocks_size_at(b, AREA_VA(1) + 512), 512);
	assert_int_equal(blocks_kmalloc_counted(b, 2048), 0);
	assert_true(blocks_is_valid(b));
	for (unsigned i = 0; i < 6 + 3; i++)
		assert_true(blocks_kmalloc_counted(b, 8) != 0);
	assert_int_equal(blocks_kmalloc_counted(b, 8), 0);
	assert_true(blocks_is_valid(b));
	assert_int_equal(blocks_kfree_counted(b, AREA_VA(1) + 512), 0);
	assert_int_equal(blocks_kmalloc_counted(b, 8), AREA_VA(1) + 512);
	blocks_free(b);
}

/* All of the area's pages. Expect: then no block, but clusters. */
static void test_blocks__full_area(void **state)
{
	struct blocks *b = open_over(pager_none());

	(void)state;
	for (unsigned i = 0; i < 2 * 8192; i++)
		assert_true(blocks_kmalloc(b, 2048) != 0);
	assert_int_equal(blocks_kmalloc(b, 2048), 0);
	assert_int_equal(blocks_kmalloc(b, 8), 0);
	assert_true(blocks_kmalloc(b, 2049) != 0);
	assert_int_equal(blocks_kfree(b, AREA_VA(8191) + 2048), 0);
	assert_int_equal(blocks_kmalloc(b, 8), AREA_VA(8191) + 2048);
	assert_true(blocks_is_valid(b));
	blocks_free(b);
}

static void test_blocks__counters(void **state)
{
	struct blocks *b = open_blocks();
	kva_t va[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		va[i] = blocks_kmalloc_counted(b, 2048);
	/* Two pages of two blocks linked, three of these unlinked. */
	assert_int_equal(counter(b, "block_links"), 4 + 3);
	assert_int_equal(counter(b, "blocks_live"), 3);
	assert_int_equal(counter(b, "block_pages_live"), 2);
	assert_int_equal(counter(b, "block_pages_taken"), 2);
	blocks_kfree_counted(b, va[2]);
	/* Linked, and both of the page's unlinked. */
	assert_int_equal(counter(b, "block_links"), 4 + 3 + 1 + 2);
	assert_int_equal(counter(b, "blocks_live"), 2);
	assert_int_equal(counter(b, "block_pages_live"), 1);
	assert_int_equal(counter(b, "block_pages_peak"), 2);
	assert_int_equal(blocks_record_bytes(b),
			 sizeof(*b) + 8192 * sizeof(struct block_page) +
				 kheap_record_bytes(blocks_heap(b)));
	blocks_free(b);
}

static void test_blocks__touch(void **state)
{
	struct blocks *b = open_blocks();
	const struct pager pager = kheap_pager(blocks_heap(b));
	const kva_t va = blocks_kmalloc_counted(b, 100);
	struct pager_counters counters;

	(void)state;
	blocks_touch(b, va + 99);
	blocks_touch_counted(b, va);
	pager.ops->counters(pager.ctx, &counters);
	assert_int_equal(counters.tlb_hits, 1);
	assert_int_equal(counters.tlb_misses, 0);
	blocks_free(b);
}

/* What is not as it should be. Expect: that is seen, and put right it is well. */
static void check_damage(const struct blocks *b, void *what, const void *value,
			 size_t size)
{
	unsigned char was[sizeof(struct block_page)];

	assert_memory_not_equal(what, value, size);
	memcpy(was, what, size);
	memcpy(what, value, size);
	assert_false(blocks_is_valid(b));
	memcpy(what, was, size);
	assert_true(blocks_is_valid(b));
}

static void test_blocks__damage(void **state)
{
	struct blocks *b = open_blocks();
	const kva_t nowhere = 0, cluster = TEST_VA(0), used = AREA;
	const uint16_t other_size = 16, one_less = 510;
	const uint64_t none = 0, free_too = 3;
	const uint32_t pages = 2;
	struct block_link *link;

	(void)state;
	blocks_kmalloc(b, 8);
	blocks_kmalloc(b, 2048);
	assert_true(blocks_is_valid(b));
	link = (struct block_link *)(void *)blocks_memory(b, AREA + 8);
	check_damage(b, &link->next, &nowhere, sizeof(nowhere));
	check_damage(b, &link->next, &cluster, sizeof(cluster));
	check_damage(b, &link->prev, &used, sizeof(used));
	check_damage(b, &b->first[0], &used, sizeof(used));
	check_damage(b, &b->first[8], &nowhere, sizeof(nowhere));
	check_damage(b, &b->page[0].block_size, &other_size,
		     sizeof(other_size));
	check_damage(b, &b->page[0].free_blocks, &one_less, sizeof(one_less));
	check_damage(b, &b->page[0].live[0], &none, sizeof(none));
	check_damage(b, &b->page[0].live[0], &free_too, sizeof(free_too));
	check_damage(b, &b->page[9].live[0], &free_too, sizeof(free_too));
	check_damage(b, &b->page[9].free_blocks, &one_less, sizeof(one_less));
	assert_int_equal(b->pages_live, pages);
	b->pages_live++;
	assert_false(blocks_is_valid(b));
	b->pages_live--;
	b->pager.ops->unmap(b->pager.ctx, AREA, 1);
	assert_false(blocks_is_valid(b));
	assert_int_equal(b->pager.ops->map(b->pager.ctx, AREA, 1), 0);
	assert_int_equal(b->pager.ops->map(b->pager.ctx, AREA_VA(5), 1), 0);
	assert_false(blocks_is_valid(b));
	b->pager.ops->unmap(b->pager.ctx, AREA_VA(5), 1);
	TAILQ_REMOVE(&b->free_pages, &b->page[5], free_pages);
	assert_false(blocks_is_valid(b));
	blocks_free(b);
}

#define SHADOWS 400

static void check_alone(const kva_t *va, const uint32_t *size, unsigned id)
{
	for (unsigned i = 0; i < SHADOWS; i++)
		if (i != id && va[i])
			assert_true(va[i] + size[i] <= va[id] ||
				    va[id] + size[id] <= va[i]);
}

/* Nothing overlaps, every block can be written whole, and plain calls on a
 * second one give the same addresses. */
static void test_blocks__agree_with_a_shadow(void **state)
{
	struct blocks *b = open_blocks(), *plain = open_blocks();
	struct kb_rng rng = kb_rng_init(5);
	kva_t va[SHADOWS] = { 0 };
	uint32_t size[SHADOWS];

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		unsigned id = (unsigned)kb_rng_below(&rng, SHADOWS);
		unsigned most = (unsigned)kb_rng_below(&rng, 13);

		if (va[id]) {
			assert_int_equal(blocks_kfree_counted(b, va[id]), 0);
			assert_int_equal(blocks_kfree(plain, va[id]), 0);
			va[id] = 0;
			continue;
		}
		size[id] = 1 + (uint32_t)kb_rng_below(&rng, 1u << most);
		va[id] = blocks_kmalloc_counted(b, size[id]);
		assert_int_equal(blocks_kmalloc(plain, size[id]), va[id]);
		if (!va[id])
			continue;
		assert_int_equal(va[id] % 8, 0);
		assert_true(blocks_size_at(b, va[id]) >= size[id]);
		if (blocks_memory(b, va[id]))
			memset(blocks_memory(b, va[id]), 0xa5, size[id]);
		check_alone(va, size, id);
		if (step % 500 == 0)
			assert_true(blocks_is_valid(b));
	}
	assert_true(blocks_is_valid(plain));
	blocks_free(plain);
	blocks_free(b);
}

/* Expect: the area is wholly above page 0, or the base is refused by name. */
static void test_blocks__low_bases(void **state)
{
	struct kheap_config low = { .base = 8193u * 4096u };
	struct kheap_config lowest = { .base = 8194u * 4096u };
	struct blocks *b = NULL;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(blocks_new(&b, test_heap_new(low), &diag), KB_E_RANGE);
	assert_non_null(strstr(diag.text, "0x2001000"));
	assert_non_null(strstr(diag.text, "0x2002000"));
	assert_null(b);
	assert_int_equal(blocks_new(&b, test_heap_new(lowest), &diag), 0);
	assert_int_equal(blocks_kmalloc(b, 8), 4096);
	blocks_free(b);
}

/* Each of three allocations fails, then none. Expect: the heap is gone with its
 * pager, and nothing is left behind. */
static void test_blocks__without_memory(void **state)
{
	const long before = kb_fault_unfreed();

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		struct spy_pager spy;
		struct kheap *heap = test_heap_new(
			(struct kheap_config){ .pager = test_pager_spy(&spy) });
		struct blocks *b = NULL;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		assert_int_equal(blocks_new(&b, heap, NULL),
				 n < 4 ? KB_E_NOMEM : 0);
		assert_int_equal(kb_fault_end(), n < 4);
		assert_int_equal(b != NULL, n == 4);
		blocks_free(b);
		assert_int_equal(spy.frees, 1);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	blocks_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks__sizes),
		cmocka_unit_test(test_blocks__larger_requests_are_clusters),
		cmocka_unit_test(test_blocks__empty_pages_go_back),
		cmocka_unit_test(test_blocks__wrong_frees),
		cmocka_unit_test(test_blocks__larger_blocks_serve_in_need),
		cmocka_unit_test(test_blocks__full_area),
		cmocka_unit_test(test_blocks__counters),
		cmocka_unit_test(test_blocks__touch),
		cmocka_unit_test(test_blocks__damage),
		cmocka_unit_test(test_blocks__agree_with_a_shadow),
		cmocka_unit_test(test_blocks__low_bases),
		cmocka_unit_test(test_blocks__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
