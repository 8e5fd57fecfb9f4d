#include "bench_html.h"

#include "bench_format.h"
#include "kb_escape.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* A field of a table: its text and its sort key. */
struct value {
	char text[2 * BENCH_TEXT_SIZE];
	bool has_number;
	double number;
};

/* Finds one cell's value; leaves it empty if there is none. */
typedef void (*value_fn)(struct value *out, const struct bench_cell_summary *s,
			 const char *what);

struct column {
	const char *heading;
	value_fn value;

	/* Selects among the figures that one function handles. */
	const char *what;
};

struct sheet {
	unsigned passes;
	const char *title;
	const char *caption;
	struct column column[10];
};

static void set_number(struct value *v, double number)
{
	v->has_number = true;
	v->number = number;
}

static void show_number(struct value *v, struct bench_maybe number)
{
	if (!number.known)
		return;
	bench_format_number(v->text, number.value);
	set_number(v, number.value);
}

static void show_count(struct value *v, uint64_t n)
{
	bench_format_count(v->text, n);
	set_number(v, (double)n);
}

static void throughput(struct value *v, const struct bench_cell_summary *s,
		       const char *what)
{
	const struct bench_throughput *t = &s->throughput;
	char low[BENCH_TEXT_SIZE], high[BENCH_TEXT_SIZE];

	if (!s->has_throughput)
		return;
	if (t->below_floor) {
		if (strcmp(what, "ns") == 0)
			snprintf(v->text, sizeof(v->text), "<%.3g",
				 t->floor_ns);
		return;
	}
	if (strcmp(what, "ns") == 0) {
		bench_format_number(v->text, t->ns.median);
		set_number(v, t->ns.median);
	} else if (strcmp(what, "rate") == 0) {
		bench_format_rate(v->text, t->ns.median);
		set_number(v, 1 / t->ns.median);
	} else if (strcmp(what, "interval") == 0 && t->ns.has_interval) {
		snprintf(v->text, sizeof(v->text), "[%s, %s]",
			 bench_format_number(low, t->ns.low),
			 bench_format_number(high, t->ns.high));
		set_number(v, t->ns.low);
	} else if (strcmp(what, "cold") == 0 && !t->sampled) {
		bench_format_number(v->text, t->cold_ns.median);
		set_number(v, t->cold_ns.median);
	} else if (strcmp(what, "second") == 0 && t->second_ns.count > 0) {
		bench_format_number(v->text, t->second_ns.median);
		set_number(v, t->second_ns.median);
	} else if (strcmp(what, "runs") == 0) {
		show_count(v, t->ns.count);
	}
}

/* `what` is the place of a pressure. */
static void pressed(struct value *v, const struct bench_cell_summary *s,
		    const char *what)
{
	const struct bench_throughput *t = &s->throughput;

	if (!s->has_throughput || !t->has_pressed || t->below_floor)
		return;
	bench_format_number(v->text, t->pressed_ns[*what - '0'].median);
	set_number(v, t->pressed_ns[*what - '0'].median);
}

static void times_baseline(struct value *v, const struct bench_cell_summary *s,
			   const char *what)
{
	(void)what;
	show_number(v, s->ratio);
}

static void counter(struct value *v, const struct bench_cell_summary *s,
		    const char *what)
{
	uint64_t n;

	if (bench_cell_counter(s->cell, what, &n))
		show_count(v, n);
}

