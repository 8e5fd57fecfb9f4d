#include "bench_live.h"

#include "bench_table.h"
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

/* The lines over the table, once the first allocator is counted. */
static void write_head(struct bench_live *live, struct kb_progress *progress)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	kb_progress_end(progress);
	if (!live->titled)
		bench_table_title(stdout, live->report);
	live->titled = true;
	f = open_memstream(&line, &size);
	if (!f)
		return;
	live->counted = bench_table_counts(f, live->report);
	if (fclose(f) != 0 || !line) {
		free(line);
		return;
	}
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

static void draw(struct bench_live *live, const struct bench_run *run)
{
	const struct bench_summary_source source = { .cells = run->cells,
						     .count = run->count,
						     .clock = run->clock };
	struct bench_report report = *live->report;
	struct bench_run_summary summary;
	char *text = NULL;
	size_t size = 0;
	struct kb_diag diag;
	FILE *f;

	kb_diag_init(&diag);
	f = open_memstream(&text, &size);
	if (!f)
		return;
	if (bench_summary_make(&summary, &source, &diag) == 0) {
		report.summary = &summary;
		bench_table_write(f, &report, live->columns, live->color);
	}
	bench_summary_release(&summary);
	if (fclose(f) != 0 || !text) {
		free(text);
		return;
	}
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
