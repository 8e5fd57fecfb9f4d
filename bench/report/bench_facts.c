#include "bench_format.h"
#include "bench_report.h"
#include "bench_settings.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <string.h>

/* Above this share of an allocator's time the harness itself must be told. */
#define NULL_SHARE_TOLD 0.20

/* The other order is told of if it saves at least this factor of nodes. */
#define ORDER_TOLD 1.1

/* The seed heap's, with the heap's default options; NULL if it did not run. */
static const struct bench_cell_summary *seed_of(const struct bench_report *r)
{
	return bench_summary_find(r->summary, "kheap");
}

/* The one of this name if its time is of the whole trace, else NULL. */
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
		fprintf(out, "; half of its lookups take more than %s",
			bench_format_ns(text, p50.ns));
	else if (p50.state == BENCH_FIGURE_BELOW_FLOOR)
		fprintf(out, "; half of its lookups take less than the clock "
			     "can tell");
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
		"- To find one cluster by its address, kfree of kheap compares "
		"%s nodes on average and %s at worst, with at most %s live",
		bench_format_number(a, seed->steps.nodes_visited.value),
		bench_format_count(b, worst), bench_format_count(c, live));
	if (seed->has_latency[REPLAY_SERIES_lookup])
		tell_median_lookup(out,
				   seed->latency[REPLAY_SERIES_lookup].p50);
	fprintf(out, ".\n");
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
	if (head_mean <= 0 || tail_mean < ORDER_TOLD * head_mean)
		return;
	fprintf(out,
		"- Pushing new nodes at the head of their row instead of the "
		"tail leaves %s nodes a kfree: %s times fewer.\n",
		bench_format_number(a, head_mean),
		bench_format_number(b, tail_mean / head_mean));
}

static void tell_ratio(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *seed = whole_of(r, "kheap");
	const struct bench_cell_summary *map =
		whole_of(r, "kheap:lookup=pagemap");
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!seed)
		return;
	bench_format_ns(b, seed->throughput.ns.median);
	if (map)
		fprintf(out,
			"- With a page map for its lookup the same heap takes "
			"%s an event instead of %s",
			bench_format_ns(a, map->throughput.ns.median), b);
	else
		fprintf(out, "- kheap takes %s an event", b);
	if (seed->ratio.known)
		fprintf(out, "; kheap is %s times as slow as " BENCH_BASELINE,
			bench_format_number(a, seed->ratio.value));
	fprintf(out, ".\n");
}

static void tell_ideal(FILE *out, const struct bench_report *r)
{
	const struct bench_ideal *ideal =
		r->analysis ? &r->analysis->ideal : NULL;
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!ideal || ideal->requested.peak == 0)
		return;
	fprintf(out,
		"- At most %s are asked for at once; the recorded kernel spent "
		"at most %s on them. In whole pages they take at least ",
		bench_format_bytes(a, (double)ideal->requested.peak),
		bench_format_bytes(b, (double)ideal->kernel.peak));
	fprintf(out, "%s", bench_format_bytes(a, (double)ideal->pages.peak));
	if (!ideal->has_packing)
		fprintf(out, "; the trace is too long or its objects are too "
			     "large to be packed offline.\n");
	else
		fprintf(out, ", and packed offline by %s %s.\n",
			ideal->packing.order,
			bench_format_bytes(b, (double)BENCH_PAGE *
						      ideal->packing.height));
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
		"- At its peak %s maps the least, %s times what is asked for "
		"at most, and %s the most, %s times.\n",
		least->cell->spec.name,
		bench_format_number(a, least->mapped_ratio.value),
		most->cell->spec.name,
		bench_format_number(b, most->mapped_ratio.value));
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
			"- %s could not serve %s allocations, the first at "
			"event %s: its window is too small for this trace "
			"(see --heap-pages).\n",
			cell->spec.name, bench_format_count(a, failed),
			bench_format_count(b, first));
	}
}

/* What was measured of a trace whose searches are too long for the budget, and
 * what the interval is then worth. */
static void tell_sampling(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE], c[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_throughput *t =
			&r->summary->cell[i].throughput;
		const struct bench_cell *cell = &r->cells[i];

		if (!t->sampled)
			continue;
		fprintf(out,
			"- %s was sampled, since one replay of the whole trace "
			"takes longer than its budget: %s windows of %s events "
			"were timed in %zu runs, and the rest of the %s events "
			"was gone through without searching; ",
			cell->spec.name, bench_format_count(a, t->windows),
			bench_format_count(b, cell->sampling.window),
			cell->epochs,
			bench_format_count(c, r->trace->counts.events));
		if (t->interval_of_windows)
			fprintf(out, "its interval is that of the windows' "
				     "mean, taken for normal.\n");
		else if (t->ns.has_interval)
			fprintf(out, "each run drew its windows anew, and the "
				     "interval is that of the runs' "
				     "median.\n");
		else
			fprintf(out, "too few for an interval.\n");
		if (cell->latency)
			fprintf(out,
				"- Single frees of %s were timed on the way "
				"through it in the same manner, with %s events "
				"run for real before each.\n",
				cell->spec.name,
				bench_format_count(a, cell->sampling.warm));
	}
}

/* A search that takes minutes is verified at some of the frees. */
static void tell_searches(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	for (size_t i = 0; i < r->count; i++) {
		const struct replay_verify_result *v = r->cells[i].verify;

		if (!v || v->searches == v->finds)
			continue;
		fprintf(out,
			"- Every event of %s was verified, but its own search "
			"was made for %s of %s clusters only: it is long.\n",
			r->cells[i].spec.name,
			bench_format_count(a, v->searches),
			bench_format_count(b, v->finds));
	}
}

