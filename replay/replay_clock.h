/*
 * replay_clock: how accurate a reading of the clock is on this machine.
 *
 * A reading around a piece of work is m = t + c + e: the work's time, the cost
 * of reading (c_low … c_high), and an error below the clock's quantum. So
 * t = m - c_mean, and |error| <= quantum + max(c_high - c_mean, c_mean - c_low)
 * + drift + 5 ns for one reading (the last for what the fences do to the work
 * itself). In a batch of g pieces in one timer interval, each piece has 1/g of
 * that error. A time below four times its error is not reported as a number:
 * that limit is the floor.
 *
 * c_high is the 99th percentile: readings above it were interrupted, and the
 * bound holds for 99 readings of 100.
 *
 * Qualification and calibration exist twice: for this machine's clock, and
 * (…_on) for any source, so that tests can use a clock with known faults. Timed
 * loops read this machine's clock inline (replay_tick.h).
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_CLOCK_H
#define REPLAY_CLOCK_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A clock whose tick changes by more than this between the start and the end of
 * a run cannot be used, parts per million. */
#define REPLAY_CLOCK_DRIFT_MAX_PPM 200.0

/* A reading counts as preempted only if it exceeds the cost of its work by this
 * much, ns: more than any operation's own variation. */
#define REPLAY_CLOCK_PREEMPTED_NS 20000.0

/* Where readings come from. All required. */
struct replay_clock_ops {
	/* The reading of an empty pair, ticks. */
	uint64_t (*pair)(void *ctx);

	/* The same instant on the clock and on the system's raw monotonic one. */
	void (*now)(void *ctx, uint64_t *ticks, uint64_t *ns);
};

struct replay_clock_source {
	const struct replay_clock_ops *ops;
	void *ctx;
};

/* What an empty pair of readings costs, ticks: lowest, median, 99th percentile,
 * mean of those up to the 99th percentile. */
struct replay_clock_cost {
	uint64_t low;
	uint64_t median;
	uint64_t high;
	double mean;
};

struct replay_clock {
	/* True for the time-stamp counter, used if the kernel's flags
	 * constant_tsc and nonstop_tsc vouch for it; false for
	 * CLOCK_MONOTONIC_RAW. */
	bool use_tsc;

	/* The smallest step, ticks: the greatest common divisor of all empty
	 * readings, or the most common gap between adjacent ones, whichever is
	 * larger. (A clock that steps by 25.96 ticks shows 25 and 26, and their
	 * divisor is 1.) */
	uint64_t quantum;

	/* From the qualification, on whatever CPU it ran. */
	struct replay_clock_cost cost;

	/* One pair of readings among many in a row: what each sample adds to a
	 * replay, ticks. */
	double pair_ticks;

	/* The largest distance of the mean cost from the qualification's, over
	 * the recalibrations between epochs on the measurement CPU; and how
	 * many there were. */
	double cost_drift;
	uint32_t recalibrations;

	/* Both clocks at the start of the current calibration interval. */
	uint64_t start_ticks;
	uint64_t start_ns;

	/* Length of a tick, ns, from the last calibration, 0 before it; and
	 * from the first. */
	double ns_per_tick;
	double ns_per_tick_first;

	/* The largest difference between the first and a later calibration,
	 * parts per million. */
	double drift_ppm;
};

/* Determines which clock to use and the cost of an empty pair of readings. */
void replay_clock_qualify(struct replay_clock *clock);
void replay_clock_qualify_on(struct replay_clock *clock,
			     const struct replay_clock_source *source);

/*
 * Measures the tick against CLOCK_MONOTONIC_RAW over the time since the
 * qualification or the last calibration, at least 20 ms of it (it waits if
 * necessary; the instants are known to some 30 ns, so the length to 3 ppm).
 * Returns 0; or KB_E_ENVIRONMENT with `diag` filled if the tick's length
 * differs from the first calibration's: nothing measured with this clock is
 * valid.
 */
int replay_clock_calibrate(struct replay_clock *clock, struct kb_diag *diag);
int replay_clock_calibrate_on(struct replay_clock *clock,
			      const struct replay_clock_source *source,
			      struct kb_diag *diag);

/* The cost of an empty pair here and now, from a few thousand readings (well
 * below a millisecond). Call it right before measuring. */
void replay_clock_measure_cost(struct replay_clock_cost *cost, bool use_tsc);

/* Records a cost measured since the qualification. */
void replay_clock_recalibrate(struct replay_clock *clock,
			      const struct replay_clock_cost *cost);

/* Quantum and cost from given readings of an empty pair, ticks, count > 0;
 * sorts them. */
void replay_clock_judge(struct replay_clock *clock, uint64_t *readings,
			size_t count);

/* The time that one reading m measures, ns: (m - c_mean) ticks, at least 0. */
double replay_clock_ns(const struct replay_clock *clock, uint64_t reading);

/* The error bound of one reading and the floor, ns, for each of `batch` pieces
 * of work in one timer interval. Need the calibration. */
double replay_clock_error_ns(const struct replay_clock *clock);
double replay_clock_floor_ns(const struct replay_clock *clock);
double replay_clock_batch_error_ns(const struct replay_clock *clock,
				   unsigned batch);

/* True if a reading is too long for work that costs `expected` ticks, including
 * the reading: another process ran in between. Call it only for readings during
 * which the process did lose its CPU. */
bool replay_clock_is_preempted(const struct replay_clock *clock,
			       uint64_t reading, uint64_t expected);

#endif /* REPLAY_CLOCK_H */
