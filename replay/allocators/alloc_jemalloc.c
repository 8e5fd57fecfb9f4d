/*
 * jemalloc: the baseline, out of a library that keeps it to itself.
 */
#include "alloc_host.h"
#include "jemalloc_isolated.h"

/* Objects below 16 bytes are only 8-byte aligned in jemalloc (size classes of
 * jemalloc(3), "IMPLEMENTATION NOTES"). */
ALLOC_HOST_DEFINE(jemalloc, kb_jemalloc_malloc, kb_jemalloc_free, 8)

const struct alloc_ops alloc_jemalloc = {
	.name = "jemalloc",
	.help = "jemalloc's malloc and free, isolated from the process's own",
	.keys = alloc_host_keys,
	.version = kb_jemalloc_version,
	.open = jemalloc_open,
};
