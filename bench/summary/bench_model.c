#include "bench_model.h"

#include "bench_nonnegative.h"
#include "bench_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A fit of fewer samples is meaningless. */
#define SAMPLES_MIN 100

/* A sample this many times further off than usual was disturbed. */
#define LEFT_OUT_SPREADS 8.0

/* Rounds of fitting and of removing outliers. */
#define ROUNDS 3

const char *const bench_model_columns[BENCH_MODEL_COLUMNS] = {
	"base_ns",
	"ns_per_node",
	"ns_per_line",
	"ns_per_pte_write",
	"ns_per_tlb_invalidation",
};

const char *const bench_model_steps[BENCH_MODEL_COLUMNS] = {
	"kfree", "node", "cache line", "page-table write", "TLB invalidation",
};

/* A factor's interval: a number of standard errors to either side. */
#define ERRORS 1.96

/* Samples: rows of counts, times, and what each is off by. */
struct points {
	double *x;
	double *y;
	double *off;

	/* The same, divided by the time: what is fitted. */
	double *scaled_x;
	double *scaled_y;
	size_t count;
	size_t room;

	/* No time is known better than this, ns. */
	double error_ns;
};

static bool reserve(struct points *p, size_t count)
{
	p->room = count + 1;
	p->x = malloc(p->room * BENCH_MODEL_COLUMNS * sizeof(*p->x));
	p->y = malloc(p->room * sizeof(*p->y));
	p->off = malloc(p->room * sizeof(*p->off));
	p->scaled_x = malloc(p->room * BENCH_MODEL_COLUMNS * sizeof(*p->x));
	p->scaled_y = malloc(p->room * sizeof(*p->y));
	return p->x && p->y && p->off && p->scaled_x && p->scaled_y;
}

static void release(struct points *p)
{
	free(p->x);
	free(p->y);
	free(p->off);
	free(p->scaled_x);
	free(p->scaled_y);
}

/* Takes the samples from number `first` up to `end`. */
static void gather(struct points *p, const struct bench_cell *cell,
		   enum replay_series_id series, uint32_t first, uint32_t end,
		   const struct replay_clock *clock)
{
	const struct replay_latency_result *l = cell->latency;

	p->count = 0;
	for (uint32_t i = first; i < end; i++) {
		const struct replay_timed *s = &l->sample[i];
		const struct replay_mark *m;
		double *x = p->x + p->count * BENCH_MODEL_COLUMNS;

		if (s->series != series)
			continue;
		m = replay_marks_find(&cell->count->marks, s->event);
		if (!m)
			continue;
		x[0] = 1;
		x[1] = m->nodes_visited;
		x[2] = m->lines_touched;
		x[3] = x[4] = 0;
		if (series == REPLAY_SERIES_kfree) {
			x[1] += m->remove_nodes_visited;
			x[3] = m->pte_writes;
			x[4] = m->tlb_invalidations;
		}
		/* Not cut off at 0: means would rise. */
		p->y[p->count++] = ((double)s->ticks - clock->cost.mean) *
				   clock->ns_per_tick;
	}
}

static double predict(const struct bench_least *fit, const struct points *p,
		      size_t i)
{
	return bench_least_predict(fit, p->x + i * BENCH_MODEL_COLUMNS,
				   BENCH_MODEL_COLUMNS);
}

/* What an error is measured by: the time as far as it is known, so that a short
 * free counts as much as a long one. */
static double scale_of(const struct points *p, double ns)
{
	return fmax(ns, p->error_ns);
}

/* Fits the samples, each divided by its time: as measured, or, once there is a
 * fit, as predicted. */
static bool fit_scaled(struct bench_least *fit, struct points *p, bool again)
{
	struct bench_least before = *fit;

	for (size_t i = 0; i < p->count; i++) {
		const double ns = again ? predict(&before, p, i) : p->y[i];
		const double scale = scale_of(p, ns);

		for (size_t k = 0; k < BENCH_MODEL_COLUMNS; k++)
			p->scaled_x[i * BENCH_MODEL_COLUMNS + k] =
				p->x[i * BENCH_MODEL_COLUMNS + k] / scale;
		p->scaled_y[i] = p->y[i] / scale;
	}
	return bench_nonnegative(fit, p->scaled_x, p->scaled_y, p->count,
				 BENCH_MODEL_COLUMNS) == 0;
}

