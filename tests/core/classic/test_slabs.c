#include "heap_support.h"

#include "kb_bits.h"
#include "kb_fault.h"
#include "kb_rng.h"
#include "slabs_internal.h"

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
static void test_slabs__larger_requests_are_clusters(void **state)
{
	struct slabs *s = open_slabs(16);
	kva_t small = slabs_kmalloc_counted(s, 100);
	kva_t page = slabs_kmalloc_counted(s, 2049);
	kva_t two = slabs_kmalloc_counted(s, 4097);

	(void)state;
	assert_int_equal(slabs_objects_per_slab(s, 2049), 0);
	assert_int_equal(slabs_size_at(s, small + 8), 0);
	assert_int_equal(slabs_size_at(s, small + 128), 0);
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
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(16)), KB_E_NOT_LIVE);
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

/* A page of the smallest objects becomes one of the largest. Expect: only these
 * are free in it. */
static void test_slabs__a_page_changes_its_class(void **state)
{
	struct slabs *s = open_slabs(4);

	(void)state;
	for (unsigned i = 0; i < 513; i++)
		assert_true(slabs_kmalloc_counted(s, 8) != 0);
	/* The slab that empties first is kept, and this one goes back. */
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(1)), 0);
	for (kva_t i = 0; i < 512; i++)
		assert_int_equal(slabs_kfree_counted(s, TEST_VA(0) + i * 8), 0);
	assert_int_equal(pages_live(s), 1);
	assert_int_equal(slabs_kmalloc_counted(s, 2048), TEST_VA(0));
	assert_true(slabs_is_valid(s));
	slabs_free(s);
}

/* 42 objects of 96 bytes fill no page. Expect: nothing starts in the rest. */
static void test_slabs__no_access_past_the_last_object(void **state)
{
	struct slabs *s = open_slabs(4);

	(void)state;
	for (kva_t i = 0; i < 42; i++)
		assert_int_equal(slabs_kmalloc_counted(s, 96),
				 TEST_VA(0) + i * 96);
	assert_int_equal(slabs_size_at(s, TEST_VA(0) + 42 * 96), 0);
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(0) + 42 * 96),
			 KB_E_NOT_LIVE);
	assert_true(slabs_is_valid(s));
	slabs_free(s);
}

static uint64_t wanted;
static const char *wanted_name;

static void note_counter(void *user, const char *name, uint64_t value)
{
	(void)user;
	if (strcmp(name, wanted_name) == 0)
		wanted = value;
}

static void check_counter(const struct slabs *s, const char *name,
			  uint64_t expected)
{
	wanted = UINT64_MAX;
	wanted_name = name;
	slabs_counters(s, note_counter, NULL);
	assert_int_equal(wanted, expected);
}

/* Three objects of half a page each, 65 of 32 bytes and a cluster; then the three
 * go. Expect: each counted, and a record for each slab there is. */
static void test_slabs__counters(void **state)
{
	struct slabs *s = open_slabs(16);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		slabs_kmalloc_counted(s, 2048);
	check_counter(s, "bitmap_steps", 3);
	for (unsigned i = 0; i < 65; i++)
		slabs_kmalloc_counted(s, 32);
	/* The 65th is in the second word. */
	check_counter(s, "bitmap_steps", 3 + 64 + 2);
	slabs_kmalloc_counted(s, 5000);
	check_counter(s, "cluster_allocs", 1);
	check_counter(s, "objects_live", 68);
	check_counter(s, "slabs_live", 3);
	assert_int_equal(slabs_record_bytes(s),
			 sizeof(*s) + 3 * sizeof(struct slab) +
				 kheap_record_bytes(slabs_heap(s)));
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(0)), 0);
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(0) + 2048), 0);
	assert_int_equal(slabs_kfree_counted(s, TEST_VA(1)), 0);
	check_counter(s, "objects_live", 65);
	check_counter(s, "slabs_live", 2);
	check_counter(s, "slabs_peak", 3);
	check_counter(s, "slabs_made", 3);
	check_counter(s, "slabs_returned", 1);
	slabs_free(s);
}

/* Expect: a plain touch brings the page where a counted one finds it. */
static void test_slabs__touch(void **state)
{
	struct slabs *s = open_slabs(4);
	const struct pager pager = kheap_pager(slabs_heap(s));
	const kva_t va = slabs_kmalloc_counted(s, 100);
	struct pager_counters counters;

	(void)state;
	slabs_touch(s, va + 99);
	slabs_touch_counted(s, va);
	pager.ops->counters(pager.ctx, &counters);
	assert_int_equal(counters.tlb_hits, 1);
	assert_int_equal(counters.tlb_misses, 0);
	slabs_free(s);
}

