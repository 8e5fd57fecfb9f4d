#include "bench_html.h"

#include "bench_format.h"
#include "kb_bits.h"
#include "kb_escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points of a curve, at most. */
#define POINTS_MAX 200

void bench_html_choice(FILE *f, const struct bench_report *r, const char *group,
		       const char *what, const char *label, bool chosen)
{
	fprintf(f, "<input type=\"radio\" name=\"%s-", group);
	kb_escape_id(f, r->trace->name);
	fprintf(f, "\" id=\"%s-%s-", group, what);
	kb_escape_id(f, r->trace->name);
	fprintf(f, "\" class=\"show-%s\"%s><label for=\"%s-%s-", what,
		chosen ? " checked" : "", group, what);
	kb_escape_id(f, r->trace->name);
	fprintf(f, "\">%s</label>\n", label);
}

/* Which color: the allocator's place among the cells. */
static size_t place_of(const struct bench_report *r,
		       const struct bench_cell_summary *s)
{
	return (size_t)(s - r->summary->cell);
}

static void write_class(FILE *f, size_t place)
{
	fprintf(f, "data-a=\"%zu\" style=\"--a:var(--alloc-%zu)\"", place,
		place % BENCH_HTML_COLORS);
}

/* The list's order: by falling keys. */
struct ranked {
	const struct bench_cell_summary *s;
	double key;
};

static int by_key(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->key < y->key) - (x->key > y->key);
}

/* Time per event, or the nodes where no time was measured; 0 for neither. */
static double key_of(const struct bench_report *r,
		     const struct bench_cell_summary *s)
{
	if (r->settings->passes & BENCH_PASS_THROUGHPUT)
		return s->has_throughput ? (s->throughput.below_floor
						    ? s->throughput.floor_ns
						    : s->throughput.ns.median)
					 : 0;
	return s->steps.nodes_visited.known ? s->steps.nodes_visited.value : 0;
}

static void write_key(FILE *f, const struct bench_report *r,
		      const struct ranked *x)
{
	const struct bench_throughput *t = &x->s->throughput;
	char number[BENCH_TEXT_SIZE];

	if (x->s->cell->status < 0)
		fputs("FAILED", f);
	else if (x->key <= 0)
		fputs("–", f);
	else if (!(r->settings->passes & BENCH_PASS_THROUGHPUT))
		fprintf(f, "%s nodes", bench_format_number(number, x->key));
	else if (t->below_floor)
		fprintf(f, "&lt;%s", bench_format_ns(number, t->floor_ns));
	else
		fprintf(f, "%s", bench_format_ns(number, x->key));
	if (x->key > 0 && t->ns.has_interval && t->ns.median > 0)
		fprintf(f, " <span class=\"soft\">±%.0f%%</span>",
			50 * (t->ns.high - t->ns.low) / t->ns.median);
}

static void write_bar(FILE *f, const struct bench_report *r,
		      const struct ranked *x, double low, double high)
{
	const double span = log(high / low);
	const double share = x->key > 0 && span > 0
				     ? 2 + 98 * log(x->key / low) / span
			     : x->key > 0 ? 100
					  : 0;

	fputs("<li ", f);
	write_class(f, place_of(r, x->s));
	fputs("><span class=\"name\">", f);
	kb_escape_html(f, x->s->cell->spec.name);
	fprintf(f,
		"</span><span class=\"track\"><span class=\"bar\" "
		"style=\"width:%.1f%%\">&nbsp;</span></span><span "
		"class=\"num\">",
		share);
	write_key(f, r, x);
	fputs("</span></li>\n", f);
}

int bench_html_ranking(FILE *f, const struct bench_report *r,
		       struct kb_diag *diag)
{
	struct ranked *list = calloc(r->count + 1, sizeof(*list));
	double low = 0, high = 0;

