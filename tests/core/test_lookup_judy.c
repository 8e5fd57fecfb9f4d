/*
 * lookup_judy, when libJudy is out of memory: what is live stays found.
 *
 * libJudy takes memory by JudyMalloc, which a program may replace, as this does.
 */
#include "heap_support.h"
#include "kb_rng.h"
#include "kheap_internal.h"

#include <Judy.h>
#include <stdlib.h>

#define PAGES  512
#define ROUNDS 400

/* JudyMalloc fails. */
static bool is_full;

Word_t JudyMalloc(Word_t words)
{
	return is_full ? 0 : (Word_t)malloc(words * sizeof(Word_t));
}

void JudyFree(void *memory, Word_t words)
{
	(void)words;
	free(memory);
}

static void check_all(const struct kheap *h)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		const kva_t va = h->cluster_va[i];

		if (va != 0)
			assert_int_equal(kheap_find(h, va), (int)i);
	}
}

/* Frees some of what is live, without memory: then all of the rest is found. */
static void test_lookup_judy__frees_without_memory(void **state)
{
	struct kb_rng rng = kb_rng_init(1);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct kheap *h = test_heap_new((struct kheap_config){
			.pages = PAGES, .lookup = lookup_by_name("judy") });
		const uint64_t live = 1 + kb_rng_below(&rng, PAGES);
		const uint64_t kept = kb_rng_below(&rng, live);

		for (uint64_t i = 0; i < live; i++)
			assert_int_not_equal(kheap_kmalloc(h, 1), 0);
		is_full = true;
		for (uint64_t i = live; i > kept;) {
			const kva_t va = TEST_VA(kb_rng_below(&rng, live));

			if (kheap_kfree(h, va) != 0)
				continue;
			check_all(h);
			i--;
		}
		is_full = false;
		for (uint64_t i = kept; i < live; i++)
			assert_int_not_equal(kheap_kmalloc(h, 1), 0);
		check_all(h);
		kheap_free(h);
	}
}

/* An insertion that fails is told, and changes nothing. */
static void test_lookup_judy__allocates_without_memory(void **state)
{
	struct kheap *h = test_heap_new((struct kheap_config){
		.pages = PAGES, .lookup = lookup_by_name("judy") });
	unsigned refused = 0;

	(void)state;
	for (uint32_t i = 0; i < PAGES; i++) {
		is_full = true;
		if (kheap_kmalloc(h, 1) == 0)
			refused++;
		is_full = false;
		check_all(h);
	}
	assert_true(refused > 0);
	assert_true(kheap_is_valid(h));
	kheap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup_judy__frees_without_memory),
		cmocka_unit_test(test_lookup_judy__allocates_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
