#include "bench_format.h"
#include "bench_report.h"
#include "bench_settings.h"
#include "kb_gather.h"
#include "kb_signal.h"
#include "kb_terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Harness overhead above this share of an allocator's time is reported. */
#define NULL_SHARE_TOLD 0.20

/* An interval this wide, to either side and as a share of the median, is told. */
#define SWAMPED_TOLD 0.10
/* More of them are counted, not named. */
#define SWAMPED_NAMED 3

/* A change of the heap is called a gain if it saves at least this factor. */
#define GAIN_TOLD 1.1

/* The seed heap's, with the heap's default options; NULL if it did not run. */
static const struct bench_cell_summary *seed_of(const struct bench_report *r)
{
	return bench_summary_find(r->summary, "kheap");
}

/* The cell of this name if its time covers the whole trace, else NULL. */
static const struct bench_cell_summary *whole_of(const struct bench_report *r,
						 const char *name)
{
	const struct bench_cell_summary *s =
		bench_summary_find(r->summary, name);

	return s && s->whole ? s : NULL;
}

static void tell_median_lookup(FILE *out, struct bench_figure p50)
{
	char text[BENCH_TEXT_SIZE];

	if (p50.state == BENCH_FIGURE_NUMBER)
		fprintf(out, " The median lookup takes %s.",
			bench_format_ns(text, p50.ns));
	else if (p50.state == BENCH_FIGURE_BELOW_FLOOR)
		fprintf(out, " The median lookup is below the timer's "
			     "resolution.");
}

static void tell_search(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *seed = seed_of(r);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	uint64_t worst, live;

	if (!seed || !seed->steps.nodes_visited.known ||
	    !bench_cell_counter(seed->cell, "nodes_visited_max", &worst) ||
	    !bench_cell_counter(seed->cell, "live_max", &live))
		return;
	fprintf(out,
		"- kheap's kfree searches %s list nodes on average (worst case "
		"%s, peak %s live clusters).",
		bench_format_number(a, seed->steps.nodes_visited.value),
		bench_format_count(b, worst), bench_format_count(c, live));
	if (seed->has_latency[REPLAY_SERIES_lookup])
		tell_median_lookup(out,
				   seed->latency[REPLAY_SERIES_lookup].p50);
	fprintf(out, "\n");
}

static void tell_order(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *tail = seed_of(r);
	const struct bench_cell_summary *head =
		bench_summary_find(r->summary, "kheap:order=head");
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	double tail_mean, head_mean;

	if (!tail || !head || !tail->steps.nodes_visited.known ||
	    !head->steps.nodes_visited.known)
		return;
	tail_mean = tail->steps.nodes_visited.value;
	head_mean = head->steps.nodes_visited.value;
	if (head_mean <= 0 || tail_mean < GAIN_TOLD * head_mean)
		return;
	fprintf(out,
		"- Inserting new nodes at the head of the list instead of the "
		"tail cuts the search to %s nodes per kfree, a %s× "
		"reduction.\n",
		bench_format_number(a, head_mean),
		bench_format_number(b, tail_mean / head_mean));
}

/* Whether a takes longer than b for certain: their intervals do not overlap. */
static bool is_slower(const struct bench_cell_summary *a,
		      const struct bench_cell_summary *b)
{
	const struct bench_summary *x = &a->throughput.ns;
	const struct bench_summary *y = &b->throughput.ns;

	return x->has_interval && y->has_interval && x->low > y->high;
}

static void tell_page_map(FILE *out, const struct bench_cell_summary *list,
			  const struct bench_cell_summary *map)
{
	const double list_ns = list->throughput.ns.median;
	const double map_ns = map->throughput.ns.median;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];

	bench_format_ns(a, map_ns);
	bench_format_ns(b, list_ns);
	if (is_slower(list, map) && list_ns >= GAIN_TOLD * map_ns)
		fprintf(out,
			"- A page-map lookup makes the same heap %s× faster: "
			"%s per event, down from %s.",
			bench_format_number(c, list_ns / map_ns), a, b);
	else
		fprintf(out,
			"- With a page-map lookup the same heap takes %s per "
			"event; as designed, %s.",
			a, b);
}