	if (!list)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the report");
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		list[i] = (struct ranked){ s, key_of(r, s) };
		if (list[i].key <= 0)
			continue;
		low = low > 0 ? fmin(low, list[i].key) : list[i].key;
		high = fmax(high, list[i].key);
	}
	qsort(list, r->count, sizeof(*list), by_key);
	if (high > 0) {
		fprintf(f,
			"<h2>Ranking</h2>\n<p class=\"soft hint\">%s, on a "
			"logarithmic scale. An allocator has one color on the "
			"whole page.%s</p>\n<ol class=\"rank\">\n",
			r->settings->passes & BENCH_PASS_THROUGHPUT
				? "Time per event"
				: "Nodes compared per kfree",
			bench_summary_find(r->summary, "null") &&
					r->settings->passes &
						BENCH_PASS_THROUGHPUT
				? " null is the harness alone."
				: "");
		for (size_t i = 0; i < r->count; i++)
			write_bar(f, r, &list[i], low, high);
		fputs("</ol>\n", f);
	}
	free(list);
	return 0;
}

/* A chart's inner box, in the units of its picture. */
#define CHART_W 360
#define CHART_H 230
#define CHART_L 52
/* Between the axes and the outer points. */
#define CHART_GAP 14
#define CHART_R	  12
#define CHART_T	  8
#define CHART_B	  28
#define POINTS	  5

/* The figures of a line, and where they are on the horizontal axis. */
static size_t quantiles_of(const struct bench_latency *l,
			   struct bench_figure out[POINTS])
{
	size_t n = 0;

#define X(name, q) out[n++] = l->name;
	BENCH_QUANTILES(X)
#undef X
	out[n++] = l->max;
	return n;
}

static double value_of(struct bench_figure f, double floor_ns)
{
	return f.state == BENCH_FIGURE_NONE	? 0
	       : f.state == BENCH_FIGURE_NUMBER ? fmax(f.ns, 1)
						: fmax(floor_ns, 1);
}

struct chart {
	FILE *f;
	const struct bench_report *report;
	enum replay_series_id series;
	double low;
	double high;
};

static double chart_x(size_t k)
{
	return CHART_L + CHART_GAP +
	       (double)k * (CHART_W - CHART_L - CHART_R - 2 * CHART_GAP) /
		       (POINTS - 1);
}

static double chart_y(const struct chart *c, double ns)
{
	return CHART_H - CHART_B -
	       (CHART_H - CHART_T - CHART_B) * log(ns / c->low) /
		       log(c->high / c->low);
}

static void find_range(struct chart *c)
{
	const struct bench_run_summary *s = c->report->summary;
	struct bench_figure q[POINTS];

	for (size_t i = 0; i < s->count; i++) {
		const struct bench_latency *l = &s->cell[i].latency[c->series];
		const size_t n = quantiles_of(l, q);

		for (size_t k = 0; s->cell[i].has_latency[c->series] && k < n;
		     k++) {
			const double v = value_of(q[k], l->floor_ns);

			if (v <= 0)
				continue;
			c->low = c->low > 0 ? fmin(c->low, v) : v;
			c->high = fmax(c->high, v);
		}
	}
	c->low = c->low > 0 ? pow(10, floor(log10(c->low))) : 0;
	c->high = pow(10, ceil(log10(fmax(c->high, 10 * c->low))));
}

static void write_axes(const struct chart *c)
{
	static const char *const names[POINTS] = { "p50", "p90", "p99", "p99.9",
						   "max" };
	char text[BENCH_TEXT_SIZE];

	for (double v = c->low; v <= c->high * 1.01; v *= 10)
		fprintf(c->f,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
			"y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
			"text-anchor=\"end\">%s</text>\n",
			CHART_L, CHART_W - CHART_R, chart_y(c, v),
			chart_y(c, v), CHART_L - 4, chart_y(c, v) + 4,
			bench_format_ns(text, v));
	for (size_t k = 0; k < POINTS; k++)
		fprintf(c->f,
			"<text x=\"%.1f\" y=\"%d\" "
			"text-anchor=\"middle\">%s</text>\n",
			chart_x(k), CHART_H - 8, names[k]);
}

