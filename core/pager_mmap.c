#include "pager_mmap.h"

#include "kb_assert.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RESERVED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

struct pager_mmap {
	/* The window on the host. */
	char *window;
	kva_t base;
	uint32_t pages;

	/* 1 for each page that is mapped. */
	uint8_t mapped[];
};

static inline uint32_t page_of(const struct pager_mmap *m, kva_t va)
{
	return (va - m->base) >> KVA_PAGE_SHIFT;
}

static inline char *host_of(const struct pager_mmap *m, kva_t va)
{
	return m->window + (size_t)(va - m->base);
}

static inline size_t bytes_of(uint32_t pages)
{
	return (size_t)pages << KVA_PAGE_SHIFT;
}

static int mmap_map(void *ctx, kva_t va, uint32_t pages)
{
	struct pager_mmap *m = ctx;

	kb_assert(page_of(m, va) + pages <= m->pages);
	if (mmap(host_of(m, va), bytes_of(pages), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1,
		 0) == MAP_FAILED)
		return KB_E_NOMEM;
	memset(&m->mapped[page_of(m, va)], 1, pages);
	return 0;
}

static void mmap_unmap(void *ctx, kva_t va, uint32_t pages)
{
	struct pager_mmap *m = ctx;

	kb_assert(m->mapped[page_of(m, va)]);
	if (mmap(host_of(m, va), bytes_of(pages), PROT_NONE,
		 RESERVED | MAP_FIXED, -1, 0) == MAP_FAILED)
		madvise(host_of(m, va), bytes_of(pages), MADV_DONTNEED);
	memset(&m->mapped[page_of(m, va)], 0, pages);
}

static void mmap_touch(void *ctx, kva_t va)
{
	*(volatile char *)host_of(ctx, va) = 1;
}

static uint64_t *mmap_payload(void *ctx, kva_t va)
{
	struct pager_mmap *m = ctx;
	const uint32_t page = page_of(m, va);

	if (page >= m->pages || !m->mapped[page])
		return NULL;
	return (uint64_t *)(void *)(m->window + bytes_of(page));
}

static void mmap_free(void *ctx)
{
	struct pager_mmap *m = ctx;

	munmap(m->window, bytes_of(m->pages));
	free(m);
}

static const struct pager_ops mmap_ops = {
	.name = "mmap",
	.map = mmap_map,
	.map_counted = mmap_map,
	.unmap = mmap_unmap,
	.unmap_counted = mmap_unmap,
	.touch = mmap_touch,
	.touch_counted = mmap_touch,
	.payload = mmap_payload,
	.free = mmap_free,
};

int pager_mmap_new(struct pager *out, kva_t base, uint32_t pages)
{
	struct pager_mmap *m;

	if (pages == 0 || pages > KVA_SPACE_PAGES || base % KVA_PAGE_SIZE != 0)
		return KB_E_RANGE;
	/* Not on x86, but on some ARMs. */
	if (sysconf(_SC_PAGESIZE) != (long)KVA_PAGE_SIZE)
		return KB_E_UNSUPPORTED;
	m = calloc(1, sizeof(*m) + pages);
	if (!m)
		return KB_E_NOMEM;
	m->base = base;
	m->pages = pages;
	m->window = mmap(NULL, bytes_of(pages), PROT_NONE, RESERVED, -1, 0);
	if (m->window == MAP_FAILED) {
		free(m);
		return KB_E_NOMEM;
	}
	out->ops = &mmap_ops;
	out->ctx = m;
	return 0;
}
