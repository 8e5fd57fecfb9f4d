#include "bench_model.h"

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

/* The samples: rows of counts, and times. */
struct points {
	double *x;
	double *y;
	double *off;
	size_t count;
};

static bool reserve(struct points *p, size_t count)
{
	p->x = malloc((count + 1) * BENCH_MODEL_COLUMNS * sizeof(*p->x));
	p->y = malloc((count + 1) * sizeof(*p->y));
	p->off = malloc((count + 1) * sizeof(*p->off));
	return p->x && p->y && p->off;
}

static void release(struct points *p)
{
	free(p->x);
	free(p->y);
	free(p->off);
}

static void gather(struct points *p, const struct bench_cell *cell,
		   enum replay_series_id series,
		   const struct replay_clock *clock)
{
	const struct replay_latency_result *l = cell->latency;

	for (uint32_t i = 0; i < l->samples; i++) {
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

/* Removes samples far off the fit; returns how many. */
static size_t leave_out(struct points *p, const struct bench_least *fit,
			double error_ns)
{
	struct bench_summary s;
	size_t kept = 0, count = p->count;
	double far;

	for (size_t i = 0; i < count; i++)
		p->off[i] = fabs(
			p->y[i] -
			bench_least_predict(fit, p->x + i * BENCH_MODEL_COLUMNS,
					    BENCH_MODEL_COLUMNS));
	bench_summarize(&s, p->off, count);
	far = LEFT_OUT_SPREADS * fmax(1.4826 * s.median, error_ns);
	for (size_t i = 0; i < count; i++) {
		const double *x = p->x + i * BENCH_MODEL_COLUMNS;

		if (fabs(p->y[i] - bench_least_predict(
					   fit, x, BENCH_MODEL_COLUMNS)) > far)
			continue;
		memmove(p->x + kept * BENCH_MODEL_COLUMNS, x,
			BENCH_MODEL_COLUMNS * sizeof(*x));
		p->y[kept++] = p->y[i];
	}
	p->count = kept;
	return count - kept;
}

static bool fit_points(struct bench_model *model, struct points *p,
		       double error_ns)
{
	memset(model, 0, sizeof(*model));
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (p->count < SAMPLES_MIN ||
		    bench_least(&model->fit, p->x, p->y, p->count,
				BENCH_MODEL_COLUMNS) < 0)
			return false;
		model->samples = p->count;
		if (round + 1 < ROUNDS)
			model->left_out += leave_out(p, &model->fit, error_ns);
	}
	return true;
}

static void keep_points(struct bench_model *model, const struct points *p)
{
	const size_t step = p->count / BENCH_MODEL_POINTS + 1;

	for (size_t i = 0; i < p->count; i += step)
		model->point[model->points++] = (struct bench_model_point){
			.predicted = bench_least_predict(
				&model->fit, p->x + i * BENCH_MODEL_COLUMNS,
				BENCH_MODEL_COLUMNS),
			.measured = p->y[i],
		};
}

bool bench_model_fit(struct bench_model *model, const struct bench_cell *cell,
		     enum replay_series_id series,
		     const struct replay_clock *clock)
{
	struct points p = { .count = 0 };
	bool known = false;

	if (!cell->latency || !cell->count || cell->count->marks.count == 0)
		return false;
	if (reserve(&p, cell->latency->samples)) {
		gather(&p, cell, series, clock);
		known = fit_points(model, &p, replay_clock_error_ns(clock));
	}
	if (known)
		keep_points(model, &p);
	release(&p);
	return known;
}
