/*
 * mimalloc: through its own entry points, so that the process's malloc stays
 * glibc's.
 */
#include "alloc_library.h"

#include <stdio.h>
#include <string.h>

static const struct alloc_library_names mimalloc_names = {
	.allocator = "mimalloc",
	.sonames = { "libmimalloc.so.3", "libmimalloc.so.2" },
	.packages = "libmimalloc3 or libmimalloc2.0",
	.malloc = "mi_malloc",
	.free = "mi_free",
	.free_sized = "mi_free_size",
	.usable = "mi_usable_size",
	.stats = "mi_process_info",
	.version = "mi_version",
};

/*
 * Its own count of committed memory, including its records and the arenas and
 * segments that it keeps for reuse. What it calls the resident set is the
 * process's.
 */
static void mimalloc_memory(void *ctx, struct alloc_memory *out)
{
	const struct alloc_library *library = ctx;
	void (*process_info)(size_t * elapsed_ms, size_t * user_ms,
			     size_t * system_ms, size_t * rss,
			     size_t * rss_peak, size_t * commit,
			     size_t * commit_peak, size_t * page_faults);
	size_t commit;

	memcpy(&process_info, &library->stats, sizeof(process_info));
	process_info(NULL, NULL, NULL, NULL, NULL, &commit, NULL, NULL);
	alloc_host_memory_unknown(out);
	out->mapped = commit;
}

/* Objects below 16 bytes are only 8-byte aligned. */
ALLOC_LIBRARY_DEFINE(mimalloc, &mimalloc_names, 8, mimalloc_memory)

static int mimalloc_available(struct kb_diag *diag)
{
	return alloc_library_available(&mimalloc_names, diag);
}

/* The version is one number: `209` is 2.0.9. Later ones have two digits per
 * part, so `20401` is 2.4.1 (MI_MALLOC_VERSION in mimalloc.h). */
static const char *mimalloc_version(void)
{
	static char text[24];
	int (*version)(void);
	unsigned number, base;

	if (!alloc_library_function(&mimalloc_names, mimalloc_names.version,
				    &version))
		return NULL;
	number = (unsigned)version();
	base = number < 10000 ? 10 : 100;
	snprintf(text, sizeof(text), "%u.%u.%u", number / base / base,
		 number / base % base, number % base);
	return text;
}

const struct alloc_ops alloc_mimalloc = {
	.name = "mimalloc",
	.help = "mimalloc's malloc and free, isolated from the process's own",
	.keys = alloc_host_sized_keys,
	.available = mimalloc_available,
	.version = mimalloc_version,
	.is_shared = true,
	.open = mimalloc_open,
};
