#include "bench_sweep_pool.h"

#include "bench_stats.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

static int add_epochs(struct bench_sweep_pool *pool, const json_t *epochs,
		      struct kb_diag *diag)
{
	size_t more = json_array_size(epochs), i;
	const json_t *value;
	double *grown;

	if (more == 0)
		return 0;
	grown = reallocarray(pool->epoch, pool->epochs + more, sizeof(*grown));
	if (!grown)
		return no_memory(diag);
	pool->epoch = grown;
	json_array_foreach(epochs, i, value)
		if (json_is_number(value))
			grown[pool->epochs++] = json_number_value(value);
	return 0;
}

/* Adds one bin; bins stay in rising order of their ticks. */
static int add_bin(struct bench_sweep_histogram *h,
		   const struct bench_sweep_bin *bin, struct kb_diag *diag)
{
	struct bench_sweep_bin *grown;
	size_t at = h->count;

	while (at > 0 && h->bin[at - 1].ticks > bin->ticks)
		at--;
	if (at > 0 && h->bin[at - 1].ticks == bin->ticks) {
		h->bin[at - 1].samples += bin->samples;
		h->bin[at - 1].weight += bin->weight;
		return 0;
	}
	grown = reallocarray(h->bin, h->count + 1, sizeof(*grown));
	if (!grown)
		return no_memory(diag);
	memmove(grown + at + 1, grown + at, (h->count - at) * sizeof(*grown));
	grown[at] = *bin;
	h->bin = grown;
	h->count++;
	return 0;
}

/* Adds a histogram as results have it: "ticks:samples:weight ticks:…". */
static int add_histogram(struct bench_sweep_histogram *h, const json_t *figures,
			 struct kb_diag *diag)
{
	const char *at =
		json_string_value(json_object_get(figures, "histogram_ticks"));
	struct bench_sweep_bin bin;
	int n, err = 0;

	while (at && err == 0 &&
	       sscanf(at, "%" SCNu64 ":%" SCNu64 ":%" SCNu64 "%n", &bin.ticks,
		      &bin.samples, &bin.weight, &n) == 3) {
		err = add_bin(h, &bin, diag);
		at += n;
	}
	return err;
}

int bench_sweep_pool_add(struct bench_sweep_pool *pool, const json_t *document,
			 struct kb_diag *diag)
{
	const json_t *context = json_object_get(document, "context");
	const json_t *cell =
		json_array_get(json_object_get(document, "results"), 0);
	const json_t *throughput = json_object_get(cell, "throughput");
	int err = add_epochs(
		pool, json_object_get(throughput, "epoch_ns_per_event"), diag);

	if (err == 0)
		err = add_histogram(&pool->kfree,
				    json_object_get(cell, "kfree_ns"), diag);
	if (err == 0)
		err = add_histogram(&pool->lookup,
				    json_object_get(cell, "lookup_ns"), diag);
	if (pool->results++ == 0)
		pool->ns_per_tick = json_number_value(json_object_get(
			json_object_get(context, "clock"), "ns_per_tick"));
	return err;
}

/* Times are written to a thousandth of a ns: the rest is noise. */
static json_t *time_json(double ns)
{
	return json_real(round(ns * 1000) / 1000);
}

/* The smallest time that at least this part of the frees do not exceed. */
static double quantile(const struct bench_sweep_histogram *h, double part)
{
	double all = 0, below = 0;

	for (size_t i = 0; i < h->count; i++)
		all += (double)h->bin[i].weight;
	for (size_t i = 0; i < h->count; i++) {
		below += (double)h->bin[i].weight;
		if (below >= part * all)
			return (double)h->bin[i].ticks;
	}
	return 0;
}

static void write_histogram(json_t *object, const char *name,
			    const struct bench_sweep_histogram *h,
			    double ns_per_tick)
{
	json_t *bins, *figures;
	uint64_t samples = 0;

	if (h->count == 0)
		return;
	bins = json_array();
	for (size_t i = 0; i < h->count; i++) {
		const struct bench_sweep_bin *b = &h->bin[i];

		samples += b->samples;
		json_array_append_new(bins,
				      json_pack("[I,I,I]", (json_int_t)b->ticks,
						(json_int_t)b->samples,
						(json_int_t)b->weight));
	}
	figures = json_pack(
		"{s:o, s:o, s:o, s:o, s:I, s:o}", "p50",
		time_json(quantile(h, 0.5) * ns_per_tick), "p99",
		time_json(quantile(h, 0.99) * ns_per_tick), "p999",
		time_json(quantile(h, 0.999) * ns_per_tick), "max",
		time_json((double)h->bin[h->count - 1].ticks * ns_per_tick),
		"samples", (json_int_t)samples, "bins_ticks", bins);
	json_object_set_new(object, name, figures);
}

void bench_sweep_pool_write(struct bench_sweep_pool *pool, json_t *object)
{
	struct bench_summary summary;

	bench_summarize(&summary, pool->epoch, pool->epochs);
	if (summary.count) {
		json_object_set_new(object, "ns_per_event",
				    time_json(summary.median));
		json_object_set_new(object, "ci_low",
				    summary.has_interval
					    ? time_json(summary.low)
					    : json_null());
		json_object_set_new(object, "ci_high",
				    summary.has_interval
					    ? time_json(summary.high)
					    : json_null());
		json_object_set_new(object, "epochs",
				    json_integer((json_int_t)summary.count));
	}
	json_object_set_new(object, "ns_per_tick",
			    json_real(pool->ns_per_tick));
	write_histogram(object, "kfree_ns", &pool->kfree, pool->ns_per_tick);
	write_histogram(object, "lookup_ns", &pool->lookup, pool->ns_per_tick);
}

void bench_sweep_pool_release(struct bench_sweep_pool *pool)
{
	free(pool->epoch);
	free(pool->kfree.bin);
	free(pool->lookup.bin);
	memset(pool, 0, sizeof(*pool));
}
