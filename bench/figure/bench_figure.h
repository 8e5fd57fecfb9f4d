/*
 * bench_figure: the figures that there are, and gnuplot at work on one of them.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
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

/* True if there is FOLDER/NAME.tsv to draw. */
bool bench_figure_has_data(const char *folder, const char *name);

/* A gnuplot at work. It draws into memory: that a disk is full or standard
 * output closed it does not tell, but whoever writes the picture is told. */
struct bench_drawing {
	char *script;
	char *data;
	pid_t pid;
	int fd;
};

/*
 * Starts to draw FOLDER/NAME.tsv; `mode` is the scripts' third argument
 * (plots/README.md). Returns 0, to be finished; KB_E_UNSUPPORTED with `diag`
 * filled if there is no gnuplot or no script; KB_E_IO, also without data. To be
 * released in any case.
 */
int bench_figure_start(struct bench_drawing *d, const char *folder,
		       const char *name, const char *mode,
		       struct kb_diag *diag);

/* Waits for gnuplot; after a signal to bench it is told to end. Returns 0 with the
 * picture, to be freed, a NUL behind its `*size` bytes; KB_E_IO or KB_E_STOPPED
 * with `diag` filled. */
int bench_figure_finish(struct bench_drawing *d, char **picture, size_t *size,
			struct kb_diag *diag);
void bench_figure_release(struct bench_drawing *d);

/* All of it at once. `*picture` is NULL unless 0 is returned. */
int bench_figure_draw(const char *folder, const char *name, const char *mode,
		      char **picture, size_t *size, struct kb_diag *diag);

#endif /* BENCH_FIGURE_H */
