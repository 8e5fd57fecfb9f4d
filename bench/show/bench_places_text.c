#include "bench_places.h"

#include "bench_format.h"
#include "bench_page.h"
#include "bench_show_box.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <string.h>

/* Most lines of a part, so that the whole fits on one screen. */
#define ROWS_MAX    12
#define OBJECTS_MAX 10

/* Columns of an address and what follows it; and of one beyond 4 GiB. */
#define ADDRESS_COLUMNS	     12
#define WIDE_ADDRESS_COLUMNS 16

/* Most cells of a row. */
#define CELLS_MAX 64

/* As many cells as fit, a power of two. */
static size_t cells_of(const struct show_page *page,
		       const struct bench_places *p)
{
	const bool is_wide =
		p->count > 0 && p->place[p->count - 1].address > UINT32_MAX;
	const size_t used = is_wide ? WIDE_ADDRESS_COLUMNS : ADDRESS_COLUMNS;
	size_t cells = CELLS_MAX;

	while (cells > page->inner - used)
		cells /= 2;
	return cells;
}

static const char *cell_text(const struct bench_places *p, uint64_t first,
			     uint64_t bytes)
{
	const uint64_t covered = bench_places_covered(p, first, first + bytes);
	const uint64_t subject = p->event.address;

	if (p->has_event && subject >= first && subject - first < bytes)
		return "◆";
	if (covered == 0)
		return "·";
	return covered == bytes ? "█" : "▒";
}

static void row_line(const struct show_page *page, const struct bench_places *p,
		     const struct bench_places_grid *grid, uint64_t row)
{
	const uint64_t first = row * grid->cells * grid->cell_bytes;
	char text[SHOW_LINE_SIZE];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), "0x%08" PRIX64 "  ", first);
	for (size_t i = 0; i < grid->cells; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
					 cell_text(p,
						   first + i * grid->cell_bytes,
						   grid->cell_bytes));
	bench_show_line(page, "%s", text);
}

static void map_box(const struct show_page *page, const struct bench_places *p)
{
	const struct bench_places_grid grid =
		bench_places_grid(p, cells_of(page, p), ROWS_MAX);
	char title[96], digits[BENCH_TEXT_SIZE];
	uint64_t row = 0, next = 0;
	bool is_first = true;

	snprintf(title, sizeof(title), "ADDRESSES (a sign is %s KiB)",
		 bench_format_count(digits, grid.cell_bytes / 1024));
	bench_show_title(page, title);
	while (bench_places_row(p, &grid, &row)) {
		if (!is_first && row > next)
			bench_show_line(
				page, "… (%s pages without an object)",
				bench_format_count(digits,
						   (row - next) * grid.cells *
							   (grid.cell_bytes /
							    BENCH_PAGE)));
		row_line(page, p, &grid, row);
		is_first = false;
		next = ++row;
	}
	if (is_first)
		bench_show_line(page, "No object is live.");
	else
		bench_show_line(page, "█ full of objects, ▒ in part, · none, "
				      "◆ the last event's address");
	bench_show_end(page);
}

static void objects_box(const struct show_page *page,
			const struct bench_places *p)
{
	const size_t shown = (size_t)kb_min(p->count, OBJECTS_MAX);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	bench_show_title(page, "LIVE OBJECTS (by address)");
	for (size_t i = 0; i < shown; i++) {
		const struct bench_place *place = &p->place[i];

		bench_show_line(page, "0x%08" PRIX64 "  %12s bytes, event %s",
				place->address,
				bench_format_count(a, place->size),
				bench_format_count(b, place->event));
	}
	if (shown < p->count)
		bench_show_line(page, "… (%s more)",
				bench_format_count(a, p->count - shown));
	if (p->unserved)
		bench_show_line(page,
				"%s more have no memory: kmalloc "
				"returned 0",
				bench_format_count(a, p->unserved));
	if (p->count + p->unserved == 0)
		bench_show_line(page, "None.");
	bench_show_end(page);
}

/* The fault's words, over as many lines as they take. */
static void tell_words(const struct show_page *page, const char *text)
{
	while (*text) {
		const size_t length = bench_places_line(text, page->inner);

		bench_show_line(page, "%.*s", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
}

static void event_box(const struct show_page *page,
		      const struct bench_places *p)
{
	const struct bench_failure *f = &p->failure;
	const bool fails = f->fault.kind[0] != '\0';
	char text[SHOW_LINE_SIZE] = "THE LAST EVENT";

	if (fails && f->has_event && f->event < p->events)
		snprintf(text, sizeof(text), "%s: EVENT %" PRIu64,
			 f->fault.judged ? "WRONG" : "NOT JUDGED", f->event);
	else if (fails)
		snprintf(text, sizeof(text), "%s: AFTER THE LAST EVENT",
			 f->fault.judged ? "WRONG" : "NOT JUDGED");
	else if (p->after > 0)
		snprintf(text, sizeof(text), "THE LAST EVENT: NUMBER %" PRIu64,
			 p->after - 1);
	bench_show_title(page, text);
	bench_places_call(p, text, sizeof(text));
	if (text[0] || !fails)
		bench_show_line(page, "%s", text[0] ? text : "None yet.");
	if (p->has_event && p->event.is_alloc && (p->event.address || !fails))
		bench_show_line(page, "Return 0x%08" PRIX64, p->event.address);
	if (fails) {
		snprintf(text, sizeof(text), "%s: %s", f->fault.kind,
			 f->fault.message);
		tell_words(page, text);
	}
	if (fails && f->fault.has_address &&
	    f->fault.address != p->event.address)
		bench_show_line(page, "Address 0x%08" PRIX64, f->fault.address);
	if (f->fault.source[0])
		bench_show_line(page, "%s:%" PRIu32, f->fault.source,
				f->fault.line);
	bench_show_end(page);
}

void bench_places_text(FILE *out, const struct bench_places *p, size_t width,
		       bool color)
{
	const struct show_page page = bench_show_page(out, width, color);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	char d[BENCH_TEXT_SIZE], e[BENCH_TEXT_SIZE];

	fprintf(out,
		"%s after %s of %s events, %s: %s live, %s requested%s%s\n",
		p->trace, bench_format_count(a, p->after),
		bench_format_count(b, p->events), p->alloc,
		bench_format_count(c, p->count + p->unserved),
		bench_format_bytes(d, (double)p->requested),
		p->mapped == ALLOC_UNKNOWN ? "" : ", mapped: ",
		p->mapped == ALLOC_UNKNOWN
			? ""
			: bench_format_bytes(e, (double)p->mapped));
	map_box(&page, p);
	objects_box(&page, p);
	event_box(&page, p);
}
