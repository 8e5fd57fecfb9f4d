#include "bench_cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A figure below this many errors of its clock is not a number. */
#define FLOOR_ERRORS 4.0

/* Page faults beyond the median epoch's that contaminate one: more by both. */
#define FAULTS_MORE	  16
#define FAULTS_MORE_SHARE 0.1

void bench_cell_release(struct bench_cell *cell)
{
	free(cell->verify);
	free(cell->count);
	free(cell->exact);
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

static double cold_ns(const struct replay_time_result *epoch,
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
		ns[i] = cold ? cold_ns(&cell->epoch[i], clock)
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

/* More page faults than this are not the allocator's own. */
static double usual_faults(const struct bench_cell *cell)
{
	double *faults = malloc(cell->epochs * sizeof(*faults));
	struct bench_summary s = { .count = 0 };

	for (size_t i = 0; faults && i < cell->epochs; i++)
		faults[i] = (double)cell->epoch[i].faults;
	if (faults)
		bench_summarise(&s, faults, cell->epochs);
	free(faults);
	return fmax(s.median + FAULTS_MORE, s.median * (1 + FAULTS_MORE_SHARE));
}

static unsigned contamination(const struct replay_time_result *epoch,
			      double faults)
{
	return (epoch->preemptions ? BENCH_PREEMPTED : 0u) |
	       (epoch->steal_ms ? BENCH_STOLEN : 0u) |
	       ((double)epoch->faults > faults ? BENCH_FAULTED : 0u);
}

unsigned bench_epoch_contamination(const struct bench_cell *cell, size_t epoch)
{
	return contamination(&cell->epoch[epoch], usual_faults(cell));
}

static void judge_contamination(const struct bench_cell *cell,
				const struct replay_clock *clock,
				struct bench_throughput *out)
{
	double *clean = malloc(cell->epochs * sizeof(*clean));
	const double faults = usual_faults(cell);
	size_t count = 0;

	for (size_t i = 0; i < cell->epochs; i++) {
		unsigned what = contamination(&cell->epoch[i], faults);

		out->preempted += (what & BENCH_PREEMPTED) != 0;
		out->stolen += (what & BENCH_STOLEN) != 0;
		out->faulted += (what & BENCH_FAULTED) != 0;
		out->contaminated += what != 0;
		if (clean && !what)
			clean[count++] = bench_epoch_ns(&cell->epoch[i], clock);
	}
	if (clean)
		bench_summarise(&out->clean_ns, clean, count);
	free(clean);
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
	judge_contamination(cell, clock, out);
	return true;
}

/* Whether a quantile rests on samples enough: by their number, or because the
 * tail beyond it was sampled more densely. */
static bool is_supported(const struct replay_series *series, double q,
			 uint64_t value)
{
	double beyond = (double)series->plain.count * (1 - q);

	return beyond >= BENCH_QUANTILE_TAIL - 1e-9 ||
	       replay_hist_above(&series->plain, value) >= BENCH_QUANTILE_TAIL;
}

static struct bench_figure figure_of(double ns, double floor_ns)
{
	return (struct bench_figure){ ns < floor_ns ? BENCH_FIGURE_BELOW_FLOOR
						    : BENCH_FIGURE_NUMBER,
				      ns };
}

static struct bench_figure figure(const struct replay_series *series, double q,
				  const struct replay_clock *clock)
{
	uint64_t value = replay_hist_quantile(&series->weighted, q);

	if (q < 1 && !is_supported(series, q, value))
		return (struct bench_figure){ BENCH_FIGURE_NONE, 0 };
	return figure_of(replay_clock_ns(clock, value),
			 replay_clock_floor_ns(clock));
}

bool bench_cell_latency(const struct bench_cell *cell, enum replay_series_id id,
			const struct replay_clock *clock,
			struct bench_latency *out)
{
	const struct replay_series *series;

	memset(out, 0, sizeof(*out));
	if (!cell->latency || cell->latency->series[id].plain.count == 0)
		return false;
	series = &cell->latency->series[id];
#define X(name, q) out->name = figure(series, q, clock);
	BENCH_QUANTILES(X)
#undef X
	out->max = figure(series, 1, clock);
	out->floor_ns = replay_clock_floor_ns(clock);
	out->error_ns = replay_clock_error_ns(clock);
	out->samples = series->plain.count;
	out->preempted = series->preempted;
	return true;
}

static struct bench_figure window_figure(const struct replay_hist *hist,
					 const struct replay_clock *clock,
					 double floor_ns)
{
	double ns;

	if (hist->count == 0)
		return (struct bench_figure){ BENCH_FIGURE_NONE, 0 };
	ns = replay_clock_ns(clock, replay_hist_quantile(hist, 0.5));
	return figure_of(ns / REPLAY_FROZEN_BATCH, floor_ns);
}

bool bench_cell_frozen(const struct bench_cell *cell,
		       const struct replay_clock *clock,
		       struct bench_frozen *out)
{
	const struct replay_frozen *frozen;

	memset(out, 0, sizeof(*out));
	if (!cell->latency || cell->latency->frozen.places == 0)
		return false;
	frozen = &cell->latency->frozen;
	out->error_ns = replay_clock_batch_error_ns(clock, REPLAY_FROZEN_BATCH);
	out->floor_ns = FLOOR_ERRORS * out->error_ns;
	out->cold = window_figure(&frozen->cold, clock, out->floor_ns);
	out->warm = window_figure(&frozen->warm, clock, out->floor_ns);
	out->places = frozen->places;
	out->cold_windows = frozen->cold.count;
	out->warm_windows = frozen->warm.count;
	return true;
}

bool bench_cell_intrusion(const struct bench_cell *cell,
			  const struct replay_clock *clock,
			  struct bench_intrusion *out)
{
	const struct replay_latency_result *l = cell->latency;

	memset(out, 0, sizeof(*out));
	if (!l || l->probed.ticks == 0)
		return false;
	out->computed =
		(double)l->pairs * clock->pair_ticks / (double)l->probed.ticks;
	out->has_measured = l->plain.best_ticks && l->probed.best_ticks;
	if (out->has_measured)
		out->measured = (double)l->probed.best_ticks /
					(double)l->plain.best_ticks -
				1;
	return true;
}

static void merge_laps(struct replay_laps *into, const struct replay_laps *from)
{
	into->laps += from->laps;
	into->ticks += from->ticks;
	if (into->best_ticks == 0 ||
	    (from->best_ticks && from->best_ticks < into->best_ticks))
		into->best_ticks = from->best_ticks;
}

void bench_latency_merge(struct replay_latency_result *into,
			 const struct replay_latency_result *from)
{
	for (size_t i = 0; i < REPLAY_SERIES_COUNT; i++) {
		replay_hist_merge(&into->series[i].weighted,
				  &from->series[i].weighted);
		replay_hist_merge(&into->series[i].plain,
				  &from->series[i].plain);
		into->series[i].preempted += from->series[i].preempted;
	}
	replay_hist_merge(&into->frozen.cold, &from->frozen.cold);
	replay_hist_merge(&into->frozen.warm, &from->frozen.warm);
	into->frozen.places += from->frozen.places;
	for (uint32_t i = 0;
	     i < from->samples && into->samples < REPLAY_SAMPLES_MAX; i++)
		into->sample[into->samples++] = from->sample[i];
	merge_laps(&into->probed, &from->probed);
	merge_laps(&into->plain, &from->plain);
	into->pairs += from->pairs;
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
