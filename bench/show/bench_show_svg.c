/*
 * The scene as a picture: one column of rows with their nodes, the tracking
 * arrays beside them, the last event below. Texts stay texts.
 */
#include "bench_show.h"

#include "bench_format.h"
#include "kb_escape.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Pixels. */
#define WIDTH	 1000
#define MARGIN	 24
#define LINE_H	 21
#define ROW_H	 46
#define NODE_W	 56
#define NODE_H	 30
#define NODE_GAP 32
#define ROWS_X	 136
#define ARRAYS_X 694
#define TOP	 126

/* The most that is drawn. */
#define ROWS_MAX    12
#define NODES_MAX   6
#define ENTRIES_MAX 14
#define STEPS_MAX   8

static const char style[] =
	"<style>\n"
	"svg{--ink:#1a1a1a;--soft:#595959;--line:#8a8a8a;--paper:#ffffff;"
	"--node:#e8f1f8;--edge:#0072b2;--mark:#d55e00;--marked:#fdeadc}\n"
	"@media (prefers-color-scheme:dark){svg{--ink:#eeeeee;--soft:#b5b5b5;"
	"--line:#8a8a8a;--paper:#181a1c;--node:#173042;--edge:#56b4e9;"
	"--mark:#ff9a4d;--marked:#4a2c16}}\n"
	"text{font:14px 'DejaVu Sans',sans-serif;fill:var(--ink)}\n"
	".m{font-family:'DejaVu Sans Mono',monospace;font-size:13px}\n"
	".h{font-size:18px}.b{font-weight:bold}.s{fill:var(--soft);"
	"font-size:12px}\n"
	".paper{fill:var(--paper)}\n"
	".node{fill:var(--node);stroke:var(--edge);stroke-width:1.5}\n"
	".marked{fill:var(--marked);stroke:var(--mark);stroke-width:3}\n"
	".gone{fill:none;stroke:var(--mark);stroke-width:2;"
	"stroke-dasharray:5 4}\n"
	".a{stroke:var(--line);stroke-width:1.5;fill:none}\n"
	"</style>\n"
	"<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
	"markerWidth=\"8\" markerHeight=\"8\" orient=\"auto-start-reverse\">"
	"<path d=\"M0,0.5L7,4L0,7.5\" fill=\"none\" "
	"style=\"stroke:var(--line)\"/></marker></defs>\n";

struct picture {
	FILE *f;
	const struct show_scene *scene;

	/* Where the next line of text goes. */
	int y;
};

__attribute__((format(printf, 5, 6))) static void
text_at(const struct picture *p, int x, int y, const char *classes,
	const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(p->f, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, classes);
	kb_escape_html(p->f, text);
	fprintf(p->f, "</text>\n");
}

static void box(const struct picture *p, const char *class, int x, int y,
		uint32_t index)
{
	fprintf(p->f,
		"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
		"height=\"%d\" rx=\"5\"/>\n"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%" PRIu32
		"</text>\n",
		class, x, y, NODE_W, NODE_H, x + NODE_W / 2, y + 20, index);
}

static void arrow(const struct picture *p, int x, int y, bool both)
{
	fprintf(p->f,
		"<path class=\"a\" d=\"M%d,%dH%d\" "
		"marker-end=\"url(#end)\"%s/>\n",
		x + 4, y + NODE_H / 2, x + NODE_GAP - 4,
		both ? " marker-start=\"url(#end)\"" : "");
}

/* A row's nodes, then NULL or how many more there are. */
static void draw_nodes(const struct picture *p,
		       const struct alloc_cluster *first, size_t count, int y)
{
	const struct show_scene *s = p->scene;
	size_t shown = (size_t)kb_min(count, NODES_MAX - (count > NODES_MAX));
	char number[BENCH_TEXT_SIZE];
	int x = ROWS_X;

	for (size_t i = 0; i < shown; i++) {
		bool is_new = s->op == SHOW_ALLOC &&
			      first[i].index == s->subject.index;

		arrow(p, x - NODE_GAP, y, i > 0);
		box(p, is_new ? "marked" : "node", x, y, first[i].index);
		x += NODE_W + NODE_GAP;
	}
	arrow(p, x - NODE_GAP, y, shown < count);
	if (shown < count)
		text_at(p, x, y + 20, "s", "… (%s more)",
			bench_format_count(number, count - shown));
	else
		text_at(p, x + 2, y + 20, "s", "NULL");
}

