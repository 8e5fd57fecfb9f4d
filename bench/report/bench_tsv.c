#include "bench_report.h"
#include "kb_escape.h"
#include "kb_out.h"

#include "alloc.h"
#include "kb_bits.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points of a latency curve: quantiles 1 - 10^(-i / CURVE_PER_DECADE). */
#define CURVE_PER_DECADE 40

struct tsv;

/* One of the files, and whose results it holds (enum bench_pass, or-ed). */
struct tsv_file {
	unsigned passes;
	const char *name;
	void (*write)(struct tsv *t);
};

/* One file being written. */
struct tsv {
	const struct bench_report *report;
	const struct tsv_file *file;
	FILE *f;
};

/* Ends a block: gnuplot's `index` counts blocks separated by two blank
 * lines. */
static void end_block(struct tsv *t)
{
	fprintf(t->f, "\n\n");
}

static void write_or_missing(struct tsv *t, bool is_number, double x)
{
	if (is_number)
		fprintf(t->f, "\t%.6g", x);
	else
		fprintf(t->f, "\t?");
}

static void write_meta_text(struct tsv *t, const char *key, const char *text)
{
	fprintf(t->f, "%s\t", key);
	kb_escape_tsv(t->f, text);
	fputc('\n', t->f);
}

/* Whether a cell lacks this file's data, or has only part of it. */
static bool is_partial(const struct tsv *t)
{
	const struct bench_report *r = t->report;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];

		if (cell->partial &&
		    (!(t->file->passes & BENCH_PASS_COUNT) || !cell->count))
			return true;
	}
	return false;
}

/* Block 0 begins: the pictures' titles. */
static void write_titles(struct tsv *t, const char *title)
{
	const struct bench_report *r = t->report;
	const struct bench_run_summary *s = r->summary;

	write_meta_text(t, "title", title);
	write_meta_text(t, "trace", r->trace->file);
	fprintf(t->f, "events\t%" PRIu64 "\n", r->trace->counts.events);
	fprintf(t->f, "objects\t%" PRIu64 "\n", r->trace->counts.objects);
	write_meta_text(t, "revision", r->env->revision);
	write_meta_text(t, "machine", r->env->cpu_model);
	fprintf(t->f, "floor_ns\t%.3f\n", s->floor_ns);
	if (s->harness_ns.known)
		fprintf(t->f, "null_ns\t%.4g\n", s->harness_ns.value);
	if (is_partial(t))
		fprintf(t->f, "partial\t1\n");
}

static void end_meta(struct tsv *t, size_t series)
{
	fprintf(t->f, "series\t%zu\n", series);
	end_block(t);
}

/* Block 0, of a file whose series are no allocators. */
static void write_meta(struct tsv *t, const char *title, size_t series)
{
	write_titles(t, title);
	end_meta(t, series);
}

/* Whether a file has a series of an allocator. */
typedef bool (*wanted_fn)(const struct bench_cell_summary *s);

/* Which of the run's allocators the series are, after `others`. Returns how many they
 * are together. */
static size_t write_colors(struct tsv *t, size_t others, wanted_fn wanted)
{
	const struct bench_run_summary *s = t->report->summary;
	size_t n = 0;

	fputs("colors\t", t->f);
	for (; n < others; n++)
		fprintf(t->f, "%s0", n ? " " : "");
	for (size_t i = 0; i < s->count; i++)
		if (wanted(&s->cell[i]))
			fprintf(t->f, "%s%zu", n++ ? " " : "", i + 1);
	fputc('\n', t->f);
	return n;
}

/* Block 0, of a file with a series per allocator, after `others`. */
static void write_meta_of(struct tsv *t, const char *title, size_t others,
			  wanted_fn wanted)
{
	write_titles(t, title);
	end_meta(t, write_colors(t, others, wanted));
}

/* The distribution to show for a cell: its lookups if it has any. */
static const struct replay_series *cost_series(const struct bench_cell *cell,
					       bool *is_lookup)
{
	const struct replay_series *series;

	if (!cell->latency)
		return NULL;
	series = cell->latency->series;
	*is_lookup = series[REPLAY_SERIES_lookup].plain.count > 0;
	if (*is_lookup)
		return &series[REPLAY_SERIES_lookup];
	return series[REPLAY_SERIES_kfree].plain.count
		       ? &series[REPLAY_SERIES_kfree]
		       : NULL;
}

static bool has_cost(const struct bench_cell_summary *s)
{
	bool lookup;

	return cost_series(s->cell, &lookup) != NULL;
}

