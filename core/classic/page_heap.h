/*
 * page_heap: a window of simulated pages, handed out by a textbook algorithm
 * and mapped and unmapped by a pager as in the cluster heap, so that the
 * comparison with that heap is fair.
 *
 *   buddy        binary buddy (buddy.h);
 *   page_bitmap  next fit over a bitmap (page_bitmap.h);
 *   vmem         boundary tags and power-of-two lists (vmem.h).
 *
 * An algorithm is a const struct page_ops over pages numbered from 0, the
 * window's first. Each timed operation exists twice, the plain one counting
 * nothing, the `_counted` one counting; use one kind throughout a heap's life.
 *
 * Not thread-safe; several heaps may live side by side.
 *
 * core/ and whoever makes such a heap may include this file.
 */
#ifndef PAGE_HEAP_H
#define PAGE_HEAP_H

#include "kb_bits.h"
#include "kb_status.h"
#include "kva.h"
#include "pager.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No page is available. */
#define PAGE_HEAP_NONE UINT32_MAX

/* Receives an algorithm's counters, one call each; `name` is static. */
typedef void (*page_counter_fn)(void *user, const char *name, uint64_t value);

struct page_ops {
	/* Bytes of the algorithm's state, which starts as zeros. */
	size_t state_size;

	/* Makes all of `pages` >= 1 pages free. `choice` is the algorithm's
	 * own. Returns 0, or KB_E_NOMEM; release is due either way. */
	int (*init)(void *state, uint32_t pages, unsigned choice);
	void (*release)(void *state);

	/* Takes `pages` >= 1 pages in a row. Returns the first one's number; or
	 * PAGE_HEAP_NONE, with nothing changed. */
	uint32_t (*take)(void *state, uint32_t pages);
	uint32_t (*take_counted)(void *state, uint32_t pages);

	/* Gives back what take gave, known by its first page, any number.
	 * Returns how many pages it occupied; 0, with nothing changed, if none
	 * such is live. */
	uint32_t (*give)(void *state, uint32_t page);
	uint32_t (*give_counted)(void *state, uint32_t page);

	/* Pages that `pages` of them occupy. NULL: as many. */
	uint32_t (*occupied)(uint32_t pages);

	/* Pages requested at `page`, found as give would find it; 0
	 * if nothing live starts there. */
	uint32_t (*asked)(const void *state, uint32_t page);

	/* Free pages, and the most that can be taken at once. */
	uint32_t (*free_pages)(const void *state);
	uint32_t (*longest)(const void *state);

	/* Bytes of the algorithm's own records: all of its fixed tables, and
	 * the records of blocks that are in use. */
	uint64_t (*record_bytes)(const void *state);

	/* Lookups so far and nodes that they compared. Optional: NULL for one
	 * that finds a block without searching. */
	void (*searches)(const void *state, uint64_t *lookups, uint64_t *nodes);

	void (*counters)(const void *state, page_counter_fn fn, void *user);

	/* True if all structures agree; walks everything. */
	bool (*is_valid)(const void *state);
};

struct page_heap {
	const struct page_ops *ops;
	void *state;
	kva_t base;
	uint32_t pages;
	struct pager pager;

	/* Occupied pages, counted calls only. */
	uint64_t pages_live;
	uint64_t pages_peak;
};

struct page_heap_config {
	const struct page_ops *ops;
	unsigned choice;

	/* As kheap's (kheap.h): 0 means its defaults, and it has its limits. */
	kva_t base;
	uint32_t pages;

	/* Moved into the heap; an empty one means pager_none(). */
	struct pager pager;
};

/* Makes an empty heap in `*out`, which page_heap_free frees. Returns 0;
 * KB_E_RANGE with `diag` naming the limit, or KB_E_NOMEM. On error the pager is
 * released too. */
int page_heap_new(struct page_heap **out, struct page_heap_config *config,
		  struct kb_diag *diag);

/* Frees the heap and its pager; NULL is ignored. */
void page_heap_free(struct page_heap *h);

/* The page that `va` is the first byte of; PAGE_HEAP_NONE if of none. */
static inline uint32_t page_heap_page_of(const struct page_heap *h, kva_t va)
{
	const uint32_t offset = va - h->base;

	if (offset % KVA_PAGE_SIZE != 0 || offset >> KVA_PAGE_SHIFT >= h->pages)
		return PAGE_HEAP_NONE;
	return offset >> KVA_PAGE_SHIFT;
}

/*
 * Templates, to be stamped with constant `ops`: allocates `size` bytes in whole
 * pages; 0 takes one. Returns the address, or 0 if pages or frames run out:
 * nothing is then taken, but lists may be in another order and a rover may have
 * moved.
 */
static kb_always_inline kva_t page_heap_alloc(struct page_heap *h,
					      const struct page_ops *ops,
					      uint32_t size, const bool counted)
{
	const uint32_t asked = kva_pages_of(size);
	const struct pager pager = h->pager;
	uint32_t page, pages;
	kva_t va;

	page = counted ? ops->take_counted(h->state, asked)
		       : ops->take(h->state, asked);
	if (kb_unlikely(page == PAGE_HEAP_NONE))
		return 0;
	pages = ops->occupied ? ops->occupied(asked) : asked;
	va = h->base + (page << KVA_PAGE_SHIFT);
	if (kb_unlikely((counted ? pager.ops->map_counted
				 : pager.ops->map)(pager.ctx, va, pages) < 0)) {
		ops->give(h->state, page);
		return 0;
	}
	if (counted) {
		h->pages_live += pages;
		h->pages_peak = kb_max(h->pages_peak, h->pages_live);
	}
	return va;
}

/* Frees what starts at `va`. Returns 0; or KB_E_NOT_LIVE with nothing
 * changed. */
static kb_always_inline int page_heap_release(struct page_heap *h,
					      const struct page_ops *ops,
					      kva_t va, const bool counted)
{
	const uint32_t page = page_heap_page_of(h, va);
	const struct pager pager = h->pager;
	uint32_t pages;

	pages = counted ? ops->give_counted(h->state, page)
			: ops->give(h->state, page);
	if (kb_unlikely(pages == 0))
		return KB_E_NOT_LIVE;
	(counted ? pager.ops->unmap_counted : pager.ops->unmap)(pager.ctx, va,
								pages);
	if (counted)
		h->pages_live -= pages;
	return 0;
}

/*
 * Stamps prefix_take, prefix_give and their counted twins, for a struct page_ops,
 * from an algorithm's kb_always_inline templates take(state, pages, counted) and
 * give(state, page, counted).
 */
#define PAGE_OPS_STAMP(prefix)                                             \
	static uint32_t prefix##_take(void *state, uint32_t pages)         \
	{                                                                  \
		return take(state, pages, false);                          \
	}                                                                  \
	static uint32_t prefix##_take_counted(void *state, uint32_t pages) \
	{                                                                  \
		return take(state, pages, true);                           \
	}                                                                  \
	static uint32_t prefix##_give(void *state, uint32_t page)          \
	{                                                                  \
		return give(state, page, false);                           \
	}                                                                  \
	static uint32_t prefix##_give_counted(void *state, uint32_t page)  \
	{                                                                  \
		return give(state, page, true);                            \
	}

/* True if the algorithm's structures and the pager's agree. */
bool page_heap_is_valid(const struct page_heap *h);

#endif /* PAGE_HEAP_H */
