/*
 * example_region: how a heap that works in one region, such as TLSF or FreeRTOS's
 * heap_4, becomes a plugin. The heap is a small one of our own: first fit in a list of
 * free blocks, which is kept in the order of addresses so that neighbors merge.
 *
 *   cc -shared -fPIC -O2 -I replay/plugin -o region.so replay/plugin/example_region.c
 *
 * The region is lent by bench, which then knows how much of it is used.
 */
#include "allocator_plugin.h"

/* --- The heap, which knows nothing of bench --- */

struct block {
	size_t bytes; /* with this header */
	struct block *next;
};

static struct block *free_list;

static void heap_init(void *region, size_t bytes)
{
	free_list = region;
	free_list->bytes = bytes;
	free_list->next = NULL;
}

static void *heap_malloc(size_t size)
{
	const size_t unit = sizeof(struct block);
	const size_t bytes = (size + 2 * unit - 1) / unit * unit;
	struct block **link = &free_list, *b;

	while (*link && (*link)->bytes < bytes)
		link = &(*link)->next;
	b = *link;
	if (!b)
		return NULL;
	if (b->bytes > bytes) {
		struct block *rest = (struct block *)((char *)b + bytes);

		rest->bytes = b->bytes - bytes;
		rest->next = b->next;
		*link = rest;
		b->bytes = bytes;
	} else {
		*link = b->next;
	}
	return b + 1;
}

/* Joins a block with the one after it, if that is where it ends. */
static void merge(struct block *b)
{
	if (b->next && (char *)b + b->bytes == (char *)b->next) {
		b->bytes += b->next->bytes;
		b->next = b->next->next;
	}
}

static void heap_free(void *p)
{
	struct block *b = (struct block *)p - 1, *before = NULL;

	for (struct block *at = free_list; at && at < b; at = at->next)
		before = at;
	b->next = before ? before->next : free_list;
	if (before)
		before->next = b;
	else
		free_list = b;
	merge(b);
	if (before)
		merge(before);
}

/* --- The plugin --- */

#define PAGES 16384

static int init(const struct allocator_plugin_config *config, void **ctx)
{
	void *region = config->take_pages(config->host, PAGES);

	(void)ctx;
	if (region)
		heap_init(region, (size_t)PAGES * config->page_size);
	return region ? 0 : 1;
}

static void *alloc(void *ctx, size_t size)
{
	(void)ctx;
	return heap_malloc(size);
}

static int release(void *ctx, void *p)
{
	(void)ctx;
	heap_free(p);
	return 0;
}

const struct allocator_plugin allocator_plugin = {
	.version = ALLOCATOR_PLUGIN_VERSION,
	.size = sizeof(struct allocator_plugin),
	.flags = ALLOCATOR_PLUGIN_REAL,
	.alignment = sizeof(struct block),
	.init = init,
	.alloc = alloc,
	.free = release,
};
