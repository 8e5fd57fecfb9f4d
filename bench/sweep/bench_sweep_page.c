#include "bench_sweep_page.h"

#include "bench_format.h"
#include "bench_html.h"
#include "bench_lapse.h"
#include "kb_escape.h"
#include "kb_out.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The page's points by configuration and trace. */
struct grid {
	const struct bench_sweep_best *best;

	/* Rows of `traces` pointers, NULL where there is no result. Owned. */
	const struct bench_sweep_point **at;

	/* The largest ratio of all points. */
	double largest;
};

void bench_sweep_verdict(FILE *out, const struct bench_sweep_best *best)
{
	const struct bench_sweep_overall *o;

	if (best->best == SIZE_MAX) {
		fputs("No configuration served every request of every trace.",
		      out);
		return;
	}
	o = &best->overall[best->best];
	fprintf(out,
		"Best over %zu traces: %s, on average %.3f times the smallest "
		"%s of each trace; smallest itself on %zu.",
		best->traces, best->config[best->best], o->ratio,
		best->timed ? "time" : "number of nodes", o->wins);
	if (best->next == SIZE_MAX)
		return;
	fprintf(out, "\nNext: %s, %.3f times. %s", best->config[best->next],
		best->overall[best->next].ratio,
		!best->timed	? "These are counts: exact."
		: best->is_sure ? "The intervals do not overlap."
				: "The intervals overlap: the two may well be "
				  "equal.");
}

static const struct bench_sweep_point *point_at(const struct grid *g,
						size_t config, size_t trace)
{
	return g->at[config * g->best->traces + trace];
}

/* Returns false without memory. */
static bool fill_grid(struct grid *g)
{
	const struct bench_sweep_best *b = g->best;

	g->at = calloc(b->configs * b->traces + 1, sizeof(*g->at));
	if (!g->at)
		return false;
	g->largest = 1;
	for (size_t i = 0; i < b->points; i++) {
		const struct bench_sweep_point *p = &b->point[i];

		g->at[p->config * b->traces + p->trace] = p;
		g->largest = fmax(g->largest, p->ratio);
	}
	return true;
}

static void write_name(FILE *f, const char *tag, const char *name)
{
	fprintf(f, "<%s>", tag);
	kb_escape_html(f, name);
	fprintf(f, "</%.2s>\n", tag);
}

/* A table, as far as the head of its first column: configurations. */
static void begin_table(FILE *f, const char *name)
{
	fprintf(f,
		"<div class=\"pan\" role=\"region\" tabindex=\"0\" "
		"aria-label=\"%s, table\">\n<table><thead><tr>"
		"<th scope=\"col\">configuration</th>",
		name);
}

static void begin_rows(FILE *f)
{
	fputs("</tr></thead>\n<tbody>\n", f);
}

static void end_table(FILE *f)
{
	fputs("</tbody></table></div>\n", f);
}

/* The configurations, the best first, with the geometric means. */
static void write_means(FILE *f, const struct bench_sweep_best *b)
{
	char text[BENCH_TEXT_SIZE];

	fprintf(f,
		"<h2>All configurations, the best first</h2>\n<p>Ratio: the "
		"geometric mean, over all traces, of %s over the trace's "
		"smallest.</p>\n",
		b->timed ? "ns per event" : "nodes per lookup");
	begin_table(f, "All configurations");
	fprintf(f,
		"<th scope=\"col\">ratio</th>%s<th scope=\"col\">smallest "
		"on</th>",
		b->timed ? "<th scope=\"col\">95% interval</th>" : "");
	begin_rows(f);
	for (size_t i = 0; i < b->configs; i++) {
		const struct bench_sweep_overall *o = &b->overall[b->order[i]];

		fputs("<tr>", f);
		write_name(f, "th scope=\"row\"", b->config[b->order[i]]);
		if (o->ratio == 0) {
			fprintf(f, "<td>–</td>%s<td>–</td></tr>\n",
				b->timed ? "<td>–</td>" : "");
			continue;
		}
		fprintf(f, "<td>%s</td>", bench_format_number(text, o->ratio));
		if (b->timed)
			fprintf(f, "<td>%.3g to %.3g</td>", o->low, o->high);
		fprintf(f, "<td>%zu of %zu</td></tr>\n", o->wins, b->traces);
	}
	end_table(f);
}

static void write_cell(FILE *f, const struct grid *g,
		       const struct bench_sweep_point *p)
{
	char text[BENCH_TEXT_SIZE];
	double shade = 0;

	if (!p || p->ratio == 0) {
		fputs("<td>–</td>", f);
		return;
	}
	if (g->largest > 1)
		shade = 100 * log(p->ratio) / log(g->largest);
	bench_format_number(text, p->ratio);
	fprintf(f, "<td class=\"heat\" style=\"--s:%.0f%%\">%s%s%s</td>", shade,
		p->on_front ? "<b>" : "", text, p->on_front ? "</b>" : "");
}

