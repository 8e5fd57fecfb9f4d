/*
 * example_pages: how a heap that asks its kernel for pages, such as liballoc, becomes a
 * plugin: its two page functions call bench's. The heap is a small one of our own: a page
 * for objects of one size, up to 1 KiB, and pages of its own for each larger object.
 *
 *   cc -shared -fPIC -O2 -I replay/plugin -o pages.so replay/plugin/example_pages.c
 *
 * All memory is lent by bench, which then knows how much it is.
 */
#include "allocator_plugin.h"

#include <string.h>

/* What the heap asks of its kernel. */
static void *kernel_take(size_t pages);
static void kernel_give(void *first, size_t pages);

/* --- The heap, which knows nothing of bench --- */

#define PAGE	 4096
#define CLASSES	 7 /* 16, 32, ... 1,024 bytes */
#define SMALLEST 16

/* At the start of a page, or of a large object's first page. */
struct head {
	size_t pages; /* of a large object; 0: small objects */
	size_t class_index;
	size_t live;
	struct object *free;
	struct head *next, *before; /* pages of this size with room */
};

struct object {
	struct object *next;
};

static struct head *room[CLASSES];

static void add_room(struct head *h)
{
	h->before = NULL;
	h->next = room[h->class_index];
	if (h->next)
		h->next->before = h;
	room[h->class_index] = h;
}

static void remove_room(struct head *h)
{
	if (h->before)
		h->before->next = h->next;
	else
		room[h->class_index] = h->next;
	if (h->next)
		h->next->before = h->before;
}

static struct head *new_page(size_t class_index)
{
	const size_t bytes = (size_t)SMALLEST << class_index;
	struct head *h = kernel_take(1);

	if (!h)
		return NULL;
	memset(h, 0, sizeof(*h));
	h->class_index = class_index;
	for (size_t at = PAGE - bytes; at >= sizeof(*h); at -= bytes) {
		struct object *o = (struct object *)((char *)h + at);

		o->next = h->free;
		h->free = o;
		if (at < bytes)
			break;
	}
	add_room(h);
	return h;
}

static void *take_large(size_t size)
{
	const size_t pages = (size + sizeof(struct head) + PAGE - 1) / PAGE;
	struct head *h = kernel_take(pages);

	if (!h)
		return NULL;
	h->pages = pages;
	return h + 1;
}

static void *heap_malloc(size_t size)
{
	size_t c = 0;
	struct head *h;
	struct object *o;

	while (c < CLASSES && ((size_t)SMALLEST << c) < size)
		c++;
	if (c == CLASSES)
		return take_large(size);
	h = room[c] ? room[c] : new_page(c);
	if (!h)
		return NULL;
	o = h->free;
	h->free = o->next;
	h->live++;
	if (!h->free)
		remove_room(h);
	return o;
}

static void heap_free(void *p)
{
	struct head *h = (struct head *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1));
	struct object *o = p;

	if (h->pages) {
		kernel_give(h, h->pages);
		return;
	}
	if (!h->free)
		add_room(h);
	o->next = h->free;
	h->free = o;
	if (--h->live == 0) {
		remove_room(h);
		kernel_give(h, 1);
	}
}

/* --- The plugin --- */

static const struct allocator_plugin_config *bench;

static void *kernel_take(size_t pages)
{
	return bench->take_pages(bench->host, pages);
}

static void kernel_give(void *first, size_t pages)
{
	if (bench->give_pages(bench->host, first, pages) != 0)
		bench->panic(bench->host, "gives pages that it does not have");
}

static int init(const struct allocator_plugin_config *config, void **ctx)
{
	(void)ctx;
	bench = config;
	return 0;
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
	.alignment = SMALLEST,
	.init = init,
	.alloc = alloc,
	.free = release,
};
