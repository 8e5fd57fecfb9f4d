/*
 * bench_figure: the list of figures, and how gnuplot draws one.
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

	/* For the page: a heading, and sentences that say what the picture
	 * shows. */
	const char *title;
	const char *text;
};

/* How many figures there are. */
#define BENCH_PICTURES 15

/* All of them, ended by one whose name is NULL. */
extern const struct bench_picture bench_pictures[];

/* True if there is FOLDER/NAME.tsv to draw. */
bool bench_figure_has_data(const char *folder, const char *name);

/* Pictures of one figure that one gnuplot draws. */
#define BENCH_DRAWING_MAX 3

/*
 * A gnuplot at work. It draws into memory, since it does not notice that a disk is
 * full; whoever writes a picture to a file does. It runs without init files, in an
 * environment that is always the same, and gets data and pictures as descriptors:
 * it would run a file's name that begins with '<', and expand one with '~'.
 */
struct bench_drawing {
	char *driver;
	char *script;

	/* The TSV file, as messages name it, and as it was opened. */
	char *data;
	int data_fd;
	pid_t pid;

	/* Memory, as file descriptors: gnuplot's standard output, with a line
	 * per finished picture, and the pictures. */
	int said;
	int fd[BENCH_DRAWING_MAX];
	size_t count;

	/* Once finished: each picture, with a NUL after its `size` bytes; NULL
	 * if it was not drawn. */
	char *picture[BENCH_DRAWING_MAX];
	size_t size[BENCH_DRAWING_MAX];
};

/*
 * Starts one gnuplot that draws FOLDER/NAME.tsv `count` times, once for each of
 * `kinds` (the third argument of the scripts, plots/README.md). Returns 0, to be
 * finished; KB_E_ENVIRONMENT with `diag` filled if there is no gnuplot or no script;
 * KB_E_IO, also without data. To be released in any case.
 */
int bench_figure_start(struct bench_drawing *d, const char *folder,
		       const char *name, const char *const *kinds, size_t count,
		       struct kb_diag *diag);

/* Waits for gnuplot; after a signal to bench, terminates it. Returns 0 with all
 * pictures; KB_E_IO with `diag` filled and the pictures drawn before it failed;
 * KB_E_STOPPED without any. */
int bench_figure_finish(struct bench_drawing *d, struct kb_diag *diag);
void bench_figure_release(struct bench_drawing *d);

/* Draws one picture. `*picture` is NULL unless 0 is returned; to be freed. */
int bench_figure_draw(const char *folder, const char *name, const char *kind,
		      char **picture, size_t *size, struct kb_diag *diag);

#endif /* BENCH_FIGURE_H */