static void write_map(FILE *f, const struct grid *g)
{
	const struct bench_sweep_best *b = g->best;

	fprintf(f,
		"<h2>By trace</h2>\n<p>%s over the trace's smallest; the "
		"darker, the more. <b>Bold</b>: on the trace's Pareto front. "
		"–: "
		"not every request was served, or there is no result.</p>\n",
		b->timed ? "Time" : "Nodes per lookup");
	begin_table(f, "By trace");
	for (size_t t = 0; t < b->traces; t++)
		write_name(f, "th scope=\"col\"", b->trace[t]);
	begin_rows(f);
	for (size_t i = 0; i < b->configs; i++) {
		fputs("<tr>", f);
		write_name(f, "th scope=\"row\"", b->config[b->order[i]]);
		for (size_t t = 0; t < b->traces; t++)
			write_cell(f, g, point_at(g, b->order[i], t));
		fputs("</tr>\n", f);
	}
	end_table(f);
}

static void write_cost(FILE *f, double cost,
		       char *(*format)(char out[BENCH_TEXT_SIZE], double x))
{
	char text[BENCH_TEXT_SIZE];

	fputs("<td>", f);
	kb_escape_html(f, isfinite(cost) ? format(text, cost) : "–");
	fputs("</td>", f);
}

static void write_front(FILE *f, const struct grid *g, size_t trace)
{
	const struct bench_sweep_best *b = g->best;

	write_name(f, "h3", b->trace[trace]);
	begin_table(f, "Pareto front");
	fprintf(f,
		"<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
		"<th scope=\"col\">memory</th><th scope=\"col\">index</th>",
		b->timed ? "ns/event" : "nodes/kfree",
		b->timed ? "kfree p99" : "max");
	begin_rows(f);
	for (size_t i = 0; i < b->configs; i++) {
		const struct bench_sweep_point *p =
			point_at(g, b->order[i], trace);

		if (!p || !p->on_front)
			continue;
		fputs("<tr>", f);
		write_name(f, "th scope=\"row\"", b->config[p->config]);
		write_cost(f, p->cost[BENCH_SWEEP_TIME], bench_format_number);
		write_cost(f, p->cost[BENCH_SWEEP_TAIL],
			   b->timed ? bench_format_ns : bench_format_number);
		write_cost(f, p->cost[BENCH_SWEEP_MEMORY], bench_format_bytes);
		write_cost(f, p->cost[BENCH_SWEEP_INDEX], bench_format_bytes);
		fputs("</tr>\n", f);
	}
	end_table(f);
}

static int write_page(FILE *f, const struct grid *g, struct kb_diag *diag)
{
	const struct bench_sweep_best *b = g->best;
	char *verdict = NULL;
	size_t size;
	FILE *text = open_memstream(&verdict, &size);

	if (!text)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	bench_sweep_verdict(text, b);
	if (fclose(text) != 0) {
		free(verdict);
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	/* One paragraph. */
	for (char *at = strchr(verdict, '\n'); at; at = strchr(at, '\n'))
		*at = ' ';
	bench_lapse_head(f, "Sweep");
	fputs(bench_html_style, f);
	fprintf(f,
		"</style>\n</head>\n<body>\n<header>\n<h1>%zu configurations "
		"on %zu traces</h1>\n<p>",
		b->configs, b->traces);
	kb_escape_html(f, verdict);
	fputs("</p>\n</header>\n<main>\n", f);
	free(verdict);
	write_means(f, b);
	write_map(f, g);
	fputs("<h2>Pareto fronts</h2>\n<p>What no other configuration equals "
	      "or "
	      "beats in all four costs.</p>\n",
	      f);
	for (size_t t = 0; t < b->traces; t++)
		write_front(f, g, t);
	fputs("</main>\n</body>\n</html>\n", f);
	return 0;
}

int bench_sweep_page(const struct bench_sweep_best *best, const char *path,
		     const char *input, struct kb_diag *diag)
{
	struct grid grid = { .best = best };
	struct kb_out out;
	int err;

	if (fill_grid(&grid)) {
		err = kb_out_open(&out, path, diag);
		if (err == 0)
			err = kb_out_check_input(&out, input, diag);
		if (err == 0)
			err = write_page(out.stream, &grid, diag);
		err = kb_out_end(&out, err, diag);
	} else {
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	free(grid.at);
	return err;
}
