#include "kb_test.h"

#include "bench_format.h"
#include "kb_bits.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static char out[BENCH_TEXT_SIZE];

static void test_bench_format__count(void **state)
{
	(void)state;
	assert_string_equal(bench_format_count(out, 0), "0");
	assert_string_equal(bench_format_count(out, 999), "999");
	assert_string_equal(bench_format_count(out, 1000), "1,000");
	assert_string_equal(bench_format_count(out, 31619), "31,619");
	assert_string_equal(bench_format_count(out, 100000), "100,000");
	assert_string_equal(bench_format_count(out, 1234567), "1,234,567");
	assert_string_equal(bench_format_count(out, UINT64_MAX),
			    "18,446,744,073,709,551,615");
}

/* Three significant digits, at every change of their number. */
static void test_bench_format__number(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{ 0, "0.00" },
		{ 0.004, "0.00" },
		{ 7.25, "7.25" },
		{ 9.99, "9.99" },
		{ 9.9951, "10.0" },
		{ 31.62, "31.6" },
		{ 99.94, "99.9" },
		{ 99.951, "100" },
		{ 812.3, "812" },
		{ 999.4, "999" },
		{ 999.6, "1,000" },
		{ 3770.6, "3,771" },
		{ 1e12, "1,000,000,000,000" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++)
		assert_string_equal(bench_format_number(out, cases[i].x),
				    cases[i].text);
}

static void test_bench_format__ns(void **state)
{
	static const struct {
		double ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },		{ 7.254, "7.25 ns" },
		{ 812, "812 ns" },	{ 999.4, "999 ns" },
		{ 999.6, "1.00 µs" },	{ 13400, "13.4 µs" },
		{ 999.6e3, "1.00 ms" }, { 1.2e6, "1.20 ms" },
		{ 999.6e6, "1.00 s" },	{ 2.5e9, "2.50 s" },
		{ 3.6e12, "3,600 s" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++)
		assert_string_equal(bench_format_ns(out, cases[i].ns),
				    cases[i].text);
}

static void test_bench_format__bytes(void **state)
{
	(void)state;
	assert_string_equal(bench_format_bytes(out, 0), "0 B");
	assert_string_equal(bench_format_bytes(out, 999), "999 B");
	assert_string_equal(bench_format_bytes(out, 4096), "4.10 kB");
	assert_string_equal(bench_format_bytes(out, 64335872), "64.3 MB");
	assert_string_equal(bench_format_bytes(out, 2e9), "2.00 GB");
}

static void test_bench_format__rate(void **state)
{
	(void)state;
	assert_string_equal(bench_format_rate(out, 81.3), "12.3 M/s");
	assert_string_equal(bench_format_rate(out, 0.5), "2.00 G/s");
	assert_string_equal(bench_format_rate(out, 1e9), "1.00 /s");
	assert_string_equal(bench_format_rate(out, 4e5), "2.50 k/s");
	assert_string_equal(bench_format_rate(out, 0), "0 /s");
}

static void test_bench_format__figure(void **state)
{
	struct bench_figure f = { BENCH_FIGURE_NUMBER, 812 };

	(void)state;
	assert_string_equal(bench_format_figure(out, f, 59.2), "812 ns");
	f.state = BENCH_FIGURE_BELOW_FLOOR;
	f.ns = 3;
	assert_string_equal(bench_format_figure(out, f, 59.2), "<60 ns");
	assert_string_equal(bench_format_figure(out, f, 60), "<60 ns");
	f.state = BENCH_FIGURE_NONE;
	assert_string_equal(bench_format_figure(out, f, 60), "-");
}

/* µ is two bytes and one column. */
static void test_bench_format__columns(void **state)
{
	char padded[32];

	(void)state;
	snprintf(padded, sizeof(padded), "%*s|",
		 bench_format_width("9.31 µs", 9), "9.31 µs");
	assert_string_equal(padded, "  9.31 µs|");
	snprintf(padded, sizeof(padded), "%*s|",
		 bench_format_width("812 ns", 9), "812 ns");
	assert_string_equal(padded, "   812 ns|");
}

/* No number is too large for the room there is. */
static void test_bench_format__fits_the_room(void **state)
{
	static const double values[] = { 1e15, 1e18, 9.2e18 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(values); i++) {
		assert_true(strlen(bench_format_number(out, values[i])) <
			    BENCH_TEXT_SIZE);
		assert_true(strlen(bench_format_ns(out, values[i])) <
			    BENCH_TEXT_SIZE);
		assert_true(strlen(bench_format_rate(out, 1 / values[i])) <
			    BENCH_TEXT_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_format__count),
		cmocka_unit_test(test_bench_format__number),
		cmocka_unit_test(test_bench_format__ns),
		cmocka_unit_test(test_bench_format__bytes),
		cmocka_unit_test(test_bench_format__rate),
		cmocka_unit_test(test_bench_format__figure),
		cmocka_unit_test(test_bench_format__columns),
		cmocka_unit_test(test_bench_format__fits_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