static void write_line(const struct chart *c,
		       const struct bench_cell_summary *s)
{
	const struct bench_latency *l = &s->latency[c->series];
	char text[BENCH_TEXT_SIZE];
	struct bench_figure q[POINTS];
	const size_t n = quantiles_of(l, q);

	fputs("<g ", c->f);
	write_class(c->f, place_of(c->report, s));
	fputs("><polyline points=\"", c->f);
	for (size_t k = 0; k < n; k++)
		if (value_of(q[k], l->floor_ns) > 0)
			fprintf(c->f, "%.1f,%.1f ", chart_x(k),
				chart_y(c, value_of(q[k], l->floor_ns)));
	fputs("\"/>", c->f);
	for (size_t k = 0; k < n; k++) {
		if (value_of(q[k], l->floor_ns) <= 0)
			continue;
		fprintf(c->f,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"%s><title>",
			chart_x(k), chart_y(c, value_of(q[k], l->floor_ns)),
			q[k].state == BENCH_FIGURE_NUMBER ? ""
							  : " class=\"under\"");
		kb_escape_html(c->f, s->cell->spec.name);
		fputs(": ", c->f);
		kb_escape_html(c->f,
			       bench_format_figure(text, q[k], l->floor_ns));
		fputs("</title></circle>", c->f);
	}
	fputs("</g>\n", c->f);
}

static void write_chart(FILE *f, const struct bench_report *r,
			enum replay_series_id series, const char *title)
{
	struct chart c = { .f = f, .report = r, .series = series };

	find_range(&c);
	if (c.low <= 0)
		return;
	fprintf(f,
		"<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d "
		"%d\" role=\"img\" aria-label=\"%s by percentile, a line per "
		"allocator; the table below has the numbers\">\n",
		title, CHART_W, CHART_H, title);
	write_axes(&c);
	/* The first is drawn last, on top of those that coincide with it. */
	for (size_t i = r->count; i-- > 0;)
		if (r->summary->cell[i].has_latency[series])
			write_line(&c, &r->summary->cell[i]);
	fputs("</svg></figure>\n", f);
}

static void write_key_of_colors(FILE *f, const struct bench_report *r)
{
	fputs("<ul class=\"key\">\n", f);
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		if (!s->has_latency[REPLAY_SERIES_kfree])
			continue;
		fputs("<li ", f);
		write_class(f, i);
		fputc('>', f);
		kb_escape_html(f, s->cell->spec.name);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

void bench_html_latency(FILE *f, const struct bench_report *r)
{
	if (!(r->settings->passes & BENCH_PASS_LATENCY))
		return;
	fputs("<h2>Latency</h2>\n<p class=\"soft\">Times of single "
	      "operations, by percentile. A hollow point is below the timer's "
	      "resolution. Where lines coincide, the first allocator's is on "
	      "top.</p>\n",
	      f);
	write_key_of_colors(f, r);
	fputs("<div class=\"pair\">\n", f);
	write_chart(f, r, REPLAY_SERIES_kfree, "Whole kfree");
	write_chart(f, r, REPLAY_SERIES_lookup, "Its lookup alone");
	fputs("</div>\n", f);
}

/* A bar's part, as a share of the highest peak. */
static void write_part(FILE *f, const char *what,
		       const struct replay_span *span, double high)
{
	if (span->count)
		fprintf(f,
			"<span class=\"%s\" "
			"style=\"width:%.1f%%\">&nbsp;</span>",
			what, 100 * (double)span->peak / high);
}

static void write_peak(FILE *f, const struct bench_report *r, size_t i,
		       double high)
{
	const struct replay_memory *m = &r->cells[i].count->memory;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	fputs("<li ", f);
	write_class(f, i);
	fputs("><span class=\"name\">", f);
	kb_escape_html(f, r->cells[i].spec.name);
	fputs("</span><span class=\"track\">", f);
	write_part(f, "bar pale", &m->mapped, high);
	write_part(f, "bar", &m->granted, high);
	write_part(f, "mark", &m->requested, high);
	fprintf(f,
		"</span><span class=\"num\">%s <span class=\"soft\">usable "
		"%s</span></span></li>\n",
		m->mapped.count ? bench_format_bytes(a, (double)m->mapped.peak)
				: "–",
		m->granted.count
			? bench_format_bytes(b, (double)m->granted.peak)
			: "–");
}

/* A picture of 760 x 240 with a curve per allocator. */
#define CURVE_W 760
#define CURVE_H 240
#define CURVE_L 88

struct curves {
	FILE *f;
	const struct bench_report *report;
	size_t offset;

	/* Bytes: of a line of the grid to the next, and of the highest one. */
	double step;
	double high;
	uint64_t events;
};

/* 1, 2 or 5 times a power of ten, so that about four steps reach `high`. */
static double round_step(double high)
{
	const double power = pow(10, floor(log10(high / 4)));
	const double digits = high / 4 / power;

	return power * (digits > 5 ? 10 : digits > 2 ? 5 : digits > 1 ? 2 : 1);
}

static uint64_t bytes_at(const struct curves *c, const struct replay_bin *bin)
{
	uint64_t bytes;

	memcpy(&bytes, (const char *)bin + c->offset, sizeof(bytes));
	return bytes;
}

static void write_points(const struct curves *c,
			 const struct replay_count_result *count)
{
	const uint32_t step = count->bins / POINTS_MAX + 1;

	for (uint32_t b = 0; b < count->bins; b += step) {
		const struct replay_bin *bin = &count->bin[b];
		const uint64_t bytes = bytes_at(c, bin);

		if (bytes == ALLOC_UNKNOWN)
			continue;
		fprintf(c->f, "%.0f,%.0f ",
			CURVE_L + (double)bin->event * (CURVE_W - CURVE_L - 8) /
					  (double)c->events,
			CURVE_H - 24 -
				(CURVE_H - 36) * (double)bytes / c->high);
	}
}

static void write_curves(struct curves *c, const char *class_name,
			 const char *what)
{
	const struct bench_report *r = c->report;
	char text[BENCH_TEXT_SIZE];

	fprintf(c->f,
		"<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"%s bytes over the trace's events, a line per "
		"allocator\">\n",
		class_name, CURVE_W, CURVE_H, what);
	for (double v = 0; v < c->high + c->step / 2; v += c->step) {
		const double y = CURVE_H - 24 - (CURVE_H - 36) * v / c->high;

		fprintf(c->f,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" "
			"y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
			"text-anchor=\"end\">%s</text>\n",
			CURVE_L, CURVE_W - 8, y, y, CURVE_L - 6, y + 4,
			bench_format_bytes(text, v));
	}
	fprintf(c->f,
		"<text x=\"%d\" y=\"%d\">0</text>\n"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s "
		"events</text>\n",
		CURVE_L, CURVE_H - 6, CURVE_W - 8, CURVE_H - 6,
		bench_format_count(text, c->events));
	/* The first is drawn last, on top of those that coincide with it. */
	for (size_t i = r->count; i-- > 0;) {
		if (!r->cells[i].count)
			continue;
		fputs("<g ", c->f);
		write_class(c->f, i);
		fputs("><polyline points=\"", c->f);
		write_points(c, r->cells[i].count);
		fputs("\"/><title>", c->f);
		kb_escape_html(c->f, r->cells[i].spec.name);
		fputs("</title></g>\n", c->f);
	}
	fputs("</svg>\n", c->f);
}

static double highest_peak(const struct bench_report *r)
{
	double high = 1;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];

		if (!cell->count)
			continue;
		high = fmax(high, (double)cell->count->memory.mapped.peak);
		high = fmax(high, (double)cell->count->memory.granted.peak);
	}
	return high;
}

