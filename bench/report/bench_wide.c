#include "bench_format.h"
#include "bench_table.h"
#include "kb_escape.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX  32
#define HEADING_SIZE 24

/* A column: its heading, the group that it belongs to, and one text per
 * allocator. */
struct column {
	char group[HEADING_SIZE];
	char heading[HEADING_SIZE];
	char (*text)[BENCH_TEXT_SIZE];
	size_t width;
};

struct table {
	const struct bench_report *report;
	struct column column[COLUMNS_MAX];
	size_t columns;

	/* Memory ran out for one of them. */
	bool is_short;

	/* Widest allocator name. */
	size_t name_width;
};

static struct column *add_column(struct table *t, const char *group,
				 const char *heading)
{
	struct column *c;

	if (t->columns == COLUMNS_MAX)
		return NULL;
	c = &t->column[t->columns];
	c->text = calloc(t->report->count, sizeof(*c->text));
	if (!c->text) {
		t->is_short = true;
		return NULL;
	}
	t->columns++;
	snprintf(c->group, sizeof(c->group), "%s", group);
	snprintf(c->heading, sizeof(c->heading), "%s", heading);
	for (size_t i = 0; i < t->report->count; i++)
		strcpy(c->text[i], "-");
	return c;
}

static void set_throughput(struct column *ns, struct column *ci,
			   struct column *cold, struct column *rate, size_t i,
			   const struct bench_throughput *t)
{
	char low[BENCH_TEXT_SIZE], high[BENCH_TEXT_SIZE];

	if (t->below_floor) {
		snprintf(ns->text[i], BENCH_TEXT_SIZE, "<%.3g", t->floor_ns);
		return;
	}
	bench_format_number(ns->text[i], t->ns.median);
	bench_format_rate(rate->text[i], t->ns.median);
	if (!t->sampled)
		bench_format_number(cold->text[i], t->cold_ns.median);
	if (t->ns.has_interval)
		snprintf(ci->text[i], BENCH_TEXT_SIZE, "[%.20s, %.20s]",
			 bench_format_number(low, t->ns.low),
			 bench_format_number(high, t->ns.high));
}

static void add_throughput(struct table *t)
{
	const struct bench_run_summary *s = t->report->summary;
	const bool has_base = bench_summary_find(s, BENCH_BASELINE) != NULL;
	struct column *ns = add_column(t, "", "ns/event");
	struct column *ci = add_column(t, "", "95% interval");
	struct column *cold = add_column(t, "", "cold");
	struct column *rate = add_column(t, "", "events/s");
	struct column *times =
		has_base ? add_column(t, "", BENCH_TIMES_ASCII) : NULL;

	for (size_t i = 0; ns && ci && cold && rate && i < s->count; i++) {
		if (s->cell[i].has_throughput)
			set_throughput(ns, ci, cold, rate, i,
				       &s->cell[i].throughput);
		if (times && s->cell[i].ratio.known)
			bench_format_number(times->text[i],
					    s->cell[i].ratio.value);
	}
}

/* How the steady time grows as other code takes the caches. */
static void add_pressure(struct table *t)
{
	static const char *const heading[REPLAY_PRESSURES] = { "32 KiB",
							       "1 MiB",
							       "4 MiB" };
	const struct bench_run_summary *s = t->report->summary;

	if (t->report->settings->evict_kib > 0)
		return;
	for (unsigned p = 0; p < REPLAY_PRESSURES; p++) {
		struct column *c =
			add_column(t, "ns/event, evicted", heading[p]);

		for (size_t i = 0; c && i < s->count; i++) {
			const struct bench_throughput *x =
				&s->cell[i].throughput;

			if (x->has_pressed && !x->below_floor)
				bench_format_number(c->text[i],
						    x->pressed_ns[p].median);
		}
	}
}

static void add_nodes(struct table *t)
{
	const struct bench_run_summary *s = t->report->summary;
	struct column *mean = add_column(t, "nodes/kfree", "mean");
	struct column *max = add_column(t, "nodes/kfree", "max");

	for (size_t i = 0; mean && max && i < s->count; i++) {
		const struct bench_maybe nodes = s->cell[i].steps.nodes_visited;
		uint64_t worst;

		if (nodes.known)
			bench_format_number(mean->text[i], nodes.value);
		if (bench_cell_counter(s->cell[i].cell, "nodes_visited_max",
				       &worst))
			bench_format_count(max->text[i], worst);
	}
}

