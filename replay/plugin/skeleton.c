/*
 * skeleton: a complete plugin, to copy and modify. It hands out blocks of 64,
 * 128, … bytes, each size from a list of its own, and takes new blocks from one
 * reservation, in ascending order: simple, working, and not good.
 *
 *   cc -shared -fPIC -O2 -I replay/plugin -o mine.so replay/plugin/skeleton.c
 *   bench --trace traces/boot.trc --alloc plugin:./mine.so,arena_mib=512,kheap
 *
 * allocator_plugin.h specifies each function.
 */
#define _DEFAULT_SOURCE
#include "allocator_plugin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks are 64 << c bytes; c = 26 is 4 GiB. */
#define CLASSES	 27
#define SMALLEST 64u

/* In front of each block: its class and, while it is free, the next free one.
 * Its size is the alignment that we promise. */
struct head {
	size_t class_index;
	struct head *next;
};

struct skeleton {
	struct head *free_list[CLASSES];
	char *arena;
	size_t arena_bytes;
	size_t used_bytes;
	uint64_t reused;
};

/* `config` is the harness's; its options are the KEY=VALUE on the command
 * line. Reject unknown options rather than ignore them. */
static int skeleton_init(const struct allocator_plugin_config *config,
			 void **ctx)
{
	struct skeleton *s = calloc(1, sizeof(*s));
	size_t i;

	if (!s)
		return 1;
	s->arena_bytes = (size_t)1 << 30;
	for (i = 0; i < config->option_count; i++) {
		if (strcmp(config->options[i].key, "arena_mib") != 0)
			config->panic(config->host,
				      "there is no such option; I know "
				      "arena_mib");
		s->arena_bytes =
			(size_t)strtoul(config->options[i].value, NULL, 10)
			<< 20;
	}
	s->arena = mmap(NULL, s->arena_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->arena == MAP_FAILED) {
		free(s);
		return 2;
	}
	*ctx = s;
	return 0;
}

static size_t block_bytes(size_t class_index)
{
	return (size_t)SMALLEST << class_index;
}

/* The smallest class that holds `size` bytes and the head; CLASSES if none. */
static size_t class_of(size_t size)
{
	size_t c = 0;

	while (c < CLASSES && block_bytes(c) - sizeof(struct head) < size)
		c++;
	return c;
}

/* A block that has never been used, or NULL. */
static struct head *carve(struct skeleton *s, size_t class_index)
{
	struct head *head = (struct head *)(void *)(s->arena + s->used_bytes);

	if (block_bytes(class_index) > s->arena_bytes - s->used_bytes)
		return NULL;
	s->used_bytes += block_bytes(class_index);
	head->class_index = class_index;
	return head;
}

/* NULL says that there is no memory left; the replay continues without it. */
static void *skeleton_alloc(void *ctx, size_t size)
{
	struct skeleton *s = ctx;
	size_t c = class_of(size);
	struct head *head;

	if (c == CLASSES)
		return NULL;
	head = s->free_list[c];
	if (head) {
		s->free_list[c] = head->next;
		s->reused++;
	} else {
		head = carve(s, c);
	}
	return head ? head + 1 : NULL;
}

/* Anything but 0 says that this is not a live allocation of ours. */
static int skeleton_free(void *ctx, void *p)
{
	struct skeleton *s = ctx;
	struct head *head = (struct head *)p - 1;

	if (head->class_index >= CLASSES)
		return 1;
	head->next = s->free_list[head->class_index];
	s->free_list[head->class_index] = head;
	return 0;
}

static size_t skeleton_usable_size(void *ctx, void *p)
{
	const struct head *head = (const struct head *)p - 1;

	(void)ctx;
	return block_bytes(head->class_index) - sizeof(*head);
}

/* Reports show these as plugin_blocks_reused and plugin_bytes_carved. */
static void skeleton_stats(void *ctx, allocator_plugin_stat_fn fn, void *user)
{
	const struct skeleton *s = ctx;

	fn(user, "blocks_reused", s->reused);
	fn(user, "bytes_carved", s->used_bytes);
}

/* Unknown figures keep their initial value. */
static void skeleton_memory(void *ctx, struct allocator_plugin_memory *out)
{
	const struct skeleton *s = ctx;
	size_t c;

	out->mapped = s->used_bytes;
	out->largest = 0;
	for (c = 0; c < CLASSES; c++)
		if (s->free_list[c] ||
		    block_bytes(c) <= s->arena_bytes - s->used_bytes)
			out->largest = block_bytes(c) - sizeof(struct head);
}

static void skeleton_fini(void *ctx)
{
	struct skeleton *s = ctx;

	munmap(s->arena, s->arena_bytes);
	free(s);
}

/* In the header's order. C99 could name the fields; this way it is also C89 and
 * C++. Optional functions may be NULL. */
const struct allocator_plugin allocator_plugin = {
	ALLOCATOR_PLUGIN_VERSION,
	sizeof(struct allocator_plugin),
	ALLOCATOR_PLUGIN_REAL, /* flags: the memory can be touched */
	sizeof(struct head),   /* alignment */
	skeleton_init,
	skeleton_alloc,
	skeleton_free,
	skeleton_usable_size,
	skeleton_stats,
	skeleton_memory,
	skeleton_fini
};