static void draw_row_head(const struct picture *p, uint32_t first,
			  uint32_t last, bool is_empty, int y)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (is_empty && first == last) {
		text_at(p, MARGIN, y + 20, "s", "Row %s: NULL",
			bench_format_count(a, first));
		return;
	}
	if (!is_empty) {
		text_at(p, MARGIN, y + 14, "b", "Row %s",
			bench_format_count(a, first));
		text_at(p, MARGIN, y + 29, "s", "%s KiB",
			bench_format_count(b, (first + 1) * UINT64_C(4)));
		return;
	}
	text_at(p, MARGIN, y + 20, "s", "Rows %s to %s: NULL",
		bench_format_count(a, first), bench_format_count(b, last));
}

/* Draws the rows from `y` on; returns where they end. */
static int draw_rows(const struct picture *p, int y)
{
	const struct show_heap *heap = &p->scene->now;
	char a[BENCH_TEXT_SIZE];
	uint32_t next = 0;
	size_t at = 0, lines = 0;

	text_at(p, MARGIN, y, "b", "Linked lists, by row");
	for (y += 16; at < heap->count && lines < ROWS_MAX; lines++) {
		const struct alloc_cluster *first = &heap->cluster[at];
		size_t count = bench_show_row_length(heap, at);

		if (first->row > next) {
			draw_row_head(p, next, first->row - 1, true, y);
			y += ROW_H;
			lines++;
		}
		draw_row_head(p, first->row, first->row, false, y);
		draw_nodes(p, first, count, y);
		y += ROW_H;
		next = first->row + 1;
		at += count;
	}
	if (at < heap->count)
		text_at(p, MARGIN, y + 20, "s",
			"… (%s more clusters in the "
			"rows after these)",
			bench_format_count(a, heap->count - at));
	else if (next < heap->rows)
		draw_row_head(p, next, heap->rows - 1, true, y);
	return y + ROW_H;
}

/* Draws the arrays from `y` on; returns where they end. */
static int draw_arrays(const struct picture *p, int y)
{
	const struct show_scene *s = p->scene;
	bool has_subject = s->op == SHOW_ALLOC || s->op == SHOW_FREE;
	struct alloc_cluster entry[ENTRIES_MAX];
	char number[BENCH_TEXT_SIZE];
	size_t count, more;

	bench_show_entries(s, entry, ENTRIES_MAX, &count, &more);
	text_at(p, ARRAYS_X, y, "b", "Tracking arrays, by index");
	y += 26;
	text_at(p, ARRAYS_X, y, "s", "index");
	text_at(p, ARRAYS_X + 70, y, "s", "cluster_size[]");
	text_at(p, ARRAYS_X + 180, y, "s", "cluster_va[]");
	for (size_t i = 0; i < count; i++) {
		y += LINE_H;
		if (has_subject && entry[i].index == s->subject.index)
			fprintf(p->f,
				"<rect class=\"%s\" x=\"%d\" y=\"%d\" "
				"width=\"296\" height=\"%d\" rx=\"4\"/>\n",
				s->op == SHOW_FREE ? "gone" : "marked",
				ARRAYS_X - 8, y - 15, LINE_H);
		text_at(p, ARRAYS_X, y, "m", "%" PRIu32, entry[i].index);
		text_at(p, ARRAYS_X + 70, y, "m", "%" PRIu64, entry[i].size);
		if (entry[i].handle)
			text_at(p, ARRAYS_X + 180, y, "m", "0x%08" PRIX64,
				entry[i].handle);
		else
			text_at(p, ARRAYS_X + 180, y, "m", "0");
	}
	y += LINE_H + 4;
	if (more)
		text_at(p, ARRAYS_X, y, "s", "… (%s more)",
			bench_format_count(number, more));
	return y + LINE_H;
}

static void tell_alloc(const struct picture *p)
{
	const struct show_scene *s = p->scene;
	const struct alloc_cluster *c = &s->subject;

	text_at(p, MARGIN, p->y, "m",
		"kmalloc(%" PRIu64 ") → row %" PRIu32 ", index %" PRIu32
		": cluster_size[%" PRIu32 "] = %" PRIu64 ", cluster_va[%" PRIu32
		"] = 0x%08" PRIX64,
		s->size, c->row, c->index, c->index, c->size, c->index,
		c->handle);
}

