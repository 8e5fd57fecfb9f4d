#include "bench_summary_parts.h"

#include <math.h>

/* Whether a quantile has enough samples: by their number, or because the tail
 * beyond it was sampled more densely. */
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

static void set_series(struct bench_latency *out,
		       const struct replay_series *series,
		       const struct replay_clock *clock)
{
#define X(name, q) out->name = figure(series, q, clock);
	BENCH_QUANTILES(X)
#undef X
	out->max = figure(series, 1, clock);
	out->floor_ns = replay_clock_floor_ns(clock);
	out->error_ns = replay_clock_error_ns(clock);
	out->samples = series->plain.count;
	out->preempted = series->preempted;
}

static void set_moments(struct bench_moments *out,
			const struct replay_hist *hist,
			const struct replay_clock *clock)
{
	const double count = (double)hist->count;
	double mean = 0, squares = 0;

	for (size_t i = 0; i < REPLAY_HIST_BUCKETS; i++)
		if (hist->bucket[i])
			mean += (double)hist->bucket[i] / count *
				(double)replay_hist_bucket_middle(hist, i);
	for (size_t i = 0; i < REPLAY_HIST_BUCKETS; i++)
		if (hist->bucket[i])
			squares +=
				(double)hist->bucket[i] / count *
				pow((double)replay_hist_bucket_middle(hist, i) -
					    mean,
				    2);
	out->mean_ns = fmax((mean - clock->cost.mean) * clock->ns_per_tick, 0);
	out->deviation_ns = sqrt(squares) * clock->ns_per_tick;
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

static void set_frozen(struct bench_frozen *out,
		       const struct replay_frozen *frozen,
		       const struct replay_clock *clock)
{
	out->error_ns = replay_clock_batch_error_ns(clock, REPLAY_FROZEN_BATCH);
	out->floor_ns = BENCH_FLOOR_ERRORS * out->error_ns;
	out->cold = window_figure(&frozen->cold, clock, out->floor_ns);
	out->warm = window_figure(&frozen->warm, clock, out->floor_ns);
	out->places = frozen->places;
	out->cold_windows = frozen->cold.count;
	out->warm_windows = frozen->warm.count;
}

static void set_intrusion(struct bench_intrusion *out,
			  const struct replay_latency_result *l,
			  const struct replay_clock *clock)
{
	out->computed =
		(double)l->pairs * clock->pair_ticks / (double)l->probed.ticks;
	out->measured.known = l->plain.best_ticks && l->probed.best_ticks;
	if (out->measured.known)
		out->measured.value = (double)l->probed.best_ticks /
					      (double)l->plain.best_ticks -
				      1;
}

void bench_summary_latency(struct bench_cell_summary *s,
			   const struct replay_clock *clock)
{
	const struct replay_latency_result *l = s->cell->latency;

	if (!l)
		return;
	for (unsigned i = 0; i < REPLAY_SERIES_COUNT; i++) {
		s->has_latency[i] = l->series[i].plain.count > 0;
		if (s->has_latency[i])
			set_series(&s->latency[i], &l->series[i], clock);
		if (l->series[i].weighted.count > 0)
			set_moments(&s->moments[i], &l->series[i].weighted,
				    clock);
	}
	s->has_frozen = l->frozen.places > 0;
	if (s->has_frozen)
		set_frozen(&s->frozen, &l->frozen, clock);
	s->has_intrusion = l->probed.ticks > 0;
	if (s->has_intrusion)
		set_intrusion(&s->intrusion, l, clock);
	s->has_kfree_model = bench_model_fit(&s->kfree_model, s->cell,
					     REPLAY_SERIES_kfree, clock);
	s->has_lookup_model = bench_model_fit(&s->lookup_model, s->cell,
					      REPLAY_SERIES_lookup, clock);
}
