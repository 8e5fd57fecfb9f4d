#include "bench_grade_rubric.h"

#include "bench_trace_open.h"
#include "kb_bits.h"
#include "kb_json.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA	   1
#define POINTS_MAX 1e6

/* Reading it: where one is, for messages. */
struct reading {
	struct grade_rubric *rubric;
	const char *path;
	struct kb_diag *diag;

	/* "check 3", or "limits". */
	char place[40];
};

static int refuse(struct reading *r, const char *what, const char *name)
{
	return kb_fail(r->diag, KB_E_ARG, "%s: %s: %s '%s'", r->path, r->place,
		       what, name);
}

/* Only members of `known`, which NULL ends. */
static int check_members(struct reading *r, const json_t *object,
			 const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return refuse(r, "there is no member", key);
	}
	return 0;
}

/* A member that may be absent; a wrong type is an error. */
static int take_text(struct reading *r, const json_t *object, const char *name,
		     const char **out)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return 0;
	*out = json_string_value(value);
	return *out ? 0 : refuse(r, "there must be a string as", name);
}

static int take_number(struct reading *r, const json_t *object,
		       const char *name, double low, double high, double *out)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return 0;
	*out = json_number_value(value);
	if (json_is_number(value) && *out >= low && *out <= high)
		return 0;
	return kb_fail(r->diag, KB_E_ARG,
		       "%s: %s: '%s' must be a number from %g to %g", r->path,
		       r->place, name, low, high);
}

static int take_whole(struct reading *r, const json_t *object, const char *name,
		      uint64_t high, uint64_t *out)
{
	double value = (double)*out;
	const int err = take_number(r, object, name, 1, (double)high, &value);

	*out = (uint64_t)value;
	return err;
}

static int take_flag(struct reading *r, const json_t *object, const char *name,
		     bool *out)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return 0;
	*out = json_is_true(value);
	return json_is_boolean(value)
		       ? 0
		       : refuse(r, "there must be true or false as", name);
}

static int find_trace(struct reading *r, const char *name, size_t *out)
{
	for (size_t i = 0; i < r->rubric->traces; i++)
		if (strcmp(r->rubric->trace[i].name, name) == 0) {
			*out = i;
			return 0;
		}
	return refuse(r, "\"traces\" has no", name);
}

static int take_kind(struct reading *r, const char *name, struct grade_check *c)
{
	static const char *const kinds[] = { "builds", "right", "counter" };

	for (size_t i = 0; i < KB_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], name) == 0) {
			c->kind = (enum grade_kind)i;
			return 0;
		}
	return refuse(r, "the kind must be builds, right or counter, not",
		      name);
}

static int take_visibility(struct reading *r, const json_t *object,
			   struct grade_check *c)
{
	const char *name = "visible";
	const int err = take_text(r, object, "visibility", &name);

	if (err < 0)
		return err;
	c->is_visible = strcmp(name, "visible") == 0;
	if (c->is_visible || strcmp(name, "hidden") == 0)
		return 0;
	return refuse(r, "the visibility must be visible or hidden, not", name);
}

/* The list of faults to look for, as one word. */
static int take_judge(struct reading *r, const json_t *object,
		      struct grade_check *c)
{
	static const char *const known[] = { "placement", "translation",
					     "unserved",  "leak",
					     "realloc",	  "invalid" };
	const json_t *list = json_object_get(object, "judge");
	char text[128] = "";
	const json_t *item;
	size_t i;

	if (list && !json_is_array(list))
		return refuse(r, "there must be an array as", "judge");
	json_array_foreach(list, i, item) {
		const char *name = json_string_value(item);
		size_t k = 0;

		while (k < KB_ARRAY_LEN(known) &&
		       strcmp(name ? name : "", known[k]) != 0)
			k++;
		if (k == KB_ARRAY_LEN(known) || strstr(text, known[k]))
			return refuse(r, "\"judge\" cannot have",
				      name ? name : "this");
		if (text[0])
			strcat(text, "+");
		strcat(text, known[k]);
	}
	if (list && !text[0])
		strcpy(text, "none");
	c->judge = strdup(text);
	return c->judge ? 0 : kb_fail(r->diag, KB_E_NOMEM, "out of memory");
}