static void tell_null_share(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *null = whole_of(r, BENCH_HARNESS);
	const char *separator = "";
	char a[BENCH_TEXT_SIZE];

	if (!null)
		return;
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell_summary *s = &r->summary->cell[i];

		if (s == null || !s->whole ||
		    s->harness_share.value < NULL_SHARE_TOLD)
			continue;
		fprintf(out, "%s%s %.0f %%",
			*separator ? separator
				   : "- The harness's own share (null) is over "
				     "20 % of: ",
			s->cell->spec.name, 100 * s->harness_share.value);
		separator = ", ";
	}
	if (*separator)
		fprintf(out, "; null is %s an event.\n",
			bench_format_ns(a, null->throughput.ns.median));
}

/* What the steps of the seed's kfree cost, and how well that tells its time. */
static void tell_model(FILE *out, const struct bench_report *r)
{
	const struct bench_cell_summary *seed = seed_of(r);
	const struct bench_model *m;

	if (!seed || !seed->has_kfree_model)
		return;
	m = &seed->kfree_model;
	fprintf(out,
		"- The counters explain %.1f %% of what the times of single "
		"kfrees of kheap vary (%zu samples, %zu left out): ",
		100 * m->fit.r2, m->samples, m->left_out);
	for (size_t i = 0, n = 0; i < BENCH_MODEL_COLUMNS; i++)
		if (m->fit.used[i])
			fprintf(out, "%s%s %.3g", n++ ? ", " : "",
				bench_model_columns[i], m->fit.factor[i]);
	fprintf(out, ".\n");
}

/* How far the times of single operations are to be believed. */
static void tell_clock(FILE *out, const struct bench_report *r)
{
	char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

	if (!(r->settings->passes & BENCH_PASS_LATENCY))
		return;
	fprintf(out,
		"- Times of single operations are service times only (closed "
		"loop), each within %s, of a lookup in a frozen state within "
		"%s; reading the clock took at most %.2f %% of a replay.\n",
		bench_format_ns(a, r->summary->error_ns),
		bench_format_ns(b, r->summary->frozen_error_ns),
		100 * r->summary->intrusion_max);
}

/* Epochs that something else ran into: they are in all figures; beside those,
 * what is left without them. */
static void tell_contamination(FILE *out, const struct bench_report *r)
{
	const char *separator = "- Contaminated epochs (they are in the "
				"figures): ";
	bool any = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct bench_throughput *t =
			&r->summary->cell[i].throughput;
		const struct bench_cell *cell = &r->cells[i];
		char a[BENCH_TEXT_SIZE], b[BENCH_TEXT_SIZE];

		if (t->contaminated == 0)
			continue;
		fprintf(out,
			"%s%s %zu of %zu (preempted %zu, steal %zu, faults "
			"%zu)",
			separator, cell->spec.name, t->contaminated,
			cell->epochs, t->preempted, t->stolen, t->faulted);
		if (t->clean_ns.count && !t->below_floor && !t->sampled)
			fprintf(out, ", clean %s against %s ns/event",
				bench_format_number(a, t->clean_ns.median),
				bench_format_number(b, t->ns.median));
		separator = "; ";
		any = true;
	}
	if (any)
		fprintf(out, ".\n");
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
		fprintf(out, "ended before the first timed event");
	else if (t->covered < r->trace->counts.events)
		fprintf(out,
			"ended after %s of %s events, and its figures are of "
			"those alone",
			bench_format_count(a, t->covered),
			bench_format_count(b, r->trace->counts.events));
	else if (!t->ns.has_interval)
		fprintf(out, "held %zu epochs, too few for an interval",
			cell->epochs);
	else
		return false;
	return true;
}

static void tell_partial(FILE *out, const struct bench_report *r,
			 const struct bench_cell_summary *s)
{
	fprintf(out, "- %s is partial: ", s->cell->spec.name);
	if (kb_signal) {
		fprintf(out, "it was stopped before its end.\n");
		return;
	}
	fprintf(out, "its budget of %g s ", r->settings->budget_s);
	if (!tell_throughput_cut(out, r, s))
		fprintf(out, "ended within the latency pass, whose figures "
			     "are of the events before that alone");
	fprintf(out, "; raise --budget.\n");
}

static void tell_states(FILE *out, const struct bench_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_cell *cell = &r->cells[i];

		if (cell->status < 0)
			fprintf(out, "- %s FAILED: %s.\n", cell->spec.name,
				cell->diag.text);
		else if (cell->partial)
			tell_partial(out, r, &r->summary->cell[i]);
	}
}

void bench_facts_write(FILE *out, const struct bench_report *report)
{
	tell_search(out, report);
	tell_order(out, report);
	tell_ratio(out, report);
	tell_ideal(out, report);
	tell_memory(out, report);
	tell_failures(out, report);
	tell_null_share(out, report);
	tell_model(out, report);
	tell_clock(out, report);
	tell_contamination(out, report);
	tell_sampling(out, report);
	tell_searches(out, report);
	tell_states(out, report);
	if (report->env->slow_build &&
	    (report->settings->passes &
	     (BENCH_PASS_THROUGHPUT | BENCH_PASS_LATENCY)))
		fprintf(out, "- This is a debug build: its times say "
			     "nothing.\n");
}
