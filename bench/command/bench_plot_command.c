/*
 * plot: draws the figures of a results folder again, or one of them in the
 * terminal.
 */
#include "kb_args.h"
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

int bench_plot_main(int argc, char **argv);

/* Where there is no terminal to ask. */
#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT	40

/* Less is no picture, and more no clearer one. */
#define COLUMNS_MIN 60
#define COLUMNS_MAX 200
#define ROWS_MIN    20
#define ROWS_MAX    60

/* Pixels of a column, for terminals that do not tell. */
#define COLUMN_PX 9
#define WIDTH_MAX 1000

/* clang-format off */
static const char plot_help[] =
	"usage: bench plot [--pdf] RESULTS\n"
	"       bench plot --term [--sixel] RESULTS FIGURE\n"
	"\n"
	"Draws all figures of a results folder anew, from its TSV files into its\n"
	"figures/; or one of them in the terminal, in letters or, with --sixel and a\n"
	"terminal that takes them, in pixels. It fits the window.\n"
	"\n"
	"  --pdf    draws PDFs too, beside SVG and PNG\n"
	"  --term   draws one figure here\n"
	"  --sixel  the same in pixels\n"
	"\n"
	"  bench plot --term results/boot lookup-nodes\n"
	"\n"
	"Figures\n";
/* clang-format on */

struct plot_options {
	bool term;
	bool sixel;
	bool pdf;
	bool help;
	const char *folder;
	const char *figure;
};

static int parse(struct plot_options *o, int argc, char **argv,
		 struct kb_diag *diag)
{
	const struct kb_arg args[] = {
		{ NULL, &o->folder, NULL },	{ NULL, &o->figure, NULL },
		{ "--term", NULL, &o->term },	{ "--pdf", NULL, &o->pdf },
		{ "--sixel", NULL, &o->sixel }, { "--help", NULL, &o->help },
	};
	int err = kb_args_parse(args, KB_ARRAY_LEN(args), argc, argv, diag);

	if (err < 0)
		return err;
	o->term |= o->sixel;
	if (o->help)
		return 0;
	if (!o->folder)
		return kb_fail(diag, KB_E_ARG, "plot needs a results folder");
	if (o->term && !o->figure)
		return kb_fail(diag, KB_E_ARG,
			       "plot --term needs a figure; see 'bench plot "
			       "--help'");
	if (o->term && o->pdf)
		return kb_fail(diag, KB_E_ARG,
			       "--pdf draws files, not in the terminal");
	if (!o->term && o->figure)
		return kb_fail(diag, KB_E_ARG,
			       "plot draws one figure only with --term");
	return 0;
}

static int check_figure(const struct plot_options *o, struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(o->figure);

	for (const struct bench_picture *p = bench_pictures; p->name; p++) {
		/* main has seen to it that there is a name.
		 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
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

/* The scripts' third argument for this terminal. A window too narrow for a
 * picture is told so: folded lines are no picture. */
static int choose_mode(char out[64], bool sixel, struct kb_diag *diag)
{
	struct winsize window;
	uint64_t columns = kb_terminal_variable("COLUMNS", COLUMNS_DEFAULT);
	uint64_t rows = kb_terminal_variable("LINES", ROWS_DEFAULT);
	uint64_t width;

	if (kb_terminal_window(STDOUT_FILENO, &window) && window.ws_row > 0) {
		columns = window.ws_col;
		/* The prompt behind it wants one too. */
		rows = window.ws_row - 1u;
	}
	width = window.ws_xpixel ? window.ws_xpixel : columns * COLUMN_PX;
	if (!sixel && columns < COLUMNS_MIN)
		return kb_fail(diag, KB_E_ARG,
			       "this window has %u columns, and a figure in "
			       "letters needs %d; widen it, or open the SVG",
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

	/* gnuplot counts a character as one column only in such a locale. */
	setenv("LC_ALL", "C.UTF-8", 1);
	err = choose_mode(mode, o->sixel, diag);
	if (err == 0)
		err = bench_figure_draw(o->folder, o->figure, mode, &picture,
					&size, diag);
	if (err < 0)
		return err;
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

	/* main has seen to it that there is a folder.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (access(o->folder, R_OK | X_OK) != 0)
		return kb_fail(diag, KB_E_IO, "%s: %s", o->folder,
			       strerror(errno));
	kb_signal_catch();
	kb_progress_begin(&progress);
	progress.total = bench_plot_count(o->folder);
	err = bench_plot(&job, &drawn, diag);
	kb_progress_end(&progress);
	if (err == 0 && drawn == 0)
		return kb_fail(diag, KB_E_ARG,
			       "%s holds no data of a figure (*.tsv)",
			       o->folder);
	if (err == 0)
		printf("Written to %s/figures/: %zu pictures\n", o->folder,
		       drawn);
	return err;
}

static void print_help(void)
{
	fputs(plot_help, stdout);
	for (const struct bench_picture *p = bench_pictures; p->name; p++)
		printf("  %-16s %s\n", p->name, p->title);
	printf("\nExit status: 0 drawn; 2 usage, no data; 4 no gnuplot.\n");
}

int bench_plot_main(int argc, char **argv)
{
	struct plot_options o = { .folder = NULL };
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = parse(&o, argc, argv, &diag);
	if (err == 0 && o.help) {
		print_help();
		return 0;
	}
	if (err == 0 && o.term)
		err = check_figure(&o, &diag);
	if (err == 0)
		err = o.term ? draw_here(&o, &diag) : draw_all(&o, &diag);
	if (err == 0)
		return 0;
	fprintf(stderr, "bench: %s\n", diag.text);
	if (kb_signal)
		return 128 + kb_signal;
	return err == KB_E_UNSUPPORTED ? 4 : 2;
}
