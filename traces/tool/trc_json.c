#include "trc_json.h"

#include "trc_cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *trc_json_text(const char *text)
{
	json_t *value = json_string(text);
	bool is_ascii = true;
	char *copy;

	if (value)
		return value;
	copy = strdup(text);
	for (char *p = copy; p && *p; p++) {
		if ((unsigned char)*p < 0x80)
			continue;
		*p = '?';
		is_ascii = false;
	}
	/* ASCII was refused for want of memory. */
	value = copy && !is_ascii ? json_string(copy) : NULL;
	free(copy);
	return value;
}

json_t *trc_json_count(uint64_t count)
{
	return count > INT64_MAX ? json_real((double)count)
				 : json_integer((json_int_t)count);
}

static void forget(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

void trc_json_append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) != 0)
		forget(array);
}

void trc_json_set(json_t **object, const char *name, json_t *value)
{
	if (json_object_set_new(*object, name, value) != 0)
		forget(object);
}

/* The text of an object; NULL without memory. Not json_dumps: that of jansson 2.14
 * leaves out what its own text has no room for, and says nothing. */
static char *dump(const json_t *object)
{
	size_t size = json_dumpb(object, NULL, 0, JSON_PRESERVE_ORDER);
	char *text = size > 0 ? malloc(size + 1) : NULL;

	if (!text)
		return NULL;
	if (json_dumpb(object, text, size, JSON_PRESERVE_ORDER) != size) {
		free(text);
		return NULL;
	}
	text[size] = 0;
	return text;
}

int trc_json_print(json_t *object)
{
	char *text = object ? dump(object) : NULL;

	json_decref(object);
	if (!text)
		return cli_error("out of memory");
	puts(text);
	free(text);
	return CLI_GOOD;
}
