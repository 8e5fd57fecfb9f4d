/*
 * bench_plan: decides whether a cell's throughput pass runs the whole trace or
 * samples parts of it (replay_sample.h), and which.
 *
 * A pilot first takes samples of a trace that might exceed the budget: its cost
 * per event shows whether one epoch of the whole trace fits. If not, each epoch
 * becomes a systematic sample, in a fresh process and with its own random
 * start. The epochs are replicates: their spread covers the sampling and the
 * processes.
 *
 * Only bench's own files and its tests include this file.
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include "replay_result.h"
#include "trc_event.h"

#include <stdbool.h>
#include <stdint.h>

/* True if, by the trace's header, searches could be long enough that an epoch of
 * the whole trace exceeds the budget. */
bool bench_plan_doubts(const struct trc_counts *counts, uint64_t budget_ns);

/* The pilot's sampling of a trace with this many events. */
struct replay_sampling bench_plan_pilot(uint64_t events);

/* What is known after the pilot. */
struct bench_plan {
	/* Events of the trace. */
	uint64_t events;

	/* The pilot's ns per event, and the time that it took besides the
	 * events run for real: every sampled epoch takes that too. */
	double ns_per_event;
	double fixed_ns;

	/* What is left of the pass's budget, and how many epochs should fit. */
	uint64_t budget_ns;
	uint64_t epochs;
};

/* True if all epochs of the whole trace fit, and one more, replayed often enough
 * for a steady figure. */
bool bench_plan_fits(const struct bench_plan *plan);

/* The sampling whose epochs fill the budget. */
struct replay_sampling bench_plan_sampling(const struct bench_plan *plan);

#endif /* BENCH_PLAN_H */
