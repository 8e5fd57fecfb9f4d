/*
 * bench_figure: the figures that there are, and gnuplot at work on one of them.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "kb_status.h"

#include <sys/types.h>

struct bench_picture {
	/* FOLDER/NAME.tsv is its data, plots/NAME.gp its script. */
	const char *name;

	/* The passes whose results it draws (enum bench_pass, or-ed); 0 for
	 * what no run over a trace measures. */
	unsigned passes;

	/* For a page: a heading, and what the picture shows, in sentences. */
	const char *title;
	const char *text;
};

/* All figures, ended by one whose name is NULL. */
extern const struct bench_picture bench_pictures[];

/* The folder of the scripts: beside an installed bench, else where it was built
 * from. To be freed; NULL if out of memory. */
char *bench_figure_scripts(void);

/*
 * Starts gnuplot on `script` with `data`, `out` and, unless NULL, `mode` ("hover"
 * or a terminal, plots/README.md) for its arguments. Returns 0 with its process
 * id in `*pid`; KB_E_UNSUPPORTED with `diag` filled if there is no gnuplot;
 * KB_E_IO.
 */
int bench_figure_start(pid_t *pid, const char *script, const char *data,
		       const char *out, const char *mode, struct kb_diag *diag);

/* Waits for it. Returns its wait status, or -1 with errno set. After a signal
 * to bench it is told to end. */
int bench_figure_wait(pid_t pid);

/*
 * Draws FOLDER/NAME.tsv to FOLDER/figures for a page, and reads the picture
 * back; no file is left. `*svg` gets it, to be freed, or NULL if there are no
 * data or gnuplot could not draw them.
 */
int bench_figure_svg(const char *folder, const char *name, char **svg,
		     struct kb_diag *diag);

#endif /* BENCH_FIGURE_H */