static void add_latency(struct table *t, const char *group,
			enum replay_series_id series)
{
	static const char *const heading[] = { "p50", "p99", "p99.9", "max" };
	const struct bench_run_summary *s = t->report->summary;
	struct column *c[4];

	for (size_t k = 0; k < 4; k++) {
		c[k] = add_column(t, group, heading[k]);
		if (!c[k])
			return;
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct bench_latency *f = &s->cell[i].latency[series];

		if (!s->cell[i].has_latency[series])
			continue;
		bench_format_figure(c[0]->text[i], f->p50, f->floor_ns);
		bench_format_figure(c[1]->text[i], f->p99, f->floor_ns);
		bench_format_figure(c[2]->text[i], f->p999, f->floor_ns);
		bench_format_figure(c[3]->text[i], f->max, f->floor_ns);
	}
}

/* Lookups too short to time one by one. */
static void add_frozen(struct table *t)
{
	const struct bench_run_summary *s = t->report->summary;
	struct column *cold = add_column(t, "frozen lookup", "cold");
	struct column *warm = add_column(t, "frozen lookup", "warm");

	for (size_t i = 0; cold && warm && i < s->count; i++) {
		const struct bench_frozen *f = &s->cell[i].frozen;

		if (!s->cell[i].has_frozen)
			continue;
		bench_format_figure(cold->text[i], f->cold, f->floor_ns);
		bench_format_figure(warm->text[i], f->warm, f->floor_ns);
	}
}

static void add_counter(struct table *t, const char *heading,
			const char *counter)
{
	const struct bench_report *r = t->report;
	struct column *c = add_column(t, "", heading);
	uint64_t value;

	for (size_t i = 0; c && i < r->count; i++)
		if (bench_cell_counter(&r->cells[i], counter, &value))
			bench_format_count(c->text[i], value);
}

static void add_bytes(struct column *c, size_t i,
		      const struct replay_span *span)
{
	if (span->count)
		bench_format_bytes(c->text[i], (double)span->peak);
}

static void add_memory(struct table *t)
{
	const struct bench_report *r = t->report;
	struct column *usable = add_column(t, "peak memory", "usable");
	struct column *mapped = add_column(t, "peak memory", "mapped");

	for (size_t i = 0; usable && mapped && i < r->count; i++) {
		if (!r->cells[i].count)
			continue;
		add_bytes(usable, i, &r->cells[i].count->memory.granted);
		add_bytes(mapped, i, &r->cells[i].count->memory.mapped);
	}
}

static void add_state(struct table *t)
{
	const struct bench_report *r = t->report;
	struct column *c = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];

		if (cell->status == 0 && !cell->partial)
			continue;
		if (!c)
			c = add_column(t, "", "state");
		if (c)
			strcpy(c->text[i],
			       cell->status < 0 ? "FAILED" : "partial");
	}
	for (size_t i = 0; c && i < r->count; i++)
		if (strcmp(c->text[i], "-") == 0)
			strcpy(c->text[i], "ok");
}

static bool any_verified(const struct bench_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->cells[i].verify)
			return true;
	return false;
}

static void add_verified(struct table *t)
{
	const struct bench_report *r = t->report;
	struct column *c = add_column(t, "", "verified");

	for (size_t i = 0; c && i < r->count; i++) {
		const struct replay_verify_result *v = r->cells[i].verify;

		if (r->cells[i].status == KB_E_WRONG)
			strcpy(c->text[i], "WRONG");
		else if (v)
			strcpy(c->text[i], v->has_memory ? "yes" : "no memory");
	}
}

static void measure(struct table *t)
{
	t->name_width = strlen("allocator");
	for (size_t i = 0; i < t->report->count; i++) {
		size_t length =
			kb_escape_columns(t->report->cells[i].spec.name);

		t->name_width = length > t->name_width ? length : t->name_width;
	}
	for (size_t k = 0; k < t->columns; k++) {
		struct column *c = &t->column[k];

		c->width = strlen(c->heading);
		for (size_t i = 0; i < t->report->count; i++) {
			size_t length = kb_escape_columns(c->text[i]);

			c->width = length > c->width ? length : c->width;
		}
	}
}

