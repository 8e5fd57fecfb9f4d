/*
 * bench_epochs: summarizes the epochs of a cell: ns per event, and the interval
 * of their median. It decides when the throughput pass stops, and reports show
 * it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_EPOCHS_H
#define BENCH_EPOCHS_H

#include "bench_cell.h"
#include "bench_stats.h"
#include "replay_clock.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stdint.h>

/* ns per event of one replay, without the clock readings of its slices; 0 if it
 * ran no events. */
double bench_round_ns(const struct replay_round *round,
		      const struct replay_clock *clock);

/* The epoch's steady figure: the median of its last three replays; of one that had
 * only one, that one's. */
double bench_epoch_ns(const struct replay_time_result *epoch,
		      const struct replay_clock *clock);

/* The median of its replays under one of the pressures; has_pressed. */
double bench_epoch_pressed_ns(const struct replay_time_result *epoch,
			      unsigned pressure,
			      const struct replay_clock *clock);

struct bench_epochs {
	/* ns per event. */
	struct bench_summary ns;

	/* Sampled windows of all epochs; 0 if whole replays were timed. */
	uint64_t windows;

	/* There were windows, but too few epochs for an interval of their
	 * median: `ns` has the interval of the windows' mean, ±1.96 standard
	 * errors. */
	bool interval_of_windows;
};

/* Sums up a cell's epochs. Returns false, and zeros, if nothing was timed. */
bool bench_epochs_sum_up(struct bench_epochs *out,
			 const struct bench_cell *cell,
			 const struct replay_clock *clock);

#endif /* BENCH_EPOCHS_H */
