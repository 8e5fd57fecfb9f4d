/*
 * alloc_spec: allocator names as written on a command line.
 *
 *   NAME[:KEY=VALUE[,KEY=VALUE…]]       kheap:lookup=pagemap,order=head
 *
 * In a comma-separated list of names, a token with '=' and no ':' before it
 * continues the name on its left. The canonical form is the name, then only the
 * keys that differ from their defaults, in the order of the allocator's keys.
 *
 * The bench program and tests may include this file.
 */
#ifndef ALLOC_SPEC_H
#define ALLOC_SPEC_H

#include "alloc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Parses one name. Returns 0 with `*out` filled, or KB_E_ARG with `diag` naming
 * what is unknown and the nearest known name.
 */
int alloc_spec_parse(struct alloc_spec *out, const char *text,
		     struct kb_diag *diag);

/*
 * Splits a comma-separated list and parses each name, appending to the `*count`
 * entries of `*specs`, which is grown by realloc and the caller's to free. A
 * name that is there already, in canonical form, is not added again. Returns 0,
 * KB_E_ARG or KB_E_NOMEM with `diag` filled; on error the list may have grown.
 */
int alloc_spec_parse_list(struct alloc_spec **specs, size_t *count,
			  const char *text, struct kb_diag *diag);

/* Tells whether an allocator can be used on this machine: its ops' available. */
int alloc_available(const struct alloc_ops *ops, struct kb_diag *diag);

/* The same for one that the user named: `diag` then begins with its name. */
int alloc_require(const struct alloc_spec *spec, struct kb_diag *diag);

/* Makes the allocator that a spec names: its ops' open. KB_E_ARG for a foreign
 * one if the configuration's report has no panic: such an allocator must not
 * end a process that does other work. */
int alloc_open(struct alloc *out, const struct alloc_config *config,
	       struct kb_diag *diag);

/* After a replay, or a failed allocation: returns 0, or KB_E_NOMEM with `diag` filled if
 * the host had no memory for the allocator's own records. What was replayed since then
 * says nothing about the allocator. */
int alloc_check_host(const struct alloc *alloc, struct kb_diag *diag);

/* Closes an allocator and empties it; an empty one is ignored. */
void alloc_close(struct alloc *alloc);

/* Copies the name of the file that an allocator is loaded from; false for one that
 * is no plugin. */
bool alloc_spec_file(char out[ALLOC_NAME_SIZE], const struct alloc_spec *spec);

/* The value chosen for the key called `key`, or NULL if there is no such. */
const char *alloc_spec_value(const struct alloc_spec *spec, const char *key);

#endif /* ALLOC_SPEC_H */
