/*
 * bench_plot: draws the results folder's TSV files with gnuplot.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "bench_figure.h"
#include "kb_progress.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

struct bench_plot_job {
	const char *folder;

	/* PDFs in addition to SVG and PNG. */
	bool pdf;

	/* Borrowed; one step per figure that has data. NULL for none. */
	struct kb_progress *progress;
};

/* Figures that FOLDER has data for. */
size_t bench_plot_count(const char *folder);

/*
 * Draws every existing FOLDER/NAME.tsv to FOLDER/figures/NAME.svg and .png: one
 * gnuplot per figure, as many at once as there are CPUs. A figure that fails
 * does not keep the others from being drawn. `*drawn` gets the number of
 * pictures. Returns 0; KB_E_ENVIRONMENT with `diag` filled if gnuplot or its
 * scripts are missing; KB_E_IO if a picture could not be made; KB_E_STOPPED
 * after a signal.
 */
int bench_plot(const struct bench_plot_job *job, size_t *drawn,
	       struct kb_diag *diag);

#endif /* BENCH_PLOT_H */
