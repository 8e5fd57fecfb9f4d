/*
 * replay_sample: a throughput pass over some of a trace, where a search is so
 * long that the whole would not fit its budget.
 *
 * Systematic sampling as in SMARTS (Wunderlich, Wenisch, Falsafi, Hoe: "SMARTS:
 * accelerating microarchitecture simulation via rigorous statistical sampling",
 * ISCA 2003): every `period` events one window is run for real and timed, with
 * a few operations run for real just before it, so that the caches are as a
 * real replay leaves them; between windows the replay fast-forwards
 * (alloc_vt.fast_forward), which leaves the same state without searching. The
 * first window's place is random, and the pattern goes round the trace's end, so
 * that every event is as likely as any other to be measured.
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

/* What becomes of a stretch of the trace. */
enum replay_stretch {
	REPLAY_FORWARD,

	/* Run for real, not timed. */
	REPLAY_WARM,
	REPLAY_MEASURE
};

/* Where the windows are. */
struct replay_sample {
	struct replay_sampling plan;

	/* Event at which some window begins, below the period. */
	uint64_t start;
};

/* Draws the windows' places from a seed. plan->period > 0. */
void replay_sample_init(struct replay_sample *sample,
			const struct replay_sampling *plan, uint64_t seed);

/* What event number `event` (from 0) is for; `*until` is the first event after
 * it that may be for something else. */
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
