/*
 * kheap_fast_x86: the machine of a kheap_fast in a kernel: the page tables that the
 * processor walks.
 *
 * The directory has one entry that names the directory itself. By it the processor
 * takes the directory for a page table, and page tables for pages: the PTEs of all
 * of the address space are one array of 4 MiB, at config->ptes. So the window's
 * PTEs are contiguous although their tables are wherever a frame was free.
 *
 * The functions of kheap_fast_sim.h have the same names and do the same to the
 * simulated machine. Only kheap_fast.c includes either. Compiles as C only.
 * Compiles freestanding only.
 */
#ifndef KHEAP_FAST_X86_H
#define KHEAP_FAST_X86_H

#include "kheap_fast_internal.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"
#include "pager_sim.h"

/* Besides what the simulation returns, KB_E_NO_FRAMES if there are fewer frames than
 * the window and its tables can need. */
static inline int mmu_init(struct kheap_fast *f,
			   const struct kheap_fast_config *config)
{
	if (config->frame_count < f->frame_limit)
		return KB_E_NO_FRAMES;
	f->directory = config->directory;
	f->first_frame = config->first_frame;
	f->frames = config->frames;
	f->invalidate = config->invalidate;
	f->pte = (uint32_t *)config->ptes + (f->base >> KVA_PAGE_SHIFT);
	return 0;
}

static kb_always_inline uint32_t mmu_frame_bits(const struct kheap_fast *f,
						pfn_t pfn)
{
	return (f->first_frame + pfn) << KVA_PAGE_SHIFT;
}

static kb_always_inline pfn_t mmu_pfn(const struct kheap_fast *f,
				      uint32_t entry)
{
	return (entry >> KVA_PAGE_SHIFT) - f->first_frame;
}

/* Without its table a PTE is an address that faults. */
static kb_always_inline uint32_t mmu_pte(const struct kheap_fast *f,
					 uint32_t page)
{
	return f->used[kheap_fast_table_of(f, page)] ? f->pte[page] : 0;
}

/* The first PTE of table `number`, in the array of all PTEs. */
static inline uint32_t *mmu_table(const struct kheap_fast *f, uint32_t number)
{
	const uint32_t page = number
			      << (KHEAP_FAST_TABLE_SHIFT - KVA_PAGE_SHIFT);

	return f->pte - (f->base >> KVA_PAGE_SHIFT) + page;
}

/* A frame keeps what was in it, and a page table must be empty before the processor can
 * see it: a walk may be speculative. */
static inline void mmu_table_made(struct kheap_fast *f, uint32_t number)
{
	memset(f->frames + (size_t)mmu_pfn(f, f->pde[number]) * KVA_PAGE_SIZE,
	       0, KVA_PAGE_SIZE);
	kb_compiler_barrier();
	f->directory[number] = f->pde[number];
}

/* The table itself was read as a page: that goes from the TLB too. */
static inline void mmu_table_dropped(struct kheap_fast *f, uint32_t number)
{
	f->directory[number] = 0;
	f->invalidate((kva_t)(uintptr_t)mmu_table(f, number), true);
}

static kb_always_inline void mmu_invalidate(struct kheap_fast *f, kva_t va,
					    uint32_t entry)
{
	(void)entry;
	f->invalidate(va, false);
}

/* Nothing of the window is left mapped, nor known to the processor. */
static inline void mmu_release(struct kheap_fast *f)
{
	const uint32_t last = kheap_fast_table_of(f, f->pages - 1);
	uint32_t page;
	uint32_t i;

	if (!f->used || !f->directory)
		return;
	for (page = 0; page < f->pages; page++)
		if (mmu_pte(f, page) != 0)
			f->invalidate(f->base + (page << KVA_PAGE_SHIFT),
				      false);
	for (i = kheap_fast_table_of(f, 0); i <= last; i++)
		if (f->pde[i] != 0)
			mmu_table_dropped(f, i);
}

/* An access is an instruction of whoever has something to read or write. */
static kb_always_inline void mmu_touch(struct kheap_fast *f, kva_t va,
				       uint32_t page, const bool counted)
{
	(void)f;
	(void)va;
	(void)page;
	(void)counted;
}

static inline uint64_t *mmu_payload(struct kheap_fast *f, kva_t va,
				    uint32_t entry)
{
	(void)f;
	(void)entry;
	return (uint64_t *)(uintptr_t)(va & ~(KVA_PAGE_SIZE - 1));
}

/* True if the directory names each table that the heap has, and no other. A write
 * to a PTE through the array makes the table's entry dirty. */
static inline bool mmu_agrees(const struct kheap_fast *f)
{
	const uint32_t last = kheap_fast_table_of(f, f->pages - 1);
	const uint32_t flags = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;
	uint32_t i;

	for (i = kheap_fast_table_of(f, 0); i <= last; i++)
		if ((f->directory[i] & ~flags) != f->pde[i])
			return false;
	return true;
}

#endif /* KHEAP_FAST_X86_H */
