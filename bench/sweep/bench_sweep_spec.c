#include "bench_sweep_spec.h"

#include "bench_settings.h"
#include "bench_smp_run.h"
#include "kb_bits.h"
#include "kb_suggest.h"
#include "smp_order.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_MAX_S 1000000.0
#define REPEATS_MAX  10000

/* A specification on its way in. */
struct reading {
	struct bench_sweep_spec *spec;
	const char *path;
	struct kb_diag *diag;
};

/* One member of the object. */
struct member {
	const char *name;
	int (*take)(struct reading *r, const char *name, const json_t *value);
};

static int wrong_kind(struct reading *r, const char *name, const char *wants)
{
	return kb_fail(r->diag, KB_E_ARG, "%s: \"%s\" takes %s", r->path, name,
		       wants);
}

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* Adds a string, which then belongs to the array. */
static int append(char ***array, size_t *count, char *text,
		  struct kb_diag *diag)
{
	char **grown =
		text ? realloc(*array, (*count + 1) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return no_memory(diag);
	}
	grown[(*count)++] = text;
	*array = grown;
	return 0;
}

static int add_trace(struct reading *r, const char *found)
{
	struct bench_sweep_spec *spec = r->spec;
	char *path = realpath(found, NULL);

	if (!path)
		return kb_fail(r->diag, KB_E_IO, "%s: %s", found,
			       strerror(errno));
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c >= 0x20 && *c != 0x7f)
			continue;
		free(path);
		return kb_fail(r->diag, KB_E_ARG,
			       "%s: a path with control characters cannot "
			       "be in a plan; rename the file",
			       found);
	}
	for (size_t i = 0; i < spec->traces; i++) {
		if (strcmp(spec->trace[i], path) == 0) {
			free(path);
			return 0;
		}
	}
	return append(&spec->trace, &spec->traces, path, r->diag);
}

static int add_pattern(struct reading *r, const char *pattern)
{
	glob_t found;
	int err = 0;

	switch (glob(pattern, GLOB_ERR, NULL, &found)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		return kb_fail(r->diag, KB_E_ARG, "%s: no file matches \"%s\"",
			       r->path, pattern);
	case GLOB_NOSPACE:
		return no_memory(r->diag);
	default:
		return kb_fail(r->diag, KB_E_IO, "%s: cannot look for \"%s\"",
			       r->path, pattern);
	}
	for (size_t i = 0; i < found.gl_pathc && err == 0; i++)
		err = add_trace(r, found.gl_pathv[i]);
	globfree(&found);
	return err;
}

static int take_traces(struct reading *r, const char *name, const json_t *value)
{
	const json_t *item;
	size_t i;
	int err = 0;

	if (!json_is_array(value))
		return wrong_kind(r, name, "a list of file patterns");
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return wrong_kind(r, name, "a list of file patterns");
		err = add_pattern(r, json_string_value(item));
		if (err < 0)
			return err;
	}
	return 0;
}

/* Writes `head`, `value`, `tail` one after the other into a new string. */
static char *join(const char *head, size_t head_size, const char *value,
		  size_t value_size, const char *tail)
{
	size_t tail_size = strlen(tail) + 1;
	char *text = malloc(head_size + value_size + tail_size);

	if (!text)
		return NULL;
	memcpy(text, head, head_size);
	memcpy(text + head_size, value, value_size);
	memcpy(text + head_size + value_size, tail, tail_size);
	return text;
}

/* Adds the names that one name's first list makes of it. */
static int expand_one(char ***array, size_t *count, const char *text,
		      struct kb_diag *diag)
{
	const char *open = strchr(text, '[');
	const char *close = strchr(open, ']');
	const char *at = open + 1;
	int err = 0;

	while (err == 0) {
		size_t size = strcspn(at, ",]");

		if (size == 0 || memchr(at, '[', size))
			return kb_fail(diag, KB_E_ARG,
				       "'%s': a list of values is like "
				       "[first,best]",
				       text);
		if (*count >= BENCH_SWEEP_LIST_MAX)
			return kb_fail(diag, KB_E_ARG,
				       "'%s': more than %d allocators", text,
				       BENCH_SWEEP_LIST_MAX);
		err = append(
			array, count,
			join(text, (size_t)(open - text), at, size, close + 1),
			diag);
		at += size + 1;
		if (at > close)
			break;
	}
	return err;
}

static void free_names(char **name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(name[i]);
	free(name);
}

