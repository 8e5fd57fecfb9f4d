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

struct kheap_fast_table {
	/* The directory's entry: 0, or frame number and flags. */
	uint32_t pde;

	/* PTEs that are present. */
	uint32_t used;
};

struct kheap_fast {
	kva_t base;
	uint32_t pages;

	/* Entries of the first page table that precede the window. */
	uint32_t lead;

	/* Listed runs of one page and free frames: stacks, the last on top. */
	uint32_t single_count;
	uint32_t free_frame_count;
	uint32_t *singles;
	pfn_t *free_frames;

	/* By page; 0 if it is not mapped. */
	uint32_t *pte;

	/* The page that a frame backed last; 0: it was a table's. */
	kva_t *frame_va;

	/* Page tables that map the window. */
	struct kheap_fast_table *tables;

	/* The lowest frame never used. */
	uint32_t fresh_frames;
	uint32_t frame_limit;

	/* Of frames, as in frames.h. */
	uint64_t *payload;

	/* Pages of a cluster of LENGTH_LONG or more, by its first page. */
	uint32_t *long_length;

	/* Holes and top; listed runs of two pages or more. */
	struct page_runs runs;
	struct runs_lists lists;

	struct tlb tlb;
	struct kheap_counters counters;
	struct pager_counters paging;
};

#endif /* KHEAP_FAST_INTERNAL_H */
