#include "bench_table.h"

#include "bench_format.h"
#include "kb_escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADING_SIZE (ALLOC_NAME_SIZE + 8)

/* A name is never cut to fewer columns. */
#define NAME_MIN 12

/* How a time compares with the baseline's. */
enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_BAD };

struct row {
	const struct bench_cell_summary *s;
	enum verdict verdict;

	/* One per column of the sheet. */
	char (*text)[BENCH_TEXT_SIZE];
};

/* Fills one row's field; leaves "-" if there is nothing to say. */
typedef void (*field_fn)(char out[BENCH_TEXT_SIZE], struct row *row,
			 const struct bench_cell_summary *base);

struct field {
	const char *heading;
	unsigned passes;
	field_fn fill;

	/* Shown only where there is room; the first ones last as room runs out. */
	bool is_extra;
};

struct sheet {
	const struct bench_report *report;
	const struct bench_cell_summary *base;

	/* NULL if it is not set apart from the rows. */
	const struct bench_cell_summary *harness;
	struct row *row;
	size_t rows;

	/* The fields that are shown, and how wide. */
	const struct field *field[16];
	char heading[16][HEADING_SIZE];
	size_t width[16];
	size_t fields;
	size_t name_width;
};

static void fill_ns(char out[BENCH_TEXT_SIZE], struct row *row,
		    const struct bench_cell_summary *base)
{
	const struct bench_throughput *t = &row->s->throughput;
	const struct bench_summary *ns = &t->ns;
	char number[BENCH_TEXT_SIZE];

	(void)base;
	if (row->s->cell->status < 0)
		strcpy(out, "FAILED");
	else if (!row->s->has_throughput)
		return;
	else if (t->below_floor)
		snprintf(out, BENCH_TEXT_SIZE, "<%.3g", t->floor_ns);
	else if (ns->has_interval && ns->median > 0)
		snprintf(out, BENCH_TEXT_SIZE, "%.24s ±%.0f%%",
			 bench_format_number(number, ns->median),
			 50 * (ns->high - ns->low) / ns->median);
	else
		bench_format_number(out, ns->median);
}

static bool overlap(const struct bench_summary *a,
		    const struct bench_summary *b)
{
	return a->has_interval && b->has_interval && a->low <= b->high &&
	       b->low <= a->high;
}

static void fill_versus(char out[BENCH_TEXT_SIZE], struct row *row,
			const struct bench_cell_summary *base)
{
	const struct bench_maybe ratio = bench_summary_ratio(base, row->s);
	char number[BENCH_TEXT_SIZE];
	double times = ratio.value;

	if (row->s == base)
		strcpy(out, "(baseline)");
	if (row->s == base || !ratio.known || times <= 0)
		return;
	if (overlap(&base->throughput.ns, &row->s->throughput.ns)) {
		strcpy(out, "within noise");
		return;
	}
	row->verdict = times >= 1 ? VERDICT_GOOD : VERDICT_BAD;
	snprintf(out, BENCH_TEXT_SIZE, "%.24s× %s",
		 bench_format_number(number, times >= 1 ? times : 1 / times),
		 times >= 1 ? "faster" : "slower");
}

static void fill_nodes(char out[BENCH_TEXT_SIZE], struct row *row,
		       const struct bench_cell_summary *base)
{
	(void)base;
	if (row->s->steps.nodes_visited.known)
		bench_format_number(out, row->s->steps.nodes_visited.value);
}

static void fill_count(char out[BENCH_TEXT_SIZE], const struct row *row,
		       const char *counter)
{
	uint64_t value;

	if (bench_cell_counter(row->s->cell, counter, &value))
		bench_format_count(out, value);
}

static void fill_max_nodes(char out[BENCH_TEXT_SIZE], struct row *row,
			   const struct bench_cell_summary *base)
{
	(void)base;
	fill_count(out, row, "nodes_visited_max");
}

static void fill_figure(char out[BENCH_TEXT_SIZE], const struct row *row,
			enum replay_series_id series, struct bench_figure f)
{
	if (row->s->has_latency[series])
		bench_format_figure(out, f, row->s->latency[series].floor_ns);
}

static void fill_p50(char out[BENCH_TEXT_SIZE], struct row *row,
		     const struct bench_cell_summary *base)
{
	(void)base;
	fill_figure(out, row, REPLAY_SERIES_kfree,
		    row->s->latency[REPLAY_SERIES_kfree].p50);
}

