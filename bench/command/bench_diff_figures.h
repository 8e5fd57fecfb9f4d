/*
 * bench_diff_figures: two results folders in one picture: the ratio of their
 * times, and the nodes that lookups compare in both.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_DIFF_FIGURES_H
#define BENCH_DIFF_FIGURES_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

/* The file of a results folder that is read for the second picture. */
#define BENCH_DIFF_NODES "lookup-nodes.tsv"

/* One allocator's ns per event in both. */
struct bench_diff_ratio {
	/* Borrowed. */
	const char *allocator;

	/* B over A, and the interval that contains it if both medians are in
	 * theirs: from B's low end over A's high end to B's high end over A's
	 * low end. */
	double ratio;
	bool has_interval;
	double low;
	double high;
};

struct bench_diff_figures {
	/* The two folders, and the one for the data and figures/. */
	const char *a;
	const char *b;
	const char *out;

	/* The trace of both. */
	const char *trace;
	const char *machine;

	const struct bench_diff_ratio *ratio;
	size_t ratios;
};

/* Writes the data and draws them. Returns 0 with the number of pictures in
 * `*drawn`, or <0 with `diag` filled. */
int bench_diff_figures(const struct bench_diff_figures *figures, size_t *drawn,
		       struct kb_diag *diag);

#endif /* BENCH_DIFF_FIGURES_H */
