/*
 * kb_json: JSON documents on their way out, whole or not at all.
 *
 * jansson leaves out a member that it has no memory for, and the document lacks
 * it without a word. So its allocations go through us, and once one has failed
 * no document is written any more.
 *
 * Only bench's own files include this file.
 */
#ifndef KB_JSON_H
#define KB_JSON_H

#include "kb_status.h"

#include <stddef.h>

struct json_t;

/* To be called before any other use of jansson. */
void kb_json_begin(void);

/*
 * Writes a document to FOLDER/NAME; to the file NAME if `folder` is NULL, or to
 * standard output if NAME is "-" then. `flags` are jansson's; one space of
 * indentation comes on top. Returns 0; KB_E_NOMEM, also for a document of NULL;
 * or KB_E_IO; with `diag` filled.
 */
int kb_json_write(const char *folder, const char *name,
		  const struct json_t *document, size_t flags,
		  struct kb_diag *diag);

#endif /* KB_JSON_H */
