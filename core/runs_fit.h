/*
 * runs_fit: the policies for choosing kmalloc's pages (page_runs.h defines each
 * exactly).
 *
 * Whoever makes a heap may include this file.
 */
#ifndef RUNS_FIT_H
#define RUNS_FIT_H

#include <stddef.h>

enum runs_fit {
	RUNS_FIRST = 0,
	RUNS_NEXT,
	RUNS_BEST,
	RUNS_WORST,
	RUNS_CUSTOM,
	RUNS_QUICK,
	RUNS_FITS
};

/* The name of a policy on a command line, fit=NAME; NULL from RUNS_FITS on. */
const char *runs_fit_name(size_t fit);

#endif /* RUNS_FIT_H */