static int take_strategy(struct reading *r, const json_t *object,
			 struct grade_check *c)
{
	static const char *const known[] = { "",      "contiguous", "first",
					     "best",  "next",	    "worst",
					     "custom" };
	const int err = take_text(r, object, "strategy", &c->strategy);

	if (err < 0)
		return err;
	for (size_t i = 0; i < KB_ARRAY_LEN(known); i++)
		if (strcmp(known[i], c->strategy) == 0)
			return 0;
	return refuse(r, "there is no strategy", c->strategy);
}

static int take_counter(struct reading *r, const json_t *object,
			struct grade_check *c)
{
	const char *than = NULL;
	size_t trace;
	int err = take_text(r, object, "counter", &c->counter);

	if (err == 0)
		err = take_text(r, object, "per", &c->per);
	if (err == 0)
		err = take_text(r, object, "than", &than);
	if (err == 0)
		err = take_number(r, object, "full", 0, 1e18, &c->full);
	if (err == 0)
		err = take_number(r, object, "zero", 0, 1e18, &c->zero);
	if (err == 0 && than) {
		err = find_trace(r, than, &trace);
		c->than = err == 0 ? (int)trace : -1;
	}
	if (err == 0 && c->kind == GRADE_COUNTER &&
	    (!c->counter || !(c->zero > c->full)))
		return refuse(
			r,
			"a counter, and \"zero\" above \"full\", are needed by",
			c->name);
	return err;
}

static int take_check(struct reading *r, const json_t *object,
		      struct grade_check *c)
{
	static const char *const known[] = {
		"name",	    "kind",  "points",	"visibility", "trace",
		"strategy", "judge", "partial", "counter",    "per",
		"than",	    "full",  "zero",	NULL
	};
	const char *kind = NULL, *trace = NULL;
	double points = -1;
	int err;

	c->than = -1;
	c->strategy = "";
	if (!json_is_object(object))
		return refuse(r, "it is not", "an object");
	err = check_members(r, object, known);
	if (err == 0)
		err = take_text(r, object, "name", &c->name);
	if (err == 0)
		err = take_text(r, object, "kind", &kind);
	if (err == 0)
		err = take_text(r, object, "trace", &trace);
	if (err == 0)
		err = take_number(r, object, "points", 0, POINTS_MAX, &points);
	if (err == 0 && (!c->name || !kind || points < 0))
		return refuse(r, "it needs a name, a kind and", "points");
	c->points = (uint64_t)llround(points * 100);
	if (err == 0)
		err = take_kind(r, kind, c);
	if (err == 0)
		err = take_visibility(r, object, c);
	if (err == 0)
		err = take_flag(r, object, "partial", &c->is_partial);
	if (err == 0)
		err = take_judge(r, object, c);
	if (err == 0)
		err = take_strategy(r, object, c);
	if (err == 0 && c->kind != GRADE_BUILDS && !trace)
		return refuse(r, "it needs a", "trace");
	if (err == 0 && trace)
		err = find_trace(r, trace, &c->trace);
	return err == 0 ? take_counter(r, object, c) : err;
}

static int take_checks(struct reading *r)
{
	const json_t *list = json_object_get(r->rubric->document, "checks");
	const json_t *item;
	size_t i;
	int err;

	strcpy(r->place, "checks");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return refuse(r, "there must be an array with", "checks");
	r->rubric->check =
		calloc(json_array_size(list), sizeof(*r->rubric->check));
	if (!r->rubric->check)
		return kb_fail(r->diag, KB_E_NOMEM, "out of memory");
	json_array_foreach(list, i, item) {
		struct grade_check *c = &r->rubric->check[r->rubric->checks++];

		snprintf(r->place, sizeof(r->place), "check %zu", i + 1);
		err = take_check(r, item, c);
		if (err < 0)
			return err;
		for (size_t k = 0; k < i; k++)
			if (strcmp(r->rubric->check[k].name, c->name) == 0)
				return refuse(r, "another check is called",
					      c->name);
	}
	return 0;
}

static int open_trace(struct reading *r, const char *name, const char *file)
{
	struct grade_trace *t = &r->rubric->trace[r->rubric->traces++];
	const char *slash = strrchr(r->path, '/');
	const int folder =
		slash && file[0] != '/' ? (int)(slash - r->path + 1) : 0;

	t->name = name;
	t->trace.fd = -1;
	if (asprintf(&t->path, "%.*s%s", folder, r->path, file) < 0) {
		t->path = NULL;
		return kb_fail(r->diag, KB_E_NOMEM, "out of memory");
	}
	return bench_trace_open(&t->trace, t->path, kb_signal_came, r->diag);
}

