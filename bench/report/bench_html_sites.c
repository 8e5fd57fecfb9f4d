#include "bench_html.h"

#include "bench_format.h"
#include "kb_bits.h"
#include "kb_escape.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What the areas of the map may show. */
static const struct {
	const char *what;
	const char *label;
	const char *text;
	size_t offset;
} costs[] = {
	{ "nodes", "nodes", "nodes compared by the lookups of its objects",
	  offsetof(struct bench_site, nodes) },
	{ "pages", "pages over time", "pages held, times events",
	  offsetof(struct bench_site, page_events) },
	{ "waste", "waste over time",
	  "bytes granted but not requested, times events",
	  offsetof(struct bench_site, waste_byte_events) },
};

struct tile {
	const char *name;
	double size;
	double x, y, w, h;
};

static double cost_of(const struct bench_site *site, size_t offset)
{
	uint64_t n;

	memcpy(&n, (const char *)site + offset, sizeof(n));
	return (double)n;
}

static int by_size(const void *a, const void *b)
{
	const struct tile *x = a, *y = b;

	return (x->size < y->size) - (x->size > y->size);
}

/* The worst of the aspects of `count` tiles in a strip along a side. */
static double worst_aspect(const struct tile *t, size_t count, double side,
			   double scale)
{
	double sum = 0, worst = 1;

	for (size_t i = 0; i < count; i++)
		sum += t[i].size * scale;
	for (size_t i = 0; i < count; i++) {
		const double depth = sum / side;
		const double length = t[i].size * scale / depth;

		worst = fmax(worst, fmax(depth / length, length / depth));
	}
	return worst;
}

/* What of a rectangle is still free. */
struct room {
	double x, y, w, h;
};

/* Puts `count` tiles into a strip along the room's shorter side. */
static void put_strip(struct tile *t, size_t count, struct room *room,
		      double scale)
{
	const bool upright = room->w >= room->h;
	const double side = upright ? room->h : room->w;
	double sum = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		sum += t[i].size * scale;
	for (size_t i = 0; i < count; i++) {
		const double length = t[i].size * scale / (sum / side);

		t[i].x = upright ? room->x : room->x + at;
		t[i].y = upright ? room->y + at : room->y;
		t[i].w = upright ? sum / side : length;
		t[i].h = upright ? length : sum / side;
		at += length;
	}
	if (upright) {
		room->x += sum / side;
		room->w -= sum / side;
	} else {
		room->y += sum / side;
		room->h -= sum / side;
	}
}

/* Squarified (Bruls, Huizing, van Wijk, "Squarified treemaps", 2000): a strip grows
 * as long as its tiles become squarer. The map is 2.4 x 1. */
static void lay_out(struct tile *t, size_t count)
{
	struct room room = { 0, 0, 2.4, 1 };
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += t[i].size;
	for (size_t i = 0; i < count;) {
		const double side = fmin(room.w, room.h);
		size_t n = 1;

		while (i + n < count &&
		       worst_aspect(t + i, n + 1, side, 2.4 / sum) <=
			       worst_aspect(t + i, n, side, 2.4 / sum))
			n++;
		put_strip(t + i, n, &room, 2.4 / sum);
		i += n;
	}
}

/* A symbol, which may go on in the next line after an underscore. */
static void write_breakable(FILE *f, const char *name)
{
	for (const char *end; *name; name = end) {
		const size_t n = strcspn(name, "_");
		char *part;

		end = name + n + (name[n] == '_');
		part = strndup(name, (size_t)(end - name));
		if (part)
			kb_escape_html(f, part);
		free(part);
		if (*end)
			fputs("<wbr>", f);
	}
}

static void write_tile(FILE *f, const struct tile *t, double sum)
{
	fprintf(f,
		"<div style=\"left:%.2f%%;top:%.2f%%;width:%.2f%%;height:"
		"%.2f%%\" title=\"",
		100 * t->x / 2.4, 100 * t->y, 100 * t->w / 2.4, 100 * t->h);
	kb_escape_html(f, t->name);
	fprintf(f, ": %.1f%%\">", 100 * t->size / sum);
	fprintf(f, "<b>%.0f%%</b> <span>", 100 * t->size / sum);
	write_breakable(f, t->name);
	fputs("</span></div>\n", f);
}