/* Expands the first list of every name; the names have equally many lists. */
static int expand_all(char ***name, size_t *count, struct kb_diag *diag)
{
	char **next = NULL;
	size_t nexts = 0;
	int err = 0;

	for (size_t i = 0; i < *count && err == 0; i++)
		err = expand_one(&next, &nexts, (*name)[i], diag);
	free_names(*name, *count);
	*name = next;
	*count = nexts;
	return err;
}

int bench_sweep_expand(char ***name, size_t *count, const char *pattern,
		       struct kb_diag *diag)
{
	int err;

	*name = NULL;
	*count = 0;
	err = append(name, count, strdup(pattern), diag);
	while (err == 0 && strpbrk((*name)[0], "[]")) {
		const char *open = strchr((*name)[0], '[');

		if (!open || !strchr(open, ']') ||
		    strchr((*name)[0], ']') < open)
			return kb_fail(diag, KB_E_ARG,
				       "'%s': '[' and ']' do not match",
				       pattern);
		err = expand_all(name, count, diag);
	}
	return err;
}

static int take_allocators(struct reading *r, const char *name,
			   const json_t *value)
{
	const json_t *item;
	size_t i;
	int err = 0;

	if (!json_is_array(value))
		return wrong_kind(r, name, "a list of allocators' names");
	json_array_foreach(value, i, item) {
		char **names = NULL;
		size_t count = 0;

		if (!json_is_string(item))
			return wrong_kind(r, name,
					  "a list of allocators' names");
		err = bench_sweep_expand(&names, &count,
					 json_string_value(item), r->diag);
		for (size_t k = 0; k < count && err == 0; k++)
			err = alloc_spec_parse_list(&r->spec->alloc,
						    &r->spec->allocs, names[k],
						    r->diag);
		free_names(names, count);
		if (err < 0)
			return err;
	}
	return 0;
}

static int add_pass(struct reading *r, const char *text)
{
	const char *nearest;
	unsigned pass = bench_pass_find(text, &nearest);

	r->spec->passes |= pass;
	if (pass)
		return 0;
	return kb_fail(r->diag, KB_E_ARG,
		       "%s: unknown pass \"%s\"; did you mean \"%s\"?", r->path,
		       text, nearest ? nearest : "count");
}

static int take_passes(struct reading *r, const char *name, const json_t *value)
{
	const json_t *item;
	size_t i;
	int err = 0;

	if (!json_is_array(value) || json_array_size(value) == 0)
		return wrong_kind(r, name, "a list of passes' names");
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return wrong_kind(r, name, "a list of passes' names");
		err = add_pass(r, json_string_value(item));
		if (err < 0)
			return err;
	}
	return 0;
}

/* A list of whole numbers from `low` to `high`, each once. */
static int take_numbers(struct reading *r, const char *name,
			const json_t *value, int64_t high, uint64_t **out,
			size_t *count)
{
	const char *wants = "a list of different whole numbers";
	size_t size = json_array_size(value), i;
	const json_t *item;

	if (size == 0 || size > BENCH_SWEEP_LIST_MAX)
		return wrong_kind(r, name, wants);
	*out = calloc(size, sizeof(**out));
	if (!*out)
		return no_memory(r->diag);
	json_array_foreach(value, i, item) {
		json_int_t number = json_integer_value(item);

		if (!json_is_integer(item) || number < 0 || number > high)
			return wrong_kind(r, name, wants);
		for (size_t k = 0; k < *count; k++)
			if ((*out)[k] == (uint64_t)number)
				return wrong_kind(r, name, wants);
		(*out)[(*count)++] = (uint64_t)number;
	}
	return 0;
}

static int take_windows(struct reading *r, const char *name,
			const json_t *value)
{
	return take_numbers(r, name, value, UINT32_MAX, &r->spec->heap_pages,
			    &r->spec->windows);
}

static int take_seeds(struct reading *r, const char *name, const json_t *value)
{
	return take_numbers(r, name, value, INT64_MAX, &r->spec->seed,
			    &r->spec->seeds);
}

static int take_cpus(struct reading *r, const char *name, const json_t *value)
{
	struct bench_sweep_spec *spec = r->spec;
	int err = take_numbers(r, name, value, SMP_CPUS_MAX, &spec->cpus,
			       &spec->cpu_counts);

	for (size_t i = 0; i < spec->cpu_counts && err == 0; i++)
		if (spec->cpus[i] == 0)
			err = wrong_kind(r, name, "numbers from 1 on");
	return err;
}

/* Only heaps that count their steps can be simulated. */
static int check_cpus(const struct reading *r)
{
	const struct bench_sweep_spec *spec = r->spec;
	struct bench_smp_settings settings = { .lock = smp_threads_lock(0) };
	int err = 0;

	for (size_t i = 0; i < spec->allocs && spec->cpu_counts && err == 0;
	     i++)
		err = bench_smp_check(&settings, &spec->alloc[i], r->diag);
	return err;
}

