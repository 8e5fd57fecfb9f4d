#include "bench_report.h"

#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times are written to a thousandth of a ns: the rest is noise. */
static json_t *time_json(double ns)
{
	return json_real(round(ns * 1000) / 1000);
}

/* To a millionth. */
static json_t *share_json(double share)
{
	return json_real(round(share * 1e6) / 1e6);
}

/* A counter: JSON's integers are signed 64-bit here; none comes near. */
static json_t *count_json(uint64_t n)
{
	return json_integer((json_int_t)kb_min(n, INT64_MAX));
}

static json_t *counters_json(const struct replay_counters *counters)
{
	json_t *object = json_object();

	for (uint32_t i = 0; i < counters->count; i++)
		json_object_set_new(object, counters->item[i].name,
				    count_json(counters->item[i].value));
	return object;
}

static const char *stop_name(enum bench_stop stop)
{
	static const char *const names[] = {
		[BENCH_STOP_NARROW] = "interval narrow enough",
		[BENCH_STOP_EPOCHS] = "epochs",
		[BENCH_STOP_TIME] = "time",
		[BENCH_STOP_BUDGET] = "budget",
	};

	return names[stop];
}

static json_t *epochs_json(const struct bench_cell_summary *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->cell->epochs; i++)
		json_array_append_new(array, time_json(s->epoch[i].ns));
	return array;
}

/* Sets a value; omits it if it is unknown. */
static void set_time(json_t *object, const char *name, struct bench_maybe time)
{
	if (time.known)
		json_object_set_new(object, name, time_json(time.value));
}

/* Which part of the trace a sampled cell's epochs measured. */
static json_t *sampling_json(const struct bench_cell *cell,
			     const struct bench_throughput *t)
{
	const struct replay_sampling *s = &cell->sampling;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s}", "events",
			 count_json(t->covered), "windows",
			 count_json(t->windows), "window_events",
			 count_json(s->window), "warm_events",
			 count_json(s->warm), "period", count_json(s->period),
			 "interval_of",
			 t->interval_of_windows ? "mean of windows"
						: "median of epochs");
}

/* Disturbances of the epochs: how many, and each one's raw figures in the order
 * of epoch_ns_per_event; the figure of the clean ones is next to that of
 * all. */
static void set_contamination(json_t *object,
			      const struct bench_cell_summary *s)
{
	const struct bench_throughput *t = &s->throughput;
	json_t *preemptions = json_array(), *faults = json_array();
	json_t *steal = json_array(), *flags = json_array();
	const struct bench_summary *clean = &t->clean_ns;

	for (size_t i = 0; i < s->cell->epochs; i++) {
		const struct replay_time_result *epoch = &s->cell->epoch[i];
		bool hit = s->epoch[i].contamination != 0;

		json_array_append_new(preemptions,
				      count_json(epoch->preemptions));
		json_array_append_new(faults, count_json(epoch->faults));
		json_array_append_new(steal, count_json(epoch->steal_ms));
		json_array_append_new(flags, json_boolean(hit));
	}
	json_object_set_new(object, "contaminated",
			    json_pack("{s:o, s:o, s:o, s:o}", "epochs",
				      count_json(t->contaminated), "preempted",
				      count_json(t->preempted), "steal",
				      count_json(t->stolen), "faults",
				      count_json(t->faulted)));
	if (clean->count && !t->below_floor) {
		json_object_set_new(object, "clean_ns_per_event",
				    time_json(clean->median));
		json_object_set_new(object, "clean_ci_low",
				    clean->has_interval ? time_json(clean->low)
							: json_null());
		json_object_set_new(object, "clean_ci_high",
				    clean->has_interval ? time_json(clean->high)
							: json_null());
	}
	json_object_set_new(object, "epoch_contaminated", flags);
	json_object_set_new(object, "epoch_preemptions", preemptions);
	json_object_set_new(object, "epoch_faults", faults);
	json_object_set_new(object, "epoch_steal_ms", steal);
}

