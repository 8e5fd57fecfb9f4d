/*
 * bench_least: ordinary least squares with few columns.
 *
 * By Householder's QR (Golub & Van Loan, Matrix Computations, 5.3.2). Of nearly
 * collinear columns, as the counters of some heaps are, only the first is used,
 * so that each factor means something. It is a few dozen lines, too little for
 * a library.
 *
 * Only bench's own files and its tests include this file.
 */
#ifndef BENCH_LEAST_H
#define BENCH_LEAST_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_LEAST_COLUMNS_MAX 6

struct bench_least {
	/* The factor of each column; 0 where it was not used. */
	double factor[BENCH_LEAST_COLUMNS_MAX];
	bool used[BENCH_LEAST_COLUMNS_MAX];

	/* The factor's standard error, for residuals of one variance; 0 where it
	 * was not used. */
	double error[BENCH_LEAST_COLUMNS_MAX];

	/* The share of the values' variance that is explained; 0 if they have
	 * none. */
	double r2;
};

/*
 * Fits y ≈ Σ factor · x. `x` holds `count` rows of `columns` numbers, the first
 * column being 1 for a constant; neither is changed. Returns 0; or -1 if there are
 * not more rows than columns, or no memory.
 */
int bench_least(struct bench_least *fit, const double *x, const double *y,
		size_t count, size_t columns);

/* The fit's value for one row. */
double bench_least_predict(const struct bench_least *fit, const double *row,
			   size_t columns);

#endif /* BENCH_LEAST_H */
