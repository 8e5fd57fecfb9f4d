/*
 * replay_sample: a throughput pass over parts of a trace whose searches are so
 * slow that all of it would exceed the budget.
 *
 * Systematic sampling as in SMARTS (Wunderlich, Wenisch, Falsafi, Hoe: "SMARTS:
 * accelerating microarchitecture simulation via rigorous statistical sampling",
 * ISCA 2003): every `period` events one window is run for real and timed, after
 * a few operations that are run for real so that the caches are as a real
 * replay leaves them; between windows the replay fast-forwards
 * (alloc_vt.fast_forward), which leaves the same state without searching. The
 * first window's place is random, and the pattern wraps around the trace's end,
 * so that every event is equally likely to be measured.
 *
 *   |....warm[window]..........warm[window]..........warm[window]....|
 *             <-------- period --------->
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_SAMPLE_H
#define REPLAY_SAMPLE_H

#include "alloc.h"
#include "replay.h"

#include <stdint.h>

/* What happens to a part of the trace. */
enum replay_stretch {
	REPLAY_FORWARD,

	/* Run for real, not timed. */
	REPLAY_WARM,
	REPLAY_MEASURE
};

/* Where the windows are. */
struct replay_sample {
	struct replay_sampling plan;

	/* The first event at which a window begins, below the period. */
	uint64_t start;
};

/* Draws the windows' places from a seed. plan->period > 0. */
void replay_sample_init(struct replay_sample *sample,
			const struct replay_sampling *plan, uint64_t seed);

/* What happens to event number `event` (from 0); `*until` is the first event
 * after it to which something else may happen. */
enum replay_stretch replay_sample_at(const struct replay_sample *sample,
				     uint64_t event, uint64_t *until);

/*
 * The throughput pass, by the job's sampling; replay_throughput calls it. An
 * allocator that cannot fast-forward gives a result without windows. As
 * replay_throughput otherwise.
 */
int replay_sample_throughput(const struct replay_job *job,
			     struct replay_time_result *out,
			     struct kb_diag *diag);

#endif /* REPLAY_SAMPLE_H */
