/*
 * The judgment of a clock: from made-up readings of an empty pair, and of
 * made-up clocks with known faults, so that the truth is known.
 */
#include "kb_test.h"

#include "fake_clock.h"

#include "kb_bits.h"
#include "replay_clock.h"

#include <math.h>
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
 * readings above it were interrupted.
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

static void test_replay_clock__reports_quantum_and_cost(void **state)
{
	const struct replay_clock clock = jittery();

	(void)state;
	assert_int_equal(clock.quantum, 10);
	assert_int_equal(clock.cost.low, 40);
	assert_int_equal(clock.cost.median, 40);
	assert_int_equal(clock.cost.high, 50);
	assert_near(clock.cost.mean, (98 * 40 + 50) / 99.0);
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
	/* Their divisor is 20, but nothing between was ever read. */
	assert_int_equal(clock.quantum, 40);
	assert_int_equal(clock.cost.low, 20);
	assert_int_equal(clock.cost.high, 60);
	assert_near(clock.cost.mean, (20 + 98 * 60) / 99.0);
	assert_near(replay_clock_error_ns(&clock),
		    40 + (clock.cost.mean - 20) + FENCE_ERROR_NS);
}

static void test_replay_clock__a_coarse_clock(void **state)
{
	uint64_t readings[] = { 0, 0, 0, 1000, 0, 0, 0, 0, 2000, 0 };
	struct replay_clock clock;

	(void)state;
	memset(&clock, 0, sizeof(clock));
	replay_clock_judge(&clock, readings, KB_ARRAY_LEN(readings));
	assert_int_equal(clock.quantum, 1000);
	assert_int_equal(clock.cost.low, 0);
	assert_int_equal(clock.cost.median, 0);
	/* Of ten readings the 99th percentile leaves out the highest. */
	assert_int_equal(clock.cost.high, 1000);
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
	assert_int_equal(clock.cost.high, 0);
	replay_clock_judge(&clock, &one, 1);
	assert_int_equal(clock.quantum, 7);
	assert_int_equal(clock.cost.low, 7);
	assert_int_equal(clock.cost.median, 7);
	assert_int_equal(clock.cost.high, 7);
	assert_near(clock.cost.mean, 7);
}

/* A reading less its cost, and never a negative time. */
static void test_replay_clock__ns_of_a_reading(void **state)
{
	struct replay_clock clock = { .cost = { .mean = 40.5 },
				      .ns_per_tick = 0.25 };

	(void)state;
	assert_near(replay_clock_ns(&clock, 140), 99.5 * 0.25);
	assert_near(replay_clock_ns(&clock, 41), 0.5 * 0.25);
	assert_near(replay_clock_ns(&clock, 40), 0);
	assert_near(replay_clock_ns(&clock, 0), 0);
	assert_near(replay_clock_ns(&clock, UINT64_C(1) << 50),
		    ((double)(UINT64_C(1) << 50) - 40.5) * 0.25);
}

/* A clock that steps by 25.96 ticks: the divisor of what it shows is 1. */
static void test_replay_clock__a_step_that_is_no_divisor(void **state)
{
	struct replay_clock clock;
	uint64_t readings[300];

	(void)state;
	memset(&clock, 0, sizeof(clock));
	for (size_t i = 0; i < 300; i++)
		readings[i] = (uint64_t)(25.96 * (double)(2 + i % 3));
	readings[7] = 1001;
	replay_clock_judge(&clock, readings, 300);
	assert_int_equal(clock.quantum, 26);
}

/* What a fake clock is told, over all of which the tests go. */
static const struct fake_clock clocks[] = {
	{ .tick_ns = 0.385, .step = 1, .cost_low = 50, .cost_spread = 0 },
	{ .tick_ns = 0.385, .step = 1, .cost_low = 50, .cost_spread = 12 },
	{ .tick_ns = 0.385, .step = 26, .cost_low = 52, .cost_spread = 0 },
	{ .tick_ns = 0.385, .step = 26, .cost_low = 60, .cost_spread = 30 },
	{ .tick_ns = 0.5, .step = 2, .cost_low = 30, .cost_spread = 200 },
	{ .tick_ns = 0.5, .step = 10, .cost_low = 41, .cost_spread = 3 },
	{ .tick_ns = 1, .step = 1, .cost_low = 25, .cost_spread = 5 },
	{ .tick_ns = 1, .step = 100, .cost_low = 40, .cost_spread = 20 },
	{ .tick_ns = 1, .step = 1000, .cost_low = 30, .cost_spread = 0 },
	{ .tick_ns = 41.67, .step = 1, .cost_low = 1, .cost_spread = 2 },
};

static const double durations_ns[] = { 0,   2,	 4.5,  9,    17,    36,	  70,
				       140, 290, 1000, 5000, 12345, 50000 };