static void fill_p99(char out[BENCH_TEXT_SIZE], struct row *row,
		     const struct bench_cell_summary *base)
{
	(void)base;
	fill_figure(out, row, REPLAY_SERIES_kfree,
		    row->s->latency[REPLAY_SERIES_kfree].p99);
}

static void fill_lookup_p99(char out[BENCH_TEXT_SIZE], struct row *row,
			    const struct bench_cell_summary *base)
{
	(void)base;
	fill_figure(out, row, REPLAY_SERIES_lookup,
		    row->s->latency[REPLAY_SERIES_lookup].p99);
}

static void fill_span(char out[BENCH_TEXT_SIZE], const struct replay_span *span)
{
	if (span->count)
		bench_format_number(out, (double)span->peak / 1e6);
}

static void fill_peak(char out[BENCH_TEXT_SIZE], struct row *row,
		      const struct bench_cell_summary *base)
{
	(void)base;
	if (row->s->cell->count)
		fill_span(out, &row->s->cell->count->memory.mapped);
}

static void fill_usable(char out[BENCH_TEXT_SIZE], struct row *row,
			const struct bench_cell_summary *base)
{
	(void)base;
	if (row->s->cell->count)
		fill_span(out, &row->s->cell->count->memory.granted);
}

static void fill_pages(char out[BENCH_TEXT_SIZE], struct row *row,
		       const struct bench_cell_summary *base)
{
	(void)base;
	fill_count(out, row, "pages_peak");
}

/* The heading NULL is "vs " and the baseline. */
static const struct field fields[] = {
	{ "ns/event", BENCH_PASS_THROUGHPUT, fill_ns, false },
	{ NULL, BENCH_PASS_THROUGHPUT, fill_versus, false },
	{ "nodes/kfree", BENCH_PASS_COUNT, fill_nodes, false },
	{ "max nodes", BENCH_PASS_COUNT, fill_max_nodes, true },
	{ "kfree p50", BENCH_PASS_LATENCY, fill_p50, true },
	{ "kfree p99", BENCH_PASS_LATENCY, fill_p99, false },
	{ "lookup p99", BENCH_PASS_LATENCY, fill_lookup_p99, true },
	{ "peak MB", BENCH_PASS_COUNT, fill_peak, false },
	{ "usable MB", BENCH_PASS_COUNT, fill_usable, true },
	{ "peak pages", BENCH_PASS_COUNT, fill_pages, true },
	{ NULL, 0, NULL, false },
};

/* The harness, if its time is known and it is not what others are compared with. */
static const struct bench_cell_summary *
find_harness(const struct bench_report *r,
	     const struct bench_cell_summary *base)
{
	const struct bench_cell_summary *s =
		bench_summary_find(r->summary, BENCH_HARNESS);

	return s && s != base && s->has_throughput && s->cell->status == 0
		       ? s
		       : NULL;
}

/* What a row is sorted by: the time, or the nodes; below 0 for neither. */
static double key_of(const struct bench_cell_summary *s)
{
	if (s->cell->status < 0)
		return -2;
	if (s->has_throughput)
		return s->throughput.below_floor ? 0 : s->throughput.ns.median;
	return s->steps.nodes_visited.known ? s->steps.nodes_visited.value : -1;
}

/* By falling keys; equal ones keep their order. */
static void sort_rows(struct sheet *sheet)
{
	for (size_t i = 1; i < sheet->rows; i++) {
		const struct row row = sheet->row[i];
		size_t at = i;

		while (at > 0 && key_of(sheet->row[at - 1].s) < key_of(row.s)) {
			sheet->row[at] = sheet->row[at - 1];
			at--;
		}
		sheet->row[at] = row;
	}
}

static bool make_rows(struct sheet *sheet)
{
	const struct bench_report *r = sheet->report;
	const size_t most = sizeof(fields) / sizeof(fields[0]);

	sheet->row = calloc(r->count + 1, sizeof(*sheet->row));
	if (!sheet->row)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		struct row *row = &sheet->row[sheet->rows];

		if (&r->summary->cell[i] == sheet->harness)
			continue;
		row->s = &r->summary->cell[i];
		row->text = calloc(most, sizeof(*row->text));
		if (!row->text)
			return false;
		sheet->rows++;
	}
	sort_rows(sheet);
	return true;
}

