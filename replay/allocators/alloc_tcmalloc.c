/*
 * tcmalloc: gperftools', through its own entry points, so that the process's
 * malloc stays glibc's. The minimal library is the one without a profiler.
 */
#include "alloc_library.h"

#include <string.h>

static const struct alloc_library_names tcmalloc_names = {
	.allocator = "tcmalloc",
	.soname = "libtcmalloc_minimal.so.4",
	.package = "libtcmalloc-minimal4",
	.malloc_name = "tc_malloc",
	.free_name = "tc_free",
};

/* Objects below 16 bytes are only 8-byte aligned. */
ALLOC_LIBRARY_DEFINE(tcmalloc, &tcmalloc_names, 8)

static const char *tcmalloc_version(void)
{
	void *address =
		alloc_library_symbol(&tcmalloc_names, "tc_version", NULL);
	const char *(*version)(int *major, int *minor, const char **patch);

	if (!address)
		return "not installed";
	memcpy(&version, &address, sizeof(address));
	return version(NULL, NULL, NULL);
}

const struct alloc_ops alloc_tcmalloc = {
	.name = "tcmalloc",
	.help = "gperftools' malloc and free, isolated from the process's own",
	.keys = alloc_host_keys,
	.version = tcmalloc_version,
	.open = tcmalloc_open,
};
