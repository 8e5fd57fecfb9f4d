/*
 * pager_x86: the pager over the page tables that a 32-bit x86 walks.
 *
 * It does what pager_sim.h describes, in the same order and with the same counters,
 * to the page directory of a running kernel: so the heap's pages are really there
 * after a map, and an access after an unmap is a page fault. Two things are the
 * processor's and not ours: the accessed and dirty flags, and the TLB. A touch is
 * an instruction of whoever has something to read, so the pager has none, and
 * tlb_hits, tlb_misses and modelled_cycles stay 0. A map that is undone invalidates its
 * pages, since the processor may have read their entries speculatively; as in the
 * simulation, tlb_invalidations does not count them.
 *
 * Only memory is written here. The one instruction that a user program must not
 * issue, invlpg, is called through the configuration; so the same file is tested in
 * a program.
 *
 * Whoever makes a heap may include this file.
 */
#ifndef PAGER_X86_H
#define PAGER_X86_H

#include "pager.h"

struct pager_x86_config {
	/* The page directory in use: 1,024 entries, as the kernel sees it. Those of the
	 * heap's window are 0 at first and are the pager's from here on: each
	 * of 4 MiB, so the window's first and last one too are the pager's whole. A
	 * map fails with KB_E_ARG where an entry is not 0 and not the pager's.
	 * Borrowed. */
	uint32_t *directory;

	/* The page frames that the pager may take: `frame_count` of them from
	 * physical frame number `first_frame`. */
	pfn_t first_frame;
	uint32_t frame_count;

	/* Where the kernel sees the first of these frames; the others follow, and stay
	 * mapped there: any of them may become a page table, which is written
	 * there. Borrowed. */
	void *frames;

	/* Has the processor forget what it knows of the page at `va`, and of the
	 * table that mapped it: invlpg. Called after each page's entry has been
	 * cleared, when its frame may already be free: in an unmap, in a map that
	 * is undone, and for all pages of a table that pager_release drops. With
	 * several CPUs it returns when all of them have forgotten. */
	void (*invalidate)(kva_t va);

	/* Directory entry `slot` has changed to `entry`; 0: the table is gone.
	 * Copies of the directory change here. Called before `invalidate`, so that
	 * no copy still names the table when a frame is used again. Optional. */
	void (*slot_changed)(uint32_t slot, uint32_t entry);
};

/*
 * Makes a pager in `*out`, which pager_release frees: what is mapped by then is no
 * longer in the directory. All of the pager's memory is asked for here: 16 bytes per
 * frame and 2 KiB. Returns 0; KB_E_RANGE without a frame, with more than 2^20, or with
 * one above 4 GiB; or KB_E_NOMEM.
 */
int pager_x86_new(struct pager *out, const struct pager_x86_config *config);

#endif /* PAGER_X86_H */