static void tell_ratio(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *seed = whole_of(r, "kheap");
	const struct bench_cell_summary *map =
		whole_of(r, "kheap:lookup=pagemap");
	const struct bench_cell_summary *base = whole_of(r, BENCH_BASELINE);
	char a[BENCH_TEXT_SIZE];

	if (!seed)
		return;
	if (map)
		tell_page_map(out, seed, map);
	else
		fprintf(out, "- kheap takes %s per event.",
			bench_format_ns(a, seed->throughput.ns.median));
	if (seed->ratio.known && base && is_slower(seed, base))
		fprintf(out,
			" As designed, kheap takes %s× as long "
			"as " BENCH_BASELINE ".",
			bench_format_number(a, seed->ratio.value));
	fprintf(out, "\n");
}

static void tell_ideal(FILE *out, const struct bench_report *r)
{
	const struct bench_ideal *ideal =
		r->analysis ? &r->analysis->ideal : NULL;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];

	if (!ideal || ideal->requested.peak == 0)
		return;
	fprintf(out,
		"- Peak demand is %s. The recorded kernel itself used %s for "
		"the same objects; any allocator that gives each object its "
		"own pages needs at least %s.",
		bench_format_bytes(a, (double)ideal->requested.peak),
		bench_format_bytes(b, (double)ideal->kernel.peak),
		bench_format_bytes(c, (double)ideal->pages.peak));
	if (ideal->has_packing)
		fprintf(out,
			" An offline packing in whole pages (by %s) needs "
			"%s.\n",
			ideal->packing.order,
			bench_format_bytes(a, (double)BENCH_PAGE *
						      ideal->packing.height));
	else
		fprintf(out, " The trace is too long, or its objects too "
			     "large, to pack offline.\n");
}

static void tell_memory(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *least = r->summary->maps_least;
	const struct bench_cell_summary *most = r->summary->maps_most;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!least || least == most || !least->mapped_ratio.known ||
	    !most->mapped_ratio.known)
		return;
	fprintf(out,
		"- Peak mapped memory ranges from %s× peak demand (%s) to %s× "
		"(%s).\n",
		bench_format_number(a, least->mapped_ratio.value),
		least->cell->spec.name,
		bench_format_number(b, most->mapped_ratio.value),
		most->cell->spec.name);
}

static void tell_failures(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];
		uint64_t failed, first = 0;

		if (!bench_cell_counter(cell, "failed_allocs", &failed) ||
		    failed == 0)
			continue;
		bench_cell_counter(cell, "first_failed_event", &first);
		fprintf(out,
			"- %s failed %s allocation%s at event %s: its heap "
			"window is too small for this trace. Raise "
			"--heap-pages.\n",
			cell->spec.name, bench_format_count(a, failed),
			failed == 1 ? "" : "s, the first",
			bench_format_count(b, first));
	}
}

/* If a full replay is too long for the budget: what was measured, and what the
 * interval covers. */
static void tell_sampling_of(FILE *out, const struct bench_report *r,
			     const struct bench_cell_summary *s)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	const struct bench_throughput *t = &s->throughput;
	const struct bench_cell *cell = s->cell;

	fprintf(out,
		"- %s was sampled, because a full replay would exceed its "
		"budget: %s samples of %s events were timed in %zu run%s, and "
		"the rest of the %s events was replayed without searching. ",
		cell->spec.name, bench_format_count(a, t->windows),
		bench_format_count(b, cell->sampling.window), cell->epochs,
		cell->epochs == 1 ? "" : "s",
		bench_format_count(c, r->trace->counts.events));
	if (t->interval_of_windows)
		fprintf(out, "The interval is that of the samples' mean, "
			     "assuming a normal distribution.\n");
	else if (t->ns.has_interval)
		fprintf(out, "Each run drew new samples; the interval is that "
			     "of the runs' median.\n");
	else
		fprintf(out, "There are too few for an interval.\n");
	if (cell->latency)
		fprintf(out,
			"- Single frees of %s were sampled the same way, with "
			"%s warm-up events before each sample.\n",
			cell->spec.name,
			bench_format_count(a, cell->sampling.warm));
}

/* Says only that they were sampled. */
static void tell_sampled(FILE *out, const struct bench_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->summary->cell[i].throughput.sampled)
			fprintf(out,
				"- %s was sampled: a full replay would exceed "
				"its budget.\n",
				r->cells[i].spec.name);
}

static void tell_sampling(FILE *out, const struct bench_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->summary->cell[i].throughput.sampled)
			tell_sampling_of(out, r, &r->summary->cell[i]);
}

