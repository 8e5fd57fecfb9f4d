/*
 * pager_sim: simulated paging, the real two-level structure of a 32-bit x86.
 *
 *   page directory: 1,024 entries, each for 4 MiB, each empty or naming the
 *   frame of a page table; page table: 1,024 entries (PTEs), each empty or
 *   naming a page frame with its flags (Intel SDM vol. 3A, 4.3 "32-bit
 *   paging").
 *
 * A page table is made when its first page is mapped and dropped when its last
 * one is unmapped; it occupies a page frame of its own. Frames come from a
 * frame allocator with a limit: the most recently freed first, else the lowest
 * never used. Each frame keeps the VA that it backs (the reverse map) and one
 * word of payload; a frame handed out again carries what was left in it. The
 * page directory is not taken from these frames.
 *
 * Mapping goes from the first page to the last, a table's frame being taken
 * just before that of its first page. Unmapping is its mirror: from the last
 * page to the first it clears the PTE, gives the frame back and issues an
 * invlpg, and drops the table once that is empty. So mapping again after an
 * unmap yields the same frames, and a map that was undone leaves no trace.
 *
 * The TLB model is sets × ways, least recently used within a set, the set
 * chosen by the page number's low bits. A touch that it cannot answer walks
 * directory and table, which sets the accessed flag in both entries and the
 * dirty flag in the PTE.
 *
 * What the counters (pager.h) mean here, exactly:
 *   maps, unmaps        pages; those of a map that was undone are in neither.
 *   pte_writes          PTEs stored by the kernel: one for each page mapped,
 *                       one for each page unmapped, and both again for pages of
 *                       a map that was undone. Flags that a walk sets, and
 *                       zeroing a new page table, are not in it.
 *   pde_writes          one for each page table made and one for each dropped:
 *                       page_tables_made + page_tables_dropped.
 *   tlb_invalidations   = unmaps: a page that was never visible needs none.
 *   map_rollbacks       maps that ran out of frames after taking at least one.
 *   frames_live         pages mapped + page tables that there are.
 *   modelled_cycles     what the others would cost by the table below. It is a
 *                       model: exact, the same everywhere, and measured nowhere.
 *
 * Whoever makes a heap may include this file.
 */
#ifndef PAGER_SIM_H
#define PAGER_SIM_H

#include "pager.h"

/* PTE and PDE bits (Intel SDM vol. 3A, tables 4-5 and 4-6). */
#define PAGER_PTE_PRESENT    UINT32_C(0x001)
#define PAGER_PTE_WRITABLE   UINT32_C(0x002)
#define PAGER_PTE_ACCESSED   UINT32_C(0x020)
#define PAGER_PTE_DIRTY	     UINT32_C(0x040)
#define PAGER_PTE_FRAME_MASK UINT32_C(0xfffff000)

/* The data TLB for 4 KiB pages of Intel's Skylake: 64 entries, 4 ways (Intel 64
 * and IA-32 Architectures Optimization Reference Manual, table 2-13). */
#define PAGER_TLB_SETS_DEFAULT 16
#define PAGER_TLB_WAYS_DEFAULT 4

#define PAGER_TLB_SETS_MAX     4096
#define PAGER_TLB_WAYS_MAX     64

/*
 * Cycles of the cost model, at a clock of 3 GHz where the source gives time:
 *
 *   modelled_cycles = (pte_writes + pde_writes) * PAGER_CYCLES_ENTRY_WRITE
 *                   + tlb_invalidations * PAGER_CYCLES_INVLPG
 *                   + tlb_misses * PAGER_CYCLES_TLB_MISS
 *                   + page_tables_made * PAGER_CYCLES_PAGE_ZEROED
 *
 * Storing an entry: Intel's cores up to Skylake complete one store a cycle
 * (Intel 64 and IA-32 Architectures Optimization Reference Manual, ch. 2,
 * execution ports). invlpg, 140 ns, and a TLB refill, 100 ns: the assumptions on
 * which Linux chose between flushing pages and flushing all ("x86/flush_tlb: try
 * flush_tlb_single one by one in flush_tlb_range", LKML, May 2012). Zeroing 4
 * KiB: 13.7 GB/s in chunks of 4 KiB on AMD Milan, so 299 ns (Linux commit
 * cb431accb36e, "x86/clear_page: introduce clear_pages()"). Only page tables are
 * zeroed: a page handed out keeps what was in it.
 */
#define PAGER_CYCLES_ENTRY_WRITE UINT64_C(1)
#define PAGER_CYCLES_INVLPG	 UINT64_C(420)
#define PAGER_CYCLES_TLB_MISS	 UINT64_C(300)
#define PAGER_CYCLES_PAGE_ZEROED UINT64_C(897)

/* The formula above. */
static inline uint64_t pager_sim_modelled_cycles(const struct pager_counters *c)
{
	return (c->pte_writes + c->pde_writes) * PAGER_CYCLES_ENTRY_WRITE +
	       c->tlb_invalidations * PAGER_CYCLES_INVLPG +
	       c->tlb_misses * PAGER_CYCLES_TLB_MISS +
	       c->page_tables_made * PAGER_CYCLES_PAGE_ZEROED;
}

struct pager_sim_config {
	/* Most page frames in use at once, page tables included; 0 means as
	 * many as the address space can need. At most 2^20. */
	uint32_t frame_limit;

	/* A power of two, at most PAGER_TLB_SETS_MAX; 0 means the default. */
	uint32_t tlb_sets;

	/* 1 … PAGER_TLB_WAYS_MAX; 0 means the default. */
	uint32_t tlb_ways;
};

/* Replaces the zeros of a configuration by the defaults. Returns 0, or
 * KB_E_RANGE if it breaks a limit. */
int pager_sim_check(struct pager_sim_config *config);

/*
 * Makes a simulated pager in `*out`, which pager_release frees. `config` may
 * be NULL for the defaults. Returns 0, KB_E_RANGE or KB_E_NOMEM.
 */
int pager_sim_new(struct pager *out, const struct pager_sim_config *config);

#endif /* PAGER_SIM_H */
