#include "plugin_lender.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

/* Pages, at most; where less memory is allowed, half as often as it takes. A process of
 * 32 bits has no room for more. */
#define PAGES_MOST  ((size_t)1 << (sizeof(void *) > 4 ? 18 : 16))
#define PAGES_LEAST ((size_t)1 << 12)

/* Pages that the system is asked about at once. */
#define LOOK 4096

static size_t bytes_of(size_t pages)
{
	return pages * PLUGIN_LENDER_PAGE + pages;
}

/* The system gives memory to what is touched, page by page. */
static bool reserve(struct plugin_lender *l)
{
	for (size_t pages = PAGES_MOST; pages >= PAGES_LEAST; pages /= 2) {
		void *memory = mmap(
			NULL, bytes_of(pages), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED)
			continue;
		l->base = memory;
		l->lent = (uint8_t *)memory + pages * PLUGIN_LENDER_PAGE;
		l->pages = pages;
		madvise(memory, bytes_of(pages), MADV_NOHUGEPAGE);
		return true;
	}
	return false;
}

/* The first of `pages` free pages in a row; l->pages if there are none. */
static size_t find(const struct plugin_lender *l, size_t pages)
{
	size_t run = 0;

	for (size_t at = l->low; at < l->pages; at++) {
		run = l->lent[at] ? 0 : run + 1;
		if (run == pages)
			return at + 1 - pages;
	}
	return l->pages;
}

void *plugin_lender_take(struct plugin_lender *l, size_t pages)
{
	size_t first;

	if (pages == 0 || (!l->base && !reserve(l)))
		return NULL;
	first = find(l, pages);
	if (first == l->pages)
		return NULL;
	memset(l->lent + first, 1, pages);
	l->count += pages;
	if (first == l->low)
		l->low = first + pages;
	if (first + pages > l->high)
		l->high = first + pages;
	return l->base + first * PLUGIN_LENDER_PAGE;
}

int plugin_lender_give(struct plugin_lender *l, void *first, size_t pages)
{
	const uintptr_t offset = (uintptr_t)first - (uintptr_t)l->base;
	const size_t at = offset / PLUGIN_LENDER_PAGE;

	if (!l->base || offset % PLUGIN_LENDER_PAGE != 0 || at >= l->pages ||
	    pages == 0 || pages > l->pages - at ||
	    memchr(l->lent + at, 0, pages))
		return -1;
	/* So it reads as zero when it is lent again, and takes no memory. */
	madvise(first, pages * PLUGIN_LENDER_PAGE, MADV_DONTNEED);
	memset(l->lent + at, 0, pages);
	l->count -= pages;
	if (at < l->low)
		l->low = at;
	return 0;
}

uint64_t plugin_lender_mapped(const struct plugin_lender *l)
{
	return (uint64_t)l->count * PLUGIN_LENDER_PAGE;
}

uint64_t plugin_lender_resident(const struct plugin_lender *l)
{
	unsigned char is_there[LOOK];
	uint64_t pages = 0;

	for (size_t at = 0; at < l->high; at += LOOK) {
		const size_t rest = l->high - at;
		const size_t count = rest < LOOK ? rest : LOOK;

		if (mincore(l->base + at * PLUGIN_LENDER_PAGE,
			    count * PLUGIN_LENDER_PAGE, is_there) != 0)
			return UINT64_MAX;
		for (size_t i = 0; i < count; i++)
			pages += is_there[i] & l->lent[at + i];
	}
	return pages * PLUGIN_LENDER_PAGE;
}

void plugin_lender_release(struct plugin_lender *l)
{
	if (l->base)
		munmap(l->base, bytes_of(l->pages));
	*l = (struct plugin_lender){ .base = NULL };
}
