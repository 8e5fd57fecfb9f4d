#include "bench_least.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A column with less than this share of its length left, once the others'
 * directions are removed, carries no information of its own: two factors would
 * mean the same. */
#define OWN_SHARE_MIN 0.05

/* The system: columns one after the other, then the values. */
struct system {
	double *a;
	size_t rows;
	size_t columns;

	/* Which of the given columns is at each place. */
	size_t order[BENCH_LEAST_COLUMNS_MAX];

	/* Length of each given column at first. */
	double length[BENCH_LEAST_COLUMNS_MAX];
	double diagonal[BENCH_LEAST_COLUMNS_MAX];
	size_t rank;
};

static double *column(const struct system *s, size_t i)
{
	return s->a + i * s->rows;
}

static double norm(const double *v, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += v[i] * v[i];
	return sqrt(sum);
}

static void swap_columns(struct system *s, size_t i, size_t k)
{
	double *a = column(s, i), *b = column(s, k);
	size_t t = s->order[i];

	s->order[i] = s->order[k];
	s->order[k] = t;
	for (size_t r = 0; i != k && r < s->rows; r++) {
		double x = a[r];

		a[r] = b[r];
		b[r] = x;
	}
}

/* Moves the next column that has enough length left to place k; false if none
 * has. */
static bool choose_next(struct system *s, size_t k)
{
	for (size_t i = k; i < s->columns; i++) {
		double whole = s->length[s->order[i]];
		double own = norm(column(s, i) + k, s->rows - k);

		if (whole > 0 && own > OWN_SHARE_MIN * whole) {
			swap_columns(s, k, i);
			return true;
		}
	}
	return false;
}

/* Removes column k's direction from all that follow. Leaves the reflection in
 * column k, and its first element's new value on the diagonal. */
static void reflect(struct system *s, size_t k)
{
	double *v = column(s, k) + k;
	size_t count = s->rows - k;
	double length = norm(v, count);
	double scale;

	s->diagonal[k] = v[0] > 0 ? -length : length;
	v[0] -= s->diagonal[k];
	scale = -s->diagonal[k] * v[0];
	for (size_t i = k + 1; i <= s->columns; i++) {
		double *c = column(s, i) + k;
		double dot = 0;

		for (size_t r = 0; r < count; r++)
			dot += v[r] * c[r];
		for (size_t r = 0; r < count; r++)
			c[r] -= dot / scale * v[r];
	}
}

static void solve(const struct system *s, struct bench_least *fit)
{
	const double *y = column(s, s->columns);

	for (size_t k = s->rank; k-- > 0;) {
		double rest = y[k];

		for (size_t i = k + 1; i < s->rank; i++)
			rest -= column(s, i)[k] * fit->factor[s->order[i]];
		fit->factor[s->order[k]] = rest / s->diagonal[k];
		fit->used[s->order[k]] = true;
	}
}

/* The standard errors: the residuals' deviation times the length of each row of
 * the triangle's inverse, which is found column by column. */
static void set_errors(const struct system *s, struct bench_least *fit)
{
	const double *y = column(s, s->columns);
	const size_t beyond = s->rows - s->rank;
	const double deviation =
		norm(y + s->rank, beyond) / sqrt((double)beyond);
	double inverse[BENCH_LEAST_COLUMNS_MAX];
	double square[BENCH_LEAST_COLUMNS_MAX] = { 0 };

	for (size_t j = 0; j < s->rank; j++) {
		for (size_t k = j + 1; k-- > 0;) {
			double rest = k == j;

			for (size_t i = k + 1; i <= j; i++)
				rest -= column(s, i)[k] * inverse[i];
			inverse[k] = rest / s->diagonal[k];
			square[k] += inverse[k] * inverse[k];
		}
	}
	for (size_t k = 0; k < s->rank; k++)
		fit->error[s->order[k]] = deviation * sqrt(square[k]);
}

double bench_least_predict(const struct bench_least *fit, const double *row,
			   size_t columns)
{
	double y = 0;

	for (size_t i = 0; i < columns; i++)
		y += fit->factor[i] * row[i];
	return y;
}

static double explained(const struct bench_least *fit, const double *x,
			const double *y, size_t count, size_t columns)
{
	double mean = 0, whole = 0, left = 0;

	for (size_t i = 0; i < count; i++)
		mean += y[i] / (double)count;
	for (size_t i = 0; i < count; i++) {
		double p = bench_least_predict(fit, x + i * columns, columns);

		whole += (y[i] - mean) * (y[i] - mean);
		left += (y[i] - p) * (y[i] - p);
	}
	return whole > 0 ? 1 - left / whole : 0;
}

int bench_least(struct bench_least *fit, const double *x, const double *y,
		size_t count, size_t columns)
{
	struct system s = { .rows = count, .columns = columns };

	memset(fit, 0, sizeof(*fit));
	if (columns > BENCH_LEAST_COLUMNS_MAX || count <= columns)
		return -1;
	s.a = malloc((columns + 1) * count * sizeof(*s.a));
	if (!s.a)
		return -1;
	for (size_t i = 0; i < columns; i++) {
		for (size_t r = 0; r < count; r++)
			column(&s, i)[r] = x[r * columns + i];
		s.order[i] = i;
		s.length[i] = norm(column(&s, i), count);
	}
	memcpy(column(&s, columns), y, count * sizeof(*y));
	while (s.rank < columns && choose_next(&s, s.rank))
		reflect(&s, s.rank++);
	solve(&s, fit);
	set_errors(&s, fit);
	fit->r2 = explained(fit, x, y, count, columns);
	free(s.a);
	return 0;
}
