#include "metal_memory.h"

#include "kb_host.h"

/* Small blocks have 2^SMALLEST to 2^LARGEST bytes, their header included. */
#define SMALLEST 4
#define LARGEST	 12

#define PAGE	 4096u

struct block {
	/* Bytes, this header included: a power of two, or a number of pages. */
	uint32_t size;

	/* The next free one; only of a free block. What its owner gets begins
	 * here, 8 bytes after the block. */
	uint32_t unused;
	struct block *next;
};

#define HEADER offsetof(struct block, next)

/* A kernel that has its own takes that. */
#define OPTIONAL __attribute__((weak))

/* The compiler takes all of memory to be changed here. */
#define BARRIER() __asm__ volatile("" : : : "memory")

/* The functions of a C library have no context, so their state is here. */
static struct {
	uint32_t next;
	uint32_t end;

	/* By the logarithm of the size; larger ones in the last. */
	struct block *free[LARGEST + 2];
} memory;

void metal_memory_start(uint32_t begin, uint32_t end)
{
	memory.next = (begin + PAGE - 1) & ~(PAGE - 1);
	memory.end = end & ~(PAGE - 1);
}

/* The list of the blocks of this size. */
static unsigned list_of(uint32_t size)
{
	unsigned list = SMALLEST;

	while (list <= LARGEST && UINT32_C(1) << list < size)
		list++;
	return list;
}

/* Takes the first block of the list that is large enough, or NULL. */
static struct block *take_free(unsigned list, uint32_t size)
{
	struct block **link = &memory.free[list];

	while (*link && (*link)->size < size)
		link = &(*link)->next;
	if (*link) {
		struct block *block = *link;

		*link = block->next;
		return block;
	}
	return NULL;
}

static struct block *take_new(uint32_t size)
{
	struct block *block = (struct block *)memory.next;

	if (memory.end - memory.next < size)
		return NULL;
	memory.next += size;
	block->size = size;
	return block;
}

OPTIONAL void *malloc(size_t bytes)
{
	unsigned list;
	uint32_t size;
	struct block *block;

	if (bytes > UINT32_MAX / 2)
		return NULL;
	size = (uint32_t)(bytes + HEADER);
	list = list_of(size);
	size = list <= LARGEST ? UINT32_C(1) << list
			       : (size + PAGE - 1) & ~(PAGE - 1);
	block = take_free(list, size);
	if (!block)
		block = take_new(size);
	return block ? (char *)block + HEADER : NULL;
}

OPTIONAL void free(void *bytes)
{
	struct block *block;
	unsigned list;

	if (!bytes)
		return;
	block = (struct block *)((char *)bytes - HEADER);
	list = list_of(block->size);
	block->next = memory.free[list];
	memory.free[list] = block;
}

OPTIONAL void *calloc(size_t count, size_t size)
{
	void *bytes = NULL;

	if (size == 0 || count <= UINT32_MAX / 2 / size)
		bytes = malloc(count * size);
	if (bytes)
		memset(bytes, 0, count * size);
	return bytes;
}

OPTIONAL void *realloc(void *bytes, size_t size)
{
	void *grown = malloc(size);
	uint32_t old;

	if (!bytes || !grown)
		return grown;
	old = ((struct block *)((char *)bytes - HEADER))->size - HEADER;
	memcpy(grown, bytes, old < size ? old : size);
	free(bytes);
	return grown;
}

/*
 * Bytes one by one up to a multiple of 4, then words. The barrier keeps the compiler
 * from seeing a memset in the loop, of which it would make a call of memset. `rep stosb`
 * would be shorter and is right on hardware, but QEMU's -icount leaves its loop after
 * each byte.
 */
OPTIONAL void *memset(void *to, int byte, size_t size)
{
	const uint32_t word = (uint8_t)byte * UINT32_C(0x01010101);
	uint8_t *at = to;

	for (; size > 0 && (uintptr_t)at % sizeof(word) != 0; size--)
		*at++ = (uint8_t)byte;
	for (; size >= sizeof(word); size -= sizeof(word)) {
		*(uint32_t *)(void *)at = word;
		at += sizeof(word);
		BARRIER();
	}
	for (; size > 0; size--) {
		*at++ = (uint8_t)byte;
		BARRIER();
	}
	return to;
}

/* Words if both are at multiples of 4, as the heap's records are. */
OPTIONAL void *memcpy(void *to, const void *from, size_t size)
{
	const uint8_t *source = from;
	uint8_t *at = to;

	if (((uintptr_t)at | (uintptr_t)source) % sizeof(uint32_t) == 0) {
		for (; size >= sizeof(uint32_t); size -= sizeof(uint32_t)) {
			*(uint32_t *)(void *)at =
				*(const uint32_t *)(const void *)source;
			at += sizeof(uint32_t);
			source += sizeof(uint32_t);
			BARRIER();
		}
	}
	for (; size > 0; size--) {
		*at++ = *source++;
		BARRIER();
	}
	return to;
}

/* Where the areas overlap and `to` is above, from the last word to the first. */
OPTIONAL void *memmove(void *to, const void *from, size_t size)
{
	const uint8_t *source = (const uint8_t *)from + size;
	uint8_t *at = (uint8_t *)to + size;

	if ((uintptr_t)to <= (uintptr_t)from)
		return memcpy(to, from, size);
	if (((uintptr_t)at | (uintptr_t)source) % sizeof(uint32_t) == 0) {
		for (; size >= sizeof(uint32_t); size -= sizeof(uint32_t)) {
			at -= sizeof(uint32_t);
			source -= sizeof(uint32_t);
			*(uint32_t *)(void *)at =
				*(const uint32_t *)(const void *)source;
			BARRIER();
		}
	}
	while (size-- > 0) {
		*--at = *--source;
		BARRIER();
	}
	return to;
}

OPTIONAL int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