/* Steady time by how much was evicted before each slice. */
static json_t *pressure_json(const struct bench_throughput *t)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < REPLAY_PRESSURES; i++) {
		const struct bench_summary *ns = &t->pressed_ns[i];
		json_t *level =
			json_pack("{s:o, s:o}", "evict_kib",
				  count_json(replay_pressed_kib[i]),
				  "ns_per_event", time_json(ns->median));

		json_object_set_new(level, "ci_low",
				    ns->has_interval ? time_json(ns->low)
						     : json_null());
		json_object_set_new(level, "ci_high",
				    ns->has_interval ? time_json(ns->high)
						     : json_null());
		json_array_append_new(array, level);
	}
	return array;
}

/* An epoch's replays, one by one. */
static void set_replays(json_t *object, const struct bench_throughput *t)
{
	json_t *curve;

	json_object_set_new(object, "repeats",
			    count_json(t->sampled ? 1 : t->repeats));
	if (t->sampled)
		return;
	json_object_set_new(object, "cold_ns_per_event",
			    time_json(t->cold_ns.median));
	if (t->repeats < REPLAY_STEADY)
		return;
	json_object_set_new(object, "second_ns_per_event",
			    time_json(t->second_ns.median));
	json_object_set_new(object, "steady_from",
			    count_json(t->repeats - REPLAY_STEADY));
	curve = json_array();
	for (uint32_t i = 0; i < t->repeats; i++)
		json_array_append_new(curve, time_json(t->curve[i]));
	json_object_set_new(object, "curve", curve);
	if (t->has_pressed)
		json_object_set_new(object, "pressure", pressure_json(t));
}

static json_t *throughput_json(const struct bench_report *r,
			       const struct bench_cell_summary *s)
{
	const struct bench_throughput *t = &s->throughput;
	const bool has_interval = t->ns.has_interval && !t->below_floor;
	json_t *object;

	if (!s->has_throughput)
		return NULL;
	object = json_object();
	json_object_set_new(object, "ns_per_event",
			    t->below_floor ? json_null()
					   : time_json(t->ns.median));
	json_object_set_new(object, "ci_low",
			    has_interval ? time_json(t->ns.low) : json_null());
	json_object_set_new(object, "ci_high",
			    has_interval ? time_json(t->ns.high) : json_null());
	json_object_set_new(object, "epochs", count_json(s->cell->epochs));
	json_object_set_new(object, "best", time_json(t->ns.min));
	json_object_set_new(object, "spread", time_json(t->ns.spread));
	set_replays(object, t);
	if (s->net_ns.known)
		set_time(object, "null_ns_per_event", r->summary->harness_ns);
	set_time(object, "net_ns_per_event", s->net_ns);
	json_object_set_new(object, "floor", time_json(t->floor_ns));
	json_object_set_new(object, "events_timed", count_json(t->events));
	json_object_set_new(object, "decoded",
			    json_string(replay_feed_name(t->feed)));
	if (t->entry_share.known)
		json_object_set_new(object, "slice_entry_share",
				    share_json(t->entry_share.value));
	if (t->sampled)
		json_object_set_new(object, "sampling",
				    sampling_json(s->cell, t));
	set_contamination(object, s);
	json_object_set_new(object, "epochs_cut",
			    count_json(s->cell->epochs_cut));
	json_object_set_new(object, "stopped_by",
			    json_string(stop_name(s->cell->stop)));
	json_object_set_new(object, "epoch_ns_per_event", epochs_json(s));
	return object;
}

static void set_figure(json_t *object, const char *name, struct bench_figure f)
{
	if (f.state == BENCH_FIGURE_NUMBER)
		json_object_set_new(object, name, time_json(f.ns));
	else if (f.state == BENCH_FIGURE_BELOW_FLOOR)
		json_object_set_new(object, name, json_null());
}

struct histogram {
	const struct replay_hist *plain;

	/* NULL without weights. */
	const struct replay_hist *weighted;
};

/* A histogram as text, one word per bucket that is not empty: its lowest value
 * in ticks, its number of samples and, if they have weights, their sum. */
static void write_histogram(FILE *f, const void *user)
{
	const struct histogram *h = user;
	const char *space = "";

	for (size_t i = 0; i < REPLAY_HIST_BUCKETS; i++) {
		if (!h->plain->bucket[i])
			continue;
		fprintf(f, "%s%" PRIu64 ":%" PRIu64, space,
			replay_hist_bucket_low(i), h->plain->bucket[i]);
		if (h->weighted)
			fprintf(f, ":%" PRIu64, h->weighted->bucket[i]);
		space = " ";
	}
}

