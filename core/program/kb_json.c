#include "kb_json.h"

#include "kb_out.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether jansson has been refused memory. Its hook has no argument by which this
 * could be passed. */
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

int kb_json_write(const char *folder, const char *name, const json_t *document,
		  size_t flags, struct kb_diag *diag)
{
	char *text = NULL;
	int err = 0;

	if (document)
		text = json_dumps(document, JSON_INDENT(1) | flags);
	if (!text || is_short_of_memory)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory for the JSON");
	else if (folder)
		err = kb_out_write(folder, name, write_text, text, diag);
	else if (strcmp(name, "-") != 0)
		err = write_file(name, text, diag);
	else
		write_text(stdout, text);
	free(text);
	return err;
}
