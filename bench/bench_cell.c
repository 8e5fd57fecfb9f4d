#include "bench_cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A figure below this many errors of its clock is not a number. */
#define FLOOR_ERRORS 4.0

void bench_cell_release(struct bench_cell *cell)
{
	free(cell->verify);
	free(cell->count);
	free(cell->latency);
	free(cell->epoch);
	memset(cell, 0, sizeof(*cell));
}

static double ns_per_event(uint64_t ticks, uint64_t slices, uint64_t events,
			   const struct replay_clock *clock)
{
	double net = (double)ticks - (double)slices * clock->cost.mean;

	if (events == 0 || net < 0)
		return 0;
	return net * clock->ns_per_tick / (double)events;
}

double bench_epoch_ns(const struct replay_time_result *epoch,
		      const struct replay_clock *clock)
{
	return ns_per_event(epoch->ticks, epoch->slices, epoch->events, clock);
}

double bench_epoch_cold_ns(const struct replay_time_result *epoch,
			   const struct replay_clock *clock)
{
	return ns_per_event(epoch->cold_ticks, epoch->cold_slices,
			    epoch->cold_events, clock);
}

static void summarise(struct bench_summary *out, const struct bench_cell *cell,
		      const struct replay_clock *clock, bool cold)
{
	double *ns = malloc(cell->epochs * sizeof(*ns));

	memset(out, 0, sizeof(*out));
	if (!ns)
		return;
	for (size_t i = 0; i < cell->epochs; i++)
		ns[i] = cold ? bench_epoch_cold_ns(&cell->epoch[i], clock)
			     : bench_epoch_ns(&cell->epoch[i], clock);
	bench_summarise(out, ns, cell->epochs);
	free(ns);
}

/* Fewest windows whose mean is as good as normal. */
#define WINDOWS_NORMAL 30

/* The interval of a sampled cell with few epochs, as SMARTS gives it: windows at
 * regular distances are taken for independent ones. */
static void set_window_interval(struct bench_throughput *out,
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

bool bench_cell_throughput(const struct bench_cell *cell,
			   const struct replay_clock *clock,
			   struct bench_throughput *out)
{
	const struct replay_time_result *last;

	memset(out, 0, sizeof(*out));
	if (cell->epochs == 0)
		return false;
	last = &cell->epoch[cell->epochs - 1];
	if (last->events == 0)
		return false;
	summarise(&out->ns, cell, clock, false);
	summarise(&out->cold_ns, cell, clock, true);
	out->events = last->events;
	out->covered = last->covered;
	out->sampled = last->windows > 0;
	for (size_t i = 0; i < cell->epochs; i++)
		out->windows += cell->epoch[i].windows;
	if (out->sampled && !out->ns.has_interval)
		set_window_interval(out, cell, clock);
	out->floor_ns = FLOOR_ERRORS * replay_clock_error_ns(clock) *
			(double)last->slices / (double)last->events;
	out->below_floor = out->ns.median < out->floor_ns;
	for (size_t i = 0; i < cell->epochs; i++)
		out->preempted += cell->epoch[i].preemptions > 0;
	return true;
}

static struct bench_figure figure(const struct replay_hist *hist, double q,
				  const struct replay_clock *clock)
{
	struct bench_figure out = { BENCH_FIGURE_NONE, 0 };
	bool is_max = q >= 1;

	if (!is_max &&
	    (double)hist->count * (1 - q) < BENCH_QUANTILE_TAIL - 1e-9)
		return out;
	out.ns = replay_clock_ns(clock, replay_hist_quantile(hist, q));
	out.state = out.ns < replay_clock_floor_ns(clock)
			    ? BENCH_FIGURE_BELOW_FLOOR
			    : BENCH_FIGURE_NUMBER;
	return out;
}

bool bench_latency_figures(const struct replay_hist *hist,
			   const struct replay_clock *clock,
			   struct bench_latency *out)
{
	memset(out, 0, sizeof(*out));
	if (hist->count == 0)
		return false;
#define X(name, q) out->name = figure(hist, q, clock);
	BENCH_QUANTILES(X)
#undef X
	out->max = figure(hist, 1, clock);
	out->floor_ns = replay_clock_floor_ns(clock);
	out->error_ns = replay_clock_error_ns(clock);
	out->samples = hist->count;
	return true;
}

const struct bench_cell *bench_find_cell(const struct bench_cell *cells,
					 size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(cells[i].spec.name, name) == 0)
			return &cells[i];
	return NULL;
}

bool bench_cell_counter(const struct bench_cell *cell, const char *name,
			uint64_t *value)
{
	const struct replay_counter *counter;

	if (!cell->count)
		return false;
	counter = replay_counters_find(&cell->count->counters, name);
	if (!counter)
		return false;
	*value = counter->value;
	return true;
}
