#include "bench_epochs.h"

#include "replay_steady.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewest windows whose mean is close enough to normally distributed. */
#define WINDOWS_NORMAL 30

double bench_round_ns(const struct replay_round *round,
		      const struct replay_clock *clock)
{
	double net =
		(double)round->ticks - (double)round->slices * clock->cost.mean;

	if (round->events == 0 || net < 0)
		return 0;
	return net * clock->ns_per_tick / (double)round->events;
}

double bench_epoch_ns(const struct replay_time_result *epoch,
		      const struct replay_clock *clock)
{
	double ns[REPLAY_REPEATS_MAX];

	for (uint32_t i = 0; i < epoch->repeats; i++)
		ns[i] = bench_round_ns(&epoch->replay[i], clock);
	return replay_steady_of(ns, epoch->repeats);
}

double bench_epoch_pressed_ns(const struct replay_time_result *epoch,
			      unsigned pressure,
			      const struct replay_clock *clock)
{
	double ns[REPLAY_PRESSED];

	static_assert(REPLAY_PRESSED >= REPLAY_STEADY, "a median of three");
	for (unsigned i = 0; i < REPLAY_PRESSED; i++)
		ns[i] = bench_round_ns(&epoch->pressed[pressure][i], clock);
	return replay_steady_of(ns, REPLAY_PRESSED);
}

/* As in SMARTS: windows at regular distances are treated as independent. */
static void set_window_interval(struct bench_epochs *out,
				const struct bench_cell *cell,
				const struct replay_clock *clock)
{
	double sum = 0, squares = 0, n = (double)out->windows, error;

	for (size_t i = 0; i < cell->epochs; i++) {
		sum += cell->epoch[i].rate_sum;
		squares += cell->epoch[i].rate_squares;
	}
	if (out->windows < WINDOWS_NORMAL)
		return;
	error = (squares - sum * sum / n) / (n - 1) / n;
	error = 1.96 * sqrt(error > 0 ? error : 0) * clock->ns_per_tick;
	out->interval_of_windows = out->ns.has_interval = true;
	out->ns.low = out->ns.median - error;
	out->ns.high = out->ns.median + error;
}

bool bench_epochs_sum_up(struct bench_epochs *out,
			 const struct bench_cell *cell,
			 const struct replay_clock *clock)
{
	const struct replay_time_result *last;
	double *ns;

	memset(out, 0, sizeof(*out));
	if (cell->epochs == 0)
		return false;
	last = &cell->epoch[cell->epochs - 1];
	if (last->repeats == 0 || last->replay[0].events == 0)
		return false;
	ns = malloc(cell->epochs * sizeof(*ns));
	for (size_t i = 0; i < cell->epochs; i++) {
		out->windows += cell->epoch[i].windows;
		if (ns)
			ns[i] = bench_epoch_ns(&cell->epoch[i], clock);
	}
	if (ns)
		bench_summarize(&out->ns, ns, cell->epochs);
	free(ns);
	if (last->windows > 0 && !out->ns.has_interval)
		set_window_interval(out, cell, clock);
	return true;
}
