/*
 * glibc: the process's own malloc and free.
 */
#include "alloc_host.h"

#include <gnu/libc-version.h>
#include <stdlib.h>

/* MALLOC_ALIGNMENT of glibc: two words. */
ALLOC_HOST_DEFINE(glibc, malloc, free, 2 * sizeof(size_t))

const struct alloc_ops alloc_glibc = {
	.name = "glibc",
	.help = "glibc's malloc and free",
	.keys = alloc_host_keys,
	.version = gnu_get_libc_version,
	.open = glibc_open,
};