static json_t *histogram_json(const struct replay_hist *plain,
			      const struct replay_hist *weighted)
{
	const struct histogram h = { plain, weighted };

	return kb_json_written(write_histogram, &h);
}

static json_t *latency_json(const struct bench_cell_summary *s,
			    enum replay_series_id id)
{
	const struct bench_latency *f = &s->latency[id];
	const struct replay_series *series;
	json_t *object;

	if (!s->has_latency[id])
		return NULL;
	series = &s->cell->latency->series[id];
	object = json_object();
#define X(name, q) set_figure(object, #name, f->name);
	BENCH_QUANTILES(X)
#undef X
	set_figure(object, "max", f->max);
	json_object_set_new(object, "floor", time_json(f->floor_ns));
	json_object_set_new(object, "error", time_json(f->error_ns));
	json_object_set_new(object, "samples", count_json(f->samples));
	json_object_set_new(object, "preempted", count_json(f->preempted));
	json_object_set_new(object, "histogram_ticks",
			    histogram_json(&series->plain, &series->weighted));
	return object;
}

static json_t *frozen_json(const struct bench_cell_summary *s)
{
	const struct bench_frozen *f = &s->frozen;
	const struct replay_frozen *frozen;
	json_t *object;

	if (!s->has_frozen)
		return NULL;
	frozen = &s->cell->latency->frozen;
	object = json_object();
	set_figure(object, "cold", f->cold);
	set_figure(object, "warm", f->warm);
	json_object_set_new(object, "floor", time_json(f->floor_ns));
	json_object_set_new(object, "error", time_json(f->error_ns));
	json_object_set_new(object, "batch", count_json(REPLAY_FROZEN_BATCH));
	json_object_set_new(object, "places", count_json(f->places));
	json_object_set_new(object, "cold_windows",
			    count_json(f->cold_windows));
	json_object_set_new(object, "warm_windows",
			    count_json(f->warm_windows));
	json_object_set_new(object, "cold_histogram_ticks",
			    histogram_json(&frozen->cold, NULL));
	json_object_set_new(object, "warm_histogram_ticks",
			    histogram_json(&frozen->warm, NULL));
	return object;
}

/* How the samples were taken, and what that cost. */
static json_t *intrusion_json(const struct bench_cell_summary *s)
{
	const struct replay_latency_result *l = s->cell->latency;
	json_t *object = json_object();

	json_object_set_new(object, "time",
			    json_string("service time only (closed loop)"));
	json_object_set_new(object, "processes",
			    count_json(s->cell->latency_runs));
	json_object_set_new(object, "laps", count_json(l->probed.laps));
	json_object_set_new(object, "one_free_in",
			    count_json(UINT64_C(1) << l->rate_bits));
	json_object_set_new(object, "dearest_always", count_json(l->dearest));
	if (s->cell->sampling.period > 0)
		json_object_set_new(object, "events_before_a_sample",
				    count_json(s->cell->sampling.warm));
	if (s->has_intrusion)
		json_object_set_new(object, "readings_share",
				    share_json(s->intrusion.computed));
	if (s->intrusion.measured.known)
		json_object_set_new(object, "slowdown_measured",
				    share_json(s->intrusion.measured.value));
	return object;
}

/* What one step of each kind costs, as far as the samples tell: no factor whose
 * interval has 0 in it. */
static json_t *model_json(const struct bench_model *model)
{
	json_t *object = json_object();

	json_t *intervals = json_object();

	for (size_t i = 0; i < BENCH_MODEL_COLUMNS; i++) {
		if (!model->known[i])
			continue;
		json_object_set_new(object, bench_model_columns[i],
				    json_real(model->fit.factor[i]));
		json_object_set_new(
			intervals, bench_model_columns[i],
			json_pack("[f, f]", model->low[i], model->high[i]));
	}
	json_object_set_new(object, "intervals", intervals);
	json_object_set_new(object, "r2", json_real(model->fit.r2));
	json_object_set_new(object, "relative_error",
			    share_json(model->relative_error));
	json_object_set_new(object, "samples", count_json(model->samples));
	json_object_set_new(object, "left_out", count_json(model->left_out));
	return object;
}