static size_t text_width(const struct sheet *sheet, size_t k)
{
	size_t width = kb_escape_columns(sheet->heading[k]);

	for (size_t i = 0; i < sheet->rows; i++) {
		size_t own = kb_escape_columns(sheet->row[i].text[k]);

		width = own > width ? own : width;
	}
	return width;
}

static void add_field(struct sheet *sheet, const struct field *f)
{
	const size_t k = sheet->fields++;

	sheet->field[k] = f;
	if (f->heading)
		snprintf(sheet->heading[k], HEADING_SIZE, "%s", f->heading);
	else
		snprintf(sheet->heading[k], HEADING_SIZE, "vs %.16s",
			 sheet->base->cell->spec.name);
	for (size_t i = 0; i < sheet->rows; i++) {
		struct row *row = &sheet->row[i];

		strcpy(row->text[k], "-");
		f->fill(row->text[k], row, sheet->base);
	}
	sheet->width[k] = text_width(sheet, k);
}

static void drop_field(struct sheet *sheet, size_t k)
{
	const size_t after = --sheet->fields - k;

	for (size_t i = 0; i < sheet->rows; i++)
		memmove(sheet->row[i].text + k, sheet->row[i].text + k + 1,
			after * sizeof(*sheet->row[i].text));
	memmove(sheet->field + k, sheet->field + k + 1,
		after * sizeof(*sheet->field));
	memmove(sheet->width + k, sheet->width + k + 1,
		after * sizeof(*sheet->width));
	memmove(sheet->heading + k, sheet->heading + k + 1,
		after * sizeof(*sheet->heading));
}

static size_t whole_width(const struct sheet *sheet)
{
	size_t used = 1 + sheet->name_width;

	for (size_t k = 0; k < sheet->fields; k++)
		used += 2 + sheet->width[k];
	return used;
}

/* Drops what is too much: columns from the right, then the ends of names. */
static void fit(struct sheet *sheet, size_t width)
{
	for (size_t k = sheet->fields; k-- > 0;)
		if (sheet->field[k]->is_extra && whole_width(sheet) > width)
			drop_field(sheet, k);
	if (whole_width(sheet) > width) {
		const size_t over = whole_width(sheet) - width;

		sheet->name_width = sheet->name_width > over + NAME_MIN
					    ? sheet->name_width - over
					    : NAME_MIN;
	}
}

static bool make_sheet(struct sheet *sheet, size_t width)
{
	sheet->base = bench_summary_base(sheet->report->summary,
					 sheet->report->baseline);
	sheet->harness = find_harness(sheet->report, sheet->base);
	if (!make_rows(sheet))
		return false;
	for (const struct field *f = fields; f->fill; f++)
		if (sheet->report->settings->passes & f->passes)
			add_field(sheet, f);
	sheet->name_width = sheet->harness ? strlen("(harness alone") : 0;
	for (size_t i = 0; i < sheet->rows; i++) {
		const size_t own =
			kb_escape_columns(sheet->row[i].s->cell->spec.name);

		if (own > sheet->name_width)
			sheet->name_width = own;
	}
	fit(sheet, width);
	return true;
}

static void release_sheet(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->rows; i++)
		free(sheet->row[i].text);
	free(sheet->row);
}

static void write_name(FILE *out, const struct sheet *sheet, const char *name)
{
	size_t columns;

	fputc(' ', out);
	columns = kb_escape_fit(out, name, sheet->name_width);
	fprintf(out, "%*s", (int)(sheet->name_width - columns), "");
}

static void write_fields(FILE *out, const struct sheet *sheet,
			 const struct row *row, bool color)
{
	for (size_t k = 0; k < sheet->fields; k++) {
		const char *text = row->text[k];
		const bool shown = color && !sheet->field[k]->heading &&
				   row->verdict != VERDICT_NONE;

		fprintf(out, "  %s%*s%s",
			!shown			       ? ""
			: row->verdict == VERDICT_GOOD ? "\033[32m"
						       : "\033[31m",
			bench_format_width(text, sheet->width[k]), text,
			shown ? "\033[0m" : "");
	}
}