/* Searches that would take minutes are verified for only some of the frees. */
static void tell_searches(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < r->count; i++) {
		const struct replay_verify_result *v = r->cells[i].verify;

		if (!v || v->searches == v->finds)
			continue;
		fprintf(out,
			"- Every event of %s was verified, but %s's own search "
			"was checked for only %s of %s clusters, because it "
			"is slow.\n",
			r->cells[i].spec.name, r->cells[i].spec.name,
			bench_format_count(a, v->searches),
			bench_format_count(b, v->finds));
	}
}

static void tell_null_share(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *null = whole_of(r, BENCH_HARNESS);
	bool any = false;
	char a[BENCH_TEXT_SIZE];

	if (!null)
		return;
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		if (s == null || !s->whole || !is_slower(s, null) ||
		    s->harness_share.value < NULL_SHARE_TOLD)
			continue;
		if (any)
			fprintf(out, ", ");
		else
			fprintf(out,
				"- Harness overhead (" BENCH_HARNESS
				", %s per event) exceeds %.0f%% of the time "
				"of: ",
				bench_format_ns(a, null->throughput.ns.median),
				100 * NULL_SHARE_TOLD);
		fprintf(out, "%s %.0f%%", s->cell->spec.name,
			100 * s->harness_share.value);
		any = true;
	}
	if (any)
		fprintf(out, ".\n");
}

/* What the steps of the seed's kfree cost, and how well they explain its time. The
 * constant is no step's cost; nor is a factor whose interval has 0 in it. */
static void tell_model(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *seed = seed_of(r);
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];
	const struct bench_model *m;
	size_t told = 0;

	if (!seed || !seed->has_kfree_model)
		return;
	m = &seed->kfree_model;
	fprintf(out,
		"- The exact counts explain %.0f%% of the variation in "
		"kheap's kfree time, to within %.0f%% for half of the frees",
		100 * fmax(m->fit.r2, 0), ceil(100 * m->relative_error));
	for (size_t i = 1; i < BENCH_MODEL_COLUMNS; i++)
		if (m->known[i])
			fprintf(out, "%s %s [%s, %s] per %s",
				told++ ? "," : ": about",
				bench_format_ns(a, m->fit.factor[i]),
				bench_format_number(b, m->low[i]),
				bench_format_number(c, m->high[i]),
				bench_model_steps[i]);
	fprintf(out, ".\n");
}

/* How exact the times of single operations are. */
static void tell_clock(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!(r->settings->passes & BENCH_PASS_LATENCY))
		return;
	fprintf(out,
		"- Times of single operations are service times only (closed "
		"loop), accurate to %s, frozen lookups to %s. Reading the "
		"clock took at most %.2f%% of a replay.\n",
		bench_format_ns(a, r->summary->error_ns),
		bench_format_ns(b, r->summary->frozen_error_ns),
		100 * r->summary->intrusion_max);
}

/* The disturbed runs, over all allocators. */
struct noise {
	size_t runs;
	size_t noisy;
	size_t preempted;
	size_t stolen;
	size_t faulted;

	/* The largest change of a median without them, as a share, and whose it
	 * is; NULL if nothing could be compared. */
	double change;
	const struct bench_cell_summary *most;
};

static void add_noise(struct noise *n, const struct bench_cell_summary *s)
{
	const struct bench_throughput *t = &s->throughput;
	double change;

	n->runs += s->cell->epochs;
	n->noisy += t->contaminated;
	n->preempted += t->preempted;
	n->stolen += t->stolen;
	n->faulted += t->faulted;
	if (t->contaminated == 0 || t->clean_ns.count == 0 || t->below_floor ||
	    t->sampled || t->ns.median <= 0)
		return;
	change = fabs(t->clean_ns.median / t->ns.median - 1);
	if (n->most && change <= n->change)
		return;
	n->change = change;
	n->most = s;
}

/* All figures include noisy runs; says how much that matters. results.json
 * lists the runs. */
static void tell_noise(FILE *out, const struct bench_report *r)
{
	struct noise n = { .runs = 0 };
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < r->count; i++)
		add_noise(&n, &r->summary->cell[i]);
	if (n.noisy == 0)
		return;
	fprintf(out, "- Noise: %s of %s runs ", bench_format_count(a, n.noisy),
		bench_format_count(b, n.runs));
	if (n.stolen == 0 && n.faulted == 0)
		fprintf(out, "%s preempted.", n.noisy == 1 ? "was" : "were");
	else
		fprintf(out,
			"%s disturbed (%zu preempted, %zu with stolen CPU "
			"time, %zu with extra page faults).",
			n.noisy == 1 ? "was" : "were", n.preempted, n.stolen,
			n.faulted);
	if (n.most)
		fprintf(out,
			" Excluding %s changes medians by at most %.1f%% "
			"(%s).",
			n.noisy == 1 ? "it" : "them",
			ceil(1000 * n.change) / 10, n.most->cell->spec.name);
	fprintf(out, "\n");
}

