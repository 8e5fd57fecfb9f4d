/*
 * The judgement of a clock, from made-up readings of an empty pair.
 */
#include "kb_test.h"

#include "kb_bits.h"
#include "replay_clock.h"

#include <string.h>

/* What replay_clock.h adds for the fences, ns. */
#define FENCE_ERROR_NS 5.0

static void assert_near(double value, double expected)
{
	double gap = value - expected;

	if (gap > 1e-9 || gap < -1e-9) {
		print_error("%.12g, expected %.12g\n", value, expected);
		fail();
	}
}

/*
 * 100 readings: 98 of 40, one of 50, one of 1000. The 99th percentile is 50;
 * what lies beyond it was somebody else's interrupt.
 */
static struct replay_clock jittery(void)
{
	struct replay_clock clock;
	uint64_t readings[100];

	memset(&clock, 0, sizeof(clock));
	for (size_t i = 0; i < 100; i++)
		readings[i] = 40;
	readings[3] = 1000;
	readings[77] = 50;
	replay_clock_judge(&clock, readings, 100);
	return clock;
}

static void test_replay_clock__judges_quantum_and_cost(void **state)
{
	const struct replay_clock clock = jittery();

	(void)state;
	assert_int_equal(clock.quantum, 10);
	assert_int_equal(clock.cost_low, 40);
	assert_int_equal(clock.cost_median, 40);
	assert_int_equal(clock.cost_high, 50);
	assert_near(clock.cost_mean, (98 * 40 + 50) / 99.0);
}

static void test_replay_clock__error_and_floor(void **state)
{
	struct replay_clock clock = jittery();
	const double mean = (98 * 40 + 50) / 99.0;

	(void)state;
	clock.ns_per_tick = 0.5;
	assert_near(replay_clock_error_ns(&clock),
		    (10 + (50 - mean)) * 0.5 + FENCE_ERROR_NS);
	assert_near(replay_clock_floor_ns(&clock),
		    4 * ((10 + (50 - mean)) * 0.5 + FENCE_ERROR_NS));
}

/* Where the cheap readings are the exception, they are the spread. */
static void test_replay_clock__spread_below_the_mean(void **state)
{
	uint64_t readings[100];
	struct replay_clock clock;

	(void)state;
	memset(&clock, 0, sizeof(clock));
	for (size_t i = 0; i < 100; i++)
		readings[i] = 60;
	readings[0] = 20;
	replay_clock_judge(&clock, readings, 100);
	clock.ns_per_tick = 1;
	assert_int_equal(clock.quantum, 20);
	assert_int_equal(clock.cost_low, 20);
	assert_int_equal(clock.cost_high, 60);
	assert_near(clock.cost_mean, (20 + 98 * 60) / 99.0);
	assert_near(replay_clock_error_ns(&clock),
		    20 + (clock.cost_mean - 20) + FENCE_ERROR_NS);
}

static void test_replay_clock__a_coarse_clock(void **state)
{
	uint64_t readings[] = { 0, 0, 0, 1000, 0, 0, 0, 0, 2000, 0 };
	struct replay_clock clock;

	(void)state;
	memset(&clock, 0, sizeof(clock));
	replay_clock_judge(&clock, readings, KB_ARRAY_LEN(readings));
	assert_int_equal(clock.quantum, 1000);
	assert_int_equal(clock.cost_low, 0);
	assert_int_equal(clock.cost_median, 0);
	/* Of ten readings the 99th percentile leaves out the highest. */
	assert_int_equal(clock.cost_high, 1000);
	clock.ns_per_tick = 1;
	assert_true(replay_clock_floor_ns(&clock) >= 4000);
}

/* A clock that never moves, and a single reading, have a quantum of 1. */
static void test_replay_clock__degenerate_readings(void **state)
{
	uint64_t zeros[3] = { 0, 0, 0 }, one = 7;
	struct replay_clock clock;

	(void)state;
	memset(&clock, 0, sizeof(clock));
	replay_clock_judge(&clock, zeros, 3);
	assert_int_equal(clock.quantum, 1);
	assert_int_equal(clock.cost_high, 0);
	replay_clock_judge(&clock, &one, 1);
	assert_int_equal(clock.quantum, 7);
	assert_int_equal(clock.cost_low, 7);
	assert_int_equal(clock.cost_median, 7);
	assert_int_equal(clock.cost_high, 7);
	assert_near(clock.cost_mean, 7);
}

/* A reading less its cost, and never a negative time. */
static void test_replay_clock__ns_of_a_reading(void **state)
{
	struct replay_clock clock = { .cost_mean = 40.5, .ns_per_tick = 0.25 };

	(void)state;
	assert_near(replay_clock_ns(&clock, 140), 99.5 * 0.25);
	assert_near(replay_clock_ns(&clock, 41), 0.5 * 0.25);
	assert_near(replay_clock_ns(&clock, 40), 0);
	assert_near(replay_clock_ns(&clock, 0), 0);
	assert_near(replay_clock_ns(&clock, UINT64_C(1) << 50),
		    ((double)(UINT64_C(1) << 50) - 40.5) * 0.25);
}

/* The real one: nothing about its speed, but that it adds up. */
static void test_replay_clock__qualifies_this_machine(void **state)
{
	struct replay_clock clock;

	(void)state;
	replay_clock_qualify(&clock);
	replay_clock_calibrate(&clock);
	assert_true(clock.quantum >= 1);
	assert_true(clock.cost_low <= clock.cost_median);
	assert_true(clock.cost_median <= clock.cost_high);
	assert_true(clock.cost_mean >= (double)clock.cost_low);
	assert_true(clock.cost_mean <= (double)clock.cost_high);
	assert_int_equal(clock.cost_low % clock.quantum, 0);
	assert_int_equal(clock.cost_high % clock.quantum, 0);
	assert_true(clock.ns_per_tick > 0);
	assert_true(clock.use_tsc || clock.ns_per_tick == 1);
	assert_true(replay_clock_error_ns(&clock) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_clock__judges_quantum_and_cost),
		cmocka_unit_test(test_replay_clock__error_and_floor),
		cmocka_unit_test(test_replay_clock__spread_below_the_mean),
		cmocka_unit_test(test_replay_clock__a_coarse_clock),
		cmocka_unit_test(test_replay_clock__degenerate_readings),
		cmocka_unit_test(test_replay_clock__ns_of_a_reading),
		cmocka_unit_test(test_replay_clock__qualifies_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
