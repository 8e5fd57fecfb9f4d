/*
 * bench_stats: the few statistics that reports print. Exact and deterministic:
 * no resampling, no seed.
 *
 * Only bench's own files and its tests include this file.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* Fewest values for which a 95% interval of the median exists. */
#define BENCH_STATS_INTERVAL_MIN 6

struct bench_summary {
	size_t count;
	double min;
	double median;

	/* 1.4826 times the median absolute deviation: for normal noise the
	 * standard deviation. */
	double spread;

	/*
	 * The 95% interval of the median by order statistics: [x(k), x(n+1-k)]
	 * with the largest k for which 1 - 2 P(Binomial(n, 1/2) < k) >= 0.95
	 * (e.g. David & Nagaraja, Order Statistics, 7.1). It assumes only that
	 * the values are independent.
	 */
	bool has_interval;
	double low;
	double high;
};

/* Sorts `values` and sums them up. count 0 gives zeros. */
void bench_summarize(struct bench_summary *out, double *values, size_t count);

/* Sorts in ascending order; no value is NaN. */
void bench_sort(double *values, size_t count);

/* The median of sorted values; count > 0. */
double bench_median(const double *sorted, size_t count);

/* The largest k with P(Binomial(n, 1/2) < k) <= p; 0 if there is none. */
size_t bench_binomial_rank(size_t n, double p);

/* The k of the interval above for n values; 0 if there is none. */
size_t bench_interval_rank(size_t n);

#endif /* BENCH_STATS_H */
