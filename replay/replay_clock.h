/*
 * replay_clock: what a reading of the clock is worth on this machine.
 *
 * A reading around a piece of work is m = t + c + e: the work's time, the cost
 * of reading (c_low … c_high), and an error below the clock's quantum. So
 * t = m - c_mean, and |error| <= quantum + max(c_high - c_mean, c_mean - c_low)
 * + 5 ns for one reading (the last for what the fences do to the work itself).
 * A time below four times that error is not reported as a number: that is the
 * floor.
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_CLOCK_H
#define REPLAY_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay_clock {
	/* The time-stamp counter, because the kernel's flags constant_tsc and
	 * nonstop_tsc vouch for it; else CLOCK_MONOTONIC_RAW. */
	bool use_tsc;

	/* Greatest common divisor of all empty readings, ticks. */
	uint64_t quantum;

	/* An empty pair of readings, ticks: lowest, median, 99th percentile,
	 * mean of those up to the 99th percentile. */
	uint64_t cost_low;
	uint64_t cost_median;
	uint64_t cost_high;
	double cost_mean;

	/* Both clocks when the qualification began. */
	uint64_t start_ticks;
	uint64_t start_ns;

	/* Length of a tick, ns; 0 until replay_clock_calibrate. */
	double ns_per_tick;
};

/* Finds out which clock to use and what an empty pair of readings costs. */
void replay_clock_qualify(struct replay_clock *clock);

/* The same from given readings of an empty pair, ticks, count > 0; sorts them.
 * For replay_clock_qualify and for tests with a made-up clock. */
void replay_clock_judge(struct replay_clock *clock, uint64_t *readings,
			size_t count);

/*
 * Measures the tick against CLOCK_MONOTONIC_RAW over the time since the
 * qualification, at least 20 ms of it (it waits if need be).
 */
void replay_clock_calibrate(struct replay_clock *clock);

/* What one reading m means, ns: (m - c_mean) ticks, not below 0. */
double replay_clock_ns(const struct replay_clock *clock, uint64_t reading);

/* The error bound of one reading and the floor, ns. Need the calibration. */
double replay_clock_error_ns(const struct replay_clock *clock);
double replay_clock_floor_ns(const struct replay_clock *clock);

#endif /* REPLAY_CLOCK_H */
