/*
 * kheap_fast_sim: the machine of a kheap_fast in a program: page tables in memory
 * of the host, and the TLB model of pager_sim.h.
 *
 * The functions of kheap_fast_x86.h have the same names and do the same to a real
 * processor. Only kheap_fast.c includes either. Compiles as C only.
 */
#ifndef KHEAP_FAST_SIM_H
#define KHEAP_FAST_SIM_H

#include "kheap_fast_internal.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"
#include "pager_sim.h"

/* Makes the machine for the heap's pages and frames. Returns 0; or KB_E_RANGE or
 * KB_E_NOMEM, to be released as well. */
static inline int mmu_init(struct kheap_fast *f,
			   const struct kheap_fast_config *config)
{
	struct pager_sim_config sim = { .tlb_sets = config->tlb_sets,
					.tlb_ways = config->tlb_ways };

	if (pager_sim_check(&sim) < 0)
		return KB_E_RANGE;
	f->pte = calloc(f->pages, sizeof(*f->pte));
	f->payload = calloc(f->frame_limit, sizeof(*f->payload));
	if (!f->pte || !f->payload)
		return KB_E_NOMEM;
	return tlb_init(&f->tlb, sim.tlb_sets, sim.tlb_ways);
}

static inline void mmu_release(struct kheap_fast *f)
{
	free(f->pte);
	free(f->payload);
	tlb_release(&f->tlb);
}

/* An entry's frame number, in its place, for the heap's frame `pfn`; and back. */
static kb_always_inline uint32_t mmu_frame_bits(const struct kheap_fast *f,
						pfn_t pfn)
{
	(void)f;
	return pfn << KVA_PAGE_SHIFT;
}

static kb_always_inline pfn_t mmu_pfn(const struct kheap_fast *f,
				      uint32_t entry)
{
	(void)f;
	return entry >> KVA_PAGE_SHIFT;
}

/* The PTE of a page whose table may not be there: then 0. */
static kb_always_inline uint32_t mmu_pte(const struct kheap_fast *f,
					 uint32_t page)
{
	return f->pte[page];
}

/* Table `number` has got its directory entry, or is to lose it: it is empty either
 * way. */
static kb_always_inline void mmu_table_made(struct kheap_fast *f,
					    uint32_t number)
{
	(void)f;
	(void)number;
}

static kb_always_inline void mmu_table_dropped(struct kheap_fast *f,
					       uint32_t number)
{
	(void)f;
	(void)number;
}

/* invlpg, after the page's PTE, which was `entry`, was cleared. Without the flag no
 * walk has brought the page in. */
static kb_always_inline void mmu_invalidate(struct kheap_fast *f, kva_t va,
					    uint32_t entry)
{
	if (kb_unlikely(entry & PAGER_PTE_ACCESSED))
		tlb_invalidate(&f->tlb, va >> KVA_PAGE_SHIFT);
}

/* One access to `va`, in `page`, which is mapped. */
static kb_always_inline void mmu_touch(struct kheap_fast *f, kva_t va,
				       uint32_t page, const bool counted)
{
	if (tlb_access(&f->tlb, va >> KVA_PAGE_SHIFT)) {
		if (counted)
			f->paging.tlb_hits++;
		return;
	}
	if (counted)
		f->paging.tlb_misses++;
	f->pde[kheap_fast_table_of(f, page)] |= PAGER_PTE_ACCESSED;
	f->pte[page] |= PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;
}

/* The word of payload of the page at `va`, which is mapped by `entry`. */
static inline uint64_t *mmu_payload(struct kheap_fast *f, kva_t va,
				    uint32_t entry)
{
	(void)va;
	return &f->payload[mmu_pfn(f, entry)];
}

/* True if the TLB holds only pages that are mapped and were walked to. */
static inline bool mmu_agrees(const struct kheap_fast *f)
{
	size_t i;

	for (i = 0; i < tlb_entries(&f->tlb); i++) {
		const kva_t va = f->tlb.pages[i] << KVA_PAGE_SHIFT;
		const uint32_t page = (va - f->base) >> KVA_PAGE_SHIFT;

		if (va &&
		    (page >= f->pages || !(f->pte[page] & PAGER_PTE_ACCESSED)))
			return false;
	}
	return tlb_is_valid(&f->tlb);
}

#endif /* KHEAP_FAST_SIM_H */