/* Half the interval of a cell's time, as a share of it; 0 if that tells enough, or
 * there is none. */
static double swamped(const struct bench_cell_summary *s)
{
	const struct bench_summary *ns = &s->throughput.ns;
	double half;

	if (!s->whole || !ns->has_interval)
		return 0;
	half = (ns->high - ns->low) / 2 / ns->median;
	return half < SWAMPED_TOLD ? 0 : half;
}

/* Figures whose interval is too wide to tell much: each, or the worst of many. */
static void tell_swamped(FILE *out, const struct bench_report *r, bool all)
{
	const struct bench_cell_summary *worst = NULL;
	const char *before = "- Noise swamps these times per event: ";
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		count += swamped(s) > 0;
		if (swamped(s) > (worst ? swamped(worst) : 0))
			worst = s;
	}
	if (count == 0)
		return;
	if (count > SWAMPED_NAMED && !all) {
		fprintf(out,
			"- Noise swamps the times per event of %zu of %zu "
			"allocators, by up to ±%.0f%% (%s). Run again on a "
			"quieter machine.\n",
			count, r->count, 100 * swamped(worst),
			worst->cell->spec.name);
		return;
	}
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		if (swamped(s) == 0)
			continue;
		fprintf(out, "%s%s ±%.0f%%", before, s->cell->spec.name,
			100 * swamped(s));
		before = ", ";
	}
	fprintf(out, ". Run again on a quieter machine.\n");
}

/* Traces that are replayed once, and what that means. */
static void tell_repeats(FILE *out, const struct bench_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_throughput *t =
			&r->summary->cell[i].throughput;

		if (t->repeats == 1 && !t->sampled &&
		    r->summary->cell[i].has_throughput)
			fprintf(out,
				"- This trace is too long to be repeated in "
				"%s within its budget: the time is that of the "
				"first replay, not of the steady state.\n",
				r->cells[i].spec.name);
	}
}

/* How the operations reached the timed loop, and what its slices cost. */
static void tell_slices(FILE *out, const struct bench_report *r)
{
	enum replay_feed_kind feed = REPLAY_FEED_WHOLE;
	double share = 0;
	bool known = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_throughput *t =
			&r->summary->cell[i].throughput;

		if (!r->summary->cell[i].has_throughput)
			continue;
		feed = t->feed;
		known |= t->entry_share.known;
		share = fmax(share, t->entry_share.value);
	}
	if (feed == REPLAY_FEED_AHEAD)
		fprintf(out, "- The trace was decoded ahead on another CPU "
			     "while it was replayed.\n");
	if (feed == REPLAY_FEED_INLINE)
		fprintf(out, "- There is one CPU, so the trace was decoded "
			     "between timed slices, which cools the caches.\n");
	if (known)
		fprintf(out,
			"- Entering timed slices took at most %.2f%% of a "
			"replay.\n",
			100 * share);
}

/* Why the throughput pass is partial; false if it is not. */
static bool tell_throughput_cut(FILE *out, const struct bench_report *r,
				const struct bench_cell_summary *s)
{
	const struct bench_throughput *t = &s->throughput;
	const struct bench_cell *cell = s->cell;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!cell->throughput_done || cell->stop != BENCH_STOP_BUDGET)
		return false;
	if (!s->has_throughput)
		fprintf(out, "ran out before the first timed event");
	else if (t->covered < r->trace->counts.events)
		fprintf(out,
			"ran out after %s of %s events, and its figures cover "
			"only those",
			bench_format_count(a, t->covered),
			bench_format_count(b, r->trace->counts.events));
	else if (!t->ns.has_interval)
		fprintf(out, "allowed %zu run%s, too few for an interval",
			cell->epochs, cell->epochs == 1 ? "" : "s");
	else
		return false;
	return true;
}

static void tell_partial(FILE *out, const struct bench_report *r,
			 const struct bench_cell_summary *s)
{
	fprintf(out, "- %s is partial: ", s->cell->spec.name);
	if (kb_signal) {
		fprintf(out, "the run was stopped early.\n");
		return;
	}
	fprintf(out, "its budget of %g s ", r->settings->budget_s);
	if (!tell_throughput_cut(out, r, s))
		fprintf(out, "ran out during the latency pass, whose figures "
			     "cover only the events before that");
	fprintf(out, ". Raise --budget.\n");
}