static void set_models(json_t *object, const struct bench_cell_summary *s)
{
	json_t *models;

	if (!s->has_kfree_model && !s->has_lookup_model)
		return;
	models = json_object();
	if (s->has_kfree_model)
		json_object_set_new(models, "kfree",
				    model_json(&s->kfree_model));
	if (s->has_lookup_model)
		json_object_set_new(models, "lookup",
				    model_json(&s->lookup_model));
	json_object_set_new(object, "cost_model", models);
}

static void set_latency(json_t *object, const struct bench_cell_summary *s)
{
	json_t *series;

	if (!s->cell->latency)
		return;
#define X(name, help)                                   \
	series = latency_json(s, REPLAY_SERIES_##name); \
	if (series)                                     \
		json_object_set_new(object, #name "_ns", series);
	REPLAY_SERIES(X)
#undef X
	series = frozen_json(s);
	if (series)
		json_object_set_new(object, "frozen_lookup_ns", series);
	set_models(object, s);
	json_object_set_new(object, "latency_sampling", intrusion_json(s));
}

/* Sets a value; omits it if it is NULL. */
static void set_if(json_t *object, const char *name, json_t *value)
{
	if (value)
		json_object_set_new(object, name, value);
}

/* Lookups that take 0 steps, 1, 2 to 3, 4 to 7, …: pairs of a bin's lowest
 * number and how many there are; empty bins are omitted. */
static json_t *bins_json(const struct replay_tally *tally)
{
	json_t *array = json_array();
	uint32_t low = 0, n = 0;

	while (n <= tally->max) {
		const uint32_t end = low ? 2 * low : 1;
		uint64_t lookups = 0;

		for (; n < end && n <= tally->max; n++)
			lookups += tally->at[n];
		if (lookups > 0)
			json_array_append_new(
				array, json_pack("[o,o]", count_json(low),
						 count_json(lookups)));
		low = end;
	}
	return array;
}

/* The distribution of one kind of step over the lookups: exact quantiles. */
static json_t *tally_json(const struct replay_tally *tally,
			  const struct bench_step_quantiles *quantiles)
{
	json_t *object = json_object();

#define X(name, q) \
	json_object_set_new(object, #name, count_json(quantiles->name));
	BENCH_QUANTILES(X)
#undef X
	json_object_set_new(object, "max", count_json(tally->max));
	json_object_set_new(object, "lookups", count_json(tally->lookups));
	json_object_set_new(object, "bins", bins_json(tally));
	return object;
}

static json_t *steps_json(const struct bench_cell_summary *s)
{
	const struct replay_exact *exact = s->cell->exact;
	json_t *object;

	if (!exact || exact->of[REPLAY_EXACT_nodes].lookups == 0)
		return NULL;
	object = json_object();
	for (unsigned k = 0; k < REPLAY_EXACT_COUNT; k++)
		if (exact->of[k].lookups > 0)
			json_object_set_new(
				object,
				replay_exact_name((enum replay_exact_kind)k),
				tally_json(&exact->of[k], &s->quantiles[k]));
	return object;
}

static json_t *digest_json(const struct bench_cell *cell)
{
	char text[24];
	uint64_t digest;

	if (cell->count && cell->count->has_digest)
		digest = cell->count->digest;
	else if (cell->verify && cell->verify->has_digest)
		digest = cell->verify->digest;
	else
		return NULL;
	snprintf(text, sizeof(text), "%016" PRIx64, digest);
	return json_string(text);
}

/* Omitted if unknown. */
static void set_span(json_t *object, const char *name,
		     const struct replay_span *span)
{
	if (span->count == 0)
		return;
	json_object_set_new(object, name,
			    json_pack("{s:o, s:o, s:o, s:o, s:o}", "low",
				      count_json(span->low), "peak",
				      count_json(span->peak), "end",
				      count_json(span->end), "sum",
				      count_json(span->sum), "count",
				      count_json(span->count)));
}

static json_t *memory_json(const struct replay_memory *memory)
{
	json_t *object = json_object();

#define X(name, help) set_span(object, #name, &memory->name);
	REPLAY_MEMORY(X)
#undef X
	json_object_set_new(object, "resident_of",
			    json_string(memory->resident_is_process
						? "process"
						: "allocator"));
	return object;
}

/* The minimum that a trace needs; the same in all of its cells. */
static json_t *ideal_json(const struct bench_ideal *ideal)
{
	json_t *object = json_object();

	set_span(object, "requested", &ideal->requested);
	set_span(object, "kernel", &ideal->kernel);
	set_span(object, "pages", &ideal->pages);
	if (ideal->has_packing)
		json_object_set_new(
			object, "packing",
			json_pack("{s:o, s:s}", "bytes",
				  count_json((uint64_t)ideal->packing.height *
					     BENCH_PAGE),
				  "order", ideal->packing.order));
	return object;
}

static json_t *verdict_json(const struct bench_cell *cell)
{
	static const char *const words[] = {
		[BENCH_JUDGED_RIGHT] = "right",
		[BENCH_JUDGED_WRONG] = "wrong",
		[BENCH_JUDGED_NOT] = "not judged",
	};
	const enum bench_judgement verdict = bench_cell_judgement(cell);

	return verdict == BENCH_JUDGED_NONE ? NULL
					    : json_string(words[verdict]);
}

/* A text from an allocator that is not ours; null if it is empty. */
static json_t *foreign_json(const char *text)
{
	char clean[2 * ALLOC_FAULT_TEXT_SIZE];

	if (!text[0])
		return json_null();
	kb_escape_clean(clean, sizeof(clean), text);
	return json_string(clean);
}

/* What is not known is null. */
json_t *bench_json_failure(const struct bench_failure *f)
{
	const struct alloc_fault *fault = &f->fault;
	char address[24];

	if (!fault->kind[0])
		return NULL;
	snprintf(address, sizeof(address), "0x%08" PRIX64, fault->address);
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
		foreign_json(fault->kind), "event",
		f->has_event ? count_json(f->event) : json_null(), "call",
		foreign_json(fault->call), "size",
		fault->has_size ? count_json(fault->size) : json_null(),
		"address",
		fault->has_address ? json_string(address) : json_null(), "site",
		foreign_json(f->site), "source", foreign_json(fault->source),
		"line", fault->line ? count_json(fault->line) : json_null(),
		"message", foreign_json(fault->message), "trace",
		foreign_json(f->trace));
}

static json_t *cell_json(const struct bench_report *r,
			 const struct bench_cell_summary *s)
{
	const struct bench_cell *cell = s->cell;
	json_t *object = json_object();

	json_object_set_new(object, "trace", json_string(cell->trace->file));
	json_object_set_new(object, "trace_sha256",
			    json_string(cell->trace->sha256));
	json_object_set_new(object, "allocator", json_string(cell->spec.name));
	if (cell->status < 0)
		json_object_set_new(object, "error",
				    json_string(cell->diag.text));
	if (cell->partial)
		json_object_set_new(object, "partial", json_true());
	set_if(object, "verdict", verdict_json(cell));
	set_if(object, "failure", bench_json_failure(&cell->failure));
	if (cell->verify)
		json_object_set_new(object, "verified",
				    json_boolean(cell->verify->has_memory));
	if (cell->verify && cell->verify->searches < cell->verify->finds)
		json_object_set_new(
			object, "verified_searches",
			json_pack("{s:o, s:o}", "made",
				  count_json(cell->verify->searches), "of",
				  count_json(cell->verify->finds)));
	if (cell->count)
		json_object_set_new(object, "counters",
				    counters_json(&cell->count->counters));
	if (cell->count)
		json_object_set_new(object, "memory",
				    memory_json(&cell->count->memory));
	if (r->analysis)
		json_object_set_new(object, "ideal",
				    ideal_json(&r->analysis->ideal));
	set_if(object, "lookup_steps", steps_json(s));
	set_if(object, "throughput", throughput_json(r, s));
	set_latency(object, s);
	if (s->index_bytes.known)
		json_object_set_new(object, "lookup_bytes_per_cluster",
				    json_real(s->index_bytes.value));
	set_if(object, "digest", digest_json(cell));
	return object;
}

json_t *bench_json_results(const struct bench_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(
			array, cell_json(report, &report->summary->cell[i]));
	return array;
}

static json_t *clock_json(const struct bench_report *report)
{
	const struct replay_clock *clock = report->clock;

	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, "
		"s:o, s:o}",
		"source", clock->use_tsc ? "tsc" : "CLOCK_MONOTONIC_RAW",
		"quantum_ticks", (json_int_t)clock->quantum, "pair_low_ticks",
		(json_int_t)clock->cost.low, "pair_median_ticks",
		(json_int_t)clock->cost.median, "pair_p99_ticks",
		(json_int_t)clock->cost.high, "pair_mean_ticks",
		time_json(clock->cost.mean), "pair_in_a_row_ticks",
		time_json(clock->pair_ticks), "pair_mean_drift_ticks",
		time_json(clock->cost_drift), "recalibrations",
		(json_int_t)clock->recalibrations, "ns_per_tick",
		json_real(clock->ns_per_tick), "ns_per_tick_start",
		json_real(clock->ns_per_tick_first), "drift_ppm",
		time_json(clock->drift_ppm), "error_ns",
		time_json(report->summary->error_ns), "floor_ns",
		time_json(report->summary->floor_ns));
}

/* A library's settings, if it reports any. */
static json_t *settings_json(const struct bench_report *r)
{
	json_t *object = json_object();

	for (size_t i = 0; i < r->count; i++) {
		const struct alloc_ops *ops = r->cells[i].spec.ops;
		const char *text = ops->options ? ops->options() : NULL;

		if (text)
			json_object_set_new(object, ops->name,
					    json_string(text));
	}
	return object;
}

static json_t *versions_json(const struct bench_report *r)
{
	json_t *object = json_object();

	for (size_t i = 0; i < r->count; i++) {
		const struct alloc_ops *ops = r->cells[i].spec.ops;

		if (ops->version)
			json_object_set_new(object, ops->name,
					    json_string(ops->version()));
	}
	return object;
}

/* Allocators of the default list that this machine lacks. */
static json_t *skipped_json(const struct bench_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->skipped_count; i++)
		json_array_append_new(
			array, json_pack("{s:s, s:s}", "allocator",
					 report->skipped[i].spec.name, "reason",
					 report->skipped[i].why.text));
	return array;
}

