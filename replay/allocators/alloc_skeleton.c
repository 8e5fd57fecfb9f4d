/*
 * skeleton: the minimum for an allocator of host memory. Copy this file, fill
 * in the calls, and add one line to alloc_list.c and one to CMakeLists.txt. The
 * skeleton is compiled with everything else, so it cannot go stale, but it is
 * on no list and never runs.
 *
 * For an allocator with its own state, counters or a lookup, see alloc_kheap.c.
 */
#include "alloc_host.h"

#include <stdlib.h>

/* The two calls that a replay times. Put your allocator's malloc and free here;
 * these are the process's. */
#define skeleton_malloc	 malloc
#define skeleton_release free

/* The functions' prefix, the calls, and the alignment of all addresses in
 * bytes, which verification checks. */
ALLOC_HOST_DEFINE(skeleton, skeleton_malloc, skeleton_release, 16)

/* What reports say about the library that the allocator uses. */
static const char *skeleton_version(void)
{
	return "0";
}

/* The only name that this file exports; declared by hand and listed in
 * alloc_list.c. */
extern const struct alloc_ops alloc_skeleton;

const struct alloc_ops alloc_skeleton = {
	.name = "skeleton",
	.help = "one line for bench --list",
	.keys = alloc_host_keys,
	.version = skeleton_version,
	.open = skeleton_open,
};
