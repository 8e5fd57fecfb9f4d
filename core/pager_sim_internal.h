/*
 * pager_sim_internal: struct pager_sim, for the pager itself and for the tests
 * that damage it.
 *
 * Only pager_sim.c and its tests may include this file.
 */
#ifndef PAGER_SIM_INTERNAL_H
#define PAGER_SIM_INTERNAL_H

#include "frames.h"
#include "pager_sim.h"
#include "tlb.h"

/* An address: 10 bits of directory slot, 10 of PTE, 12 of offset. */
#define SIM_SLOT_SHIFT 22
#define SIM_SLOTS      1024
#define SIM_PTES       1024

struct page_table {
	uint32_t pte[SIM_PTES];

	/* PTEs that are present. */
	uint32_t used;
};

struct pager_sim {
	/* The page directory: 0, or frame number and flags of the table. */
	uint32_t pde[SIM_SLOTS];

	/*
	 * What the frame that pde[slot] names contains. Once made it is kept
	 * for the pager's life: a table is empty, and so all zeros, when it is
	 * dropped, and can serve when the slot's next one is made.
	 */
	struct page_table *table[SIM_SLOTS];

	struct frames frames;
	struct tlb tlb;
	struct pager_counters counters;
};

#endif /* PAGER_SIM_INTERNAL_H */
