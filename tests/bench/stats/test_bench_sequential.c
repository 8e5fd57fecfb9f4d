#include "kb_test.h"

#include "bench_sequential.h"
#include "bench_stats.h"
#include "kb_bits.h"
#include "kb_rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const struct bench_sequential rule = { 0.01, 0.03, 0.01, 0.05 };

/* P(Binomial(n, 1/2) < k) by whole numbers: Pascal's row, n <= 60. */
static double binomial_below(unsigned n, unsigned k)
{
	uint64_t row[61] = { 1 };
	uint64_t sum = 0;

	for (unsigned i = 1; i <= n; i++)
		for (unsigned j = i; j > 0; j--)
			row[j] += row[j - 1];
	for (unsigned i = 0; i < k; i++)
		sum += row[i];
	return (double)sum / (double)(UINT64_C(1) << n);
}

/* The rank is the largest one that keeps its promise. */
static void test_bench_sequential__ranks_are_the_largest(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 60; n++) {
		size_t k = bench_binomial_rank(n, 0.01);

		assert_true(binomial_below(n, (unsigned)k) <= 0.01);
		assert_true(binomial_below(n, (unsigned)k + 1) > 0.01);
	}
}

/* The looks' ranks for 1% false FAILs and 5% missed slowdowns. */
static void test_bench_sequential__ranks_at_the_looks(void **state)
{
	static const size_t fail[] = { 1, 5, 14, 34, 76 };
	static const size_t pass[] = { 2, 6, 16, 37, 80 };

	(void)state;
	for (size_t i = 0; i < BENCH_LOOKS; i++) {
		assert_int_equal(bench_binomial_rank(bench_looks[i], 0.01 / 5),
				 fail[i]);
		assert_int_equal(bench_binomial_rank(bench_looks[i], 0.05 / 5),
				 pass[i]);
	}
}

/* Runs the rule over made-up epochs until it has a verdict. */
static enum bench_verdict run_rule(double centre, double noise, uint64_t seed)
{
	struct kb_rng rng = kb_rng_init(seed);
	enum bench_verdict verdict = BENCH_VERDICT_GO_ON;
	double ratio[192], sorted[192];

	for (size_t n = 0; verdict == BENCH_VERDICT_GO_ON;) {
		double u = (double)kb_rng_below(&rng, 1 << 20) / (1 << 20);

		ratio[n++] = log1p(centre) + noise * (2 * u - 1);
		memcpy(sorted, ratio, n * sizeof(*sorted));
		verdict = bench_sequential_judge(&rule, sorted, n);
	}
	return verdict;
}

static void test_bench_sequential__clear_cases(void **state)
{
	(void)state;
	assert_int_equal(run_rule(0, 0.001, 1), BENCH_VERDICT_PASS);
	assert_int_equal(run_rule(-0.2, 0.05, 2), BENCH_VERDICT_PASS);
	assert_int_equal(run_rule(0.10, 0.02, 3), BENCH_VERDICT_FAIL);
}

/* Between tolerance and target, with noise that hides it: nobody can tell, and
 * nobody pretends to. */
static void test_bench_sequential__an_open_question_stays_open(void **state)
{
	double ratio[192];

	(void)state;
	for (size_t i = 0; i < 192; i++)
		ratio[i] = log1p(0.02) + (i % 2 ? 0.3 : -0.3);
	assert_int_equal(bench_sequential_judge(&rule, ratio, 192),
			 BENCH_VERDICT_INCONCLUSIVE);
}

static void test_bench_sequential__verdicts_only_at_the_looks(void **state)
{
	double ratio[192] = { 0 };

	(void)state;
	for (size_t n = 1; n <= 192; n++) {
		bool look =
			n == 12 || n == 24 || n == 48 || n == 96 || n == 192;

		assert_int_equal(bench_sequential_judge(&rule, ratio, n) !=
					 BENCH_VERDICT_GO_ON,
				 look);
	}
}

/* The promise itself, on made-up noise: at the tolerance at most 1 in 100 FAIL,
 * at the target at most 5 in 100 PASS. 2,000 gates each; the bounds leave four
 * standard deviations. */
static void test_bench_sequential__error_rates_are_as_promised(void **state)
{
	unsigned fails = 0, passes = 0;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		fails += run_rule(rule.theta, 0.05, i) == BENCH_VERDICT_FAIL;
		passes += run_rule(rule.delta, 0.05, i) == BENCH_VERDICT_PASS;
	}
	assert_true(fails <= 20 + 4 * 4.5);
	assert_true(passes <= 100 + 4 * 9.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_sequential__ranks_are_the_largest),
		cmocka_unit_test(test_bench_sequential__ranks_at_the_looks),
		cmocka_unit_test(test_bench_sequential__clear_cases),
		cmocka_unit_test(
			test_bench_sequential__an_open_question_stays_open),
		cmocka_unit_test(
			test_bench_sequential__verdicts_only_at_the_looks),
		cmocka_unit_test(
			test_bench_sequential__error_rates_are_as_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