static int take_traces(struct reading *r)
{
	const json_t *object = json_object_get(r->rubric->document, "traces");
	const char *key;
	json_t *value;
	int err = 0;

	strcpy(r->place, "traces");
	if (object && !json_is_object(object))
		return refuse(r, "it is not", "an object");
	r->rubric->trace =
		calloc(json_object_size(object) + 1, sizeof(*r->rubric->trace));
	if (!r->rubric->trace)
		return kb_fail(r->diag, KB_E_NOMEM, "out of memory");
	json_object_foreach((json_t *)object, key, value) {
		if (err < 0)
			break;
		err = json_is_string(value)
			      ? open_trace(r, key, json_string_value(value))
			      : refuse(r, "there must be a file as", key);
	}
	return err;
}

static int take_limits(struct reading *r)
{
	static const char *const known[] = { "call_instructions",
					     "instructions", "memory_mb",
					     "seconds", NULL };
	const json_t *object = json_object_get(r->rubric->document, "limits");
	struct grade_rubric *rubric = r->rubric;
	int err;

	rubric->budget = 100000000;
	rubric->total = 2000000000;
	rubric->memory_mb = 1024;
	rubric->seconds = 120;
	strcpy(r->place, "limits");
	if (!object)
		return 0;
	err = check_members(r, object, known);
	if (err == 0)
		err = take_whole(r, object, "call_instructions", INT32_MAX - 1,
				 &rubric->budget);
	if (err == 0)
		err = take_whole(r, object, "instructions", 1000000000000,
				 &rubric->total);
	if (err == 0)
		err = take_whole(r, object, "memory_mb", 65536,
				 &rubric->memory_mb);
	if (err == 0)
		err = take_whole(r, object, "seconds", 86400, &rubric->seconds);
	return err;
}

/* All that a grade depends on but the submission and the toolchain. */
static int hash(struct grade_rubric *rubric, struct kb_diag *diag)
{
	char *text =
		json_dumps(rubric->document, JSON_COMPACT | JSON_SORT_KEYS);
	SHA2_CTX context;

	if (!text)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)text, strlen(text));
	for (size_t i = 0; i < rubric->traces; i++)
		SHA256Update(&context,
			     (const uint8_t *)rubric->trace[i].trace.sha256,
			     64);
	SHA256End(&context, rubric->sha256);
	free(text);
	return 0;
}

static int take_head(struct reading *r)
{
	static const char *const known[] = { "rubric", "name",	 "about",
					     "limits", "traces", "checks",
					     NULL };
	const json_t *document = r->rubric->document;

	strcpy(r->place, "rubric");
	if (!json_is_object(document) ||
	    json_integer_value(json_object_get(document, "rubric")) != SCHEMA)
		return kb_fail(r->diag, KB_E_ARG,
			       "%s is not a rubric: it has no \"rubric\": %d; "
			       "see docs/grading.md",
			       r->path, SCHEMA);
	r->rubric->name = "";
	return check_members(r, document, known) < 0
		       ? KB_E_ARG
		       : take_text(r, document, "name", &r->rubric->name);
}

int grade_rubric_open(struct grade_rubric *rubric, const char *path,
		      struct kb_diag *diag)
{
	struct reading r = { .rubric = rubric, .path = path, .diag = diag };
	json_error_t error;
	int err;

	rubric->document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!rubric->document)
		return kb_fail(diag, KB_E_ARG, "%s: line %d: %s", path,
			       error.line, error.text);
	err = take_head(&r);
	if (err == 0)
		err = take_limits(&r);
	if (err == 0)
		err = take_traces(&r);
	if (err == 0)
		err = take_checks(&r);
	return err == 0 ? hash(rubric, diag) : err;
}

void grade_rubric_release(struct grade_rubric *rubric)
{
	for (size_t i = 0; i < rubric->traces; i++) {
		bench_trace_release(&rubric->trace[i].trace);
		free(rubric->trace[i].path);
	}
	for (size_t i = 0; i < rubric->checks; i++)
		free(rubric->check[i].judge);
	free(rubric->trace);
	free(rubric->check);
	json_decref(rubric->document);
	memset(rubric, 0, sizeof(*rubric));
}