/* The search in one line: [1] no, [2] no; row 1: [0] found. */
static void tell_steps(const struct picture *p, int y)
{
	const struct show_scene *s = p->scene;
	char text[512], number[BENCH_TEXT_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < s->steps; i++) {
		const struct show_step *step = &s->step[i];
		size_t room = sizeof(text) - used;

		if (i == STEPS_MAX && s->steps > STEPS_MAX + 1) {
			i = s->steps - 1;
			step = &s->step[i];
			used += (size_t)snprintf(
				text + used, room, ", … (%s more)",
				bench_format_count(number, i - STEPS_MAX));
			room = sizeof(text) - used;
		}
		if (!step->node)
			continue;
		if (i == 0 || !s->step[i - 1].node ||
		    s->step[i - 1].row != step->row)
			used += (size_t)snprintf(text + used, room,
						 "%srow %" PRIu32 ": ",
						 used ? "; " : "", step->row);
		else
			used += (size_t)snprintf(text + used, room, ", ");
		room = sizeof(text) - used;
		used += (size_t)snprintf(text + used, room, "[%" PRIu32 "] %s",
					 step->node->index,
					 i + 1 == s->steps ? "found" : "no");
	}
	text_at(p, MARGIN, y, "m", "%s", text);
}

static void tell_free(const struct picture *p)
{
	const struct show_scene *s = p->scene;
	const struct alloc_cluster *c = &s->subject;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint64_t nodes, rows;

	bench_show_totals(s, &nodes, &rows);
	text_at(p, MARGIN, p->y, "m",
		"kfree(0x%08" PRIX64 ") → row %" PRIu32 ", index %" PRIu32
		": %" PRIu64 " bytes; cluster_size[%" PRIu32 "] = 0, "
		"cluster_va[%" PRIu32 "] = 0",
		c->handle, c->row, c->index, c->size, c->index, c->index);
	if (s->search == SHOW_INDEX) {
		text_at(p, MARGIN, p->y + LINE_H, "m",
			"found without the rows");
		return;
	}
	tell_steps(p, p->y + LINE_H);
	text_at(p, MARGIN, p->y + 2 * LINE_H, "m",
		"the search compares %s node%s in %s row%s",
		bench_format_count(a, nodes), nodes == 1 ? "" : "s",
		bench_format_count(b, rows), rows == 1 ? "" : "s");
}

static void draw_operation(const struct picture *p)
{
	switch (p->scene->op) {
	case SHOW_NOTHING:
		text_at(p, MARGIN, p->y, "m", "before the first event");
		break;
	case SHOW_ALLOC:
		tell_alloc(p);
		break;
	case SHOW_FAILED:
		text_at(p, MARGIN, p->y, "m",
			"kmalloc(%" PRIu64 ") → 0: no free run is long enough",
			p->scene->size);
		break;
	case SHOW_FREE:
		tell_free(p);
		break;
	case SHOW_SKIPPED:
		text_at(p, MARGIN, p->y, "m",
			"a skipped kfree: its kmalloc had returned 0");
		break;
	}
}

/* The height that draw_rows and draw_arrays will take. */
static int height_of(const struct show_scene *s)
{
	size_t entries = (size_t)kb_min(s->now.count + 1, ENTRIES_MAX);
	size_t lines = 1;
	uint32_t next = 0;

	for (size_t at = 0; at < s->now.count && lines <= ROWS_MAX + 1;
	     at += bench_show_row_length(&s->now, at)) {
		lines += 1 + (s->now.cluster[at].row > next);
		next = s->now.cluster[at].row + 1;
	}
	return TOP +
	       (int)kb_max(32 + lines * ROW_H, (entries + 3) * LINE_H + 26) +
	       MARGIN;
}

void bench_show_svg(FILE *out, const struct show_scene *scene)
{
	int height = height_of(scene);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	struct picture p = { out, scene, 74 };

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
		"%d\" width=\"%d\" height=\"%d\" role=\"img\" "
		"aria-labelledby=\"t\">\n<title id=\"t\">The heap after "
		"%" PRIu64 " events of ",
		WIDTH, height, WIDTH, height, scene->event);
	kb_escape_html(out, scene->trace);
	fprintf(out,
		"</title>\n%s<rect class=\"paper\" width=\"%d\" "
		"height=\"%d\"/>\n",
		style, WIDTH, height);
	text_at(&p, MARGIN, 32, "h", "The heap after %s of %s events",
		bench_format_count(a, scene->event),
		bench_format_count(b, scene->events));
	text_at(&p, MARGIN, 52, "s", "%s · %s · %s live", scene->trace,
		scene->alloc, bench_format_count(c, scene->now.count));
	draw_operation(&p);
	draw_rows(&p, TOP + 16);
	draw_arrays(&p, TOP + 16);
	fprintf(out, "</svg>\n");
}
