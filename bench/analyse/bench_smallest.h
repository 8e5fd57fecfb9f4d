/*
 * bench_smallest: the smallest heap window that can replay a trace without a failed
 * allocation.
 *
 * A larger window may fail where a smaller one works, because most fits place
 * objects differently in it. So bisection alone does not find the smallest. The
 * search doubles from the lower bound up to a size that works, bisects down to one
 * whose predecessor fails, and then tries every smaller size from the bound up; if
 * those are more than allowed, only the nearest ones.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMALLEST_H
#define BENCH_SMALLEST_H

#include "kb_status.h"

#include <stdint.h>

/* Tries a window of `pages`. Returns 1 if it can replay the trace, 0 if not, or <0
 * to end the search. */
typedef int (*bench_smallest_try)(void *user, uint32_t pages);

struct bench_smallest {
	/* The lower bound; the largest size to try; and how many sizes smaller
	 * than the one that bisection finds may be tried. */
	uint32_t bound;
	uint32_t max;
	uint32_t below_max;

	/* The answer; 0 if not even `max` pages work. */
	uint32_t pages;

	/* All sizes from this one up to the answer were tried: the answer is the
	 * smallest if this is the bound. */
	uint32_t tried_from;

	/* The largest size that was tried and failed although a smaller one
	 * works; 0 if there is none. */
	uint32_t refused_above;

	/* Windows tried. */
	uint32_t tries;
};

/* Searches; the caller fills the first three fields, 1 <= bound <= max. Returns
 * 0 with the others filled, or what `try_pages` returned. */
int bench_smallest_search(struct bench_smallest *s,
			  bench_smallest_try try_pages, void *user);

#endif /* BENCH_SMALLEST_H */
