/* A new lookup is a file lookup_NAME.c and a line in LOOKUPS here. */
#include "lookup.h"

#include "kb_host.h"

/* Judy arrays are a library, which a kernel has not got. */
#if __STDC_HOSTED__
#define LOOKUPS_OF_LIBRARIES(X) X(lookup_judy)
#else
#define LOOKUPS_OF_LIBRARIES(X)
#endif

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
	LOOKUPS_OF_LIBRARIES(X)						\
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