static void build(struct table *t)
{
	unsigned passes = t->report->settings->passes;

	if (passes & BENCH_PASS_THROUGHPUT)
		add_throughput(t);
	if (passes & BENCH_PASS_THROUGHPUT)
		add_pressure(t);
	if (passes & BENCH_PASS_COUNT)
		add_nodes(t);
	if (passes & BENCH_PASS_LATENCY) {
		add_latency(t, "kfree time", REPLAY_SERIES_kfree);
		add_latency(t, "lookup time", REPLAY_SERIES_lookup);
		add_frozen(t);
	}
	if (passes & BENCH_PASS_COUNT) {
		add_counter(t, "peak pages", "pages_peak");
		add_memory(t);
		add_counter(t, "failures", "failed_allocs");
	}
	if (any_verified(t->report))
		add_verified(t);
	add_state(t);
	measure(t);
}

/* The number of columns from `first` that fit into `width` next to the names;
 * whole groups, and at least one column. */
static size_t fitting(const struct table *t, size_t first, size_t width)
{
	size_t used = t->name_width;
	size_t last_whole = first, k;

	for (k = first; k < t->columns; k++) {
		used += 2 + t->column[k].width;
		if (width && used > width)
			break;
		if (k + 1 == t->columns || !t->column[k].group[0] ||
		    strcmp(t->column[k].group, t->column[k + 1].group) != 0)
			last_whole = k + 1;
	}
	if (last_whole > first)
		return last_whole - first;
	return k > first ? k - first : 1;
}

/* The groups' headings, each over its first column. */
static void write_groups(FILE *out, const struct table *t, size_t first,
			 size_t count)
{
	const char *before = "";
	size_t column = t->name_width, written = 0;
	bool any = false;

	for (size_t k = first; k < first + count; k++)
		any |= t->column[k].group[0] != '\0';
	if (!any)
		return;
	for (size_t k = first; k < first + count; k++) {
		const struct column *c = &t->column[k];

		if (c->group[0] && strcmp(c->group, before) != 0) {
			size_t at = column + 2 + c->width - strlen(c->heading);

			at = at > written + 1 ? at : written + 1;
			written += (size_t)fprintf(out, "%*s%s",
						   (int)(at - written), "",
						   c->group);
		}
		before = c->group;
		column += 2 + c->width;
	}
	fprintf(out, "\n");
}

static void write_text(FILE *out, const struct column *c, size_t i)
{
	fprintf(out, "  %*s", bench_format_width(c->text[i], c->width),
		c->text[i]);
}

static void write_part(FILE *out, const struct table *t, size_t first,
		       size_t count, bool color)
{
	const struct bench_report *r = t->report;

	write_groups(out, t, first, count);
	fprintf(out, "%s%-*s", color ? "\033[1m" : "", (int)t->name_width,
		"allocator");
	for (size_t k = first; k < first + count; k++)
		fprintf(out, "  %*s", (int)t->column[k].width,
			t->column[k].heading);
	fprintf(out, "%s\n", color ? "\033[0m" : "");
	for (size_t i = 0; i < r->count; i++) {
		const char *name = r->cells[i].spec.name;
		bool bad = r->cells[i].status < 0;

		fprintf(out, "%s%-*s", color && bad ? "\033[31m" : "",
			bench_format_width(name, t->name_width), name);
		for (size_t k = first; k < first + count; k++)
			write_text(out, &t->column[k], i);
		fprintf(out, "%s\n", color && bad ? "\033[0m" : "");
	}
	fprintf(out, "\n");
}

static void write_trace_line(FILE *f, const void *report)
{
	const struct bench_report *r = report;
	const struct trc_counts *c = &r->trace->counts;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], d[BENCH_TEXT_SIZE];

	fprintf(f, "%s: %s events, %s objects, at most %s live", r->trace->file,
		bench_format_count(a, c->events),
		bench_format_count(b, c->objects),
		bench_format_count(d, c->live_max));
	fprintf(f, "; %s lost, %s unmatched frees\n\n",
		bench_format_count(a, c->lost_events),
		bench_format_count(b, c->unmatched_frees));
}

int bench_wide_write(FILE *out, const struct bench_report *report, size_t width,
		     bool color)
{
	struct table t = { .report = report };

	build(&t);
	kb_terminal_print(out, width, write_trace_line, report);
	for (size_t first = 0; first < t.columns;) {
		size_t count = fitting(&t, first, width);

		write_part(out, &t, first, count, color);
		first += count;
	}
	bench_facts_wrap(out, report, true, width);
	for (size_t k = 0; k < t.columns; k++)
		free(t.column[k].text);
	return t.is_short ? KB_E_NOMEM : 0;
}
