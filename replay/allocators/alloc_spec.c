#include "alloc_spec.h"

#include "alloc_list.h"
#include "kb_suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of 32 bits in decimal, with its NUL, bytes. */
#define DIGITS_SIZE 11

/* Longest name as a person writes it, the terminating NUL included, bytes. */
#define TEXT_SIZE 512

static const struct alloc_ops *find_ops(const char *name, struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		if (strcmp((*o)->name, name) == 0)
			return *o;
		kb_suggest_offer(&near, (*o)->name);
	}
	if (kb_suggest_best(&near))
		kb_fail(diag, KB_E_ARG,
			"unknown allocator '%s'; did you mean '%s'?", name,
			kb_suggest_best(&near));
	else
		kb_fail(diag, KB_E_ARG,
			"unknown allocator '%s'; see 'bench --list'", name);
	return NULL;
}

static int find_key(const struct alloc_ops *ops, const char *name,
		    struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	if (!ops->keys)
		return kb_fail(diag, KB_E_ARG,
			       "allocator '%s' takes no options, got '%s='",
			       ops->name, name);
	for (int i = 0; ops->keys[i].name; i++) {
		if (strcmp(ops->keys[i].name, name) == 0)
			return i;
		kb_suggest_offer(&near, ops->keys[i].name);
	}
	if (kb_suggest_best(&near))
		return kb_fail(diag, KB_E_ARG,
			       "allocator '%s' has no option '%s'; did you "
			       "mean '%s'?",
			       ops->name, name, kb_suggest_best(&near));
	return kb_fail(diag, KB_E_ARG,
		       "allocator '%s' has no option '%s'; see 'bench --list'",
		       ops->name, name);
}

static int find_value(const struct alloc_key *key, const char *name,
		      struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	for (size_t i = 0; key->value(i); i++) {
		if (strcmp(key->value(i), name) == 0)
			return (int)i;
		kb_suggest_offer(&near, key->value(i));
	}
	if (kb_suggest_best(&near))
		return kb_fail(diag, KB_E_ARG,
			       "'%s=' has no value '%s'; did you mean '%s'?",
			       key->name, name, kb_suggest_best(&near));
	return kb_fail(diag, KB_E_ARG,
		       "'%s=' has no value '%s'; see 'bench --list'", key->name,
		       name);
}

/* Reads a number of digits alone. */
static int parse_number(uint32_t *out, const struct alloc_key *key,
			const char *text, struct kb_diag *diag)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; text[digits] >= '0' && text[digits] <= '9'; digits++)
		if (number <= UINT32_MAX)
			number = number * 10 + (uint64_t)(text[digits] - '0');
	if (digits == 0 || text[digits] || number > UINT32_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "'%s=' takes a number from 0 to %" PRIu32
			       ", not '%s'",
			       key->name, UINT32_MAX, text);
	*out = (uint32_t)number;
	return 0;
}

static int parse_choice(struct alloc_spec *spec, char *text,
			struct kb_diag *diag)
{
	char *equals = strchr(text, '=');
	int key, value;

	if (!equals)
		return kb_fail(diag, KB_E_ARG,
			       "'%s' after '%s:' is not KEY=VALUE", text,
			       spec->ops->name);
	*equals = '\0';
	key = find_key(spec->ops, text, diag);
	if (key < 0)
		return key;
	if (spec->ops->keys[key].value == alloc_number)
		return parse_number(&spec->choice[key], &spec->ops->keys[key],
				    equals + 1, diag);
	value = find_value(&spec->ops->keys[key], equals + 1, diag);
	if (value < 0)
		return value;
	spec->choice[key] = (uint32_t)value;
	return 0;
}

/* The text of a key's value; a number is written to `digits`. */
static const char *value_text(const struct alloc_key *key, uint32_t choice,
			      char digits[DIGITS_SIZE])
{
	if (key->value != alloc_number)
		return key->value(choice);
	snprintf(digits, DIGITS_SIZE, "%" PRIu32, choice);
	return digits;
}

static void write_canonical(struct alloc_spec *spec)
{
	const struct alloc_key *keys = spec->ops->keys;
	char digits[DIGITS_SIZE];
	size_t used;
	char separator = ':';

	used = (size_t)snprintf(spec->name, sizeof(spec->name), "%s",
				spec->ops->name);
	for (int i = 0; keys && keys[i].name; i++) {
		if (spec->choice[i] == 0 || used >= sizeof(spec->name))
			continue;
		used += (size_t)snprintf(
			spec->name + used, sizeof(spec->name) - used, "%c%s=%s",
			separator, keys[i].name,
			value_text(&keys[i], spec->choice[i], digits));
		separator = ',';
	}
}

