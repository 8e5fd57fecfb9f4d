/*
 * kb_json: writes JSON documents, whole or not at all.
 *
 * jansson silently omits a member that it has no memory for. So its allocations
 * go through this module, and once one has failed no document is written any
 * more.
 *
 * For the programs' own files.
 */
#ifndef KB_JSON_H
#define KB_JSON_H

#include "kb_status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_t;

/* Call this before any other use of jansson; forgets earlier failed
 * allocations. */
void kb_json_begin(void);

/*
 * Writes a document to FOLDER/NAME; to the file NAME if `folder` is NULL, or to
 * standard output if NAME is "-" then. `flags` are jansson's; one space of
 * indentation is added. Returns 0; KB_E_NOMEM, also for a document of NULL; or
 * KB_E_IO; with `diag` filled.
 */
int kb_json_write(const char *folder, const char *name,
		  const struct json_t *document, size_t flags,
		  struct kb_diag *diag);

/* Prints a document in one line, its members in their order. Returns 0, or
 * KB_E_NOMEM, also for a document of NULL, with `diag` filled. */
int kb_json_print(const struct json_t *document, struct kb_diag *diag);

/* The string that the member `name` of an object is; "" if it has none, or is no
 * object. Borrowed from it. */
const char *kb_json_string_of(const struct json_t *object, const char *name);

/* A JSON string from text that may not be UTF-8: if it is not, '?' replaces
 * each byte that is not ASCII. NULL if out of memory. */
struct json_t *kb_json_text(const char *text);

/* The string that `write` writes. NULL if out of memory. */
struct json_t *kb_json_written(void (*write)(FILE *out, const void *user),
			       const void *user);

/* A number; beyond the range of JSON's integers, the nearest real one. NULL if
 * out of memory. */
struct json_t *kb_json_count(uint64_t count);

#endif /* KB_JSON_H */
