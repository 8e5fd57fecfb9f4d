#include "kb_test.h"

#include "bench_stats.h"
#include "kb_bits.h"
#include "kb_rng.h"

#include <math.h>
#include <stdlib.h>

/* The largest k with 1 - 2 P(Binomial(n, 1/2) < k) >= 0.95, in whole numbers:
 * 40 * (sum of C(n, i) for i < k) <= 2^n. */
static size_t exact_rank(size_t n)
{
	const kb_u128 all = (kb_u128)1 << n;
	kb_u128 choose = 1, below = 0;
	size_t k = 0;

	for (;;) {
		below += choose;
		if (40 * below > all)
			return k;
		choose = choose * (n - k) / (k + 1);
		k++;
	}
}

static void test_bench_stats__ranks_are_the_binomials(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 100; n++)
		assert_int_equal(bench_interval_rank(n), exact_rank(n));
	/* As printed in tables of the sign test. */
	assert_int_equal(bench_interval_rank(5), 0);
	assert_int_equal(bench_interval_rank(6), 1);
	assert_int_equal(bench_interval_rank(8), 1);
	assert_int_equal(bench_interval_rank(9), 2);
	assert_int_equal(bench_interval_rank(20), 6);
	assert_int_equal(bench_interval_rank(31), 10);
	assert_int_equal(bench_interval_rank(100), 40);
}

static void test_bench_stats__fewest_for_an_interval(void **state)
{
	(void)state;
	assert_int_equal(bench_interval_rank(BENCH_STATS_INTERVAL_MIN - 1), 0);
	assert_true(bench_interval_rank(BENCH_STATS_INTERVAL_MIN) > 0);
}

/* Many values: still a rank, and the ranks never shrink. */
static void test_bench_stats__ranks_grow(void **state)
{
	size_t before = 0;

	(void)state;
	for (size_t n = 1; n <= 1500; n++) {
		const size_t k = bench_interval_rank(n);

		assert_true(k >= before);
		assert_true(2 * k < n || k == 0);
		before = k;
	}
}

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-9 * fabs(expected) + 1e-12) {
		print_error("%.12g, expected %.12g\n", value, expected);
		fail();
	}
}

static void test_bench_stats__odd_and_even_medians(void **state)
{
	double odd[] = { 5, 1, 4, 2, 3 }, even[] = { 4, 1, 3, 2 };
	struct bench_summary s;

	(void)state;
	bench_summarize(&s, odd, 5);
	assert_int_equal(s.count, 5);
	assert_near(s.min, 1);
	assert_near(s.median, 3);
	/* Deviations 2 1 0 1 2: their median is 1. */
	assert_near(s.spread, 1.4826);
	assert_false(s.has_interval);
	bench_summarize(&s, even, 4);
	assert_near(s.median, 2.5);
	assert_near(s.spread, 1.4826);
}

static void test_bench_stats__few_values(void **state)
{
	double one = 7;
	struct bench_summary s;

	(void)state;
	bench_summarize(&s, &one, 0);
	assert_int_equal(s.count, 0);
	assert_near(s.median, 0);
	assert_false(s.has_interval);
	bench_summarize(&s, &one, 1);
	assert_int_equal(s.count, 1);
	assert_near(s.min, 7);
	assert_near(s.median, 7);
	assert_near(s.spread, 0);
	assert_false(s.has_interval);
}

/* [x(k), x(n+1-k)] of the values 1 … n in any order. */
static void test_bench_stats__interval_is_of_order_statistics(void **state)
{
	struct kb_rng rng = kb_rng_init(3);
	double values[100];

	(void)state;
	for (size_t n = 1; n <= 100; n++) {
		const size_t k = exact_rank(n);
		struct bench_summary s;

		for (size_t i = 0; i < n; i++)
			values[i] = (double)i + 1;
		for (size_t i = n; i > 1; i--) {
			const size_t j = (size_t)kb_rng_below(&rng, i);
			const double t = values[i - 1];

			values[i - 1] = values[j];
			values[j] = t;
		}
		bench_summarize(&s, values, n);
		assert_near(s.median, (double)(n + 1) / 2);
		assert_int_equal(s.has_interval, k > 0);
		if (k == 0)
			continue;
		assert_near(s.low, (double)k);
		assert_near(s.high, (double)(n + 1 - k));
	}
}

/* One wild value moves neither median nor interval. */
static void test_bench_stats__an_outlier_is_tolerated(void **state)
{
	double calm[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 };
	double wild[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 1e12 };
	struct bench_summary a, b;

	(void)state;
	bench_summarize(&a, calm, 10);
	bench_summarize(&b, wild, 10);
	assert_near(a.median, b.median);
	assert_near(a.low, b.low);
	assert_near(a.high, b.high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_stats__ranks_are_the_binomials),
		cmocka_unit_test(test_bench_stats__fewest_for_an_interval),
		cmocka_unit_test(test_bench_stats__ranks_grow),
		cmocka_unit_test(test_bench_stats__odd_and_even_medians),
		cmocka_unit_test(test_bench_stats__few_values),
		cmocka_unit_test(
			test_bench_stats__interval_is_of_order_statistics),
		cmocka_unit_test(test_bench_stats__an_outlier_is_tolerated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
