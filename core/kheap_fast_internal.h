/*
 * kheap_fast_internal: struct kheap_fast, for the heap itself and for the tests
 * that damage it.
 *
 * Only kheap_fast.c and its tests may include this file.
 */
#ifndef KHEAP_FAST_INTERNAL_H
#define KHEAP_FAST_INTERNAL_H

#include "kheap_fast.h"
#include "page_runs.h"
#include "tlb.h"

/* Bits of an address below the number of its page table; tables of a directory. */
#define KHEAP_FAST_TABLE_SHIFT 22
#define KHEAP_FAST_TABLES      1024u

/* A listed run of one page: its address below, above it the PTE that will map it
 * again, as the frame that backed it last waits with it. One word, so that what
 * kfree stores is what kmalloc loads. */
typedef uint64_t kheap_fast_single;

struct kheap_fast {
	kva_t base;
	uint32_t pages;

	/* Listed runs of one page: a stack, the last on top. */
	uint32_t single_count;
	kheap_fast_single *singles;

	/* By page; 0 if it is not mapped. */
	uint32_t *pte;

	/* By page table, that is, by the address's upper 10 bits: PTEs that are
	 * present; and the directory's entry: 0, or frame number and flags. One
	 * array, in halves. */
	uint32_t *used;
	uint32_t *pde;

	/* All other free frames: a stack. */
	pfn_t *free_frames;
	uint32_t free_frame_count;

	/* The page that a frame backed last; 0: it was a table's. */
	kva_t *frame_va;

	/* The lowest frame never used. */
	uint32_t fresh_frames;
	uint32_t frame_limit;

#if __STDC_HOSTED__
	/* Of frames, as in frames.h. */
	uint64_t *payload;
#else
	/* As configured. */
	uint32_t *directory;
	pfn_t first_frame;
	char *frames;
	void (*invalidate)(kva_t va, bool is_table);
#endif

	/* Pages of a cluster of LENGTH_LONG or more, by its first page. */
	uint32_t *long_length;

	/* Holes and top; listed runs of two pages or more. */
	struct page_runs runs;
	struct runs_lists lists;

#if __STDC_HOSTED__
	struct tlb tlb;
#endif
	struct kheap_counters counters;
	struct pager_counters paging;
};

/* The number, in the directory, of the page table that maps the window's page
 * `page`. */
static inline uint32_t kheap_fast_table_of(const struct kheap_fast *f,
					   uint32_t page)
{
	return (f->base + (page << KVA_PAGE_SHIFT)) >> KHEAP_FAST_TABLE_SHIFT;
}

#endif /* KHEAP_FAST_INTERNAL_H */
