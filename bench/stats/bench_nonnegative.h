/*
 * bench_nonnegative: least squares whose factors are not below 0, as the cost of a
 * step cannot be.
 *
 * The active-set method of Lawson and Hanson (Solving Least Squares Problems,
 * chapter 23) over bench_least.
 *
 * Only bench's own files and its tests include this file.
 */
#ifndef BENCH_NONNEGATIVE_H
#define BENCH_NONNEGATIVE_H

#include "bench_least.h"

/* As bench_least; a column whose factor would be below 0 is not used. `r2` is 0:
 * rows may be weighted. */
int bench_nonnegative(struct bench_least *fit, const double *x, const double *y,
		      size_t count, size_t columns);

#endif /* BENCH_NONNEGATIVE_H */