/* `samples` are those at or above the quantile, unweighted. */
static void write_cost_point(struct tsv *t, const struct replay_series *series,
			     double q)
{
	const struct replay_clock *clock = t->report->clock;
	uint64_t value =
		replay_hist_quantile(&series->weighted, q > 0 ? q : 1e-9);
	double ns = replay_clock_ns(clock, value);
	double samples = (1 - q) * (double)series->plain.count;
	uint64_t above = replay_hist_above(&series->plain, value);

	fprintf(t->f, "%.9g", q);
	write_or_missing(t, ns >= t->report->summary->floor_ns, ns);
	fprintf(t->f, "\t%.0f\n", fmax(fmax(samples, (double)above), 1));
}

static void write_cost_curve(struct tsv *t, const struct replay_series *series)
{
	double count = (double)series->plain.count;
	double beyond = 1;

	for (int i = 1; beyond * count >= 1; i++) {
		write_cost_point(t, series, 1 - beyond);
		beyond = pow(10, -(double)i / CURVE_PER_DECADE);
	}
	/* The end of the curve: the slowest sample. */
	write_cost_point(t, series, 1);
}

static void write_lookup_cost(struct tsv *t)
{
	const struct bench_report *r = t->report;
	bool lookup;

	write_meta_of(t, "Lookup latency", 0, has_cost);
	for (size_t i = 0; i < r->count; i++) {
		const struct replay_series *series =
			cost_series(&r->cells[i], &lookup);

		if (!series)
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		fprintf(t->f, " %s\tns\tsamples\n",
			lookup ? "lookup" : "kfree");
		write_cost_curve(t, series);
		end_block(t);
	}
}

static bool has_lookups(const struct bench_cell_summary *s)
{
	const struct replay_exact *exact = s->cell->exact;

	return exact && exact->of[REPLAY_EXACT_nodes].lookups > 0;
}

static bool has_window(const struct bench_cell_summary *s)
{
	return s->cell->count && s->cell->count->has_gauge;
}

/* The share of lookups that compare at least n nodes: exact, but thinned out to
 * one row per bucket of a histogram, at the lowest number in the bucket that
 * occurs. */
static void write_nodes_curve(struct tsv *t, const struct replay_tally *tally)
{
	const double lookups = (double)tally->lookups;
	uint64_t below = 0;
	size_t last = SIZE_MAX;

	for (uint32_t n = 0; n <= tally->max; n++) {
		const size_t bucket = replay_hist_bucket_of(n);

		if (tally->at[n] == 0)
			continue;
		/* The curve ends at the worst lookup. */
		if (bucket != last || n == tally->max)
			fprintf(t->f, "%" PRIu32 "\t%.9g\n", n,
				1 - (double)below / lookups);
		last = bucket;
		below += tally->at[n];
	}
}

static void write_lookup_nodes(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_meta_of(t, "Nodes compared per lookup", 0, has_lookups);
	for (size_t i = 0; i < r->count; i++) {
		if (!has_lookups(&r->summary->cell[i]))
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		fprintf(t->f, "\tshare\n");
		write_nodes_curve(t,
				  &r->cells[i].exact->of[REPLAY_EXACT_nodes]);
		end_block(t);
	}
}

static void write_tally(struct tsv *t, const struct bench_cell *cell,
			enum replay_exact_kind kind)
{
	const struct replay_tally *tally = &cell->exact->of[kind];

	if (tally->lookups == 0)
		return;
	kb_escape_tsv(t->f, cell->spec.name);
	fprintf(t->f, " %s\tlookups\n", replay_exact_name(kind));
	for (uint32_t n = 0; n <= tally->max; n++)
		if (tally->at[n] > 0)
			fprintf(t->f, "%" PRIu32 "\t%" PRIu64 "\n", n,
				tally->at[n]);
	end_block(t);
}

static void write_row_tally(struct tsv *t, const struct bench_cell *cell)
{
	const struct replay_exact *exact = cell->exact;

	if (exact->rows == 0)
		return;
	kb_escape_tsv(t->f, cell->spec.name);
	fprintf(t->f, " row\tlookups\tnodes\n");
	for (uint32_t row = 0; row < exact->rows; row++)
		if (exact->row_lookups[row] > 0)
			fprintf(t->f, "%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\n",
				row, exact->row_lookups[row],
				exact->row_nodes[row]);
	end_block(t);
}

static size_t count_tallies(const struct bench_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!has_lookups(&r->summary->cell[i]))
			continue;
		for (unsigned k = 0; k < REPLAY_EXACT_COUNT; k++)
			n += r->cells[i].exact->of[k].lookups > 0;
		n += r->cells[i].exact->rows > 0;
	}
	return n;
}