static void write_map(FILE *f, const struct bench_site_table *t, size_t which)
{
	struct tile tile[BENCH_SITE_ROWS + 1];
	const size_t offset = costs[which].offset;
	const double sum = cost_of(&t->total, offset);
	double known = 0;
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++) {
		const double size = cost_of(&t->row[i].cost, offset);

		known += size;
		if (size > 0)
			tile[n++] = (struct tile){ .name = t->row[i].name,
						   .size = size };
	}
	if (sum - known > 0)
		tile[n++] = (struct tile){ .name = "all other sites",
					   .size = sum - known };
	if (n == 0)
		return;
	qsort(tile, n, sizeof(*tile), by_size);
	lay_out(tile, n);
	fprintf(f,
		"<div class=\"tree view-%s\" role=\"img\" aria-label=\"Call "
		"sites by %s; the table below has the numbers\">\n",
		costs[which].what, costs[which].text);
	for (size_t i = 0; i < n; i++)
		write_tile(f, &tile[i], sum);
	fputs("</div>\n", f);
}

static const struct {
	const char *heading;
	size_t offset;
} columns[] = {
	{ "allocations", offsetof(struct bench_site, allocs) },
	{ "lookups", offsetof(struct bench_site, lookups) },
	{ "nodes", offsetof(struct bench_site, nodes) },
	{ "page·events", offsetof(struct bench_site, page_events) },
	{ "waste·events", offsetof(struct bench_site, waste_byte_events) },
	{ "waste at peak", offsetof(struct bench_site, waste_at_peak) },
	{ "live at end", offsetof(struct bench_site, live_at_end) },
};

static void write_row(FILE *f, const struct bench_site *site, const char *name)
{
	char text[BENCH_TEXT_SIZE];

	fputs("<tr><th scope=\"row\">", f);
	kb_escape_html(f, name);
	fputs("</th>", f);
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++) {
		uint64_t n;

		memcpy(&n, (const char *)site + columns[i].offset, sizeof(n));
		fprintf(f, "<td data-v=\"%" PRIu64 "\">%s</td>", n,
			bench_format_count(text, n));
	}
	fputs("</tr>\n", f);
}

static void write_table(FILE *f, const struct bench_site_table *t)
{
	fprintf(f,
		"<details>\n<summary>The %zu sites in numbers</summary>\n"
		"<div class=\"pan\" role=\"region\" tabindex=\"0\" "
		"aria-label=\"Call sites, table\">\n<table class=\"s\">\n"
		"<caption><span>A site is charged for what it allocates: its "
		"pages, and its waste (bytes beyond those requested), each "
		"times the events for which they are held. It is also charged "
		"for the lookups that free its objects."
		"</span></caption>\n<thead><tr><th scope=\"col\">call "
		"site</th>",
		t->count);
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++)
		fprintf(f, "<th scope=\"col\">%s</th>", columns[i].heading);
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < t->count; i++)
		write_row(f, &t->row[i].cost, t->row[i].name);
	fputs("</tbody>\n<tfoot>\n", f);
	write_row(f, &t->total, "all sites");
	fputs("</tfoot>\n</table>\n</div>\n</details>\n", f);
}

void bench_html_sites(FILE *f, const struct bench_report *r)
{
	const struct bench_site_table *t =
		r->analysis ? &r->analysis->sites : NULL;

	if (!t || t->count == 0)
		return;
	fputs("<h2>Cost by call site</h2>\n<p class=\"soft\">What the recorded "
	      "kernel's call sites cost in ",
	      f);
	kb_escape_html(f, t->alloc);
	fputs(": the area is the share.</p>\n<div class=\"choice\">\n", f);
	for (size_t k = 0; k < KB_ARRAY_LEN(costs); k++)
		bench_html_choice(f, r, "sites", costs[k].what, costs[k].label,
				  k == 0);
	for (size_t k = 0; k < KB_ARRAY_LEN(costs); k++)
		write_map(f, t, k);
	fputs("</div>\n", f);
	write_table(f, t);
}
