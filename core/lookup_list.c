/* A new lookup is a file lookup_NAME.c and a line in LOOKUPS here. */
#include "lookup.h"

#include <string.h>

/* clang-format off */
#define LOOKUPS(X)							\
	X(lookup_rows)							\
	X(lookup_rowmap)						\
	X(lookup_scan)							\
	X(lookup_sorted)						\
	X(lookup_hash)							\
	X(lookup_robinhood)						\
	X(lookup_rbtree)						\
	X(lookup_radix)							\
	X(lookup_judy)							\
	X(lookup_pte)							\
	X(lookup_pagemap)
/* clang-format on */

#define X(lookup) extern const struct lookup_ops lookup;
LOOKUPS(X)
#undef X

#define X(lookup) &lookup,
const struct lookup_ops *const lookup_list[] = { LOOKUPS(X) NULL };
#undef X

const char *lookup_name(size_t i)
{
	return lookup_list[i] ? lookup_list[i]->name : NULL;
}

const struct lookup_ops *lookup_by_name(const char *name)
{
	const struct lookup_ops *const *lookup;

	for (lookup = lookup_list; *lookup; lookup++)
		if (strcmp((*lookup)->name, name) == 0)
			return *lookup;
	return NULL;
}