static void qualify(struct replay_clock *clock, struct fake_clock *fake)
{
	const struct replay_clock_source source = fake_clock_source(fake);
	struct kb_diag diag;

	kb_diag_init(&diag);
	memset(clock, 0, sizeof(*clock));
	clock->use_tsc = true;
	replay_clock_qualify_on(clock, &source);
	assert_int_equal(replay_clock_calibrate_on(clock, &source, &diag), 0);
}

/* Whatever the step and jitter, the truth is within the reported error of a
 * reading: at least 99 in 100 times, as replay_clock.h says. */
static void test_replay_clock__the_error_covers_the_truth(void **state)
{
	enum { READINGS = 1000 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(clocks); i++) {
		struct fake_clock fake = clocks[i];
		struct replay_clock clock;
		double error_ns;

		qualify(&clock, &fake);
		error_ns = replay_clock_error_ns(&clock);
		for (size_t k = 0; k < KB_ARRAY_LEN(durations_ns); k++) {
			double t = durations_ns[k];
			unsigned covered = 0;

			for (unsigned n = 0; n < READINGS; n++) {
				double ns = replay_clock_ns(
					&clock, fake_clock_read(&fake, t));

				covered += ns - t <= error_ns &&
					   t - ns <= error_ns;
			}
			if (covered < READINGS * 99 / 100) {
				print_error("clock %zu, %g ns: error %g ns "
					    "covers %u of %u\n",
					    i, t, error_ns, covered, READINGS);
				fail();
			}
		}
	}
}

/* The error is no wild guess either: no clock's is over four times the largest
 * that it makes of 100,000 readings, the fences' 5 ns apart. But for one whose
 * every pair shows the same: its step could be as large as that. */
static void test_replay_clock__the_error_is_tight(void **state)
{
	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(clocks); i++) {
		struct fake_clock fake = clocks[i];
		struct replay_clock clock;
		double worst = 0;

		if (fake.cost_spread <= 0)
			continue;
		qualify(&clock, &fake);
		for (unsigned n = 0; n < 100000; n++) {
			double t = 1000 + 0.37 * (n % 1000);
			double ns = replay_clock_ns(&clock,
						    fake_clock_read(&fake, t));

			worst = ns - t > worst ? ns - t : worst;
			worst = t - ns > worst ? t - ns : worst;
		}
		if (replay_clock_error_ns(&clock) - FENCE_ERROR_NS >
		    4 * worst) {
			print_error("clock %zu: error %g ns, worst %g ns\n", i,
				    replay_clock_error_ns(&clock), worst);
			fail();
		}
	}
}

/* Of g pieces in a window each has a g-th of the error, and it still covers. */
static void test_replay_clock__a_batch_divides_the_error(void **state)
{
	enum { READINGS = 1000, BATCH = 32 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(clocks); i++) {
		struct fake_clock fake = clocks[i];
		struct replay_clock clock;
		double error_ns;
		unsigned covered = 0;

		qualify(&clock, &fake);
		error_ns = replay_clock_batch_error_ns(&clock, BATCH);
		assert_near(error_ns * BATCH, replay_clock_error_ns(&clock));
		for (unsigned n = 0; n < READINGS; n++) {
			double t = 2.0 + n % 7;
			double ns = replay_clock_ns(
				&clock, fake_clock_read(&fake, t * BATCH));

			covered += ns / BATCH - t <= error_ns &&
				   t - ns / BATCH <= error_ns;
		}
		assert_true(covered >= READINGS * 99 / 100);
	}
}

/* Interrupts in one reading of 200 do not spoil what is found. */
static void test_replay_clock__interrupts_are_not_jitter(void **state)
{
	struct fake_clock fake = clocks[3], disturbed = clocks[3];
	struct replay_clock clock, other;

	(void)state;
	disturbed.preempted_every = 200;
	disturbed.preempted_ns = 100000;
	qualify(&clock, &fake);
	qualify(&other, &disturbed);
	assert_int_equal(clock.quantum, other.quantum);
	assert_int_equal(clock.cost.low, other.cost.low);
	assert_int_equal(clock.cost.high, other.cost.high);
}

/* Each reading that was hit is told from each that was not. */
static void test_replay_clock__detects_preempted_readings(void **state)
{
	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(clocks); i++) {
		struct fake_clock fake = clocks[i];
		struct replay_clock clock;

		qualify(&clock, &fake);
		fake.preempted_every = 10;
		fake.preempted_ns = 50000;
		for (unsigned n = 1; n <= 1000; n++) {
			uint64_t usual = fake_clock_ticks(&fake, 8000);
			uint64_t reading = fake_clock_read(&fake, 8000);

			assert_int_equal(replay_clock_is_preempted(
						 &clock, reading, usual),
					 fake.was_preempted);
		}
	}
}

/* Its tick grows by 300 ppm between start and end: refused, and it says why. At
 * 100 ppm it may stay. */
