/*
 * Least squares against systems whose answer is known.
 */
#include "kb_test.h"

#include "bench_least.h"
#include "kb_rng.h"

#include <math.h>

#define ROWS 400

static double x[ROWS * 5], y[ROWS];

static void assert_close(double value, double expected)
{
	if (fabs(value - expected) > 1e-6 * (1 + fabs(expected))) {
		print_error("%.12g, expected %.12g\n", value, expected);
		fail();
	}
}

/* Columns: 1, some whole numbers of different sizes; y made of them. */
static void make(const double factor[5])
{
	struct kb_rng rng = kb_rng_init(1);

	for (size_t i = 0; i < ROWS; i++) {
		y[i] = 0;
		for (size_t k = 0; k < 5; k++) {
			static const uint64_t most[] = { 1, 7000, 3000, 4, 9 };
			double v = k ? (double)kb_rng_below(&rng, most[k]) : 1;

			x[i * 5 + k] = v;
			y[i] += factor[k] * v;
		}
	}
}

static void test_bench_least__finds_exact_coefficients(void **state)
{
	static const double factor[5] = { 25, 1.2, -0.3, 8, 0 };
	struct bench_least fit;

	(void)state;
	make(factor);
	assert_int_equal(bench_least(&fit, x, y, ROWS, 5), 0);
	for (size_t k = 0; k < 5; k++) {
		assert_close(fit.factor[k], factor[k]);
		assert_true(fit.used[k]);
	}
	assert_close(fit.r2, 1);
	assert_close(bench_least_predict(&fit, x + 35, 5), y[7]);
}

/* A column that says what another says, or nothing, is not used. */
static void test_bench_least__drops_dependent_columns(void **state)
{
	static const double factor[5] = { 5, 2, 0, 3, 0 };
	struct bench_least fit;

	(void)state;
	make(factor);
	for (size_t i = 0; i < ROWS; i++) {
		x[i * 5 + 2] = 4 * x[i * 5 + 1] - 1;
		x[i * 5 + 4] = 0;
	}
	assert_int_equal(bench_least(&fit, x, y, ROWS, 5), 0);
	assert_false(fit.used[4]);
	assert_int_equal(fit.used[0] + fit.used[1] + fit.used[2], 2);
	assert_close(fit.factor[3], 3);
	for (size_t i = 0; i < ROWS; i += 17)
		assert_close(bench_least_predict(&fit, x + i * 5, 5), y[i]);
}

/* A line's slope and constant have the textbook's standard errors. */
static void test_bench_least__standard_errors(void **state)
{
	static const double line[] = { 1, 1, 1, 2, 1, 3, 1, 4, 1, 5 };
	static const double values[] = { 2, 4, 5, 4, 5 };
	struct bench_least fit;

	/* Slope 0.6, constant 2.2, squares left 2.4, mean x 3, Sxx 10. */
	(void)state;
	assert_int_equal(bench_least(&fit, line, values, 5, 2), 0);
	assert_close(fit.factor[0], 2.2);
	assert_close(fit.factor[1], 0.6);
	assert_close(fit.error[1], sqrt(2.4 / 3 / 10));
	assert_close(fit.error[0], sqrt(2.4 / 3 * (1.0 / 5 + 9.0 / 10)));
}

/* Its residuals are at right angles to every column: no other factors are
 * nearer. And the share explained is what is left of the variance. */
static void test_bench_least__minimizes_the_squares(void **state)
{
	static const double factor[5] = { 25, 1.2, -0.3, 8, 2 };
	struct kb_rng rng = kb_rng_init(2);
	double dot[5] = { 0 }, mean = 0, whole = 0, left = 0;
	struct bench_least fit;

	(void)state;
	make(factor);
	for (size_t i = 0; i < ROWS; i++)
		y[i] += (double)kb_rng_below(&rng, 4000);
	assert_int_equal(bench_least(&fit, x, y, ROWS, 5), 0);
	for (size_t i = 0; i < ROWS; i++)
		mean += y[i] / ROWS;
	for (size_t i = 0; i < ROWS; i++) {
		double r = y[i] - bench_least_predict(&fit, x + i * 5, 5);

		for (size_t k = 0; k < 5; k++)
			dot[k] += r * x[i * 5 + k];
		left += r * r;
		whole += (y[i] - mean) * (y[i] - mean);
	}
	for (size_t k = 0; k < 5; k++)
		assert_true(fabs(dot[k]) < 1e-4 * left);
	assert_close(fit.r2, 1 - left / whole);
	assert_true(fit.r2 > 0.5 && fit.r2 < 0.99);
}

static void test_bench_least__needs_more_rows_than_columns(void **state)
{
	struct bench_least fit;

	(void)state;
	assert_int_equal(bench_least(&fit, x, y, 5, 5), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_least__finds_exact_coefficients),
		cmocka_unit_test(test_bench_least__drops_dependent_columns),
		cmocka_unit_test(test_bench_least__standard_errors),
		cmocka_unit_test(test_bench_least__minimizes_the_squares),
		cmocka_unit_test(
			test_bench_least__needs_more_rows_than_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
