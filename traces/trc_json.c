#include "trc_json.h"

#include "trc_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *trc_json_text(const char *text)
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
	free(copy);
	return value;
}

json_t *trc_json_count(uint64_t count)
{
	return count > INT64_MAX ? json_real((double)count)
				 : json_integer((json_int_t)count);
}

int trc_json_print(json_t *object)
{
	char *text = object ? json_dumps(object, JSON_PRESERVE_ORDER) : NULL;

	json_decref(object);
	/* Jansson's own malloc, which tests/faults lets fail. */
	if (!text)
		return cli_error("out of memory");
	puts(text);
	free(text);
	return CLI_GOOD;
}
