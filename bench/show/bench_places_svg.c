/*
 * The places as a picture: rows of cells, one per page or more, and what the last event
 * was. Texts stay texts.
 */
#include "bench_places.h"

#include "bench_format.h"
#include "bench_page.h"
#include "kb_escape.h"
#include "kb_gather.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. */
#define WIDTH  1000
#define MARGIN 24
#define LINE_H 21
#define CELL   12
#define MAP_X  180
#define MAP_Y  92

/* The most that is drawn. */
#define CELLS	 64
#define ROWS_MAX 48

/* Characters of a line of text. */
#define COLUMNS 110

static const char style[] =
	"<style>\n"
	"svg{--ink:#1a1a1a;--soft:#595959;--line:#8a8a8a;--paper:#ffffff;"
	"--edge:#0072b2;--mark:#d55e00}\n"
	"@media (prefers-color-scheme:dark){svg{--ink:#eeeeee;--soft:#b5b5b5;"
	"--line:#8a8a8a;--paper:#181a1c;--edge:#56b4e9;--mark:#ff9a4d}}\n"
	"text{font:14px 'DejaVu Sans',sans-serif;fill:var(--ink)}\n"
	".m{font-family:'DejaVu Sans Mono',monospace;font-size:12px}\n"
	".h{font-size:18px}.s{fill:var(--soft);font-size:12px}\n"
	".paper{fill:var(--paper)}.none{fill:none;stroke:var(--line);"
	"stroke-opacity:.35}\n"
	".node{fill:var(--edge)}.mark{fill:none;stroke:var(--mark);"
	"stroke-width:2.5}\n"
	"</style>\n";

__attribute__((format(printf, 5, 6))) static void
text_at(FILE *f, int x, int y, const char *classes, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(f, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, classes);
	kb_escape_html(f, text);
	fprintf(f, "</text>\n");
}

static void draw_cell(FILE *f, const struct bench_places *p, uint64_t first,
		      uint64_t bytes, int x, int y)
{
	const uint64_t covered = bench_places_covered(p, first, first + bytes);
	const uint64_t subject = p->event.address;

	fprintf(f,
		"<rect class=\"none\" x=\"%d\" y=\"%d\" width=\"%d\" "
		"height=\"%d\"/>\n",
		x, y, CELL - 2, CELL - 2);
	if (covered)
		fprintf(f,
			"<rect class=\"node\" x=\"%d\" y=\"%.1f\" width=\"%d\" "
			"height=\"%.1f\"/>\n",
			x,
			y + (CELL - 2) * (1 - (double)covered / (double)bytes),
			CELL - 2, (CELL - 2) * (double)covered / (double)bytes);
	if (p->has_event && subject >= first && subject - first < bytes)
		fprintf(f,
			"<rect class=\"mark\" x=\"%d\" y=\"%d\" width=\"%d\" "
			"height=\"%d\"/>\n",
			x, y, CELL - 2, CELL - 2);
}

/* Returns where the next line of text goes. */
static int draw_map(FILE *f, const struct bench_places *p)
{
	const struct bench_places_grid grid =
		bench_places_grid(p, CELLS, ROWS_MAX);
	char digits[BENCH_TEXT_SIZE];
	uint64_t row = 0, next = 0;
	int y = MAP_Y;

	while (bench_places_row(p, &grid, &row)) {
		const uint64_t first = row * CELLS * grid.cell_bytes;

		if (y > MAP_Y && row > next)
			y += CELL;
		text_at(f, MARGIN, y + CELL - 2, "m", "0x%08" PRIX64, first);
		for (size_t i = 0; i < CELLS; i++)
			draw_cell(f, p, first + i * grid.cell_bytes,
				  grid.cell_bytes, MAP_X + CELL * (int)i, y);
		y += CELL;
		next = ++row;
	}
	text_at(f, MARGIN, y + LINE_H, "s",
		"A square is %s KiB, filled as far as objects fill it; the "
		"outlined one has the last event's address. A gap: pages "
		"without an object.",
		bench_format_count(digits, grid.cell_bytes / 1024));
	return y + 3 * LINE_H;
}

/* The fault's words, a line at a time. Returns where the next one goes. */
static int tell_fault(FILE *f, const struct bench_failure *failure, int y)
{
	char text[2 * ALLOC_FAULT_TEXT_SIZE + 80], event[48] = "";
	const char *at = text;

	if (!failure->fault.kind[0])
		return y;
	if (failure->has_event)
		snprintf(event, sizeof(event), "event %" PRIu64 ": ",
			 failure->event);
	snprintf(text, sizeof(text), "%s: %s%s: %s",
		 failure->fault.judged ? "Wrong" : "Not judged", event,
		 failure->fault.kind, failure->fault.message);
	while (*at) {
		const size_t length = bench_places_line(at, COLUMNS);

		text_at(f, MARGIN, y, "", "%.*s", (int)length, at);
		y += LINE_H;
		at += length;
		at += strspn(at, " ");
	}
	if (failure->fault.source[0]) {
		text_at(f, MARGIN, y, "m", "%s:%" PRIu32, failure->fault.source,
			failure->fault.line);
		y += LINE_H;
	}
	return y;
}

static int draw_all(FILE *f, const struct bench_places *p)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	char call[BENCH_SITE_SIZE + 120], d[BENCH_TEXT_SIZE];
	int y;

	text_at(f, MARGIN, 38, "h", "%s after %s of %s events, %s", p->trace,
		bench_format_count(a, p->after),
		bench_format_count(b, p->events), p->alloc);
	text_at(f, MARGIN, 64, "s", "%s live objects, %s requested%s%s",
		bench_format_count(a, p->count + p->unserved),
		bench_format_bytes(c, (double)p->requested),
		p->mapped == ALLOC_UNKNOWN ? "" : ", mapped: ",
		p->mapped == ALLOC_UNKNOWN
			? ""
			: bench_format_bytes(d, (double)p->mapped));
	y = draw_map(f, p);
	bench_places_call(p, call, sizeof(call));
	if (call[0] && p->event.is_alloc && p->event.address)
		text_at(f, MARGIN, y, "m", "%s returns 0x%08" PRIX64, call,
			p->event.address);
	else
		text_at(f, MARGIN, y, "m", "%s", call[0] ? call : "No event");
	return tell_fault(f, &p->failure, y + LINE_H);
}

/* A picture's content, and how high that is. */
struct content {
	const struct bench_places *places;
	int *height;
};

static void write_content(FILE *f, const void *user)
{
	const struct content *content = user;

	*content->height = draw_all(f, content->places) + MARGIN;
}

int bench_places_svg(FILE *out, const struct bench_places *p,
		     struct kb_diag *diag)
{
	int height;
	const struct content content = { p, &height };
	char *text = kb_gather(write_content, &content);

	if (!text)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the picture");
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
		"%d\" width=\"%d\" height=\"%d\" role=\"img\">\n<title>",
		WIDTH, height, WIDTH, height);
	kb_escape_html(out, p->alloc);
	fprintf(out, ": where the live objects are</title>\n%s", style);
	fprintf(out,
		"<rect class=\"paper\" width=\"%d\" "
		"height=\"%d\"/>\n%s</svg>\n",
		WIDTH, height, text);
	free(text);
	return 0;
}
