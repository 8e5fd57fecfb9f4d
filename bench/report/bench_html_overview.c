#include "bench_html.h"

#include "bench_format.h"
#include "kb_escape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An allocator's times over all traces, as multiples of the baseline's: sums of
 * logarithms of the medians, and of the least and most that the intervals allow. */
struct mean {
	size_t count;

	/* Those of which both times have an interval. */
	size_t intervals;
	double log;
	double low;
	double high;
};

static const struct bench_cell_summary *base_of(const struct bench_report *r)
{
	return bench_summary_base(r->summary, r->baseline);
}

static void add_ratio(struct mean *m, const struct bench_cell_summary *s,
		      const struct bench_cell_summary *base)
{
	const struct bench_maybe ratio = bench_summary_ratio(s, base);
	const struct bench_summary *a = &s->throughput.ns;
	const struct bench_summary *b = &base->throughput.ns;

	if (!ratio.known || ratio.value <= 0)
		return;
	m->count++;
	m->intervals += a->has_interval && b->has_interval;
	m->log += log(ratio.value);
	m->low += log(a->has_interval && b->has_interval && s != base
			      ? a->low / b->high
			      : ratio.value);
	m->high += log(a->has_interval && b->has_interval && s != base
			       ? a->high / b->low
			       : ratio.value);
}

/* Shades from the fastest (0) to the slowest (1) of a trace, by logarithm. */
static double shade_of(const struct bench_report *r,
		       const struct bench_cell_summary *s)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *o = &r->summary->cell[i];

		if (!o->whole)
			continue;
		low = fmin(low, o->throughput.ns.median);
		high = fmax(high, o->throughput.ns.median);
	}
	return high > low ? log(s->throughput.ns.median / low) / log(high / low)
			  : 0;
}

static void write_time(FILE *f, const struct bench_report *r,
		       const struct bench_cell_summary *s)
{
	char text[BENCH_TEXT_SIZE];

	if (s->cell->status < 0) {
		fputs("<td>FAILED</td>", f);
	} else if (!s->whole) {
		fputs("<td>–</td>", f);
	} else {
		fprintf(f,
			"<td class=\"heat\" style=\"--s:%.0f%%\" "
			"data-v=\"%.6g\">%s%s</td>",
			100 * shade_of(r, s), s->throughput.ns.median,
			bench_format_number(text, s->throughput.ns.median),
			s == bench_summary_fastest(r->summary)
				? " <b>fastest</b>"
				: "");
	}
}

static void write_mean(FILE *f, const struct mean *m, size_t traces,
		       bool is_base)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	const double n = (double)m->count;
	const bool faster = m->log < 0;

	if (m->count < traces || traces == 0) {
		fputs("<td>–</td>", f);
		return;
	}
	fprintf(f, "<td data-v=\"%.6g\">", exp(m->log / n));
	if (is_base) {
		fputs("(baseline)</td>", f);
		return;
	}
	/* In the direction of the mean, so that no figure is 0.00. */
	fprintf(f, "%s× %s", bench_format_number(a, exp(fabs(m->log) / n)),
		faster ? "faster" : "slower");
	if (m->intervals == m->count)
		fprintf(f, " [%s, %s]",
			bench_format_number(
				b, exp((faster ? -m->high : m->low) / n)),
			bench_format_number(
				c, exp((faster ? -m->low : m->high) / n)));
	fputs("</td>", f);
}

static void write_row(FILE *f, const struct bench_report *reports, size_t count,
		      size_t k)
{
	const char *name = reports[0].cells[k].spec.name;
	struct mean mean = { .count = 0 };

	fputs("<tr><th scope=\"row\">", f);
	kb_escape_html(f, name);
	fputs("</th>", f);
	for (size_t i = 0; i < count; i++) {
		const struct bench_cell_summary *s =
			bench_summary_find(reports[i].summary, name);

		if (!s) {
			fputs("<td>–</td>", f);
			continue;
		}
		write_time(f, &reports[i], s);
		add_ratio(&mean, s, base_of(&reports[i]));
	}
	write_mean(f, &mean, count,
		   base_of(&reports[0])->cell == &reports[0].cells[k]);
	fputs("</tr>\n", f);
}

static void write_winners(FILE *f, const struct bench_report *reports,
			  size_t count)
{
	char text[BENCH_TEXT_SIZE];

	fputs("<ul>\n", f);
	for (size_t i = 0; i < count; i++) {
		const struct bench_cell_summary *s =
			bench_summary_fastest(reports[i].summary);

		if (!s)
			continue;
		fputs("<li>", f);
		kb_escape_html(f, reports[i].trace->file);
		fputs(": ", f);
		kb_escape_html(f, s->cell->spec.name);
		fprintf(f, " is fastest, %s per event.</li>\n",
			bench_format_ns(text, s->throughput.ns.median));
	}
	fputs("</ul>\n", f);
}

/* Where no time was measured: the nodes. */
static void write_counts(FILE *f, const struct bench_report *reports,
			 size_t count, size_t k)
{
	const char *name = reports[0].cells[k].spec.name;
	char text[BENCH_TEXT_SIZE];

	fputs("<tr><th scope=\"row\">", f);
	kb_escape_html(f, name);
	fputs("</th>", f);
	for (size_t i = 0; i < count; i++) {
		const struct bench_cell_summary *s =
			bench_summary_find(reports[i].summary, name);

		if (s && s->steps.nodes_visited.known)
			fprintf(f, "<td data-v=\"%.6g\">%s</td>",
				s->steps.nodes_visited.value,
				bench_format_number(
					text, s->steps.nodes_visited.value));
		else
			fputs("<td>–</td>", f);
	}
	fputs("</tr>\n", f);
}

void bench_html_overview(FILE *f, const struct bench_report *reports,
			 size_t count)
{
	const bool timed = reports[0].settings->passes & BENCH_PASS_THROUGHPUT;

	fputs("<article class=\"trace\" id=\"overview\">\n<h2>All "
	      "traces</h2>\n",
	      f);
	if (timed)
		write_winners(f, reports, count);
	fprintf(f,
		"<div class=\"pan\" role=\"region\" tabindex=\"0\" "
		"aria-label=\"All traces, table\">\n<table class=\"s\">\n"
		"<caption><span>%s</span></caption>\n<thead><tr><th "
		"scope=\"col\">allocator</th>",
		timed ? "ns/event. The stronger the color, the slower on that "
			"trace. The last column compares with the baseline: "
			"the geometric mean over the traces, with the range "
			"that the times' 95% intervals allow."
		      : "Nodes compared per kfree.");
	for (size_t i = 0; i < count; i++) {
		fputs("<th scope=\"col\">", f);
		kb_escape_html(f, reports[i].trace->file);
		fputs("</th>", f);
	}
	if (timed) {
		fputs("<th scope=\"col\">mean, vs ", f);
		kb_escape_html(f, base_of(&reports[0])->cell->spec.name);
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t k = 0; k < reports[0].count; k++) {
		if (timed)
			write_row(f, reports, count, k);
		else
			write_counts(f, reports, count, k);
	}
	fputs("</tbody>\n</table>\n</div>\n</article>\n", f);
}