int alloc_spec_parse(struct alloc_spec *out, const char *text,
		     struct kb_diag *diag)
{
	char copy[TEXT_SIZE];
	char *options, *save = NULL;
	int err;

	memset(out, 0, sizeof(*out));
	if (strlen(text) >= sizeof(copy))
		return kb_fail(diag, KB_E_ARG,
			       "an allocator's name of %zu bytes is too long",
			       strlen(text));
	strcpy(copy, text);
	options = strchr(copy, ':');
	if (options)
		*options++ = '\0';
	out->ops = find_ops(copy, diag);
	if (!out->ops)
		return KB_E_ARG;
	if (out->ops->parse)
		return out->ops->parse(out, options ? options : "", diag);
	if (options && !*options)
		return kb_fail(diag, KB_E_ARG,
			       "nothing after '%s:'; drop the colon", copy);
	options = options ? strtok_r(options, ",", &save) : NULL;
	for (; options; options = strtok_r(NULL, ",", &save)) {
		err = parse_choice(out, options, diag);
		if (err < 0)
			return err;
	}
	write_canonical(out);
	return 0;
}

static int append(struct alloc_spec **specs, size_t *count,
		  const struct alloc_spec *spec, struct kb_diag *diag)
{
	struct alloc_spec *grown;

	for (size_t i = 0; i < *count; i++)
		if (strcmp((*specs)[i].name, spec->name) == 0)
			return 0;
	grown = realloc(*specs, (*count + 1) * sizeof(**specs));
	if (!grown)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	grown[(*count)++] = *spec;
	*specs = grown;
	return 0;
}

/* Bytes of the first name in a list, the tokens that continue it included. */
static size_t first_name(const char *list)
{
	size_t length = strcspn(list, ",");

	while (list[length] == ',') {
		const char *token = list + length + 1;
		size_t token_length = strcspn(token, ",");
		size_t before_colon = strcspn(token, ":,");

		if (!memchr(token, '=', before_colon))
			break;
		length += 1 + token_length;
	}
	return length;
}

int alloc_spec_parse_list(struct alloc_spec **specs, size_t *count,
			  const char *text, struct kb_diag *diag)
{
	while (*text) {
		size_t length = first_name(text);
		struct alloc_spec spec;
		char *name = strndup(text, length);
		int err;

		if (!name)
			return kb_fail(diag, KB_E_NOMEM, "out of memory");
		err = alloc_spec_parse(&spec, name, diag);
		free(name);
		if (err == 0)
			err = append(specs, count, &spec, diag);
		if (err < 0)
			return err;
		text += length + (text[length] == ',');
	}
	return 0;
}

int alloc_available(const struct alloc_ops *ops, struct kb_diag *diag)
{
	return ops->available ? ops->available(diag) : 0;
}

int alloc_require(const struct alloc_spec *spec, struct kb_diag *diag)
{
	struct kb_diag why = { 0 };
	int err = alloc_available(spec->ops, &why);

	if (err == 0)
		return 0;
	return kb_fail(diag, err, "%s: %s", spec->name, why.text);
}

int alloc_open(struct alloc *out, const struct alloc_config *config,
	       struct kb_diag *diag)
{
	out->vt = NULL;
	out->ctx = NULL;
	if (config->spec->ops->foreign && !config->report.panic)
		return kb_fail(diag, KB_E_ARG,
			       "%s needs a process of its own; only bench's "
			       "passes and bench compare provide one",
			       config->spec->name);
	return config->spec->ops->open(out, config, diag);
}

int alloc_check_host(const struct alloc *alloc, struct kb_diag *diag)
{
	if (!alloc->vt->is_starved || !alloc->vt->is_starved(alloc->ctx))
		return 0;
	return kb_fail(diag, KB_E_NOMEM,
		       "out of memory for the heap's records");
}

void alloc_close(struct alloc *alloc)
{
	if (alloc->vt)
		alloc->vt->close(alloc->ctx);
	alloc->vt = NULL;
	alloc->ctx = NULL;
}

bool alloc_spec_file(char out[ALLOC_NAME_SIZE], const struct alloc_spec *spec)
{
	const char *file = strchr(spec->name, ':');

	if (!spec->ops->foreign || !file)
		return false;
	snprintf(out, ALLOC_NAME_SIZE, "%.*s", (int)strcspn(file + 1, ","),
		 file + 1);
	return true;
}

const char *alloc_spec_value(const struct alloc_spec *spec, const char *key)
{
	const struct alloc_key *keys = spec->ops->keys;

	for (int i = 0; keys && keys[i].name; i++)
		if (strcmp(keys[i].name, key) == 0)
			return keys[i].value(spec->choice[i]);
	return NULL;
}
