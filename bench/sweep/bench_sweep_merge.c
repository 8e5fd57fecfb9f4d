#include "bench_sweep_merge.h"

#include "bench_sweep_pool.h"
#include "bench_sweep_result.h"
#include "kb_bits.h"
#include "kb_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA 1

/* Members of a cell that are the same on every machine. */
static const char *const exact[] = { "verified",     "digest",	"counters",
				     "lookup_steps", "speedup", "waits" };

/* A merged file on its way. */
struct merging {
	FILE *out;
	const struct bench_sweep_gather *gather;
	struct kb_diag *diag;

	/* Nothing of the current list is written yet. */
	bool first;
};

static int load(const struct merging *m, const struct bench_sweep_found *found,
		json_t **document)
{
	const char *folder = m->gather->folder[found->folder];
	char *path = bench_sweep_result_path(folder, found->key);
	char sha256[65];
	int err;

	if (!path)
		return kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	err = bench_sweep_result_read(document, sha256, path, found->key,
				      m->diag);
	if (err == 0 && strcmp(sha256, found->sha256) != 0) {
		json_decref(*document);
		err = kb_fail(m->diag, KB_E_CORRUPT,
			      "%s: changed while it was merged; merge again",
			      path);
	}
	free(path);
	return err;
}

/* Ends the previous item of a list. */
static void begin_item(struct merging *m)
{
	fputs(m->first ? "\n" : ",\n", m->out);
	m->first = false;
}

/* Writes an item and gives its reference away. */
static int write_item(struct merging *m, json_t *item)
{
	int err = 0;

	begin_item(m);
	if (!item || json_dumpf(item, m->out,
				JSON_COMPACT | JSON_REAL_PRECISION(12)) < 0)
		err = kb_fail(m->diag, KB_E_NOMEM, "out of memory");
	json_decref(item);
	return err;
}

static const json_t *cell_of(const json_t *document)
{
	return json_array_get(json_object_get(document, "results"), 0);
}

/* What the job was. Its label has the trace's one name. */
static json_t *describe(const struct bench_sweep_found *found,
			const json_t *document, const json_t *cell)
{
	static const char *const options[] = { "passes",     "cpus",
					       "heap_pages", "seed",
					       "budget_ms",  "build" };
	const json_t *sweep = json_object_get(document, "sweep");
	json_t *object = json_object();

	json_object_set_new(
		object, "trace",
		json_stringn(found->label, strcspn(found->label, "\t")));
	json_object_set(object, "trace_sha256",
			json_object_get(cell, "trace_sha256"));
	json_object_set(object, "allocator",
			json_object_get(cell, "allocator"));
	for (size_t i = 0; i < KB_ARRAY_LEN(options); i++)
		json_object_set(object, options[i],
				json_object_get(sweep, options[i]));
	return object;
}

/* The peak that was looked at after every event; one that was sampled differs
 * from run to run. */
static void set_peak(json_t *object, const json_t *cell)
{
	const json_t *mapped =
		json_object_get(json_object_get(cell, "memory"), "mapped");
	const json_t *events =
		json_object_get(json_object_get(cell, "counters"), "events");

	if (mapped && json_equal(json_object_get(mapped, "count"), events) &&
	    json_object_get(json_object_get(cell, "counters"), "pages_peak"))
		json_object_set(object, "mapped_peak_bytes",
				json_object_get(mapped, "peak"));
}

static int write_result(struct merging *m,
			const struct bench_sweep_found *found)
{
	json_t *document, *object;
	const json_t *cell;
	int err = load(m, found, &document);

	if (err < 0)
		return err;
	cell = cell_of(document);
	object = describe(found, document, cell);
	json_object_set_new(object, "key", json_string(found->key));
	json_object_set(
		object, "repeat",
		json_object_get(json_object_get(document, "sweep"), "repeat"));
	if (found->failed)
		json_object_set_new(object, "failed", json_true());
	for (size_t i = 0; i < KB_ARRAY_LEN(exact); i++)
		if (json_object_get(cell, exact[i]))
			json_object_set(object, exact[i],
					json_object_get(cell, exact[i]));
	set_peak(object, cell);
	json_decref(document);
	return write_item(m, object);
}

/* Results of one key follow each other. */
static int write_results(struct merging *m)
{
	const struct bench_sweep_gather *g = m->gather;
	int err = 0;

	m->first = true;
	fputs(",\n\"results\": [", m->out);
	for (size_t i = 0; i < g->count && err == 0; i++)
		if (i == 0 || strcmp(g->found[i].key, g->found[i - 1].key) != 0)
			err = write_result(m, &g->found[i]);
	fputs("\n]", m->out);
	return err;
}

static bool same_cell(const struct bench_sweep_found *a,
		      const struct bench_sweep_found *b)
{
	return a->label_group == b->label_group &&
	       memcmp(a->label, b->label, a->label_group) == 0;
}

/* Pools the results of one cell, found[from] to found[to - 1], on one machine.
 * Of a job that ran there twice, the first counts: the smallest SHA-256. */
static int write_machine(struct merging *m, size_t from, size_t to,
			 unsigned machine)
{
	const struct bench_sweep_gather *g = m->gather;
	struct bench_sweep_pool pool = { 0 };
	const struct bench_sweep_found *last = NULL;
	json_t *object = NULL;
	int err = 0;

	for (size_t i = from; i < to && err == 0; i++) {
		const struct bench_sweep_found *found = &g->found[i];
		json_t *document;

		if (found->machine != machine || found->failed ||
		    (last && strcmp(last->key, found->key) == 0))
			continue;
		last = found;
		err = load(m, found, &document);
		if (err < 0)
			break;
		if (!object)
			object = describe(found, document, cell_of(document));
		err = bench_sweep_pool_add(&pool, document, m->diag);
		json_decref(document);
	}
	if (err == 0 && object) {
		json_object_set_new(object, "machine",
				    kb_json_text(g->machine[machine]));
		json_object_set_new(object, "repeats",
				    json_integer((json_int_t)pool.results));
		bench_sweep_pool_write(&pool, object);
		err = write_item(m, object);
		object = NULL;
	}
	json_decref(object);
	bench_sweep_pool_release(&pool);
	return err;
}

static int write_timed(struct merging *m)
{
	const struct bench_sweep_gather *g = m->gather;
	int err = 0;
	size_t to;

	m->first = true;
	fputs(",\n\"timed\": [", m->out);
	for (size_t from = 0; from < g->count && err == 0; from = to) {
		to = from + 1;
		while (to < g->count &&
		       same_cell(&g->found[from], &g->found[to]))
			to++;
		for (unsigned i = 0;
		     i < g->machines && g->found[from].timed && err == 0; i++)
			err = write_machine(m, from, to, i);
	}
	fputs("\n]", m->out);
	return err;
}

static void write_missing(struct merging *m)
{
	const struct bench_sweep_gather *g = m->gather;

	m->first = true;
	fputs(",\n\"missing\": [", m->out);
	for (size_t i = 0; i < g->missings; i++) {
		begin_item(m);
		fprintf(m->out, "\"%s\"", g->missing[i]);
	}
	fputs("\n]", m->out);
}

int bench_sweep_merge(FILE *out, const struct bench_sweep_gather *gather,
		      struct kb_diag *diag)
{
	struct merging m = { .out = out, .gather = gather, .diag = diag };
	int err;

	fprintf(out, "{\n\"schema\": %d,\n\"jobs\": %zu", SCHEMA, gather->jobs);
	write_missing(&m);
	err = write_results(&m);
	if (err == 0)
		err = write_timed(&m);
	fputs("\n}\n", out);
	return err;
}
