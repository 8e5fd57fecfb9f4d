#include "bench_nonnegative.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A gradient below this share of the longest is 0: rounding. */
#define GRADIENT_SHARE 1e-9

/* Rounding could have two columns take turns for ever. */
#define STEPS_MAX (3 * BENCH_LEAST_COLUMNS_MAX)

/* The system, and the columns that are fitted now. */
struct problem {
	const double *x;
	const double *y;
	size_t count;
	size_t columns;

	bool in[BENCH_LEAST_COLUMNS_MAX];
	double factor[BENCH_LEAST_COLUMNS_MAX];

	/* Room for those columns, row by row. */
	double *chosen;
};

/* Fits the columns that are in, whatever the signs; all others' factors are 0. */
static int fit_chosen(const struct problem *p, struct bench_least *fit)
{
	struct bench_least own;
	size_t n = 0;

	memset(fit, 0, sizeof(*fit));
	for (size_t k = 0; k < p->columns; k++)
		n += p->in[k];
	for (size_t i = 0, at = 0; i < p->count; i++)
		for (size_t k = 0; k < p->columns; k++)
			if (p->in[k])
				p->chosen[at++] = p->x[i * p->columns + k];
	if (bench_least(&own, p->chosen, p->y, p->count, n) < 0)
		return -1;
	n = 0;
	for (size_t k = 0; k < p->columns; k++) {
		if (!p->in[k])
			continue;
		fit->factor[k] = own.factor[n];
		fit->error[k] = own.error[n];
		fit->used[k] = own.used[n++];
	}
	return 0;
}

/* The column, of those that are not in, along which the squares fall most; or
 * `columns` if they fall along none. */
static size_t steepest(const struct problem *p, const bool *refused)
{
	double gradient[BENCH_LEAST_COLUMNS_MAX] = { 0 };
	double length[BENCH_LEAST_COLUMNS_MAX] = { 0 };
	double squares = 0, most = 0;
	size_t best = p->columns;

	for (size_t i = 0; i < p->count; i++) {
		const double *row = p->x + i * p->columns;
		double rest = p->y[i];

		for (size_t k = 0; k < p->columns; k++)
			rest -= p->factor[k] * row[k];
		for (size_t k = 0; k < p->columns; k++) {
			gradient[k] += rest * row[k];
			length[k] += row[k] * row[k];
		}
		squares += p->y[i] * p->y[i];
	}
	for (size_t k = 0; k < p->columns; k++) {
		double own = gradient[k] / sqrt(length[k] * squares + 1e-300);

		if (p->in[k] || refused[k] || own <= GRADIENT_SHARE ||
		    own <= most)
			continue;
		most = own;
		best = k;
	}
	return best;
}

/* Goes from the factors toward `fit` as far as none falls below 0, and drops the
 * columns that stop it. */
static void approach(struct problem *p, const struct bench_least *fit)
{
	double step = 1;

	for (size_t k = 0; k < p->columns; k++)
		if (p->in[k] && fit->factor[k] <= 0)
			step = fmin(step,
				    p->factor[k] / (p->factor[k] -
						    fit->factor[k] + 1e-300));
	for (size_t k = 0; k < p->columns; k++) {
		if (!p->in[k])
			continue;
		p->factor[k] += step * (fit->factor[k] - p->factor[k]);
		if (fit->factor[k] <= 0 && p->factor[k] <= 1e-12) {
			p->in[k] = false;
			p->factor[k] = 0;
		}
	}
}

/* True if the columns' factors, just fitted, are all above 0. */
static bool is_feasible(const struct problem *p, const struct bench_least *fit)
{
	for (size_t k = 0; k < p->columns; k++)
		if (p->in[k] && fit->factor[k] <= 0)
			return false;
	return true;
}

/* Fits with one column more, and without those that it makes superfluous. */
static int add_column(struct problem *p, size_t column, bool *refused,
		      struct bench_least *fit)
{
	p->in[column] = true;
	if (fit_chosen(p, fit) < 0)
		return -1;
	/* It says what others say already. */
	*refused = fit->factor[column] <= 0;
	while (!is_feasible(p, fit)) {
		approach(p, fit);
		if (fit_chosen(p, fit) < 0)
			return -1;
	}
	memcpy(p->factor, fit->factor, sizeof(p->factor));
	return 0;
}

static int solve(struct problem *p, struct bench_least *fit)
{
	bool refused[BENCH_LEAST_COLUMNS_MAX] = { false };

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		const size_t next = steepest(p, refused);

		if (next == p->columns)
			return 0;
		if (add_column(p, next, &refused[next], fit) < 0)
			return -1;
	}
	return 0;
}

int bench_nonnegative(struct bench_least *fit, const double *x, const double *y,
		      size_t count, size_t columns)
{
	struct problem p = {
		.x = x, .y = y, .count = count, .columns = columns
	};
	int err;

	memset(fit, 0, sizeof(*fit));
	if (columns > BENCH_LEAST_COLUMNS_MAX || count <= columns)
		return -1;
	p.chosen = malloc(count * columns * sizeof(*p.chosen));
	if (!p.chosen)
		return -1;
	err = solve(&p, fit);
	free(p.chosen);
	return err;
}