static void write_lookup_histograms(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_meta(t, "Steps per lookup", count_tallies(r));
	for (size_t i = 0; i < r->count; i++) {
		if (!has_lookups(&r->summary->cell[i]))
			continue;
		for (unsigned k = 0; k < REPLAY_EXACT_COUNT; k++)
			write_tally(t, &r->cells[i], (enum replay_exact_kind)k);
		write_row_tally(t, &r->cells[i]);
	}
}

static void write_timeline(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_meta_of(t, "Lookups over the trace", 0, has_lookups);
	for (size_t i = 0; i < r->count; i++) {
		const struct replay_count_result *c = r->cells[i].count;

		if (!has_lookups(&r->summary->cell[i]))
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		fprintf(t->f, "\tlive\tmean\tmax\n");
		for (uint32_t b = 0; b < c->bins; b++) {
			const struct replay_bin *bin = &c->bin[b];
			bool any = bin->lookups > 0;

			fprintf(t->f, "%" PRIu64 "\t%" PRIu64, bin->event,
				bin->live);
			write_or_missing(t, any,
					 any ? (double)bin->nodes_visited /
							 (double)bin->lookups
					     : 0);
			write_or_missing(t, any,
					 (double)bin->nodes_visited_max);
			fprintf(t->f, "\n");
		}
		end_block(t);
	}
}

static bool has_time(const struct bench_cell_summary *s)
{
	return s->has_throughput;
}

/* One series, whose rows are the allocators. */
static void write_throughput(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_titles(t, "Time per event, by allocator");
	write_colors(t, 0, has_time);
	end_meta(t, 1);
	fprintf(t->f, "allocator\tns\tlow\thigh\tepochs\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_throughput *x =
			&r->summary->cell[i].throughput;
		const bool has_interval = x->ns.has_interval && !x->below_floor;

		if (!r->summary->cell[i].has_throughput)
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		write_or_missing(t, !x->below_floor, x->ns.median);
		write_or_missing(t, has_interval, x->ns.low);
		write_or_missing(t, has_interval, x->ns.high);
		fprintf(t->f, "\t%zu\n", x->ns.count);
	}
	end_block(t);
}

static bool is_repeated(const struct bench_cell_summary *s)
{
	return s->throughput.repeats > 1;
}

static void write_warm_up(struct tsv *t)
{
	const struct bench_run_summary *s = t->report->summary;

	write_meta_of(t, "Time per event, by replay", 0, is_repeated);
	for (size_t i = 0; i < s->count; i++) {
		const struct bench_throughput *x = &s->cell[i].throughput;

		if (!is_repeated(&s->cell[i]))
			continue;
		kb_escape_tsv(t->f, s->cell[i].cell->spec.name);
		fprintf(t->f, "\tns\n");
		for (uint32_t k = 0; k < x->repeats; k++) {
			fprintf(t->f, "%" PRIu32, k + 1);
			write_or_missing(t, x->curve[k] >= x->floor_ns,
					 x->curve[k]);
			fprintf(t->f, "\n");
		}
		end_block(t);
	}
}

static void write_heap_window(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_meta_of(t, "Heap window over the trace", 0, has_window);
	for (size_t i = 0; i < r->count; i++) {
		const struct replay_count_result *c = r->cells[i].count;

		if (!has_window(&r->summary->cell[i]))
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		fprintf(t->f, "\tpages\tlive_bytes\tfree_pages\tlongest\n");
		for (uint32_t b = 0; b < c->bins; b++)
			fprintf(t->f,
				"%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
				"\t%" PRIu64 "\t%" PRIu64 "\n",
				c->bin[b].event, c->bin[b].pages_live,
				c->bin[b].live_bytes, c->bin[b].free_pages,
				c->bin[b].longest_free_run);
		end_block(t);
	}
}

static bool has_memory(const struct bench_cell_summary *s)
{
	return s->cell->count != NULL;
}

static void write_bytes(struct tsv *t, uint64_t bytes)
{
	if (bytes == ALLOC_UNKNOWN)
		fprintf(t->f, "\t?");
	else
		fprintf(t->f, "\t%" PRIu64, bytes);
}

/* The first series: what the trace itself needs. */
static void write_ideal(struct tsv *t)
{
	const struct bench_ideal *ideal = &t->report->analysis->ideal;

	fprintf(t->f, "the trace\trequested\tkernel\tpages\tpacked\n");
	for (uint32_t b = 0; b < ideal->bins; b++) {
		const struct bench_ideal_bin *bin = &ideal->bin[b];

		fprintf(t->f, "%" PRIu64, bin->event);
		write_bytes(t, bin->requested);
		write_bytes(t, bin->kernel);
		write_bytes(t, bin->pages);
		write_bytes(t,
			    ideal->has_packing ? bin->packed : ALLOC_UNKNOWN);
		fprintf(t->f, "\n");
	}
	end_block(t);
}