void bench_html_memory(FILE *f, const struct bench_report *r)
{
	const double high = highest_peak(r);
	const double step = round_step(high);
	struct curves c = { .f = f,
			    .report = r,
			    .step = step,
			    .high = step * ceil(high / step),
			    .events = kb_max(r->trace->counts.events, 1) };

	if (!(r->settings->passes & BENCH_PASS_COUNT))
		return;
	fputs("<h2>Memory</h2>\n<p class=\"soft\">At the peak: mapped (pale), "
	      "usable (full), and requested (the mark). The curves show the "
	      "same over the trace. Where they coincide, the first "
	      "allocator's is on top.</p>\n"
	      "<ol class=\"rank peaks\">\n",
	      f);
	for (size_t i = 0; i < r->count; i++)
		if (r->cells[i].count && r->cells[i].count->memory.mapped.peak)
			write_peak(f, r, i, high);
	fputs("</ol>\n<div class=\"choice\">\n", f);
	bench_html_choice(f, r, "memory", "mapped", "mapped", true);
	bench_html_choice(f, r, "memory", "usable", "usable", false);
	fputs("<div class=\"pan\" role=\"region\" tabindex=\"0\" "
	      "aria-label=\"Memory over the trace\">\n",
	      f);
	c.offset = offsetof(struct replay_bin, mapped);
	write_curves(&c, "curve view-mapped", "Mapped");
	c.offset = offsetof(struct replay_bin, granted);
	write_curves(&c, "curve view-usable", "Usable");
	fputs("</div>\n</div>\n", f);
}
