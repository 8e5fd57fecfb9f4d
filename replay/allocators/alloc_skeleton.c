/*
 * skeleton: the least there is to write for an allocator of host memory. Copy
 * this file, fill in the calls, and add one line to alloc_list.c and one to
 * CMakeLists.txt. It is compiled with everything else, so it cannot go stale,
 * and named in no list, so nobody runs it.
 *
 * An allocator with state of its own, counters or a lookup: see alloc_kheap.c.
 */
#include "alloc_host.h"

#include <stdlib.h>

/* The two calls that a replay times. In their place goes an allocator's malloc
 * and free; here they are the process's. */
#define skeleton_malloc	 malloc
#define skeleton_release free

/* The name that the functions are stamped with, the calls, and the bytes that
 * all addresses are multiples of: verification checks it. */
ALLOC_HOST_DEFINE(skeleton, skeleton_malloc, skeleton_release, 16)

/* What reports say about the library that it uses. */
static const char *skeleton_version(void)
{
	return "0";
}

/* Listed in alloc_list.c, declared there by hand: this is the only name that
 * leaves the file. */
extern const struct alloc_ops alloc_skeleton;

const struct alloc_ops alloc_skeleton = {
	.name = "skeleton",
	.help = "one line for bench --list",
	.keys = alloc_host_keys,
	.version = skeleton_version,
	.open = skeleton_open,
};