static void write_memory(struct tsv *t)
{
	const struct bench_report *r = t->report;

	write_meta_of(t, "Memory over the trace", 1, has_memory);
	write_ideal(t);
	for (size_t i = 0; i < r->count; i++) {
		const struct replay_count_result *c = r->cells[i].count;

		if (!has_memory(&r->summary->cell[i]))
			continue;
		kb_escape_tsv(t->f, r->cells[i].spec.name);
		fprintf(t->f, "\trequested\tgranted\tmapped\tresident"
			      "\tmetadata\tlargest\n");
		for (uint32_t b = 0; b < c->bins; b++) {
			fprintf(t->f, "%" PRIu64, c->bin[b].event);
			write_bytes(t, c->bin[b].live_bytes);
			write_bytes(t, c->bin[b].granted);
			write_bytes(t, c->bin[b].mapped);
			write_bytes(t, c->bin[b].resident);
			write_bytes(t, c->bin[b].metadata);
			write_bytes(t, c->bin[b].largest);
			fprintf(t->f, "\n");
		}
		end_block(t);
	}
}

static void write_sizes(struct tsv *t)
{
	const struct bench_profile *p = &t->report->analysis->profile;

	write_meta(t, "Sizes and lifetimes", 2);
	fprintf(t->f, "sizes\tobjects\tbytes\n");
	for (unsigned k = 0; k < BENCH_PROFILE_POWERS; k++)
		if (p->size_objects[k])
			fprintf(t->f, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
				UINT64_C(1) << k, p->size_objects[k],
				p->size_bytes[k]);
	end_block(t);
	fprintf(t->f, "lifetimes\tobjects\n");
	for (unsigned k = 0; k < BENCH_PROFILE_POWERS; k++)
		if (p->life_objects[k])
			fprintf(t->f, "%" PRIu64 "\t%" PRIu64 "\n",
				UINT64_C(1) << k, p->life_objects[k]);
	if (p->live_at_end)
		fprintf(t->f, "?\t%" PRIu64 "\n", p->live_at_end);
	end_block(t);
}

static void write_row_group(struct tsv *t, unsigned group)
{
	uint64_t first = bench_profile_group_first(group);
	uint64_t last = bench_profile_group_last(group);
	const struct bench_profile *p = &t->report->analysis->profile;

	if (first == last)
		fprintf(t->f, "row %" PRIu64 "\tlive\n", first - 1);
	else
		fprintf(t->f, "rows %" PRIu64 " to %" PRIu64 "\tlive\n",
			first - 1, last - 1);
	for (uint32_t b = 0; b < p->bins; b++)
		fprintf(t->f, "%" PRIu64 "\t%" PRIu64 "\n", p->bin[b].event,
			p->bin[b].live[group]);
	end_block(t);
}

static void write_rows(struct tsv *t)
{
	const struct bench_profile *p = &t->report->analysis->profile;
	size_t series = 0;

	for (unsigned g = 0; g < BENCH_PROFILE_GROUPS; g++)
		series += p->group_most[g] > 0;
	write_meta(t, "Live clusters per row over the trace", series);
	for (unsigned g = 0; g < BENCH_PROFILE_GROUPS; g++)
		if (p->group_most[g] > 0)
			write_row_group(t, g);
}

/* The periods in which a range of addresses keeps its color in one map; for one
 * key, or for all. */
static void write_map_runs(struct tsv *t, enum bench_map_kind kind,
			   uint32_t address, uint8_t only)
{
	const struct bench_map *m = &t->report->analysis->map;
	uint64_t first = address * m->bin_pages;
	uint64_t pages = kb_min(m->bin_pages, m->pages - first);
	uint64_t from = 0;

	for (uint32_t b = 0; b < m->bins; b++) {
		uint8_t key = m->bin[b].cell[kind][address];
		bool ends = b + 1 == m->bins ||
			    m->bin[b + 1].cell[kind][address] != key;

		if (!ends)
			continue;
		if (key != BENCH_MAP_NOTHING &&
		    (only == BENCH_MAP_NOTHING || key == only)) {
			fprintf(t->f,
				"%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
				"\t%" PRIu64,
				first, pages, from, m->bin[b].event);
			if (kind == BENCH_MAP_AGE)
				fprintf(t->f, "\t%" PRIu64, UINT64_C(1) << key);
			if (kind == BENCH_MAP_ROW)
				fprintf(t->f, "\t%" PRIu64,
					bench_profile_group_first(key));
			fputc('\n', t->f);
		}
		from = m->bin[b].event;
	}
}

