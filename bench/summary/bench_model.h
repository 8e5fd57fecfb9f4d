/*
 * bench_model: what a step costs: sampled times of single operations against their
 * exact counts (replay_marks.h), by least squares of the relative errors, so that
 * short frees count as much as long ones, and with no factor below 0:
 *
 *   t ≈ base + a · nodes + b · lines + c · PTE writes + d · TLB invalidations
 *
 * So a slowdown has a name: more work, if counters changed; slower work, if these
 * factors did. Samples below the clock's floor count too: the mean of many readings
 * is more exact than any of them. Samples hit by an interrupt or a preemption are
 * omitted, and counted.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include "bench_cell.h"
#include "bench_least.h"

#include <stdbool.h>
#include <stddef.h>

#define BENCH_MODEL_COLUMNS 5

/* "base_ns", "ns_per_node", …: the factors' names. */
extern const char *const bench_model_columns[BENCH_MODEL_COLUMNS];

/* The step that each factor is the time of, in words; for the constant,
 * "kfree". */
extern const char *const bench_model_steps[BENCH_MODEL_COLUMNS];

/* Points to draw, at most. */
#define BENCH_MODEL_POINTS 1000

struct bench_model {
	struct bench_least fit;
	size_t samples;

	/* Each factor's 95% interval; and whether that excludes 0: else the factor
	 * says nothing, and is not shown. */
	double low[BENCH_MODEL_COLUMNS];
	double high[BENCH_MODEL_COLUMNS];
	bool known[BENCH_MODEL_COLUMNS];

	/* The median of what samples are off by, as a share of the time. */
	double relative_error;

	/* Samples further from the fit than eight times the usual distance. */
	size_t left_out;

	/* Every n-th of the samples in the fit, ns. */
	size_t points;
	struct bench_model_point {
		double predicted;
		double measured;
	} point[BENCH_MODEL_POINTS];
};

/* Fits one kind of operation of a cell; for the whole kfree, the removal's walk
 * too. False if there are fewer than 100 samples with counts. */
bool bench_model_fit(struct bench_model *model, const struct bench_cell *cell,
		     enum replay_series_id series,
		     const struct replay_clock *clock);

#endif /* BENCH_MODEL_H */
