#include "bench_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More values than this are treated as this many: the interval only widens. */
#define RANK_VALUES_MAX 1000

/* The probability on either side of the 95% interval. */
#define INTERVAL_TAIL 0.025

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bench_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_double);
}

size_t bench_binomial_rank(size_t n, double p)
{
	/* P(Binomial(n, 1/2) = i), from i = 0 up. */
	double term = pow(0.5, (double)n);
	double below = 0;
	size_t k = 0;

	for (;;) {
		below += term;
		if (below > p || k == n)
			return k;
		k++;
		term *= (double)(n - k + 1) / (double)k;
	}
}

size_t bench_interval_rank(size_t n)
{
	return bench_binomial_rank(n < RANK_VALUES_MAX ? n : RANK_VALUES_MAX,
				   INTERVAL_TAIL);
}

double bench_median(const double *sorted, size_t count)
{
	if (count % 2)
		return sorted[count / 2];
	return (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static double spread_of(const double *values, size_t count, double median)
{
	double *deviation = malloc(count * sizeof(*deviation));
	double mad;

	if (!deviation)
		return 0;
	for (size_t i = 0; i < count; i++)
		deviation[i] = fabs(values[i] - median);
	bench_sort(deviation, count);
	mad = bench_median(deviation, count);
	free(deviation);
	return 1.4826 * mad;
}

void bench_summarize(struct bench_summary *out, double *values, size_t count)
{
	size_t k;

	memset(out, 0, sizeof(*out));
	if (count == 0)
		return;
	bench_sort(values, count);
	out->count = count;
	out->min = values[0];
	out->median = bench_median(values, count);
	out->spread = spread_of(values, count, out->median);
	k = bench_interval_rank(count);
	out->has_interval = k > 0;
	if (k > 0) {
		out->low = values[k - 1];
		out->high = values[count - k];
	}
}
