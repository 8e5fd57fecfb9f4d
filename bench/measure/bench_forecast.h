/*
 * bench_forecast: how long a run will still take, from what its workers have taken
 * so far. For the progress line.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FORECAST_H
#define BENCH_FORECAST_H

#include "bench_settings.h"

#include <stddef.h>
#include <stdint.h>

struct bench_run;

/* What one cell's timed passes are expected to need. */
struct bench_forecast_effort {
	/* Epochs, at least and usually, and the time after which there are no more
	 * than the least, ns. */
	size_t epochs_min;
	size_t epochs;
	uint64_t enough_ns;

	/* Processes of the latency pass, usually and at most, the samples of each
	 * kind that they aim at, and the time after which there are no more, ns. */
	size_t latency_runs;
	size_t latency_runs_max;
	uint64_t samples;
	uint64_t latency_ns;
};

/* Workers that have ended, by pass, and the wall time that they took. */
struct bench_forecast {
	uint64_t steps[4];
	uint64_t spent_ns[4];
};

/* Notes a worker's time. */
void bench_forecast_note(struct bench_forecast *f, enum bench_pass pass,
			 uint64_t ns);

/* The time that the workers still to come will take, ns. */
double bench_forecast_rest(const struct bench_forecast *f,
			   const struct bench_run *run,
			   const struct bench_forecast_effort *effort);

#endif /* BENCH_FORECAST_H */