static void test_replay_clock__a_drifting_clock_is_refused(void **state)
{
	static const double drift_ppm[] = { 0, 100, -100, 300, -300, 5000 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(drift_ppm); i++) {
		struct fake_clock fake = clocks[1];
		const struct replay_clock_source source =
			fake_clock_source(&fake);
		bool steady = fabs(drift_ppm[i]) < 200;
		struct replay_clock clock;
		struct kb_diag diag;
		int err;

		kb_diag_init(&diag);
		qualify(&clock, &fake);
		fake.tick_ns *= 1 + drift_ppm[i] / 1e6;
		err = replay_clock_calibrate_on(&clock, &source, &diag);
		assert_int_equal(err, steady ? 0 : KB_E_ENVIRONMENT);
		if (!steady)
			assert_non_null(strstr(diag.text, "not steady"));
		assert_true(fabs(clock.drift_ppm - fabs(drift_ppm[i])) < 10);
	}
}

static void calibrate_as(double now_ns, const char *words)
{
	struct fake_clock fake = clocks[1];
	const struct replay_clock_source source = fake_clock_source(&fake);
	struct replay_clock clock;
	struct kb_diag diag;

	kb_diag_init(&diag);
	qualify(&clock, &fake);
	fake.now_ns += now_ns;
	assert_int_equal(replay_clock_calibrate_on(&clock, &source, &diag),
			 KB_E_ENVIRONMENT);
	assert_non_null(strstr(diag.text, words));
}

/* Jumps, by an hour and by a millisecond. */
static void test_replay_clock__a_jump_is_refused(void **state)
{
	(void)state;
	calibrate_as(-1e6, "went back");
	calibrate_as(3.6e12, "not steady");
}

/* What it found last is the tick's length, and it is right to some ppm. */
static void test_replay_clock__finds_the_ticks_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(clocks); i++) {
		struct fake_clock fake = clocks[i];
		struct replay_clock clock;

		qualify(&clock, &fake);
		assert_true(fabs(clock.ns_per_tick / fake.tick_ns - 1) < 1e-4);
	}
}

/* Pairs that cost more on the CPU of the measurements widen the error. */
static void test_replay_clock__recalibration_widens_the_error(void **state)
{
	struct replay_clock clock = jittery();
	struct replay_clock_cost cost = clock.cost;
	double before;

	(void)state;
	clock.ns_per_tick = 0.5;
	before = replay_clock_error_ns(&clock);
	replay_clock_recalibrate(&clock, &cost);
	assert_near(replay_clock_error_ns(&clock), before);
	cost.mean -= 8;
	replay_clock_recalibrate(&clock, &cost);
	cost.mean += 4;
	replay_clock_recalibrate(&clock, &cost);
	assert_near(replay_clock_error_ns(&clock), before + 8 * 0.5);
	assert_int_equal(clock.recalibrations, 3);
}

/* The real one: nothing about its speed, nor whether it is steady, but that it
 * adds up. */
static void test_replay_clock__qualifies_this_machine(void **state)
{
	struct replay_clock clock;
	struct replay_clock_cost cost;
	struct kb_diag diag;
	int err;

	(void)state;
	kb_diag_init(&diag);
	replay_clock_qualify(&clock);
	err = replay_clock_calibrate(&clock, &diag);
	assert_true(err == 0 || err == KB_E_ENVIRONMENT);
	replay_clock_measure_cost(&cost, clock.use_tsc);
	assert_true(cost.low <= cost.median && cost.median <= cost.high);
	assert_true(clock.pair_ticks > 0);
	assert_true(clock.quantum >= 1);
	assert_true(clock.cost.low <= clock.cost.median);
	assert_true(clock.cost.median <= clock.cost.high);
	assert_true(clock.cost.mean >= (double)clock.cost.low);
	assert_true(clock.cost.mean <= (double)clock.cost.high);
	assert_true(clock.ns_per_tick > 0);
	assert_true(clock.use_tsc || clock.ns_per_tick == 1);
	assert_true(replay_clock_error_ns(&clock) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_clock__reports_quantum_and_cost),
		cmocka_unit_test(test_replay_clock__error_and_floor),
		cmocka_unit_test(test_replay_clock__spread_below_the_mean),
		cmocka_unit_test(test_replay_clock__a_coarse_clock),
		cmocka_unit_test(test_replay_clock__degenerate_readings),
		cmocka_unit_test(test_replay_clock__ns_of_a_reading),
		cmocka_unit_test(test_replay_clock__a_step_that_is_no_divisor),
		cmocka_unit_test(test_replay_clock__the_error_covers_the_truth),
		cmocka_unit_test(test_replay_clock__the_error_is_tight),
		cmocka_unit_test(test_replay_clock__a_batch_divides_the_error),
		cmocka_unit_test(test_replay_clock__interrupts_are_not_jitter),
		cmocka_unit_test(test_replay_clock__detects_preempted_readings),
		cmocka_unit_test(
			test_replay_clock__a_drifting_clock_is_refused),
		cmocka_unit_test(test_replay_clock__a_jump_is_refused),
		cmocka_unit_test(test_replay_clock__finds_the_ticks_length),
		cmocka_unit_test(
			test_replay_clock__recalibration_widens_the_error),
		cmocka_unit_test(test_replay_clock__qualifies_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
