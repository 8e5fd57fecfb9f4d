#include "kb_test.h"

#include "bench_smallest.h"
#include "kb_status.h"

#include <string.h>

/* What a window of each size does: its size is its place, from 1. */
struct sizes {
	const char *does;
	unsigned tries;
	unsigned fail_at;
};

static int try_pages(void *user, uint32_t pages)
{
	struct sizes *sizes = user;

	assert_in_range(pages, 1, strlen(sizes->does));
	if (++sizes->tries == sizes->fail_at)
		return KB_E_STOPPED;
	return sizes->does[pages - 1] == '+';
}

static struct bench_smallest search(const char *does, uint32_t bound,
				    uint32_t below)
{
	struct sizes sizes = { .does = does };
	struct bench_smallest s = { .bound = bound,
				    .max = (uint32_t)strlen(does),
				    .below_max = below };

	assert_int_equal(bench_smallest_search(&s, try_pages, &sizes), 0);
	assert_int_equal(s.tries, sizes.tries);
	return s;
}

static void test_bench_smallest__the_bound_itself(void **state)
{
	struct bench_smallest s = search("...+++++", 4, 10);

	(void)state;
	assert_int_equal(s.pages, 4);
	assert_int_equal(s.tried_from, 4);
	assert_int_equal(s.refused_above, 0);
	assert_int_equal(s.tries, 1);
}

static void test_bench_smallest__monotonic(void **state)
{
	struct bench_smallest s = search("..........++++++", 3, 10);

	(void)state;
	assert_int_equal(s.pages, 11);
	assert_int_equal(s.tried_from, 3);
	assert_int_equal(s.refused_above, 0);
}

/* Halving meets 10, whose neighbor refuses; 6 does too. */
static void test_bench_smallest__not_monotonic(void **state)
{
	struct bench_smallest s = search(".....+...+++++++", 2, 10);

	(void)state;
	assert_int_equal(s.pages, 6);
	assert_int_equal(s.tried_from, 2);
	assert_int_equal(s.refused_above, 9);
}

static void test_bench_smallest__tries_below_are_limited(void **state)
{
	struct bench_smallest s = search(".....+...+++++++", 2, 3);

	(void)state;
	assert_int_equal(s.pages, 10);
	assert_int_equal(s.tried_from, 7);
	s = search(".....+...+++++++", 2, 4);
	assert_int_equal(s.pages, 6);
	assert_int_equal(s.tried_from, 6);
	s = search(".....+...+++++++", 2, 0);
	assert_int_equal(s.pages, 10);
	assert_int_equal(s.tried_from, 10);
}

static void test_bench_smallest__no_size_suffices(void **state)
{
	struct bench_smallest s = search("...........", 3, 10);

	(void)state;
	assert_int_equal(s.pages, 0);
	/* 3, 6, and the most, 11. */
	assert_int_equal(s.tries, 3);
	s = search("..........+", 3, 10);
	assert_int_equal(s.pages, 11);
}

static void test_bench_smallest__stops_on_request(void **state)
{
	struct bench_smallest s = { .bound = 2, .max = 16, .below_max = 8 };

	(void)state;
	for (unsigned n = 1; n <= 10; n++) {
		struct sizes sizes = { ".....+...+++++++", 0, n };

		assert_int_equal(bench_smallest_search(&s, try_pages, &sizes),
				 KB_E_STOPPED);
		assert_int_equal(sizes.tries, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_smallest__the_bound_itself),
		cmocka_unit_test(test_bench_smallest__monotonic),
		cmocka_unit_test(test_bench_smallest__not_monotonic),
		cmocka_unit_test(test_bench_smallest__tries_below_are_limited),
		cmocka_unit_test(test_bench_smallest__no_size_suffices),
		cmocka_unit_test(test_bench_smallest__stops_on_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