static void write_rows(FILE *out, const struct sheet *sheet, bool color)
{
	char number[BENCH_TEXT_SIZE];

	fprintf(out, "%s%*s", color ? "\033[1m" : "",
		(int)sheet->name_width + 1, "");
	for (size_t k = 0; k < sheet->fields; k++)
		fprintf(out, "  %*s",
			bench_format_width(sheet->heading[k], sheet->width[k]),
			sheet->heading[k]);
	fprintf(out, "%s\n", color ? "\033[0m" : "");
	for (size_t i = 0; i < sheet->rows; i++) {
		const struct row *row = &sheet->row[i];
		const bool bad = color && row->s->cell->status < 0;

		fputs(bad ? "\033[31m" : "", out);
		write_name(out, sheet, row->s->cell->spec.name);
		write_fields(out, sheet, row, color);
		fprintf(out, "%s\n", bad ? "\033[0m" : "");
	}
	if (!sheet->harness)
		return;
	bench_format_number(number, sheet->harness->throughput.ns.median);
	fprintf(out, " %-*s  %*s)\n", (int)sheet->name_width, "(harness alone",
		(int)sheet->width[0] - 1, number);
}

/* The result of a run that only verifies. Failures are told apart. */
static void write_verified(FILE *out, const struct bench_run_summary *s)
{
	fprintf(out, "%zu of %zu allocators verified%s\n", s->verified,
		s->verifiable,
		s->verified == s->verifiable ? ": every payload intact" : "");
}

void bench_table_title(FILE *out, const struct bench_report *report)
{
	const struct trc_counts *c = &report->trace->counts;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint64_t bytes = 0;

	for (size_t i = 0; i < report->count && bytes == 0; i++)
		bench_cell_counter(&report->cells[i], "bytes_live_max", &bytes);
	fprintf(out, "%s  %s events · peak %s live objects",
		report->trace->file, bench_format_count(a, c->events),
		bench_format_count(b, c->live_max));
	if (bytes)
		fprintf(out, ", %s requested",
			bench_format_bytes(a, (double)bytes));
	if (c->lost_events)
		fprintf(out, " · %s events lost",
			bench_format_count(a, c->lost_events));
	fprintf(out, "\n");
}

void bench_table_counts(FILE *out, const struct bench_report *report)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < report->count; i++) {
		const struct bench_cell *cell = &report->cells[i];
		uint64_t nodes, most, lookups;

		if (!bench_cell_counter(cell, "nodes_visited", &nodes) ||
		    !bench_cell_counter(cell, "nodes_visited_max", &most) ||
		    !bench_cell_counter(cell, "lookups", &lookups) || !lookups)
			continue;
		fprintf(out,
			"counts: %s's kfree walks %s nodes on average (max "
			"%s)\n",
			cell->spec.name,
			bench_format_number(a, (double)nodes / (double)lookups),
			bench_format_count(b, most));
		return;
	}
}

int bench_table_write(FILE *out, const struct bench_report *report,
		      size_t width, bool color)
{
	struct sheet sheet = { .report = report };
	const bool is_made = make_sheet(&sheet, width);

	if (is_made && sheet.fields > 0)
		write_rows(out, &sheet, color);
	else if (is_made)
		write_verified(out, report->summary);
	release_sheet(&sheet);
	return is_made ? 0 : KB_E_NOMEM;
}

size_t bench_table_lines(const struct bench_report *report)
{
	return report->count + 1;
}

/* A field of Markdown: a bar would end it. */
static void write_mark(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

int bench_table_markdown(FILE *out, const struct bench_report *report)
{
	struct sheet sheet = { .report = report };
	const bool is_made = make_sheet(&sheet, BENCH_TABLE_COLUMNS);
	char number[BENCH_TEXT_SIZE];

	bench_table_title(out, report);
	fprintf(out, "\n");
	if (is_made) {
		fprintf(out, "| allocator |");
		for (size_t k = 0; k < sheet.fields; k++)
			fprintf(out, " %s |", sheet.heading[k]);
		fprintf(out, "\n|:--|");
		for (size_t k = 0; k < sheet.fields; k++)
			fprintf(out, "--:|");
		for (size_t i = 0; i < sheet.rows; i++) {
			fprintf(out, "\n| ");
			write_mark(out, sheet.row[i].s->cell->spec.name);
			for (size_t k = 0; k < sheet.fields; k++)
				fprintf(out, " | %s", sheet.row[i].text[k]);
			fprintf(out, " |");
		}
		fprintf(out, "\n");
		if (sheet.harness)
			fprintf(out, "\nThe harness alone takes %s ns/event.\n",
				bench_format_number(
					number,
					sheet.harness->throughput.ns.median));
	}
	release_sheet(&sheet);
	return is_made ? 0 : KB_E_NOMEM;
}