static void write_map_block(struct tsv *t, const char *label,
			    enum bench_map_kind kind, uint8_t only)
{
	kb_escape_tsv(t->f, label);
	fprintf(t->f, "\tpages\tfrom\tto%s\n",
		kind == BENCH_MAP_AGE	? "\tevents"
		: kind == BENCH_MAP_ROW ? "\tsize"
					: "");
	for (uint32_t a = 0; a < t->report->analysis->map.addresses; a++)
		write_map_runs(t, kind, a, only);
	end_block(t);
}

static void write_address_map(struct tsv *t)
{
	const struct bench_analysis *analysis = t->report->analysis;
	const struct bench_map *m = &analysis->map;
	char title[64 + ALLOC_NAME_SIZE] = "Heap window: address over time";

	if (!analysis->has_map) {
		write_meta(t, title, 0);
		return;
	}
	snprintf(title, sizeof(title), "Heap window of %s: address over time",
		 analysis->map_alloc);
	write_meta(t, title, 2 + (m->has_sites ? m->sites + 1 : 0));
	write_map_block(t, "age", BENCH_MAP_AGE, BENCH_MAP_NOTHING);
	write_map_block(t, "row", BENCH_MAP_ROW, BENCH_MAP_NOTHING);
	for (uint32_t i = 0; i < m->sites; i++)
		write_map_block(t, m->site[i], BENCH_MAP_SITE, (uint8_t)i);
	if (m->has_sites)
		write_map_block(t, "all other sites", BENCH_MAP_SITE,
				BENCH_MAP_SITES);
}

static bool has_model(const struct bench_cell_summary *s)
{
	return s->has_kfree_model;
}

static void write_cost_model(struct tsv *t)
{
	const struct bench_run_summary *s = t->report->summary;

	write_meta_of(t, "kfree latency predicted from counters", 0, has_model);
	for (size_t i = 0; i < s->count; i++) {
		const struct bench_model *model = &s->cell[i].kfree_model;

		if (!has_model(&s->cell[i]))
			continue;
		kb_escape_tsv(t->f, s->cell[i].cell->spec.name);
		fprintf(t->f, " (R² %.3f)\tmeasured\n", model->fit.r2);
		for (size_t k = 0; k < model->points; k++) {
			const struct bench_model_point *p = &model->point[k];

			fprintf(t->f, "%.6g", p->predicted);
			write_or_missing(t, p->measured >= s->floor_ns,
					 p->measured);
			fprintf(t->f, "\n");
		}
		end_block(t);
	}
}

static void write_file(FILE *f, const void *user)
{
	struct tsv t = *(const struct tsv *)user;

	t.f = f;
	t.file->write(&t);
}

int bench_tsv_write(const struct bench_report *report, const char *folder,
		    struct kb_diag *diag)
{
	static const struct tsv_file files[] = {
		{ BENCH_PASS_LATENCY, "lookup-cost.tsv", write_lookup_cost },
		{ BENCH_PASS_LATENCY, "cost-model.tsv", write_cost_model },
		{ BENCH_PASS_COUNT, "lookup-nodes.tsv", write_lookup_nodes },
		{ BENCH_PASS_COUNT, "lookup-histograms.tsv",
		  write_lookup_histograms },
		{ BENCH_PASS_COUNT, "timeline.tsv", write_timeline },
		{ BENCH_PASS_THROUGHPUT, "throughput.tsv", write_throughput },
		{ BENCH_PASS_THROUGHPUT, "warm-up.tsv", write_warm_up },
		{ BENCH_PASS_COUNT, "heap-window.tsv", write_heap_window },
		{ BENCH_PASS_COUNT, "address-map.tsv", write_address_map },
		{ BENCH_PASS_COUNT, "memory.tsv", write_memory },
		{ BENCH_PASS_COUNT, "rows.tsv", write_rows },
		{ BENCH_PASS_COUNT, "sizes.tsv", write_sizes },
	};
	struct tsv t = { .report = report };
	int err = 0;

	for (size_t i = 0; i < KB_ARRAY_LEN(files) && err == 0; i++) {
		t.file = &files[i];
		/* A map that a signal cut short would look empty. */
		if (!(report->settings->passes & files[i].passes) ||
		    (files[i].write == write_address_map && kb_signal &&
		     !report->analysis->has_map))
			continue;
		err = kb_out_write(folder, files[i].name, write_file, &t, diag);
	}
	return err;
}
