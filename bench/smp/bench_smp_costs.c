#include "bench_smp_costs.h"

#include "bench_model.h"
#include "kb_bits.h"
#include "kb_suggest.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One file on its way in. */
struct reading {
	const char *path;
	struct smp_costs *out;
	struct kb_diag *diag;
};

static int take_cost(const struct reading *r, const char *name,
		     const json_t *value, uint64_t *out)
{
	const json_int_t ps = json_integer_value(value);

	if (!json_is_integer(value) || ps < 0 || (uint64_t)ps > SMP_COST_MAX)
		return kb_fail(r->diag, KB_E_RANGE,
			       "%s: '%s' must be a whole number of picoseconds "
			       "from 0 to %" PRIu64,
			       r->path, name, SMP_COST_MAX);
	*out = (uint64_t)ps;
	return 0;
}

static int refuse(const struct reading *r, const char *what, const char *name,
		  const struct kb_suggest *near)
{
	if (kb_suggest_best(near))
		return kb_fail(r->diag, KB_E_FORMAT,
			       "%s: there is no %s '%s'; did you mean '%s'?",
			       r->path, what, name, kb_suggest_best(near));
	return kb_fail(r->diag, KB_E_FORMAT,
		       "%s: there is no %s '%s'; see 'bench smp --help'",
		       r->path, what, name);
}

static int take_step(const struct reading *r, const char *name,
		     const json_t *value)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);
	const int step = smp_costs_step(name);
	uint64_t ignored;

	if (step >= 0)
		return take_cost(r, name, value, &r->out->step_ps[step]);
	/* Known, and without a cost by definition. */
	if (smp_costs_is_state(name))
		return take_cost(r, name, value, &ignored);
	for (size_t i = 0; smp_costs_step_name(i); i++)
		kb_suggest_offer(&near, smp_costs_step_name(i));
	return refuse(r, "counter", name, &near);
}

static int take_fixed(const struct reading *r, const char *name,
		      const json_t *value)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	if (strcmp(name, "kmalloc") == 0)
		return take_cost(r, name, value, &r->out->kmalloc_ps);
	if (strcmp(name, "kfree") == 0)
		return take_cost(r, name, value, &r->out->kfree_ps);
	kb_suggest_offer(&near, "kmalloc");
	kb_suggest_offer(&near, "kfree");
	return refuse(r, "fixed cost", name, &near);
}

typedef int (*take_fn)(const struct reading *r, const char *name,
		       const json_t *value);

static int take_object(const struct reading *r, const char *name,
		       const json_t *object, take_fn take)
{
	const char *key;
	json_t *value;
	int err = 0;

	if (!json_is_object(object))
		return kb_fail(r->diag, KB_E_FORMAT,
			       "%s: '%s' must be an object of costs", r->path,
			       name);
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		err = take(r, key, value);
		if (err < 0)
			break;
	}
	return err;
}

static int take_member(const struct reading *r, const char *name,
		       const json_t *value)
{
	static const char *const names[] = { "fixed_ps", "per_ps", "handoff_ps",
					     "magazine_ps", "depot_ps" };
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	if (strcmp(name, "fixed_ps") == 0)
		return take_object(r, name, value, take_fixed);
	if (strcmp(name, "per_ps") == 0)
		return take_object(r, name, value, take_step);
	if (strcmp(name, "handoff_ps") == 0)
		return take_cost(r, name, value, &r->out->handoff_ps);
	if (strcmp(name, "magazine_ps") == 0)
		return take_cost(r, name, value, &r->out->magazine_ps);
	if (strcmp(name, "depot_ps") == 0)
		return take_cost(r, name, value, &r->out->depot_ps);
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		kb_suggest_offer(&near, names[i]);
	return refuse(r, "cost", name, &near);
}

/* --- A results folder -------------------------------------------------------------- */

/* A coefficient of the model, ns, as ps; false if the model does not use it. */
static bool factor_ps(const json_t *model, unsigned column, uint64_t *ps)
{
	const json_t *value =
		json_object_get(model, bench_model_columns[column]);
	const double factor = json_number_value(value);

	if (!json_is_number(value) || !(factor >= 0) ||
	    factor * 1000 > (double)SMP_COST_MAX)
		return false;
	*ps = (uint64_t)floor(factor * 1000 + 0.5);
	return true;
}

/* The columns are bench_model_columns': constant, nodes, lines, page-table writes,
 * invalidations. Without a factor, a column explains nothing: it costs nothing. */
static void take_model(struct smp_costs *out, const json_t *model)
{
	uint64_t ps[BENCH_MODEL_COLUMNS] = { 0 };

	for (unsigned i = 0; i < BENCH_MODEL_COLUMNS; i++)
		factor_ps(model, i, &ps[i]);
	*out = smp_costs_default;
	memset(out->step_ps, 0, sizeof(out->step_ps));
	out->kmalloc_ps = ps[0];
	out->kfree_ps = ps[0];
	out->step_ps[SMP_STEP_nodes_visited] = ps[1];
	out->step_ps[SMP_STEP_remove_nodes_visited] = ps[1];
	out->step_ps[SMP_STEP_lines_touched] = ps[2];
	out->step_ps[SMP_STEP_pte_writes] = ps[3];
	out->step_ps[SMP_STEP_tlb_invalidations] = ps[4];
}

static int take_results(const struct reading *r, const json_t *document,
			const char *allocator)
{
	const json_t *results = json_object_get(document, "results");
	const json_t *cell;
	size_t i;

	json_array_foreach(results, i, cell) {
		const char *name =
			json_string_value(json_object_get(cell, "allocator"));
		const json_t *model = json_object_get(
			json_object_get(cell, "cost_model"), "kfree");

		if (name && strcmp(name, allocator) == 0 && model) {
			take_model(r->out, model);
			return 0;
		}
	}
	return kb_fail(r->diag, KB_E_FORMAT,
		       "%s: has no cost model of %s; run 'bench --alloc %s' "
		       "with the passes count and latency there",
		       r->path, allocator, allocator);
}

/* --- Either ------------------------------------------------------------------------- */

static json_t *load(const char *path, struct kb_diag *diag)
{
	json_error_t error;
	json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		kb_fail(diag,
			json_error_code(&error) == json_error_cannot_open_file
				? KB_E_IO
				: KB_E_FORMAT,
			"%s:%d: not a JSON file of costs: %s", path,
			error.line > 0 ? error.line : 1, error.text);
	return document;
}

static int read_document(const struct reading *r, const char *path,
			 const char *allocator, bool is_folder)
{
	json_t *document = load(path, r->diag);
	int err;

	if (!document)
		return r->diag->status;
	if (is_folder)
		err = take_results(r, document, allocator);
	else
		err = take_object(r, "costs", document, take_member);
	json_decref(document);
	return err;
}

int bench_smp_costs_read(struct smp_costs *out, const char *path,
			 const char *name, struct kb_diag *diag)
{
	const struct reading r = { .path = path, .out = out, .diag = diag };
	struct stat st;
	char *file = NULL;
	int err;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return read_document(&r, path, name, false);
	if (asprintf(&file, "%s/results.json", path) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = read_document(&r, file, name, true);
	free(file);
	return err;
}
