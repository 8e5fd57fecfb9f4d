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
	.malloc = "mi_malloc",
	.free = "mi_free",
	.free_sized = "mi_free_size",
	.usable = "mi_usable_size",
	.stats = "mi_process_info",
};

/*
 * Its own count of what it has committed, its records included, in arenas and
 * segments that it keeps for reuse too. What it calls the resident set is the
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
	.keys = alloc_host_sized_keys,
	.version = mimalloc_version,
	.open = mimalloc_open,
};
