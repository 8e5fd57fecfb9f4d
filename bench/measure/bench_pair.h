/*
 * bench_pair: one timed gate. Two programs run the same slices of a trace in
 * lock-step, epoch by epoch, until the sequential test reaches a verdict.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "bench_lockstep.h"
#include "bench_settings.h"
#include "bench_sequential.h"
#include "bench_trace.h"
#include "replay_clock.h"

/* Epochs of a gate, at most: the last look. */
#define BENCH_PAIR_EPOCHS_MAX 192

struct bench_pair {
	/* What to do. All borrowed. */
	const struct bench_settings *settings;
	const struct replay_clock *clock;
	const struct bench_trace *trace;

	/* Base's and candidate's program and allocator. */
	const char *exe[2];
	const char *alloc[2];

	/* As bench_lockstep_job's. */
	uint32_t inject_ppm;
	struct bench_sequential test;

	/* The outcome: ln(candidate / base) of each epoch, and each side's ns
	 * per operation in it. */
	size_t epochs;
	double ratio[BENCH_PAIR_EPOCHS_MAX];
	double ns[2][BENCH_PAIR_EPOCHS_MAX];
	enum bench_verdict verdict;
	uint64_t slice_ops;

	/* Wall time of the whole gate. */
	double seconds;
};

/* Runs the gate. Returns 0 with a verdict, or as bench_lockstep_run. */
int bench_pair_run(struct bench_pair *pair, struct kb_diag *diag);

#endif /* BENCH_PAIR_H */
