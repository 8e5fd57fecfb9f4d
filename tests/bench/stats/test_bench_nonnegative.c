/*
 * Least squares without negative factors, against every choice of columns.
 */
#include "kb_test.h"

#include "bench_nonnegative.h"
#include "kb_rng.h"

#include <math.h>
#include <string.h>

#define ROWS	300
#define COLUMNS 4

static double x[ROWS * COLUMNS], y[ROWS];

static void make(uint64_t seed, const double *factor, double noise)
{
	struct kb_rng rng = kb_rng_init(seed);

	for (size_t i = 0; i < ROWS; i++) {
		y[i] = noise * ((double)kb_rng_below(&rng, 2001) / 1000 - 1);
		for (size_t k = 0; k < COLUMNS; k++) {
			double v = k ? (double)kb_rng_below(&rng, 10 * k) : 1;

			x[i * COLUMNS + k] = v;
			y[i] += factor[k] * v;
		}
	}
}

static double squares(const struct bench_least *fit)
{
	double sum = 0;

	for (size_t i = 0; i < ROWS; i++)
		sum += pow(y[i] - bench_least_predict(fit, x + i * COLUMNS,
						      COLUMNS),
			   2);
	return sum;
}

/* The fit of some of the columns, named by bits. */
static void fit_some(struct bench_least *fit, unsigned set)
{
	static double some[ROWS * COLUMNS];
	struct bench_least own;
	size_t at = 0, n = 0;

	memset(fit, 0, sizeof(*fit));
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < COLUMNS; k++)
			if (set >> k & 1)
				some[at++] = x[i * COLUMNS + k];
	assert_int_equal(bench_least(&own, some, y, ROWS, at / ROWS), 0);
	for (size_t k = 0; k < COLUMNS; k++)
		if (set >> k & 1)
			fit->factor[k] = own.factor[n++];
}

static double fewest_squares(void)
{
	double best = INFINITY;

	for (unsigned set = 0; set < 1u << COLUMNS; set++) {
		struct bench_least fit;
		bool allowed = true;

		fit_some(&fit, set);
		for (size_t k = 0; k < COLUMNS; k++)
			allowed &= fit.factor[k] >= 0;
		if (allowed)
			best = fmin(best, squares(&fit));
	}
	return best;
}

/* Whatever the truth, no allowed choice of columns leaves less. */
static void test_bench_nonnegative__nothing_fits_better(void **state)
{
	struct kb_rng rng = kb_rng_init(7);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		double factor[COLUMNS];
		struct bench_least fit;

		for (size_t k = 0; k < COLUMNS; k++)
			factor[k] = (double)kb_rng_below(&rng, 21) - 10;
		make(round, factor, 20);
		assert_int_equal(bench_nonnegative(&fit, x, y, ROWS, COLUMNS),
				 0);
		for (size_t k = 0; k < COLUMNS; k++) {
			assert_true(fit.factor[k] >= 0);
			assert_int_equal(fit.used[k], fit.factor[k] > 0);
		}
		assert_true(squares(&fit) <= fewest_squares() * (1 + 1e-9));
	}
}

static void test_bench_nonnegative__finds_the_factors(void **state)
{
	static const double factor[COLUMNS] = { 3, 0, 2, 5 };
	struct bench_least fit;

	(void)state;
	make(1, factor, 0);
	assert_int_equal(bench_nonnegative(&fit, x, y, ROWS, COLUMNS), 0);
	for (size_t k = 0; k < COLUMNS; k++)
		assert_true(fabs(fit.factor[k] - factor[k]) < 1e-9);
	assert_int_equal(bench_nonnegative(&fit, x, y, COLUMNS, COLUMNS), -1);
}

/* Two columns that say the same count once. */
static void test_bench_nonnegative__uses_one_of_two_alike(void **state)
{
	static const double factor[COLUMNS] = { 3, 4, 0, 5 };
	struct bench_least fit;

	(void)state;
	make(1, factor, 1);
	for (size_t i = 0; i < ROWS; i++)
		x[i * COLUMNS + 2] = x[i * COLUMNS + 1];
	assert_int_equal(bench_nonnegative(&fit, x, y, ROWS, COLUMNS), 0);
	assert_true(fit.used[1] != fit.used[2]);
	assert_true(fabs(fit.factor[1] + fit.factor[2] - 4) < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_nonnegative__nothing_fits_better),
		cmocka_unit_test(test_bench_nonnegative__finds_the_factors),
		cmocka_unit_test(test_bench_nonnegative__uses_one_of_two_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