static int take_repeats(struct reading *r, const char *name,
			const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || number > REPEATS_MAX)
		return wrong_kind(r, name, "a whole number from 1 to 10,000");
	r->spec->repeats = (uint32_t)number;
	return 0;
}

static int take_budget(struct reading *r, const char *name, const json_t *value)
{
	double seconds = json_number_value(value);

	if (!json_is_number(value) || !(seconds >= 0.001) ||
	    seconds > BUDGET_MAX_S)
		return wrong_kind(r, name, "seconds, from 0.001 to 1,000,000");
	r->spec->budget_ms = (uint32_t)lround(seconds * 1000);
	return 0;
}

static const struct member members[] = {
	{ "traces", take_traces },   { "allocators", take_allocators },
	{ "passes", take_passes },   { "heap_pages", take_windows },
	{ "seeds", take_seeds },     { "repeats", take_repeats },
	{ "budget_s", take_budget }, { "cpus", take_cpus },
};

static int take_member(struct reading *r, const char *name, const json_t *value)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	for (size_t i = 0; i < KB_ARRAY_LEN(members); i++) {
		if (strcmp(members[i].name, name) == 0)
			return members[i].take(r, name, value);
		kb_suggest_offer(&near, members[i].name);
	}
	if (kb_suggest_best(&near))
		return kb_fail(r->diag, KB_E_ARG,
			       "%s: unknown name \"%s\"; did you mean \"%s\"?",
			       r->path, name, kb_suggest_best(&near));
	return kb_fail(r->diag, KB_E_ARG,
		       "%s: unknown name \"%s\"; see 'bench sweep plan --help'",
		       r->path, name);
}

/* What a specification that names none has. */
static int set_defaults(struct bench_sweep_spec *spec, struct kb_diag *diag)
{
	if (!spec->passes && spec->cpu_counts == 0)
		spec->passes = BENCH_PASS_COUNT;
	if (spec->windows == 0) {
		spec->heap_pages = calloc(1, sizeof(*spec->heap_pages));
		if (!spec->heap_pages)
			return no_memory(diag);
		spec->windows = 1;
	}
	if (spec->seeds == 0) {
		spec->seed = calloc(1, sizeof(*spec->seed));
		if (!spec->seed)
			return no_memory(diag);
		spec->seed[0] = 1;
		spec->seeds = 1;
	}
	return 0;
}

static int check(const struct reading *r)
{
	const struct bench_sweep_spec *spec = r->spec;
	const char *missing = spec->traces == 0	  ? "traces"
			      : spec->allocs == 0 ? "allocators"
						  : NULL;

	if (missing)
		return kb_fail(r->diag, KB_E_ARG,
			       "%s: \"%s\" is missing or empty; see 'bench "
			       "sweep plan --help'",
			       r->path, missing);
	if (spec->repeats > 1 && !(spec->passes & BENCH_PASS_TIMED))
		return kb_fail(r->diag, KB_E_ARG,
			       "%s: \"repeats\" is for timed passes; counts "
			       "are the same every time",
			       r->path);
	return check_cpus(r);
}

int bench_sweep_spec_read(struct bench_sweep_spec *spec, const char *path,
			  struct kb_diag *diag)
{
	struct reading r = { .spec = spec, .path = path, .diag = diag };
	json_error_t error;
	const char *name;
	json_t *document, *value;
	int err = 0;

	memset(spec, 0, sizeof(*spec));
	spec->repeats = 1;
	spec->budget_ms = (uint32_t)(BENCH_BUDGET_DEFAULT_S * 1000);
	document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!document)
		return kb_fail(diag, KB_E_FORMAT, "%s:%d: %s", path, error.line,
			       error.text);
	if (!json_is_object(document))
		err = kb_fail(diag, KB_E_FORMAT,
			      "%s: is no JSON object; see 'bench sweep plan "
			      "--help'",
			      path);
	json_object_foreach(document, name, value)
		if (err == 0)
			err = take_member(&r, name, value);
	json_decref(document);
	if (err == 0)
		err = check(&r);
	if (err == 0)
		err = set_defaults(spec, diag);
	return err;
}

void bench_sweep_spec_release(struct bench_sweep_spec *spec)
{
	free_names(spec->trace, spec->traces);
	free(spec->alloc);
	free(spec->heap_pages);
	free(spec->seed);
	free(spec->cpus);
	memset(spec, 0, sizeof(*spec));
}