/* What each sample is off by, as a share; the median of the sizes. */
static double set_off(struct points *p, const struct bench_least *fit)
{
	struct bench_summary s;

	for (size_t i = 0; i < p->count; i++) {
		const double ns = predict(fit, p, i);

		p->off[i] = fabs(p->y[i] - ns) / scale_of(p, ns);
	}
	bench_summarize(&s, p->off, p->count);
	return s.median;
}

/* Leaves out what is far off the fit; how many. */
static size_t leave_out(struct points *p, const struct bench_least *fit)
{
	const size_t count = p->count;
	const double usual = 1.4826 * set_off(p, fit);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const double ns = predict(fit, p, i);
		const double far = LEFT_OUT_SPREADS *
				   fmax(usual * scale_of(p, ns), p->error_ns);

		if (fabs(p->y[i] - ns) > far)
			continue;
		memmove(p->x + kept * BENCH_MODEL_COLUMNS,
			p->x + i * BENCH_MODEL_COLUMNS,
			BENCH_MODEL_COLUMNS * sizeof(*p->x));
		p->y[kept++] = p->y[i];
	}
	p->count = kept;
	return count - kept;
}

static bool fit_points(struct bench_least *fit, struct points *p,
		       size_t *left_out)
{
	memset(fit, 0, sizeof(*fit));
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (p->count < SAMPLES_MIN || !fit_scaled(fit, p, round > 0))
			return false;
		if (round + 1 < ROUNDS)
			*left_out += leave_out(p, fit);
	}
	return true;
}

/* The share of the times' variance that the fit explains. */
static double explained(const struct bench_least *fit, const struct points *p)
{
	double mean = 0, whole = 0, left = 0;

	for (size_t i = 0; i < p->count; i++)
		mean += p->y[i] / (double)p->count;
	for (size_t i = 0; i < p->count; i++) {
		whole += (p->y[i] - mean) * (p->y[i] - mean);
		left += pow(p->y[i] - predict(fit, p, i), 2);
	}
	return whole > 0 ? 1 - left / whole : 0;
}

static void keep_points(struct bench_model *model, const struct points *p)
{
	const size_t step = p->count / BENCH_MODEL_POINTS + 1;

	for (size_t i = 0; i < p->count; i += step)
		model->point[model->points++] = (struct bench_model_point){
			.predicted = predict(&model->fit, p, i),
			.measured = p->y[i],
		};
}

/* The factors' intervals: their own errors, and all that fits of single processes
 * say, as what differs between those differs between runs. */
static void set_intervals(struct bench_model *model,
			  const struct bench_cell *cell,
			  enum replay_series_id series, struct points *p,
			  const struct replay_clock *clock)
{
	uint32_t first = 0;

	for (size_t k = 0; k < BENCH_MODEL_COLUMNS; k++) {
		const double error = ERRORS * model->fit.error[k];

		model->low[k] = fmax(model->fit.factor[k] - error, 0);
		model->high[k] = model->fit.factor[k] + error;
	}
	for (size_t run = 0;
	     run < cell->latency_runs && run < BENCH_LATENCY_RUNS_MAX; run++) {
		const uint32_t end = cell->samples_after[run];
		struct bench_least fit;
		size_t left_out = 0;

		gather(p, cell, series, first, end, clock);
		first = end;
		if (!fit_points(&fit, p, &left_out))
			continue;
		for (size_t k = 0; k < BENCH_MODEL_COLUMNS; k++) {
			model->low[k] = fmin(model->low[k], fit.factor[k]);
			model->high[k] = fmax(model->high[k], fit.factor[k]);
		}
	}
	for (size_t k = 0; k < BENCH_MODEL_COLUMNS; k++)
		model->known[k] = model->fit.used[k] && model->low[k] > 0;
}

bool bench_model_fit(struct bench_model *model, const struct bench_cell *cell,
		     enum replay_series_id series,
		     const struct replay_clock *clock)
{
	struct points p = { .error_ns = replay_clock_error_ns(clock) };
	bool known = false;

	memset(model, 0, sizeof(*model));
	if (!cell->latency || !cell->count || cell->count->marks.count == 0)
		return false;
	if (reserve(&p, cell->latency->samples)) {
		gather(&p, cell, series, 0, cell->latency->samples, clock);
		known = fit_points(&model->fit, &p, &model->left_out);
	}
	if (known) {
		model->samples = p.count;
		model->fit.r2 = explained(&model->fit, &p);
		model->relative_error = set_off(&p, &model->fit);
		keep_points(model, &p);
		set_intervals(model, cell, series, &p, clock);
	}
	release(&p);
	return known;
}
