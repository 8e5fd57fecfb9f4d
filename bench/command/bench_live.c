#include "bench_live.h"

#include "bench_table.h"
#include "kb_gather.h"
#include "kb_progress.h"
#include "kb_terminal.h"
#include "replay_tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The table is drawn at most this often, ns. */
#define DRAW_NS 300000000u

/* A narrower table would wrap. */
#define COLUMNS_MIN 72

/* Lines around the table that must fit on the screen too. */
#define LINES_AROUND 4

void bench_live_begin(struct bench_live *live,
		      const struct bench_report *report)
{
	const char *term = getenv("TERM");
	struct winsize window;

	*live = (struct bench_live){ .report = report,
				     .begin_ns = replay_tick_system() };
	if (!kb_terminal_window(STDOUT_FILENO, &window))
		return;
	if (!term || strcmp(term, "dumb") == 0)
		window.ws_row = 0;
	live->drawn_ns = live->begin_ns;
	live->columns = window.ws_col;
	live->rows = window.ws_row;
	live->color = kb_terminal_has_colour();
}

static double seconds(const struct bench_live *live)
{
	return (double)(replay_tick_system() - live->begin_ns) / 1e9;
}

static void write_counts(FILE *f, const void *user)
{
	const struct bench_live *live = user;

	bench_table_counts(f, live->report);
}

/* The lines over the table, once the first allocator is counted. */
static void write_head(struct bench_live *live, struct kb_progress *progress)
{
	char *line;

	kb_progress_end(progress);
	if (!live->titled)
		bench_table_title(stdout, live->report);
	live->titled = true;
	line = kb_gather(write_counts, live);
	if (!line)
		return;
	live->counted = *line != '\0';
	if (live->counted && live->columns)
		printf("[%.1f s] ", seconds(live));
	fputs(line, stdout);
	free(line);
	fflush(stdout);
}

void bench_live_wipe(struct bench_live *live)
{
	if (live->lines)
		printf("\033[%zuA\r\033[J", live->lines);
	live->lines = 0;
	fflush(stdout);
}

/* True if the table fits between the lines around it. */
static bool has_room(const struct bench_live *live)
{
	return live->columns >= COLUMNS_MIN &&
	       bench_table_lines(live->report) + LINES_AROUND <= live->rows;
}

/* A table as it is now. */
struct table {
	const struct bench_live *live;
	const struct bench_report *report;
};

static void write_table(FILE *f, const void *user)
{
	const struct table *t = user;

	bench_table_write(f, t->report, t->live->columns, t->live->color);
}

static void draw(struct bench_live *live, const struct bench_run *run)
{
	const struct bench_summary_source source = { .cells = run->cells,
						     .count = run->count,
						     .clock = run->clock };
	struct bench_report report = *live->report;
	struct bench_run_summary summary;
	const struct table table = { live, &report };
	char *text = NULL;
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (bench_summary_make(&summary, &source, &diag) == 0) {
		report.summary = &summary;
		text = kb_gather(write_table, &table);
	}
	bench_summary_release(&summary);
	if (!text)
		return;
	kb_progress_end(run->progress);
	bench_live_wipe(live);
	for (const char *c = text; *c; c++)
		live->lines += *c == '\n';
	fputs(text, stdout);
	fflush(stdout);
	free(text);
	live->drawn_ns = replay_tick_system();
}

/* True if what the head says of the first allocator is known, or never will be. */
static bool is_counted(const struct bench_run *run)
{
	return !(run->settings->passes & BENCH_PASS_COUNT) ||
	       run->cells[0].count || run->cells[0].status < 0;
}

void bench_live_tell(const struct bench_run *run, void *user)
{
	struct bench_live *live = user;

	if (!is_counted(run))
		return;
	if (!live->counted && live->lines == 0)
		write_head(live, run->progress);
	if (has_room(live) && replay_tick_system() - live->drawn_ns >= DRAW_NS)
		draw(live, run);
}

void bench_live_end(struct bench_live *live)
{
	if (!live->titled)
		bench_table_title(stdout, live->report);
	if (!live->counted)
		bench_table_counts(stdout, live->report);
	printf("\n");
}
