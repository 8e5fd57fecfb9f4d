/*
 * kheap_fast: the cluster heap made for speed.
 *
 * It gives the same addresses, sizes and answers as a heap (kheap.h) with
 * lookup=pagemap, fit=quick, nodes=pool and pager=sim, and its counted
 * operations the same counters, steps and paging included; only what it keeps
 * and where differs, and which frame backs which page. Paging is as eager as
 * there: kmalloc takes a frame and writes a PTE for every page, kfree clears every
 * PTE, gives every frame back and drops every TLB entry.
 *
 *   - Rows and tracking arrays are not kept: their work was to find a cluster.
 *     A cluster's index is the number of its first page.
 *   - x86 leaves bits 9 to 11 of a PTE to the system. In them is the cluster's
 *     length, at its first page: 1 to 6 pages, or 7 for longer ones, whose length
 *     is in an array; 0 at other pages. So the one PTE that kfree must clear
 *     anyway also tells that a cluster starts there, and how long it is.
 *   - The window's page tables are contiguous, so that a page's number is its
 *     PTE's.
 *   - The listed runs of one page are a stack: nothing waits for a link to be
 *     loaded. With each of them waits the frame that backed it last, as the PTE
 *     that will map it again, so that a page and its frame are given and taken
 *     together. All other free frames are on a stack of their own.
 *   - A cluster of one page, as nearly all are, has a path of its own.
 *
 * Use one kind of operation, plain or `_counted`, for a heap's whole life. Not
 * thread-safe; several may live side by side. Whoever uses the heap may include
 * this file.
 */
#ifndef KHEAP_FAST_H
#define KHEAP_FAST_H

#include "kheap.h"

struct kheap_fast;

struct kheap_fast_config {
	/* As in struct kheap_config. */
	kva_t base;
	uint32_t pages;

#if __STDC_HOSTED__
	/* As in struct pager_sim_config. */
	uint32_t tlb_sets;
	uint32_t tlb_ways;
#else
	/* In a kernel, as in struct pager_x86_config: the page directory in use,
	 * and the frames that the heap may have. There must be one for each page
	 * of the window and one for each table, which maps 4 MiB. */
	uint32_t *directory;
	pfn_t first_frame;
	uint32_t frame_count;
	void *frames;

	/* The array that the directory's entry for itself makes of all PTEs. */
	void *ptes;

	/* An invlpg, as in struct pager_x86_config. `is_table`: of a page table's
	 * address in `ptes`, which needs one too; whoever counts the pages' alone
	 * asks for it. */
	void (*invalidate)(kva_t va, bool is_table);
#endif
};

/*
 * Makes an empty heap in `*out`, which kheap_fast_free frees. `diag` may be NULL.
 * Returns 0; or KB_E_RANGE with `diag` naming the limit that the window breaks, or
 * without it for the TLB; or KB_E_NOMEM; or, in a kernel, KB_E_NO_FRAMES if there are
 * fewer frames than the window and its tables can need.
 */
int kheap_fast_new(struct kheap_fast **out,
		   const struct kheap_fast_config *config,
		   struct kb_diag *diag);

/* NULL is ignored. */
void kheap_fast_free(struct kheap_fast *f);

/* As kheap_kmalloc; only the window can be exhausted, there are frames for all
 * of its pages. */
kva_t kheap_fast_kmalloc(struct kheap_fast *f, uint32_t size);
kva_t kheap_fast_kmalloc_counted(struct kheap_fast *f, uint32_t size);

/* As kheap_kfree. */
int kheap_fast_kfree(struct kheap_fast *f, kva_t va);
int kheap_fast_kfree_counted(struct kheap_fast *f, kva_t va);

/* The index of the cluster that starts at `va`, or -1. */
int kheap_fast_find(const struct kheap_fast *f, kva_t va);

/* Bytes of the cluster that starts at `va`, a whole number of pages; 0 if there
 * is none. */
uint32_t kheap_fast_size_at(const struct kheap_fast *f, kva_t va);

/* As kheap_touch. */
void kheap_fast_touch(struct kheap_fast *f, kva_t va);
void kheap_fast_touch_counted(struct kheap_fast *f, kva_t va);

/* As pager_ops' translate, reverse, payload and entry. A frame in `pa` of reverse
 * is a number of the heap's, from 0. */
bool kheap_fast_translate(const struct kheap_fast *f, kva_t va, uint64_t *pa);
bool kheap_fast_reverse(const struct kheap_fast *f, uint64_t pa, kva_t *va);
uint64_t *kheap_fast_payload(struct kheap_fast *f, kva_t va);
uint32_t kheap_fast_entry(const struct kheap_fast *f, kva_t va);

kva_t kheap_fast_base(const struct kheap_fast *f);

/* Pages that no cluster holds, and the longest stretch of them. The second one
 * walks the used part of the window. */
uint32_t kheap_fast_free_pages(const struct kheap_fast *f);
uint32_t kheap_fast_longest_free_run(const struct kheap_fast *f);

/* Bytes of the heap's records: lists, long lengths, free runs; without those of
 * paging, although they hold the other lengths. */
size_t kheap_fast_record_bytes(const struct kheap_fast *f);

/* The counters so far, of the heap and of its paging. */
void kheap_fast_counters(const struct kheap_fast *f,
			 struct kheap_counters *heap,
			 struct pager_counters *paging);

/* The kinds of step that are counted: enum lookup_steps. */
unsigned kheap_fast_steps(void);

/* True if all structures agree; walks all of them. If the host has no memory
 * for a byte per frame, it checks less. */
bool kheap_fast_is_valid(const struct kheap_fast *f);

#endif /* KHEAP_FAST_H */
