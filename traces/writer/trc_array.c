#include "trc_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A huge page of most machines, bytes. */
#define HUGE_PAGE ((size_t)2 << 20)

static void *grow_small(void *array, size_t old_size, size_t size)
{
	char *grown = realloc(array, size);

	if (grown)
		memset(grown + old_size, 0, size - old_size);
	return grown;
}

void *trc_array_grow(void *array, size_t old_size, size_t size)
{
	void *grown;

	if (size < HUGE_PAGE)
		return grow_small(array, old_size, size);
	if (old_size < HUGE_PAGE)
		grown = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		grown = mremap(array, old_size, size, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED)
		return NULL;
	madvise(grown, size, MADV_HUGEPAGE);
	if (old_size > 0 && old_size < HUGE_PAGE) {
		memcpy(grown, array, old_size);
		free(array);
	}
	return grown;
}

void trc_array_free(void *array, size_t size)
{
	if (size < HUGE_PAGE)
		free(array);
	else
		munmap(array, size);
}