/* A counter per lookup. */
static void mean(struct value *v, const struct bench_cell_summary *s,
		 const char *what)
{
#define X(name)                       \
	if (strcmp(what, #name) == 0) \
		show_number(v, s->steps.name);
	BENCH_STEPS(X)
#undef X
}

static void show_figure(struct value *v, struct bench_figure f, double floor_ns)
{
	if (f.state == BENCH_FIGURE_NONE)
		return;
	bench_format_figure(v->text, f, floor_ns);
	set_number(v, f.state == BENCH_FIGURE_NUMBER ? f.ns : 0);
}

static void latency(struct value *v, const struct bench_cell_summary *s,
		    enum replay_series_id series, const char *what)
{
	const struct bench_latency *l = &s->latency[series];

	if (!s->has_latency[series])
		return;
#define X(name, q)                    \
	if (strcmp(what, #name) == 0) \
		show_figure(v, l->name, l->floor_ns);
	BENCH_QUANTILES(X)
#undef X
	if (strcmp(what, "max") == 0)
		show_figure(v, l->max, l->floor_ns);
	if (strcmp(what, "samples") == 0)
		show_count(v, l->samples);
}

static void kfree_time(struct value *v, const struct bench_cell_summary *s,
		       const char *what)
{
	latency(v, s, REPLAY_SERIES_kfree, what);
}

static void lookup_time(struct value *v, const struct bench_cell_summary *s,
			const char *what)
{
	latency(v, s, REPLAY_SERIES_lookup, what);
}

/* The medians of kfree's parts. */
static void part_time(struct value *v, const struct bench_cell_summary *s,
		      const char *what)
{
#define X(name, help)                 \
	if (strcmp(what, #name) == 0) \
		latency(v, s, REPLAY_SERIES_##name, "p50");
	REPLAY_SERIES(X)
#undef X
}

static void frozen_time(struct value *v, const struct bench_cell_summary *s,
			const char *what)
{
	const struct bench_frozen *f = &s->frozen;

	if (!s->has_frozen)
		return;
	if (strcmp(what, "cold") == 0)
		show_figure(v, f->cold, f->floor_ns);
	else if (strcmp(what, "warm") == 0)
		show_figure(v, f->warm, f->floor_ns);
	else if (strcmp(what, "error") == 0)
		snprintf(v->text, sizeof(v->text), "±%.2f ns", f->error_ns);
	else
		bench_format_count(v->text, f->places);
}

static void state(struct value *v, const struct bench_cell_summary *s,
		  const char *what)
{
	const struct bench_cell *cell = s->cell;
	const char *text = "complete";

	if (strcmp(what, "verified") == 0) {
		text = cell->status == KB_E_WRONG ? "WRONG"
		       : !cell->verify		  ? ""
		       : cell->verify->has_memory ? "yes"
						  : "no memory";
	} else if (cell->status < 0) {
		text = "FAILED";
	} else if (cell->partial) {
		text = "partial";
	}
	snprintf(v->text, sizeof(v->text), "%s", text);
	set_number(v, (double)strlen(text));
}

/* `what` is a memory figure and a point in time: "mapped.peak". */
static struct bench_maybe memory_at(const struct bench_cell_summary *s,
				    const char *what)
{
	const struct replay_memory *m = &s->cell->count->memory;

#define X(name, help)                                                \
	if (strcmp(what, #name ".mean") == 0)                        \
		return s->memory.mean_##name;                        \
	if (strcmp(what, #name ".peak") == 0)                        \
		return (struct bench_maybe){ m->name.count > 0,      \
					     (double)m->name.peak }; \
	if (strcmp(what, #name ".low") == 0)                         \
		return (struct bench_maybe){ m->name.count > 0,      \
					     (double)m->name.low };  \
	if (strcmp(what, #name ".end") == 0)                         \
		return (struct bench_maybe){ m->name.count > 0,      \
					     (double)m->name.end };
	REPLAY_MEMORY(X)
#undef X
	return (struct bench_maybe){ false, 0 };
}

static void memory(struct value *v, const struct bench_cell_summary *s,
		   const char *what)
{
	struct bench_maybe bytes;

	if (!s->cell->count)
		return;
	bytes = memory_at(s, what);
	if (!bytes.known)
		return;
	bench_format_bytes(v->text, bytes.value);
	set_number(v, bytes.value);
}

static void mapped_per_requested(struct value *v,
				 const struct bench_cell_summary *s,
				 const char *what)
{
	(void)what;
	show_number(v, s->memory.mapped_ratio);
}

static void show_waste(struct value *v, const struct bench_waste *waste,
		       const char *what)
{
	const struct bench_maybe share =
		strcmp(what, "inside") == 0    ? waste->inside
		: strcmp(what, "outside") == 0 ? waste->outside
					       : waste->broken_up;

	if (!share.known)
		return;
	snprintf(v->text, sizeof(v->text), "%.1f%%", 100 * share.value);
	set_number(v, share.value);
}

static void mean_waste(struct value *v, const struct bench_cell_summary *s,
		       const char *what)
{
	show_waste(v, &s->memory.mean_waste, what);
}

static void end_waste(struct value *v, const struct bench_cell_summary *s,
		      const char *what)
{
	show_waste(v, &s->memory.end_waste, what);
}

static void digest(struct value *v, const struct bench_cell_summary *s,
		   const char *what)
{
	const struct replay_count_result *count = s->cell->count;

	(void)what;
	if (!count || !count->has_digest)
		return;
	snprintf(v->text, sizeof(v->text), "%016" PRIx64, count->digest);
	set_number(v, (double)(count->digest >> 11));
}

static const struct sheet sheets[] = {
	{ BENCH_PASS_THROUGHPUT,
	  "Time per event",
	  "Median ns per event in the steady state over fresh processes, with "
	  "its 95% confidence interval. Cold is a process's first replay, "
	  "second the one after it.",
	  { { "ns/event", throughput, "ns" },
	    { "95% interval", throughput, "interval" },
	    { "cold", throughput, "cold" },
	    { "second", throughput, "second" },
	    { "events/s", throughput, "rate" },
	    { BENCH_TIMES, times_baseline, "" },
	    { "runs", throughput, "runs" } } },
	{ BENCH_PASS_THROUGHPUT,
	  "Time per event under cache pressure",
	  "Steady ns per event when other code touches this much memory "
	  "before each slice of the trace.",
	  { { "nothing", throughput, "ns" },
	    { "32 KiB", pressed, "0" },
	    { "1 MiB", pressed, "1" },
	    { "4 MiB", pressed, "2" } } },
	{ BENCH_PASS_COUNT,
	  "Lookup steps",
	  "Exact counts of what kfree's lookups do, the same on every machine. "
	  "A dash means that the allocator does not count this step.",
	  { { "lookups", counter, "lookups" },
	    { "rows per lookup", mean, "rows_visited" },
	    { "nodes per lookup", mean, "nodes_visited" },
	    { "max nodes", counter, "nodes_visited_max" },
	    { "cache lines per lookup", mean, "lines_touched" },
	    { "nodes per unlink", mean, "remove_nodes_visited" } } },
	{ BENCH_PASS_LATENCY,
	  "kfree time",
	  "Single operations, timed one by one. Times below the timer's "
	  "resolution are given as less than that.",
	  { { "p50", kfree_time, "p50" },
	    { "p90", kfree_time, "p90" },
	    { "p99", kfree_time, "p99" },
	    { "p99.9", kfree_time, "p999" },
	    { "max", kfree_time, "max" },
	    { "samples", kfree_time, "samples" } } },
	{ BENCH_PASS_LATENCY,
	  "Lookup time",
	  "The part of kfree that finds the cluster, where it can be timed "
	  "alone.",
	  { { "p50", lookup_time, "p50" },
	    { "p90", lookup_time, "p90" },
	    { "p99", lookup_time, "p99" },
	    { "p99.9", lookup_time, "p999" },
	    { "max", lookup_time, "max" },
	    { "samples", lookup_time, "samples" } } },
	{ BENCH_PASS_LATENCY,
	  "Frozen lookup time",
	  "Lookups too short to time one by one are timed in batches. At some "
	  "points the replay pauses and runs the next 32 lookups back to back, "
	  "each depending on the previous one, in a single timer interval. "
	  "Cold is the first pass over them, warm the next three. Medians over "
	  "batches, call included.",
	  { { "cold", frozen_time, "cold" },
	    { "warm", frozen_time, "warm" },
	    { "error", frozen_time, "error" },
	    { "points", frozen_time, "points" } } },
	{ BENCH_PASS_LATENCY,
	  "Parts of kfree",
	  "The median of each part, timed on its own, and of the whole. The "
	  "medians of the parts do not add up to that of the whole.",
	  { { "lookup", part_time, "lookup" },
	    { "unmap", part_time, "unmap" },
	    { "remove", part_time, "remove" },
	    { "release", part_time, "release" },
	    { "whole kfree", part_time, "kfree" } } },
	{ BENCH_PASS_COUNT,
	  "Peak memory",
	  "The maximum at any event. What an allocator reports of itself is "
	  "read at the end of each of 512 bins of the trace. 1 MB is 10^6 "
	  "bytes.",
	  { { "requested", memory, "requested.peak" },
	    { "usable", memory, "granted.peak" },
	    { "mapped", memory, "mapped.peak" },
	    { "resident", memory, "resident.peak" },
	    { "metadata", memory, "metadata.peak" },
	    { "mapped / requested", mapped_per_requested, "" },
	    { "largest free block (min)", memory, "largest.low" } } },
	{ BENCH_PASS_COUNT,
	  "Average memory",
	  "The mean over the events. Internal waste: the share of the usable "
	  "bytes that were not requested. External waste: the share of the "
	  "mapped bytes that are not usable. Fragmentation: the share of the "
	  "heap window's free bytes that are not in its longest free run.",
	  { { "requested", memory, "requested.mean" },
	    { "usable", memory, "granted.mean" },
	    { "mapped", memory, "mapped.mean" },
	    { "resident", memory, "resident.mean" },
	    { "metadata", memory, "metadata.mean" },
	    { "internal waste", mean_waste, "inside" },
	    { "external waste", mean_waste, "outside" },
	    { "fragmentation", mean_waste, "broken" } } },
	{ BENCH_PASS_COUNT,
	  "Memory at the end",
	  "After the last event, including objects that are still live.",
	  { { "requested", memory, "requested.end" },
	    { "usable", memory, "granted.end" },
	    { "mapped", memory, "mapped.end" },
	    { "resident", memory, "resident.end" },
	    { "metadata", memory, "metadata.end" },
	    { "internal waste", end_waste, "inside" },
	    { "external waste", end_waste, "outside" },
	    { "fragmentation", end_waste, "broken" } } },
	{ BENCH_PASS_ALL,
	  "Pages and checks",
	  "Equal digests mean equal addresses and sizes at every event.",
	  { { "peak pages", counter, "pages_peak" },
	    { "failed allocations", counter, "failed_allocs" },
	    { "verified", state, "verified" },
	    { "state", state, "state" },
	    { "digest", digest, "" } } },
};

static void write_value(FILE *out, const struct value *v)
{
	fputs("<td", out);
	if (v->has_number)
		fprintf(out, " data-v=\"%.17g\"", v->number);
	fputc('>', out);
	kb_escape_html(out, v->text[0] ? v->text : "–");
	fputs("</td>", out);
}

static void write_fields(FILE *out, const struct bench_cell_summary *cell,
			 const struct sheet *s)
{
	for (const struct column *c = s->column; c->heading; c++) {
		struct value v = { .has_number = false };

		c->value(&v, cell, c->what);
		write_value(out, &v);
	}
}

static bool is_shown(const struct bench_report *r, const struct sheet *s)
{
	return r->settings->passes & s->passes;
}

static int columns_of(const struct sheet *s)
{
	int n = 0;

	while (s->column[n].heading)
		n++;
	return n;
}

/* The groups' headings over those of their columns. */
static void write_headings(FILE *out, const struct bench_report *r)
{
	fputs("<thead>\n<tr><td></td>", out);
	for (size_t i = 0; i < KB_ARRAY_LEN(sheets); i++)
		if (is_shown(r, &sheets[i]))
			fprintf(out,
				"<th scope=\"colgroup\" colspan=\"%d\">"
				"%s</th>",
				columns_of(&sheets[i]), sheets[i].title);
	fputs("</tr>\n<tr><th scope=\"col\">allocator</th>", out);
	for (size_t i = 0; i < KB_ARRAY_LEN(sheets); i++)
		for (const struct column *c = sheets[i].column;
		     is_shown(r, &sheets[i]) && c->heading; c++)
			fprintf(out, "<th scope=\"col\">%s</th>", c->heading);
	fputs("</tr>\n</thead>\n", out);
}

static void write_row(FILE *out, const struct bench_report *r, size_t i)
{
	fprintf(out, "<tr data-a=\"%zu\"><th scope=\"row\">", i);
	kb_escape_html(out, r->cells[i].spec.name);
	fputs("</th>", out);
	for (size_t k = 0; k < KB_ARRAY_LEN(sheets); k++)
		if (is_shown(r, &sheets[k]))
			write_fields(out, &r->summary->cell[i], &sheets[k]);
	fputs("</tr>\n", out);
}

/* What the groups mean. */
static void write_captions(FILE *out, const struct bench_report *r)
{
	fputs("<details>\n<summary>What the columns mean</summary>\n<dl>\n",
	      out);
	for (size_t i = 0; i < KB_ARRAY_LEN(sheets); i++)
		if (is_shown(r, &sheets[i]))
			fprintf(out, "<dt>%s</dt><dd>%s</dd>\n",
				sheets[i].title, sheets[i].caption);
	fputs("</dl>\n</details>\n", out);
}

void bench_html_tables(FILE *out, const struct bench_report *report)
{
	fputs("<section class=\"screen\" aria-label=\"All figures\">\n"
	      "<h2>All figures</h2>\n<div class=\"pan\" role=\"region\" "
	      "tabindex=\"0\" aria-label=\"All figures, table\">\n<table "
	      "class=\"s\">\n<caption><span>A row per allocator. The table "
	      "goes on to the right.</span></caption>\n"
	      "<colgroup></colgroup>",
	      out);
	for (size_t i = 0; i < KB_ARRAY_LEN(sheets); i++)
		if (is_shown(report, &sheets[i]))
			fprintf(out, "<colgroup span=\"%d\"></colgroup>",
				columns_of(&sheets[i]));
	write_headings(out, report);
	fputs("<tbody>\n", out);
	for (size_t i = 0; i < report->count; i++)
		write_row(out, report, i);
	fputs("</tbody>\n</table>\n</div>\n", out);
	write_captions(out, report);
	fputs("</section>\n", out);
}

static void write_factors(FILE *out, const struct bench_model *m)
{
	char text[BENCH_TEXT_SIZE];

	for (size_t i = 1; i < BENCH_MODEL_COLUMNS; i++) {
		if (!m->known[i]) {
			fputs("<td>–</td>", out);
			continue;
		}
		fprintf(out, "<td data-v=\"%.6g\">%s [%.3g, %.3g]</td>",
			m->fit.factor[i],
			bench_format_ns(text, m->fit.factor[i]), m->low[i],
			m->high[i]);
	}
	fprintf(out, "<td data-v=\"%.6g\">%.2f</td>", m->fit.r2, m->fit.r2);
}

bool bench_html_has_model(const struct bench_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->summary->cell[i].has_kfree_model)
			return true;
	return false;
}

void bench_html_model(FILE *out, const struct bench_report *report)
{
	fputs("<div class=\"pan\" role=\"region\" tabindex=\"0\" "
	      "aria-label=\"Cost model, table\">\n<table class=\"s\">\n"
	      "<caption><span>What each counted step of a kfree costs, "
	      "fitted to the times of single frees, with its 95% interval. R² "
	      "is the share of the variance that the sum explains; at 0 or "
	      "below, it explains nothing.</span></caption>\n<thead><tr>"
	      "<th scope=\"col\">allocator</th>",
	      out);
	for (size_t i = 1; i < BENCH_MODEL_COLUMNS; i++)
		fprintf(out, "<th scope=\"col\">per %s</th>",
			bench_model_steps[i]);
	fputs("<th scope=\"col\">R²</th></tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < report->count; i++) {
		const struct bench_cell_summary *s = &report->summary->cell[i];

		if (!s->has_kfree_model)
			continue;
		fputs("<tr><th scope=\"row\">", out);
		kb_escape_html(out, s->cell->spec.name);
		fputs("</th>", out);
		write_factors(out, &s->kfree_model);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

static void write_pair(FILE *out, const char *group, const char *name,
		       const json_t *value)
{
	char *text;

	fputs("<tr><th scope=\"row\">", out);
	if (*group) {
		kb_escape_html(out, group);
		fputs(", ", out);
	}
	kb_escape_html(out, name);
	fputs("</th><td class=\"t\">", out);
	if (json_is_string(value) && !*json_string_value(value)) {
		fputs("–", out);
	} else if (json_is_string(value)) {
		kb_escape_html(out, json_string_value(value));
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
						 JSON_REAL_PRECISION(6));
		kb_escape_html(out, text ? text : "");
		free(text);
	}
	fputs("</td></tr>\n", out);
}

void bench_html_environment(FILE *out, const struct bench_report *report)
{
	json_t *context = bench_json_context(report);
	const char *name, *inner_name;
	json_t *value, *inner;

	fputs("<table class=\"env\">\n<caption>As results.json has "
	      "it.</caption>\n<tbody>\n",
	      out);
	json_object_foreach(context, name, value) {
		if (!json_is_object(value)) {
			write_pair(out, "", name, value);
			continue;
		}
		json_object_foreach(value, inner_name, inner)
			write_pair(out, name, inner_name, inner);
	}
	fputs("</tbody>\n</table>\n", out);
	json_decref(context);
}
