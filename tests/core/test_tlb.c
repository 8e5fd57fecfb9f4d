#include "heap_support.h"
#include "kb_rng.h"
#include "tlb.h"

#include <stdlib.h>
#include <string.h>

/*
 * One set, two ways:
 *
 *   access 1, 2     [2|1]
 *   access 1        [1|2]    hit: 1 is now the most recent
 *   access 3        [3|1]    miss: 2 goes, not 1
 */
static void test_tlb__evicts_the_least_recent(void **state)
{
	struct tlb tlb;

	(void)state;
	assert_int_equal(tlb_init(&tlb, 1, 2), 0);
	assert_false(tlb_access(&tlb, 1));
	assert_false(tlb_access(&tlb, 2));
	assert_true(tlb_access(&tlb, 1));
	assert_false(tlb_access(&tlb, 3));
	assert_true(tlb_holds(&tlb, 1));
	assert_false(tlb_holds(&tlb, 2));
	assert_true(tlb_holds(&tlb, 3));
	assert_int_equal(tlb.pages[0], 3);
	assert_int_equal(tlb.pages[1], 1);
	assert_true(tlb_is_valid(&tlb));
	tlb_release(&tlb);
}

/* Four sets of one way: 1 and 5 share a set, 1 and 2 do not. */
static void test_tlb__set_is_the_low_bits(void **state)
{
	struct tlb tlb;

	(void)state;
	assert_int_equal(tlb_init(&tlb, 4, 1), 0);
	assert_int_equal(tlb_entries(&tlb), 4);
	assert_false(tlb_access(&tlb, 1));
	assert_false(tlb_access(&tlb, 2));
	assert_true(tlb_access(&tlb, 1));
	assert_false(tlb_access(&tlb, 5));
	assert_false(tlb_holds(&tlb, 1));
	assert_true(tlb_holds(&tlb, 2));
	assert_true(tlb_is_valid(&tlb));
	tlb_release(&tlb);
}

/*
 *   access 1, 2, 3     [3|2|1|0]
 *   invalidate 2       [3|1|0|0]    the gap closes
 *   invalidate 9       nothing: it is not there
 */
static void test_tlb__invalidate_drops_one(void **state)
{
	struct tlb tlb;

	(void)state;
	assert_int_equal(tlb_init(&tlb, 1, 4), 0);
	tlb_access(&tlb, 1);
	tlb_access(&tlb, 2);
	tlb_access(&tlb, 3);
	tlb_invalidate(&tlb, 2);
	tlb_invalidate(&tlb, 9);
	assert_int_equal(tlb.pages[0], 3);
	assert_int_equal(tlb.pages[1], 1);
	assert_int_equal(tlb.pages[2], 0);
	assert_int_equal(tlb.pages[3], 0);
	assert_true(tlb_is_valid(&tlb));

	tlb_invalidate(&tlb, 3);
	tlb_invalidate(&tlb, 1);
	assert_false(tlb_access(&tlb, 3));
	assert_true(tlb_is_valid(&tlb));
	tlb_release(&tlb);
}

/* When each page was last accessed, from 1; 0: not there. A page hits if fewer
 * than `ways` others of its set have been accessed since. */
static bool model_access(uint64_t *last, uint32_t pages, uint32_t sets,
			 uint32_t ways, uint32_t page, uint64_t now)
{
	uint32_t newer = 0;
	uint32_t oldest = 0;
	uint32_t held = 0;
	uint32_t i;
	const bool hit = last[page] != 0;

	for (i = page % sets; i < pages; i += sets) {
		if (last[i] == 0)
			continue;
		held++;
		newer += last[i] > last[page];
		if (oldest == 0 || last[i] < last[oldest])
			oldest = i;
	}
	assert_true(!hit || newer < ways);
	if (!hit && held == ways)
		last[oldest] = 0;
	last[page] = now;
	return hit;
}

static void check_random(uint32_t sets, uint32_t ways)
{
	enum { PAGES = 96 };
	uint64_t last[PAGES] = { 0 };
	struct kb_rng rng = kb_rng_init(sets * 100 + ways);
	struct tlb tlb;
	uint64_t now;

	assert_int_equal(tlb_init(&tlb, sets, ways), 0);
	for (now = 1; now < 5000; now++) {
		const uint32_t page =
			1 + (uint32_t)kb_rng_below(&rng, PAGES - 1);

		if (kb_rng_below(&rng, 10) == 0) {
			tlb_invalidate(&tlb, page);
			last[page] = 0;
		} else {
			const bool hit = model_access(last, PAGES, sets, ways,
						      page, now);

			assert_int_equal(tlb_access(&tlb, page), hit);
		}
		assert_true(tlb_is_valid(&tlb));
	}
	tlb_release(&tlb);
}

static void test_tlb__agrees_with_timestamps(void **state)
{
	(void)state;
	check_random(1, 1);
	check_random(1, 7);
	check_random(4, 1);
	check_random(16, 4);
}

static void test_tlb__is_valid_sees_damage(void **state)
{
	struct tlb tlb;

	(void)state;
	assert_int_equal(tlb_init(&tlb, 2, 3), 0);
	tlb_access(&tlb, 2);
	tlb_access(&tlb, 4);
	assert_true(tlb_is_valid(&tlb));
	tlb.pages[0] = 3;
	assert_false(tlb_is_valid(&tlb));
	tlb.pages[0] = 2;
	assert_false(tlb_is_valid(&tlb));
	tlb.pages[0] = 0;
	assert_false(tlb_is_valid(&tlb));
	tlb_release(&tlb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tlb__evicts_the_least_recent),
		cmocka_unit_test(test_tlb__set_is_the_low_bits),
		cmocka_unit_test(test_tlb__invalidate_drops_one),
		cmocka_unit_test(test_tlb__agrees_with_timestamps),
		cmocka_unit_test(test_tlb__is_valid_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
