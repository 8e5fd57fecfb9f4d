/*
 * bench_smallest: the smallest heap window that carries a trace without refusing
 * anything.
 *
 * A larger window does not always serve what a smaller one did: most fits place
 * objects otherwise in it. So no bisection alone finds the smallest. The search
 * goes up from the bound by doubling to a window that does, halves down to one
 * whose neighbour below does not, and then tries every smaller size from the
 * bound on; or, if there are more of these than it may, the nearest ones below.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMALLEST_H
#define BENCH_SMALLEST_H

#include "kb_status.h"

#include <stdint.h>

/* Tries a window of `pages`. Returns 1 if it carries the trace, 0 if not, or <0
 * to end the search. */
typedef int (*bench_smallest_try)(void *user, uint32_t pages);

struct bench_smallest {
	/* No window of fewer pages can do, and no more may be tried; of smaller
	 * sizes than the one that halving finds, so many at most. */
	uint32_t bound;
	uint32_t max;
	uint32_t below_max;

	/* The answer; 0 if not even `max` pages did. */
	uint32_t pages;

	/* All sizes from this one up to the answer were tried: the answer is the
	 * smallest if this is the bound. */
	uint32_t tried_from;

	/* The largest size that was tried and did not do although a smaller one
	 * does; 0 if there is none. */
	uint32_t refused_above;

	/* Windows tried. */
	uint32_t tries;
};

/* Searches; the first three fields are given, 1 <= bound <= max. Returns 0 with
 * the others filled, or what `try_pages` did. */
int bench_smallest_search(struct bench_smallest *s,
			  bench_smallest_try try_pages, void *user);

#endif /* BENCH_SMALLEST_H */
