/*
 * plot: redraws the figures of a results folder, or draws one in the terminal.
 */
#include "bench_commands.h"
#include "bench_figure.h"
#include "bench_plot.h"
#include "kb_terminal.h"
#include "kb_bits.h"
#include "kb_suggest.h"
#include "kb_signal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The size if there is no terminal to ask. */
#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT	40

/* Below this a picture is unreadable; above it is no clearer. */
#define COLUMNS_MIN 60
#define COLUMNS_MAX 200
#define ROWS_MIN    20
#define ROWS_MAX    60

/* Pixels per column, for terminals that do not report it. */
#define COLUMN_PX 9
#define WIDTH_MAX 1000

struct plot_options {
	bool term;
	bool sixel;
	bool pdf;
	const char *folder;
	const char *figure;

	/* The figures' data. */
	struct kb_files files;
};

/* All data must be of one run. */
static int files(const void *target, struct kb_files *files,
		 struct kb_diag *diag)
{
	const struct plot_options *o = target;
	int err = 0;

	for (const struct bench_picture *p = bench_pictures; p->name && !err;
	     p++) {
		char *path;

		if (asprintf(&path, "%s/%s.tsv", o->folder, p->name) < 0)
			return kb_fail(diag, KB_E_NOMEM, "out of memory");
		err = kb_files_add(files, path, KB_FILES_IN_NAMED, diag);
		free(path);
	}
	return err;
}

static int check_figure(const struct plot_options *o, struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(o->figure);

	for (const struct bench_picture *p = bench_pictures; p->name; p++) {
		if (strcmp(p->name, o->figure) == 0)
			return 0;
		kb_suggest_offer(&near, p->name);
	}
	if (kb_suggest_best(&near))
		return kb_fail(diag, KB_E_ARG,
			       "there is no figure '%s'; did you mean '%s'?",
			       o->figure, kb_suggest_best(&near));
	return kb_fail(diag, KB_E_ARG,
		       "there is no figure '%s'; see 'bench plot --help'",
		       o->figure);
}

static int check(void *target, struct kb_diag *diag)
{
	struct plot_options *o = target;

	o->term |= o->sixel;
	if (o->term && !o->figure)
		return kb_fail(diag, KB_E_ARG,
			       "plot --term needs a figure; see 'bench plot "
			       "--help'");
	if (o->term && o->pdf)
		return kb_fail(diag, KB_E_ARG,
			       "--pdf draws files and does not go with --term");
	if (!o->term && o->figure)
		return kb_fail(diag, KB_E_ARG,
			       "plot draws a single figure only with --term");
	return o->term ? check_figure(o, diag) : 0;
}

/* The scripts' third argument for this terminal. Fails if the window is too
 * narrow: wrapped lines would not show a picture. */
static int choose_mode(char out[64], bool sixel, struct kb_diag *diag)
{
	struct winsize window;
	uint64_t columns = kb_terminal_variable("COLUMNS", COLUMNS_DEFAULT);
	uint64_t rows = kb_terminal_variable("LINES", ROWS_DEFAULT);
	uint64_t width;

	if (kb_terminal_window(STDOUT_FILENO, &window) && window.ws_row > 0) {
		columns = window.ws_col;
		/* The prompt after the picture takes a line too. */
		rows = window.ws_row - 1u;
	}
	width = window.ws_xpixel ? window.ws_xpixel : columns * COLUMN_PX;
	if (!sixel && columns < COLUMNS_MIN)
		return kb_fail(diag, KB_E_ARG,
			       "this terminal has %u columns; a figure in "
			       "letters needs %d. Widen it, or open the SVG",
			       (unsigned)columns, COLUMNS_MIN);
	columns = kb_min(columns, COLUMNS_MAX);
	rows = kb_min(kb_max(rows, ROWS_MIN), ROWS_MAX);
	if (sixel)
		snprintf(out, 64, "sixel %u",
			 (unsigned)kb_min(width, WIDTH_MAX));
	else
		snprintf(out, 64, "dumb %u %u", (unsigned)columns,
			 (unsigned)rows);
	return 0;
}

