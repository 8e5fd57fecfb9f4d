/*
 * Speeds: what is a factor and what is none, and exact scaling.
 */
#include "kb_test.h"

#include "kb_bits.h"
#include "smp_headroom.h"
#include "smp_speed.h"

#include <math.h>
#include <string.h>

static int parse(const char *text, struct smp_speed *speed)
{
	struct kb_diag diag = { 0 };

	return smp_speed_parse(speed, text, strlen(text), "speed", &diag);
}

static void test_smp_speed__factors_are_decimals_of_three_places(void **state)
{
	static const struct {
		const char *text;
		uint64_t thousandths;
		const char *again;
	} good[] = {
		{ "max", 0, "max" },
		{ "1", 1000, "1" },
		{ "0.001", 1, "0.001" },
		{ "10.5", 10500, "10.5" },
		{ "10.500", 10500, "10.5" },
		{ "007.25", 7250, "7.25" },
		{ "100", 100000, "100" },
		{ "1000000000", 1000000000000, "1000000000" },
	};
	static const char *const bad[] = {
		"",    "0",	     "0.000", "0.0001",
		"1.",  ".5",	     "-1",    "1e3",
		"+1",  "1000000001", "1 ",    "maximum",
		"1,5", "ma",	     "1.2.3", "999999999999999999999",
	};
	struct smp_speed speed;
	char text[SMP_SPEED_TEXT];

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(good); i++) {
		assert_int_equal(parse(good[i].text, &speed), 0);
		assert_int_equal(speed.thousandths, good[i].thousandths);
		assert_string_equal(smp_speed_text(text, speed), good[i].again);
	}
	for (size_t i = 0; i < KB_ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &speed), KB_E_ARG);
}

static void test_smp_speed__scaling_is_exact_and_rounds_down(void **state)
{
	static const struct {
		uint64_t thousandths, ns, ps;
	} cases[] = {
		{ 1000, 12345, 12345000 },
		{ 3000, 1, 333 },
		{ 7125, 1000000, 140350877 },
		{ 1, 7, 7000000 },
		{ 0, 123456, 0 },
		/* Where a product of 64 bits would have overflowed. */
		{ 1000000, 9223372036854775807, 9223372036854775807 },
		{ 1000000000000, 18446744073709551615u, 18446744073709 },
		{ 999999999999, 18446744073709551615u, 18446744073727 },
	};
	uint64_t ps;

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		const struct smp_speed speed = { cases[i].thousandths };
		const bool fits = smp_speed_scale(speed, cases[i].ns, &ps);

		/* The longest is beyond what a time may be. */
		if (cases[i].thousandths == 1000000) {
			assert_false(fits);
			continue;
		}
		assert_true(fits);
		assert_int_equal(ps, cases[i].ps);
	}
	assert_true(smp_speed_scale((struct smp_speed){ 1000 },
				    9223372036853775, &ps));
	assert_false(smp_speed_scale((struct smp_speed){ 1000 },
				     9223372036854776, &ps));
}

static void test_smp_headroom__speeds_are_quarter_powers_of_two(void **state)
{
	(void)state;
	for (unsigned j = 0; j < SMP_HEADROOM_STEPS; j++)
		assert_int_equal(smp_headroom_speed[j],
				 (uint64_t)llround(1000 * exp2(j / 4.0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smp_speed__factors_are_decimals_of_three_places),
		cmocka_unit_test(
			test_smp_speed__scaling_is_exact_and_rounds_down),
		cmocka_unit_test(
			test_smp_headroom__speeds_are_quarter_powers_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
