/*
 * example_32bit: how a heap that is right only where a pointer has 32 bits becomes a
 * plugin: compiled with -m32. bench runs it in a 32-bit process of its own. The heap is a
 * small one of our own, which keeps addresses in 32-bit words: blocks of 32 bytes times a
 * power of two, a list of free ones for each size.
 *
 *   cc -m32 -shared -fPIC -O2 -I replay/plugin -o narrow.so replay/plugin/example_32bit.c
 */
#include "allocator_plugin.h"

_Static_assert(sizeof(void *) == 4, "compile it with -m32");

/* --- The heap, which knows nothing of bench --- */

#define SIZES	 24
#define SMALLEST 32u

/* In front of each block: its size's number, and the address of the next free one. */
struct head {
	uint32_t number;
	uint32_t next;
	uint32_t padding[2];
};

static uint32_t free_blocks[SIZES], top, end;

static void heap_init(uint32_t start, uint32_t bytes)
{
	top = start;
	end = start + bytes;
}

static uint32_t heap_malloc(uint32_t size)
{
	uint32_t number = 0, block;
	struct head *head;

	while (number < SIZES &&
	       (SMALLEST << number) - sizeof(struct head) < size)
		number++;
	if (number == SIZES)
		return 0;
	block = free_blocks[number];
	if (block) {
		head = (struct head *)block;
		free_blocks[number] = head->next;
	} else if (end - top >= SMALLEST << number) {
		block = top;
		top += SMALLEST << number;
		head = (struct head *)block;
		head->number = number;
	} else {
		return 0;
	}
	return block + sizeof(*head);
}

static void heap_free(uint32_t address)
{
	struct head *head = (struct head *)(address - sizeof(*head));

	head->next = free_blocks[head->number];
	free_blocks[head->number] = (uint32_t)head;
}

/* --- The plugin --- */

#define PAGES 16384

static int init(const struct allocator_plugin_config *config, void **ctx)
{
	void *region = config->take_pages(config->host, PAGES);

	(void)ctx;
	if (region)
		heap_init((uint32_t)region, PAGES * config->page_size);
	return region ? 0 : 1;
}

static void *alloc(void *ctx, size_t size)
{
	(void)ctx;
	return (void *)heap_malloc(size);
}

static int release(void *ctx, void *p)
{
	(void)ctx;
	heap_free((uint32_t)p);
	return 0;
}

const struct allocator_plugin allocator_plugin = {
	.version = ALLOCATOR_PLUGIN_VERSION,
	.size = sizeof(struct allocator_plugin),
	.flags = ALLOCATOR_PLUGIN_REAL,
	.alignment = sizeof(struct head),
	.init = init,
	.alloc = alloc,
	.free = release,
};
