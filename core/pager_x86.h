/*
 * pager_x86: the pager over the page tables that a 32-bit x86 walks.
 *
 * It does what pager_sim.h describes, in the same order and with the same counters,
 * to the page directory of a running kernel: so the heap's pages are really there
 * after a map, and an access after an unmap is a page fault. Two things are the
 * processor's and not ours: the accessed and dirty flags, and the TLB. A touch is
 * an instruction of whoever has something to read, so the pager has none, and
 * tlb_hits, tlb_misses and modelled_cycles stay 0.
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
	/* The page directory in use: 1,024 entries. Those of the heap's window
	 * are 0 at first and are the pager's from here on. Borrowed. */
	uint32_t *directory;

	/* The page frames that the pager may take: `frame_count` of them from
	 * number `first_frame`. */
	pfn_t first_frame;
	uint32_t frame_count;

	/* Where the kernel sees the first of these frames; the others follow.
	 * Page tables are written there. Borrowed. */
	void *frames;

	/* Has the processor forget what it knows of the page at `va`, and of the
	 * table that mapped it: invlpg. */
	void (*invalidate)(kva_t va);
};

/*
 * Makes a pager in `*out`, which pager_release frees: what is mapped by then is no
 * longer in the directory. All of the pager's memory is asked for here. Returns 0,
 * KB_E_RANGE without a frame or with more than 2^20, or KB_E_NOMEM.
 */
int pager_x86_new(struct pager *out, const struct pager_x86_config *config);

#endif /* PAGER_X86_H */
