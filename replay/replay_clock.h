/*
 * replay_clock: what a reading of the clock is worth on this machine.
 *
 * A reading around a piece of work is m = t + c + e: the work's time, the cost
 * of reading (c_low … c_high), and an error below the clock's quantum. So
 * t = m - c_mean, and |error| <= quantum + max(c_high - c_mean, c_mean - c_low)
 * + drift + 5 ns for one reading (the last for what the fences do to the work
 * itself). In a batch of g pieces in one timer interval, each has 1/g of that.
 * A time below four times its error is not reported as a number: that is the
 * floor.
 *
 * c_high is the 99th percentile: what exceeds it was somebody else's
 * interrupt, and the bound holds for 99 readings of 100.
 *
 * Qualification and calibration come twice: for this machine's clock, and (…_on)
 * for any source, so that tests can have a clock of known faults. Timed loops
 * read this machine's clock inline (replay_tick.h).
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_CLOCK_H
#define REPLAY_CLOCK_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tick whose length differs by more than this between the start and the end of
 * a run is no clock to measure with, parts per million. */
#define REPLAY_CLOCK_DRIFT_MAX_PPM 200.0

/* A reading counts as hit by preemption only if it exceeds the cost of its work
 * by this much, ns: more than any operation's own variation. */
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
	/* The time-stamp counter, because the kernel's flags constant_tsc and
	 * nonstop_tsc vouch for it; else CLOCK_MONOTONIC_RAW. */
	bool use_tsc;

	/* The smallest step, ticks: the greatest common divisor of all empty
	 * readings, or the commonest gap between two that are next to each
	 * other, whichever is larger. (A clock that steps by 25.96 ticks shows
	 * 25 and 26, and their divisor is 1.) */
	uint64_t quantum;

	/* From the qualification, on whatever CPU that ran. */
	struct replay_clock_cost cost;

	/* A pair of readings in a row of them: what each sample adds to a
	 * replay, ticks. */
	double pair_ticks;

	/* How far the mean cost was from the qualification's, at most, in the
	 * recalibrations between epochs on the CPU of the measurements; and how
	 * many there were. */
	double cost_drift;
	uint32_t recalibrations;

	/* Both clocks when the current calibration's window began. */
	uint64_t start_ticks;
	uint64_t start_ns;

	/* Length of a tick, ns, as of the last calibration; 0 until there was
	 * one. And the first one's. */
	double ns_per_tick;
	double ns_per_tick_first;

	/* The largest difference between the first and a later calibration,
	 * parts per million. */
	double drift_ppm;
};

/* Finds out which clock to use and what an empty pair of readings costs. */
void replay_clock_qualify(struct replay_clock *clock);
void replay_clock_qualify_on(struct replay_clock *clock,
			     const struct replay_clock_source *source);

/*
 * Measures the tick against CLOCK_MONOTONIC_RAW over the time since the
 * qualification or the last calibration, at least 20 ms of it (it waits if need
 * be; the instants are known to some 30 ns, so the length to 3 ppm). Returns 0;
 * or KB_E_ENVIRONMENT with `diag` filled if the tick's length is not what the
 * first calibration found: nothing measured with this clock can be believed.
 */
int replay_clock_calibrate(struct replay_clock *clock, struct kb_diag *diag);
int replay_clock_calibrate_on(struct replay_clock *clock,
			      const struct replay_clock_source *source,
			      struct kb_diag *diag);

/* What an empty pair costs here and now, from a few thousand readings (well
 * below a millisecond): for whoever measures, right before it does. */
void replay_clock_measure_cost(struct replay_clock_cost *cost, bool use_tsc);

/* Takes note of a cost measured since the qualification. */
void replay_clock_recalibrate(struct replay_clock *clock,
			      const struct replay_clock_cost *cost);

/* Quantum and cost from given readings of an empty pair, ticks, count > 0;
 * sorts them. */
void replay_clock_judge(struct replay_clock *clock, uint64_t *readings,
			size_t count);

/* What one reading m means, ns: (m - c_mean) ticks, not below 0. */
double replay_clock_ns(const struct replay_clock *clock, uint64_t reading);

/* The error bound of one reading and the floor, ns; of each of `batch` pieces
 * of work in one window. Need the calibration. */
double replay_clock_error_ns(const struct replay_clock *clock);
double replay_clock_floor_ns(const struct replay_clock *clock);
double replay_clock_batch_error_ns(const struct replay_clock *clock,
				   unsigned batch);

/* True if a reading is too long for work that costs `expected` ticks, reading
 * included: somebody else ran in between. Only to be asked of readings during
 * which the process did lose its CPU. */
bool replay_clock_is_preempted(const struct replay_clock *clock,
			       uint64_t reading, uint64_t expected);

#endif /* REPLAY_CLOCK_H */
