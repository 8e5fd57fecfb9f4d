/*
 * mimalloc: through its own entry points, so that the process's malloc stays
 * glibc's.
 */
#include "alloc_library.h"

#include <stdio.h>
#include <string.h>

static const struct alloc_library_names mimalloc_names = {
	.allocator = "mimalloc",
	.soname = "libmimalloc.so.2",
	.package = "libmimalloc2.0",
	.malloc_name = "mi_malloc",
	.free_name = "mi_free",
};

/* Objects below 16 bytes are only 8-byte aligned. */
ALLOC_LIBRARY_DEFINE(mimalloc, &mimalloc_names, 8)

/* The library has a number: 209 is 2.0.9. */
static const char *mimalloc_version(void)
{
	static char text[16];
	void *address =
		alloc_library_symbol(&mimalloc_names, "mi_version", NULL);
	int (*version)(void);
	unsigned number;

	if (!address)
		return "not installed";
	memcpy(&version, &address, sizeof(address));
	number = (unsigned)version();
	snprintf(text, sizeof(text), "%u.%u.%u", number / 100 % 100,
		 number / 10 % 10, number % 10);
	return text;
}

const struct alloc_ops alloc_mimalloc = {
	.name = "mimalloc",
	.help = "mimalloc's malloc and free, isolated from the process's own",
	.keys = alloc_host_keys,
	.version = mimalloc_version,
	.open = mimalloc_open,
};
