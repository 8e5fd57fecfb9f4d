#include "kb_json.h"

#include "kb_gather.h"
#include "kb_out.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether an allocation by jansson has failed. Its hook has no argument through
 * which to pass this. */
static bool is_short_of_memory;

static void *json_allocate(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		is_short_of_memory = true;
	return memory;
}

void kb_json_begin(void)
{
	is_short_of_memory = false;
	json_set_alloc_funcs(json_allocate, free);
}

static void write_text(FILE *out, const void *user)
{
	fputs(user, out);
	fputc('\n', out);
}

static int write_file(const char *path, const char *text, struct kb_diag *diag)
{
	struct kb_out out;
	int err = kb_out_open(&out, path, diag);

	if (err < 0)
		return err;
	write_text(out.stream, text);
	return kb_out_commit(&out, diag);
}

/* The text of a document, to be freed; NULL, with `diag` filled, if memory ran
 * out for any part of it. */
static char *dump(const json_t *document, size_t flags, struct kb_diag *diag)
{
	char *text = document ? json_dumps(document, flags) : NULL;

	if (text && !is_short_of_memory)
		return text;
	free(text);
	kb_fail(diag, KB_E_NOMEM, "out of memory for the JSON");
	return NULL;
}

int kb_json_write(const char *folder, const char *name, const json_t *document,
		  size_t flags, struct kb_diag *diag)
{
	char *text = dump(document, JSON_INDENT(1) | flags, diag);
	int err = 0;

	if (!text)
		return KB_E_NOMEM;
	if (folder)
		err = kb_out_write(folder, name, write_text, text, diag);
	else if (strcmp(name, "-") != 0)
		err = write_file(name, text, diag);
	else
		write_text(stdout, text);
	free(text);
	return err;
}

int kb_json_print(const json_t *document, struct kb_diag *diag)
{
	char *text = dump(document, JSON_PRESERVE_ORDER, diag);

	if (!text)
		return KB_E_NOMEM;
	write_text(stdout, text);
	free(text);
	return 0;
}

const char *kb_json_string_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

json_t *kb_json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy;

	if (value)
		return value;
	copy = strdup(text);
	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	value = copy ? json_string(copy) : NULL;
	if (!value)
		is_short_of_memory = true;
	free(copy);
	return value;
}

json_t *kb_json_written(void (*write)(FILE *out, const void *user),
			const void *user)
{
	char *text = kb_gather(write, user);
	json_t *value = json_string(text);

	if (!text)
		is_short_of_memory = true;
	free(text);
	return value;
}

json_t *kb_json_count(uint64_t count)
{
	return count > INT64_MAX ? json_real((double)count)
				 : json_integer((json_int_t)count);
}