/* How many allocators ran out of their budget. */
static size_t count_partial(const struct bench_report *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += r->cells[i].status == 0 && r->cells[i].partial;
	return count;
}

/* After a signal that left more than one allocator partial: says so once. */
static bool tell_stop(FILE *out, const struct bench_report *r)
{
	const size_t partial = count_partial(r);

	if (!kb_signal || partial < 2)
		return false;
	fprintf(out,
		"- %zu allocators are partial: the run was stopped early.\n",
		partial);
	return true;
}

/* More than two allocators that are partial are told of in one sentence, unless all
 * is to be told. */
static bool tell_many_partial(FILE *out, const struct bench_report *r, bool all)
{
	const size_t count = count_partial(r);

	if (count <= 2 || all)
		return false;
	fprintf(out,
		"- %zu of %zu allocators are partial: a budget of %g s was too "
		"small. Raise --budget.\n",
		count, r->count, r->settings->budget_s);
	return true;
}

static void tell_states(FILE *out, const struct bench_report *r, bool all)
{
	const bool told = tell_stop(out, r) || tell_many_partial(out, r, all);

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];

		if (cell->status < 0)
			fprintf(out, "- %s FAILED: %s.\n", cell->spec.name,
				cell->diag.text);
		else if (cell->partial && !told)
			tell_partial(out, r, &r->summary->cell[i]);
	}
}

/* What most figures mean, and how they came about. */
static void tell_findings(FILE *out, const struct bench_report *report)
{
	tell_search(out, report);
	tell_order(out, report);
	tell_ratio(out, report);
	tell_ideal(out, report);
	tell_memory(out, report);
	tell_null_share(out, report);
	tell_model(out, report);
	tell_clock(out, report);
	tell_slices(out, report);
	tell_repeats(out, report);
	tell_noise(out, report);
	tell_sampling(out, report);
	tell_searches(out, report);
}

static void write_facts(FILE *out, const struct bench_report *report, bool all)
{
	if (all)
		tell_findings(out, report);
	else
		tell_sampled(out, report);
	tell_failures(out, report);
	tell_swamped(out, report, all);
	tell_states(out, report, all);
	if (report->env->slow_build &&
	    (report->settings->passes & BENCH_PASS_TIMED))
		fprintf(out, "- This is a debug build: its times are "
			     "meaningless.\n");
}

static void write_all(FILE *out, const void *report)
{
	write_facts(out, report, true);
}

static void write_short(FILE *out, const void *report)
{
	write_facts(out, report, false);
}

char *bench_facts_text(const struct bench_report *report, bool all)
{
	return kb_gather(all ? write_all : write_short, report);
}

void bench_facts_wrap(FILE *out, const struct bench_report *report, bool all,
		      size_t columns)
{
	kb_terminal_print(out, columns, all ? write_all : write_short, report);
}

static void tell_base(FILE *out, const struct bench_report *r,
		      const struct bench_cell_summary *base)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];
	uint64_t most = 0;

	if (!base->steps.nodes_visited.known)
		return;
	bench_cell_counter(base->cell, "nodes_visited_max", &most);
	fprintf(out,
		"On %s, %s's kfree compares %s nodes on average, at most %s",
		r->trace->file, base->cell->spec.name,
		bench_format_number(a, base->steps.nodes_visited.value),
		bench_format_count(b, most));
}

void bench_facts_verdict(FILE *out, const struct bench_report *report)
{
	const struct bench_cell_summary *base =
		bench_summary_base(report->summary, report->baseline);
	const struct bench_cell_summary *best =
		bench_summary_fastest(report->summary);
	const struct bench_maybe ratio = bench_summary_ratio(base, best);
	const bool counted = base->steps.nodes_visited.known;
	char a[BENCH_TEXT_SIZE];

	tell_base(out, report, base);
	if (ratio.known && best != base && is_slower(base, best))
		fprintf(out, "%s%s is %s× faster than %s.",
			counted ? "; " : "On this trace ",
			best->cell->spec.name,
			bench_format_number(a, ratio.value),
			base->cell->spec.name);
	else if (counted)
		fprintf(out, ".");
	else
		fprintf(out, "%s in %zu allocators.", report->trace->file,
			report->count);
}