static int draw_here(const struct plot_options *o, struct kb_diag *diag)
{
	char mode[64];
	char *picture = NULL;
	size_t size = 0;
	int err;

	err = choose_mode(mode, o->sixel, diag);
	if (err == 0)
		err = bench_figure_draw(o->folder, o->figure, mode, &picture,
					&size, diag);
	if (kb_files_judge(&o->files, err, diag) < 0) {
		free(picture);
		return diag->status;
	}
	fwrite(picture, 1, size, stdout);
	free(picture);
	return 0;
}

static int draw_all(const struct plot_options *o, struct kb_diag *diag)
{
	struct kb_progress progress;
	const struct bench_plot_job job = { .folder = o->folder,
					    .pdf = o->pdf,
					    .progress = &progress };
	size_t drawn;
	int err;

	/* main has made sure that there is a folder.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (access(o->folder, R_OK | X_OK) != 0)
		return kb_fail(diag, KB_E_IO, "%s: %s", o->folder,
			       strerror(errno));
	kb_signal_catch();
	kb_progress_begin(&progress);
	progress.total = bench_plot_count(o->folder);
	err = bench_plot(&job, &drawn, diag);
	kb_progress_end(&progress);
	err = kb_files_judge(&o->files, err, diag);
	if (err == 0 && drawn == 0)
		return kb_fail(diag, KB_E_ARG,
			       "%s has no figure data (*.tsv); name a results "
			       "folder",
			       o->folder);
	if (err == 0)
		printf("Written to %s/figures/: %zu picture%s\n", o->folder,
		       drawn, drawn == 1 ? "" : "s");
	return err;
}

static void write_figures(FILE *out)
{
	fprintf(out, "Figures:\n");
	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		fprintf(out, "  %-16s  %s\n", p->name, p->title);
}

static int plot_main(int argc, char **argv)
{
	struct plot_options o = { .folder = NULL };
	struct kb_diag diag;
	int status;
	int err;

	if (!kb_options_go(&bench_plot_command, &o, argc, argv, &status)) {
		kb_files_release(&o.files);
		return status;
	}
	kb_diag_init(&diag);
	err = o.term ? draw_here(&o, &diag) : draw_all(&o, &diag);
	kb_files_release(&o.files);
	return err == 0 ? KB_EXIT_GOOD : kb_complain_diag("bench", &diag);
}

#define AT(member) .offset = offsetof(struct plot_options, member)

static const struct kb_option options[] = {
	{ .name = "pdf",
	  .help = "also draw PDFs, next to SVG and PNG",
	  .kind = KB_OPTION_SWITCH,
	  AT(pdf) },
	{ .name = "term",
	  .help = "draw FIGURE in this terminal",
	  .kind = KB_OPTION_SWITCH,
	  AT(term) },
	{ .name = "sixel",
	  .help = "draw it in pixels, for a terminal with sixel graphics",
	  .kind = KB_OPTION_SWITCH,
	  AT(sixel) },
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "RESULTS", 1, 1, offsetof(struct plot_options, folder), KB_FILES_IN },
	{ "FIGURE", 0, 1, offsetof(struct plot_options, figure),
	  KB_FILES_NONE },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command bench_plot_command = {
	.program = "bench",
	.name = "plot",
	.summary = "draw a results folder's figures, or one in the terminal",
	.about = "Draws all figures of a results folder again, from its TSV "
		 "files into its figures/; with --term, draws one figure in "
		 "the terminal, in letters or, with --sixel, in pixels. It "
		 "fits the window.",
	.options = options,
	.operands = operands,
	.write_more = write_figures,
	.examples = "bench plot --term results/boot lookup-nodes",
	.exits = "0 drawn\n"
		 "2 usage, no data\n"
		 "4 no gnuplot",
	.check = check,
	.files = files,
	.keeps_files = true,
	.files_offset = offsetof(struct plot_options, files),
	.main = plot_main,
};
