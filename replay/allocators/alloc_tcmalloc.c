/*
 * tcmalloc: gperftools', through its own entry points, so that the process's
 * malloc stays glibc's. The minimal library is the one without a profiler.
 */
#include "alloc_library.h"

#include <stdio.h>
#include <string.h>

static const struct alloc_library_names tcmalloc_names = {
	.allocator = "tcmalloc",
	.sonames = { "libtcmalloc_minimal.so.4" },
	.packages = "libtcmalloc-minimal4t64 or libtcmalloc-minimal4",
	.malloc = "tc_malloc",
	.free = "tc_free",
	.free_sized = "tc_free_sized",
	.usable = "tc_malloc_size",
	.stats = "MallocExtension_GetNumericProperty",
	.version = "tc_version",
};

/* gperftools' malloc_extension_c.h. */
typedef int numeric_property_fn(const char *name, size_t *value);

/* A property's value; 0 for one that this version lacks. */
static size_t property(numeric_property_fn *get, const char *name)
{
	size_t value;

	return get(name, &value) ? value : 0;
}

/*
 * "Physical" counts memory taken from the system and not given back, plus the
 * records; whether it was ever touched is unknown.
 */
static void tcmalloc_memory(void *ctx, struct alloc_memory *out)
{
	const struct alloc_library *library = ctx;
	numeric_property_fn *get;

	memcpy(&get, &library->stats, sizeof(get));
	alloc_host_memory_unknown(out);
	out->mapped = property(get, "generic.total_physical_bytes");
	out->metadata = out->mapped +
			property(get, "tcmalloc.pageheap_unmapped_bytes") -
			property(get, "generic.heap_size");
}

/* Objects below 16 bytes are only 8-byte aligned. */
ALLOC_LIBRARY_DEFINE(tcmalloc, &tcmalloc_names, 8, tcmalloc_memory)

static int tcmalloc_available(struct kb_diag *diag)
{
	return alloc_library_available(&tcmalloc_names, diag);
}

static const char *tcmalloc_version(void)
{
	const char *(*version)(int *major, int *minor, const char **patch);

	if (!alloc_library_function(&tcmalloc_names, tcmalloc_names.version,
				    &version))
		return NULL;
	return version(NULL, NULL, NULL);
}

static const char *tcmalloc_options(void)
{
	static char text[80];
	numeric_property_fn *get;

	if (!alloc_library_function(&tcmalloc_names, tcmalloc_names.stats,
				    &get))
		return NULL;
	snprintf(text, sizeof(text),
		 "max_total_thread_cache_bytes=%zu,"
		 "aggressive_memory_decommit=%zu",
		 property(get, "tcmalloc.max_total_thread_cache_bytes"),
		 property(get, "tcmalloc.aggressive_memory_decommit"));
	return text;
}

const struct alloc_ops alloc_tcmalloc = {
	.name = "tcmalloc",
	.help = "gperftools' malloc and free, isolated from the process's own",
	.keys = alloc_host_sized_keys,
	.available = tcmalloc_available,
	.version = tcmalloc_version,
	.options = tcmalloc_options,
	.is_shared = true,
	.open = tcmalloc_open,
};
