/*
 * fake_clock: a clock whose step, jitter, preemptions and drift a test sets, so
 * that the truth about every reading is known.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include "kb_rng.h"
#include "replay_clock.h"

struct fake_clock {
	/* Length of a tick, ns, and ticks between two values that it shows. */
	double tick_ns;
	uint64_t step;

	/* What a pair costs: at least cost_low ticks, at most cost_spread more,
	 * each as likely. */
	double cost_low;
	double cost_spread;

	/* One reading in this number loses the CPU, and for how long; 0: none
	 * does. */
	unsigned preempted_every;
	double preempted_ns;

	/* Whether the last reading did. */
	bool was_preempted;

	/* Its own: the true time, ns and ticks; readings so far; chance. */
	double now_ns;
	double now_ticks;
	uint64_t readings;
	struct kb_rng rng;
};

/* The clock as replay_clock takes it; borrows `fake`. */
struct replay_clock_source fake_clock_source(struct fake_clock *fake);

/* A pair of readings around work that takes `ns`: what it shows, ticks. */
uint64_t fake_clock_read(struct fake_clock *fake, double ns);

/* The ticks of `ns`, and of the dearest pair around them. */
uint64_t fake_clock_ticks(const struct fake_clock *fake, double ns);

#endif /* FAKE_CLOCK_H */
