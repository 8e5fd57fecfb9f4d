#include "heap_support.h"

#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_rng.h"
#include "slabs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct slabs *open_slabs(uint32_t pages)
{
	struct kheap_config config = { .pages = pages,
				       .pager = test_pager_sim(0) };
	struct slabs *s;

	assert_int_equal(slabs_new(&s, test_heap_new(config)), 0);
	assert_true(slabs_is_valid(s));
	return s;
}

static uint64_t pages_live(const struct slabs *s)
{
	struct kheap_counters counters;

	kheap_counters(slabs_heap(s), &counters);
	return counters.pages_live;
}

/* As many as a page holds, and not one more in the same page. */
static void test_slabs__objects_per_slab(void **state)
{
	static const struct {
		uint32_t size, class, objects;
	} expected[] = {
		{ 0, 8, 512 },	   { 1, 8, 512 },    { 8, 8, 512 },
		{ 9, 16, 256 },	   { 32, 32, 128 },  { 33, 64, 64 },
		{ 65, 96, 42 },	   { 96, 96, 42 },   { 97, 128, 32 },
		{ 129, 192, 21 },  { 192, 192, 21 }, { 193, 256, 16 },
		{ 257, 512, 8 },   { 513, 1024, 4 }, { 1025, 2048, 2 },
		{ 2048, 2048, 2 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		struct slabs *s = open_slabs(4);
		const uint32_t objects = expected[i].objects;

		assert_int_equal(slabs_objects_per_slab(s, expected[i].size),
				 objects);
		for (uint32_t k = 0; k < objects; k++) {
			kva_t va = slabs_kmalloc_counted(s, expected[i].size);

			/* Lowest first. */
			assert_int_equal(va, kheap_base(slabs_heap(s)) +
						     k * expected[i].class);
			assert_int_equal(slabs_size_at(s, va),
					 expected[i].class);
		}
		assert_int_equal(pages_live(s), 1);
		assert_true(slabs_kmalloc_counted(s, expected[i].size) != 0);
		assert_int_equal(pages_live(s), 2);
		slabs_free(s);
	}
}

/* Larger ones are clusters, and kfree tells the two apart. */
static void test_slabs__larger_ones_are_clusters(void **state)
{
	struct slabs *s = open_slabs(16);
	kva_t small = slabs_kmalloc_counted(s, 100);
	kva_t page = slabs_kmalloc_counted(s, 2049);
	kva_t two = slabs_kmalloc_counted(s, 4097);

	(void)state;
	assert_int_equal(slabs_objects_per_slab(s, 2049), 0);
	assert_int_equal(slabs_size_at(s, page), 4096);
	assert_int_equal(slabs_size_at(s, two), 8192);
	assert_int_equal(pages_live(s), 4);
	assert_int_equal(slabs_kfree_counted(s, two), 0);
	assert_int_equal(slabs_kfree_counted(s, page), 0);
	assert_int_equal(slabs_kfree_counted(s, page), KB_E_NOT_LIVE);
	assert_int_equal(slabs_kfree_counted(s, small + 8), KB_E_NOT_LIVE);
	assert_int_equal(slabs_kfree_counted(s, small + 128), KB_E_NOT_LIVE);
	assert_int_equal(slabs_kfree_counted(s, small), 0);
	assert_int_equal(slabs_kfree_counted(s, small), KB_E_NOT_LIVE);
	assert_int_equal(slabs_kfree_counted(s, 0), 0);
	assert_true(slabs_is_valid(s));
	slabs_free(s);
}

/* Of the slabs that empty, one stays with its class; the rest go back. */
static void test_slabs__empty_slabs_go_back(void **state)
{
	struct slabs *s = open_slabs(16);
	kva_t va[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		va[i] = slabs_kmalloc_counted(s, 2048);
	assert_int_equal(pages_live(s), 4);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(slabs_kfree_counted(s, va[i]), 0);
		assert_true(slabs_is_valid(s));
	}
	assert_int_equal(pages_live(s), 1);
	/* The one kept serves the next request. */
	assert_true(slabs_kmalloc_counted(s, 2000) != 0);
	assert_int_equal(pages_live(s), 1);
	slabs_free(s);
}

/* A full window refuses, changes nothing, and serves again after a free. */
static void test_slabs__exhaustion(void **state)
{
	struct slabs *s = open_slabs(2);
	kva_t page = slabs_kmalloc_counted(s, 4096);
	kva_t small = slabs_kmalloc_counted(s, 64);

	(void)state;
	assert_int_equal(slabs_kmalloc_counted(s, 8), 0);
	assert_int_equal(slabs_kmalloc_counted(s, 4096), 0);
	assert_true(slabs_is_valid(s));
	assert_int_equal(slabs_kmalloc_counted(s, 60), small + 64);
	assert_int_equal(slabs_kfree_counted(s, page), 0);
	assert_int_equal(slabs_kmalloc_counted(s, 8), page);
	slabs_free(s);
}

#define SHADOWS 400

static void check_alone(const kva_t *va, const uint32_t *size, unsigned id)
{
	for (unsigned i = 0; i < SHADOWS; i++)
		if (i != id && va[i])
			assert_true(va[i] + size[i] <= va[id] ||
				    va[id] + size[id] <= va[i]);
}

/* Nothing overlaps, everything is aligned, sizes hold what was asked for; plain
 * calls on a second heap give the same addresses. */
static void test_slabs__agree_with_a_shadow(void **state)
{
	struct slabs *s = open_slabs(128), *plain = open_slabs(128);
	kva_t va[SHADOWS] = { 0 };
	uint32_t size[SHADOWS];
	struct kb_rng rng;

	(void)state;
	rng = kb_rng_init(3);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned id = (unsigned)kb_rng_below(&rng, SHADOWS);

		if (va[id]) {
			assert_int_equal(slabs_kfree_counted(s, va[id]), 0);
			assert_int_equal(slabs_kfree(plain, va[id]), 0);
			va[id] = 0;
		} else {
			size[id] =
				1 + (uint32_t)kb_rng_below(
					    &rng, UINT64_C(1) << kb_rng_below(
							  &rng, 14));
			va[id] = slabs_kmalloc_counted(s, size[id]);
			assert_int_equal(slabs_kmalloc(plain, size[id]),
					 va[id]);
		}
		if (va[id]) {
			assert_int_equal(va[id] % 8, 0);
			assert_true(slabs_size_at(s, va[id]) >= size[id]);
			check_alone(va, size, id);
		}
		if (step % 500 == 0)
			assert_true(slabs_is_valid(s));
	}
	assert_true(slabs_is_valid(plain));
	slabs_free(plain);
	slabs_free(s);
}

/* Expect: no slabs, and the heap gone with its pager. */
static void test_slabs__without_memory(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		struct spy_pager spy;
		struct kheap *heap = test_heap_new(
			(struct kheap_config){ .pager = test_pager_spy(&spy) });
		struct slabs *s = NULL;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		assert_int_equal(slabs_new(&s, heap), KB_E_NOMEM);
		assert_true(kb_fault_end());
		assert_null(s);
		assert_int_equal(spy.frees, 1);
	}
	slabs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slabs__objects_per_slab),
		cmocka_unit_test(test_slabs__larger_ones_are_clusters),
		cmocka_unit_test(test_slabs__empty_slabs_go_back),
		cmocka_unit_test(test_slabs__exhaustion),
		cmocka_unit_test(test_slabs__agree_with_a_shadow),
		cmocka_unit_test(test_slabs__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