static json_t *options_json(const struct bench_settings *settings)
{
	json_t *passes = json_array();

	for (unsigned bit = 1; bit <= BENCH_PASS_LATENCY; bit <<= 1)
		if (settings->passes & bit)
			json_array_append_new(passes,
					      json_string(bench_pass_name(
						      (enum bench_pass)bit)));
	return json_pack(
		"{s:o, s:s, s:I, s:I, s:I, s:f, s:b, s:s, s:I, s:I}", "passes",
		passes, "touch", bench_touch_name(settings->touch),
		"heap_pages", (json_int_t)settings->heap_pages, "heap_base",
		(json_int_t)settings->heap_base, "seed",
		(json_int_t)settings->seed, "budget_s", settings->budget_s,
		"quick", (int)settings->quick, "clock",
		settings->recorded_clock ? "recorded" : "real", "evict_kib",
		(json_int_t)settings->evict_kib, "evict_events",
		(json_int_t)settings->evict_events);
}

static json_t *machine_json(const struct bench_env *env)
{
	json_t *object = json_pack(
		"{s:b, s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "hypervisor",
		(int)env->hypervisor, "page_size", (json_int_t)env->page_size,
		"cache_l1d", (json_int_t)env->cache_l1d, "cache_l2",
		(json_int_t)env->cache_l2, "cache_l3",
		(json_int_t)env->cache_l3, "libc", env->libc, "glibc_tunables",
		env->glibc_tunables, "ld_preload", env->ld_preload);

#define X(name, file) \
	json_object_set_new(object, #name, json_string(env->name));
	BENCH_ENV_FILES(X)
#undef X
	return object;
}

json_t *bench_json_context(const struct bench_report *report)
{
	const struct bench_env *env = report->env;

	return json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, "
		"s:o, s:o, s:o, s:o, s:o, s:o}",
		"schema", BENCH_SCHEMA, "version", env->version, "revision",
		env->revision, "date", env->date, "compiler", env->compiler,
		"flags", env->flags, "build_type", env->build_type, "system",
		env->system, "cpu_model", env->cpu_model, "cpus",
		(json_int_t)env->cpus, "pinned_cpu",
		(json_int_t)env->pinned_cpu, "load_average",
		time_json(env->load), "clock", clock_json(report), "options",
		options_json(report->settings), "allocator_versions",
		versions_json(report), "allocator_settings",
		settings_json(report), "allocators_skipped",
		skipped_json(report), "machine", machine_json(env));
}
