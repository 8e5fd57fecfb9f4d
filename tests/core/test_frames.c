#include "heap_support.h"
#include "frames.h"

#include <stdlib.h>
#include <string.h>

static pfn_t take(struct frames *frames, kva_t va)
{
	pfn_t pfn = FRAMES_NONE;

	assert_int_equal(frames_take(frames, va, &pfn), 0);
	assert_int_equal(frames_at(frames, pfn)->va, va);
	return pfn;
}

/*
 *   take ×3           0 1 2
 *   give 0, give 2    free: 2, 0
 *   take ×3           2 0 3
 */
static void test_frames__last_freed_is_reused_first(void **state)
{
	struct frames frames;

	(void)state;
	frames_init(&frames, 10);
	assert_int_equal(take(&frames, 0x1000), 0);
	assert_int_equal(take(&frames, 0x2000), 1);
	assert_int_equal(take(&frames, 0x3000), 2);
	frames_give(&frames, 0);
	frames_give(&frames, 2);
	assert_int_equal(frames_at(&frames, 0)->va, 0);
	assert_int_equal(take(&frames, 0x4000), 2);
	assert_int_equal(take(&frames, 0x5000), 0);
	assert_int_equal(take(&frames, 0x6000), 3);
	frames_release(&frames);
}

/* Expect: exactly `limit` frames, and one given back can be had again. */
static void test_frames__limit_is_exact(void **state)
{
	struct frames frames;
	pfn_t pfn = 77;
	uint32_t limit;
	uint32_t i;

	(void)state;
	for (limit = 1; limit < 600; limit += 37) {
		frames_init(&frames, limit);
		for (i = 0; i < limit; i++)
			assert_int_equal(take(&frames, 0x1000), i);
		assert_int_equal(frames_take(&frames, 0x1000, &pfn),
				 KB_E_NO_FRAMES);
		frames_give(&frames, limit / 2);
		assert_int_equal(take(&frames, 0x1000), limit / 2);
		frames_release(&frames);
	}
	assert_int_equal(pfn, 77);
}

/* Records follow the frames in use, not the limit, and survive moving. */
static void test_frames__records_grow_with_use(void **state)
{
	struct frames frames;
	uint32_t i;

	(void)state;
	frames_init(&frames, KVA_SPACE_PAGES);
	assert_int_equal(frames.capacity, 0);
	for (i = 0; i < 5000; i++) {
		const pfn_t pfn = take(&frames, (i + 1) << KVA_PAGE_SHIFT);

		frames_at(&frames, pfn)->payload = i * 3;
	}
	/* 256 records at first, then twice as many each time. */
	assert_int_equal(frames.capacity, 8192);
	for (i = 0; i < 5000; i++) {
		assert_int_equal(frames_at(&frames, i)->payload, i * 3);
		assert_int_equal(frames_at(&frames, i)->va,
				 (i + 1) << KVA_PAGE_SHIFT);
	}
	frames_release(&frames);
}

/* Expect: a frame that was never used has payload 0, also if the records' memory
 * has held something else; growing ends at the limit. */
static void test_frames__new_records_are_zeros(void **state)
{
	const size_t size = 60000;
	struct frames frames;
	void *dirty = malloc(size);
	uint32_t i;

	(void)state;
	assert_non_null(dirty);
	memset(dirty, 0xff, size);
	free(dirty);
	frames_init(&frames, 1000);
	for (i = 256; i < 1024; i *= 2) {
		assert_int_equal(frames_grow(&frames), 0);
		assert_int_equal(frames.capacity, i);
	}
	assert_int_equal(frames_grow(&frames), 0);
	assert_int_equal(frames.capacity, 1000);
	assert_int_equal(frames_grow(&frames), KB_E_NO_FRAMES);
	for (i = 0; i < 1000; i++)
		assert_int_equal(frames.records[i].payload, 0);
	frames_release(&frames);
}

/*
 * Takes across the end of the free list, and gives back in reverse:
 *
 *   free: 1, 4   fresh: 5      take ×4 → 1 4 5 6      give 6 5 4 1
 *
 * Expect: the next four are 1 4 5 6 again, then 7.
 */
static void test_frames__reverse_order_restores_the_order(void **state)
{
	static const pfn_t order[] = { 1, 4, 5, 6 };
	struct frames frames;
	int round;
	int i;

	(void)state;
	frames_init(&frames, 100);
	for (i = 0; i < 5; i++)
		take(&frames, 0x1000);
	frames_give(&frames, 4);
	frames_give(&frames, 1);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 4; i++)
			assert_int_equal(take(&frames, 0x1000), order[i]);
		if (round < 2)
			for (i = 3; i >= 0; i--)
				frames_give(&frames, order[i]);
	}
	assert_int_equal(take(&frames, 0x1000), 7);
	frames_release(&frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames__last_freed_is_reused_first),
		cmocka_unit_test(test_frames__limit_is_exact),
		cmocka_unit_test(test_frames__records_grow_with_use),
		cmocka_unit_test(test_frames__new_records_are_zeros),
		cmocka_unit_test(test_frames__reverse_order_restores_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