/* What is not as it should be. Expect: that is seen, and put right it is well. */
static void check_damage(const struct slabs *s, void *what, const void *value,
			 size_t size)
{
	unsigned char was[sizeof(struct slab)];

	assert_memory_not_equal(what, value, size);
	memcpy(was, what, size);
	memcpy(what, value, size);
	assert_false(slabs_is_valid(s));
	memcpy(what, was, size);
	assert_true(slabs_is_valid(s));
}

/* Page 0 has an object of 8 bytes, page 1 one of 2048, page 2 nothing, kept for
 * 512; page 3 is a cluster, and the rest free. */
static void test_slabs__damage(void **state)
{
	struct slabs *s = open_slabs(8);
	const struct slab none = { 0 };
	/* Full, so that no list lacks it. */
	const struct slab full = { .used = 2, .class_number = SLABS_CLASSES };
	struct slab *const nowhere = NULL;

	(void)state;
	slabs_kmalloc(s, 8);
	slabs_kmalloc(s, 2048);
	slabs_kfree(s, slabs_kmalloc(s, 512));
	slabs_kmalloc(s, 4096);
	assert_true(slabs_is_valid(s));
	for (unsigned i = 0; i < 3; i++) {
		struct slab *slab = &s->slab[i];
		struct slab_class *class = &s->classes[slab->class_number - 1];
		const uint64_t bits = slab->free[0] ^ 1;
		const uint16_t used = (uint16_t)(slab->used + 1);
		const uint32_t empty = class->empty + 1;
		const uint8_t unknown = SLABS_CLASSES + 1;

		check_damage(s, &slab->free[0], &bits, sizeof(bits));
		check_damage(s, &slab->used, &used, sizeof(used));
		check_damage(s, &slab->class_number, &unknown, sizeof(unknown));
		check_damage(s, &slab->prev, &slab, sizeof(slab));
		check_damage(s, &slab->next, &slab, sizeof(slab));
		check_damage(s, &class->partial, &nowhere, sizeof(nowhere));
		check_damage(s, &class->empty, &empty, sizeof(empty));
		/* A cluster that is none's, and a slab that is no cluster. */
		check_damage(s, slab, &none, sizeof(none));
		check_damage(s, &s->slab[4 + i], &full, sizeof(full));
	}
	slabs_free(s);
}

/* Expect: a heap below that is not well is not well with slabs either. */
static void test_slabs__damaged_heap(void **state)
{
	struct slabs *s = open_slabs(4);
	const struct pager pager = kheap_pager(slabs_heap(s));

	(void)state;
	slabs_kmalloc(s, 8);
	assert_true(slabs_is_valid(s));
	pager.ops->unmap(pager.ctx, TEST_VA(0), 1);
	assert_false(slabs_is_valid(s));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(0), 1), 0);
	assert_true(slabs_is_valid(s));
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

/* Each of two allocations fails, then none. Expect: no slabs, and the heap gone
 * with its pager; nothing left behind. */
static void test_slabs__without_memory(void **state)
{
	const long before = kb_fault_unfreed();

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		struct spy_pager spy;
		struct kheap *heap = test_heap_new(
			(struct kheap_config){ .pager = test_pager_spy(&spy) });
		struct slabs *s = NULL;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		assert_int_equal(slabs_new(&s, heap), n < 3 ? KB_E_NOMEM : 0);
		assert_int_equal(kb_fault_end(), n < 3);
		assert_int_equal(s != NULL, n == 3);
		slabs_free(s);
		assert_int_equal(spy.frees, 1);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	slabs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slabs__objects_per_slab),
		cmocka_unit_test(test_slabs__larger_requests_are_clusters),
		cmocka_unit_test(test_slabs__empty_slabs_go_back),
		cmocka_unit_test(test_slabs__a_page_changes_its_class),
		cmocka_unit_test(test_slabs__no_access_past_the_last_object),
		cmocka_unit_test(test_slabs__counters),
		cmocka_unit_test(test_slabs__touch),
		cmocka_unit_test(test_slabs__damage),
		cmocka_unit_test(test_slabs__damaged_heap),
		cmocka_unit_test(test_slabs__exhaustion),
		cmocka_unit_test(test_slabs__agree_with_a_shadow),
		cmocka_unit_test(test_slabs__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
