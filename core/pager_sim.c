#include "pager_sim_internal.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"

#define SIM_FLAGS (PAGER_PTE_PRESENT | PAGER_PTE_WRITABLE)

static_assert(SIM_SLOTS * SIM_PTES == KVA_SPACE_PAGES,
	      "two levels must cover the address space");

static inline uint32_t slot_of(kva_t va)
{
	return va >> SIM_SLOT_SHIFT;
}

static inline uint32_t pte_index_of(kva_t va)
{
	return va >> KVA_PAGE_SHIFT & (SIM_PTES - 1);
}

static inline uint32_t entry_of(pfn_t pfn)
{
	return pfn << KVA_PAGE_SHIFT | SIM_FLAGS;
}

static inline pfn_t pfn_of(uint32_t entry)
{
	return entry >> KVA_PAGE_SHIFT;
}

/* Notes a frame taken. */
static inline void count_frame(struct pager_counters *counters)
{
	counters->frames_live++;
	counters->frames_peak =
		kb_max(counters->frames_peak, counters->frames_live);
}

/* Makes the slot's page table, in a frame of its own. */
static int make_table(struct pager_sim *sim, uint32_t slot, bool counted)
{
	pfn_t pfn;
	int status;

	if (!sim->table[slot]) {
		sim->table[slot] = calloc(1, sizeof(*sim->table[slot]));
		if (!sim->table[slot])
			return KB_E_NOMEM;
	}
	status = frames_take(&sim->frames, 0, &pfn);
	if (status < 0)
		return status;
	frames_at(&sim->frames, pfn)->payload = slot;
	sim->pde[slot] = entry_of(pfn);
	if (counted) {
		sim->counters.page_tables_made++;
		sim->counters.pde_writes++;
		count_frame(&sim->counters);
	}
	return 0;
}

/* Drops the slot's page table, which is empty. */
static void drop_table(struct pager_sim *sim, uint32_t slot, bool counted)
{
	frames_give(&sim->frames, pfn_of(sim->pde[slot]));
	sim->pde[slot] = 0;
	if (counted) {
		sim->counters.page_tables_dropped++;
		sim->counters.pde_writes++;
		sim->counters.frames_live--;
	}
}

/* Maps one page. On failure a table made for it has been dropped again. */
static kb_always_inline int set_page(struct pager_sim *sim, kva_t va,
				     const bool counted)
{
	const uint32_t slot = slot_of(va);
	struct page_table *table;
	pfn_t pfn;
	int status;

	if (kb_unlikely(sim->pde[slot] == 0)) {
		status = make_table(sim, slot, counted);
		if (status < 0)
			return status;
	}
	table = sim->table[slot];
	kb_assert(table->pte[pte_index_of(va)] == 0);
	status = frames_take(&sim->frames, va, &pfn);
	if (kb_unlikely(status < 0)) {
		if (table->used == 0)
			drop_table(sim, slot, counted);
		return status;
	}
	table->pte[pte_index_of(va)] = entry_of(pfn);
	table->used++;
	if (counted) {
		sim->counters.pte_writes++;
		count_frame(&sim->counters);
	}
	return 0;
}

/* Unmaps one page, and drops the table that is empty without it. Returns the
 * PTE as it was. */
static kb_always_inline uint32_t clear_page(struct pager_sim *sim, kva_t va,
					    const bool counted)
{
	const uint32_t slot = slot_of(va);
	struct page_table *table = sim->table[slot];
	uint32_t *pte = &table->pte[pte_index_of(va)];
	const uint32_t old = *pte;

	kb_assert(sim->pde[slot] != 0 && old != 0);
	*pte = 0;
	table->used--;
	frames_give(&sim->frames, pfn_of(old));
	if (counted) {
		sim->counters.pte_writes++;
		sim->counters.frames_live--;
	}
	if (kb_unlikely(table->used == 0))
		drop_table(sim, slot, counted);
	return old;
}

/* Undoes a map that failed after `pages` pages, in reverse: no page or frame is
 * left taken, and frames come in the same order again. */
static kb_noinline void roll_back(struct pager_sim *sim, kva_t va,
				  uint32_t pages, bool counted)
{
	while (pages-- > 0)
		clear_page(sim, va + (pages << KVA_PAGE_SHIFT), counted);
}

static kb_always_inline int map(struct pager_sim *sim, kva_t va, uint32_t pages,
				const bool counted)
{
	const uint64_t tables_made = sim->counters.page_tables_made;
	uint32_t i;

	kb_assert(va != 0 && va % KVA_PAGE_SIZE == 0 && pages >= 1);
	for (i = 0; i < pages; i++) {
		int status = set_page(sim, va + (i << KVA_PAGE_SHIFT), counted);

		if (kb_likely(status == 0))
			continue;
		if (counted && status == KB_E_NO_FRAMES &&
		    (i > 0 || sim->counters.page_tables_made != tables_made))
			sim->counters.map_rollbacks++;
		roll_back(sim, va, i, counted);
		return status;
	}
	if (counted)
		sim->counters.maps += pages;
	return 0;
}

/* From the last page to the first: map's mirror. */
static kb_always_inline void unmap(struct pager_sim *sim, kva_t va,
				   uint32_t pages, const bool counted)
{
	uint32_t i = pages;

	kb_assert(va != 0 && va % KVA_PAGE_SIZE == 0 && pages >= 1);
	while (i-- > 0) {
		const kva_t page = va + (i << KVA_PAGE_SHIFT);
		const uint32_t pte = clear_page(sim, page, counted);

		/* invlpg. Only a walk brings a page into the TLB, and it sets
		 * this flag; without the flag there is nothing to drop. */
		if (kb_unlikely(pte & PAGER_PTE_ACCESSED))
			tlb_invalidate(&sim->tlb, page >> KVA_PAGE_SHIFT);
	}
	if (counted) {
		sim->counters.unmaps += pages;
		sim->counters.tlb_invalidations += pages;
	}
}

/* A miss walks both levels, as the machine would: the walk sets the flags. */
static kb_always_inline void touch(struct pager_sim *sim, kva_t va,
				   const bool counted)
{
	const uint32_t slot = slot_of(va);
	uint32_t *pte;

	if (tlb_access(&sim->tlb, va >> KVA_PAGE_SHIFT)) {
		if (counted)
			sim->counters.tlb_hits++;
		return;
	}
	if (counted)
		sim->counters.tlb_misses++;
	kb_assert(sim->pde[slot] != 0);
	sim->pde[slot] |= PAGER_PTE_ACCESSED;
	pte = &sim->table[slot]->pte[pte_index_of(va)];
	kb_assert(*pte != 0);
	*pte |= PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;
}

static int sim_map(void *ctx, kva_t va, uint32_t pages)
{
	return map(ctx, va, pages, false);
}

static int sim_map_counted(void *ctx, kva_t va, uint32_t pages)
{
	return map(ctx, va, pages, true);
}

static void sim_unmap(void *ctx, kva_t va, uint32_t pages)
{
	unmap(ctx, va, pages, false);
}

static void sim_unmap_counted(void *ctx, kva_t va, uint32_t pages)
{
	unmap(ctx, va, pages, true);
}

static void sim_touch(void *ctx, kva_t va)
{
	touch(ctx, va, false);
}

static void sim_touch_counted(void *ctx, kva_t va)
{
	touch(ctx, va, true);
}

/* The PTE of the page that holds `va`; 0 if it is not mapped. */
static uint32_t walk(const struct pager_sim *sim, kva_t va)
{
	const uint32_t slot = slot_of(va);

	if (sim->pde[slot] == 0)
		return 0;
	return sim->table[slot]->pte[pte_index_of(va)];
}

static bool sim_translate(const void *ctx, kva_t va, uint64_t *pa)
{
	const uint32_t pte = walk(ctx, va);

	if (pte == 0)
		return false;
	*pa = (pte & PAGER_PTE_FRAME_MASK) | va % KVA_PAGE_SIZE;
	return true;
}

static bool sim_reverse(const void *ctx, uint64_t pa, kva_t *va)
{
	const struct pager_sim *sim = ctx;
	const uint64_t pfn = pa >> KVA_PAGE_SHIFT;
	kva_t page;

	if (pfn >= sim->frames.fresh)
		return false;
	page = sim->frames.records[pfn].va;
	if (page == 0)
		return false;
	*va = page | (kva_t)(pa % KVA_PAGE_SIZE);
	return true;
}

static uint64_t *sim_payload(void *ctx, kva_t va)
{
	struct pager_sim *sim = ctx;
	const uint32_t pte = walk(sim, va);

	return pte ? &frames_at(&sim->frames, pfn_of(pte))->payload : NULL;
}

static uint32_t sim_entry(const void *ctx, kva_t va)
{
	return walk(ctx, va);
}

static void sim_counters(const void *ctx, struct pager_counters *out)
{
	const struct pager_sim *sim = ctx;

	*out = sim->counters;
	out->modelled_cycles = pager_sim_modelled_cycles(&sim->counters);
}

/* True if the entry is well formed and its frame, in use, backs `va`. */
static bool entry_is_valid(const struct pager_sim *sim, uint32_t entry,
			   kva_t va)
{
	const uint32_t flags = entry & ~PAGER_PTE_FRAME_MASK;
	const uint32_t optional = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;

	return (flags & ~optional) == SIM_FLAGS &&
	       pfn_of(entry) < sim->frames.fresh &&
	       sim->frames.records[pfn_of(entry)].va == va;
}

/* Checks the table in `slot` and adds its frames to `*frames`. */
static bool slot_is_valid(const struct pager_sim *sim, uint32_t slot,
			  uint64_t *frames)
{
	const struct page_table *table = sim->table[slot];
	uint32_t used = 0;
	uint32_t i;

	for (i = 0; table && i < SIM_PTES; i++) {
		const kva_t va = slot << SIM_SLOT_SHIFT | i << KVA_PAGE_SHIFT;

		if (table->pte[i] == 0)
			continue;
		if (!entry_is_valid(sim, table->pte[i], va))
			return false;
		used++;
	}
	if (table && table->used != used)
		return false;
	if (sim->pde[slot] == 0)
		return used == 0;
	*frames += used + 1;
	return used > 0 && entry_is_valid(sim, sim->pde[slot], 0) &&
	       frames_at(&sim->frames, pfn_of(sim->pde[slot]))->payload == slot;
}

/* Checks the free frames and adds them to `*frames`. */
static bool free_frames_are_valid(const struct pager_sim *sim, uint64_t *frames)
{
	pfn_t pfn = sim->frames.free_head;

	while (pfn != FRAMES_NONE) {
		const struct frame *frame;

		/* More frames than exist: the list has a cycle. */
		if (pfn >= sim->frames.fresh || ++*frames > sim->frames.fresh)
			return false;
		frame = frames_at(&sim->frames, pfn);
		if (frame->va != 0)
			return false;
		/* A page table's frame names its slot, so there is no
		 * search for the one that uses this frame. */
		if (frame->payload < SIM_SLOTS && sim->pde[frame->payload] &&
		    pfn_of(sim->pde[frame->payload]) == pfn)
			return false;
		pfn = frame->next_free;
	}
	return true;
}

/* The TLB may hold only pages that are mapped and were walked to. */
static bool tlb_agrees(const struct pager_sim *sim)
{
	size_t i;

	for (i = 0; i < tlb_entries(&sim->tlb); i++) {
		const uint32_t page = sim->tlb.pages[i];

		if (page &&
		    !(walk(sim, page << KVA_PAGE_SHIFT) & PAGER_PTE_ACCESSED))
			return false;
	}
	return tlb_is_valid(&sim->tlb);
}

/* Frames in use back different pages or slots, so they differ; so do free ones
 * from them. If all together are those ever used, none is lost or shared. */
static bool sim_is_valid(const void *ctx)
{
	const struct pager_sim *sim = ctx;
	uint64_t frames = 0;
	uint64_t in_use;
	uint32_t slot;

	for (slot = 0; slot < SIM_SLOTS; slot++)
		if (!slot_is_valid(sim, slot, &frames))
			return false;
	in_use = frames;
	/* Plain operations leave the counters alone. */
	if (sim->counters.frames_peak != 0 &&
	    sim->counters.frames_live != in_use)
		return false;
	return in_use <= sim->frames.limit &&
	       free_frames_are_valid(sim, &frames) &&
	       frames == sim->frames.fresh && tlb_agrees(sim);
}

static void sim_free(void *ctx)
{
	struct pager_sim *sim = ctx;
	uint32_t slot;

	for (slot = 0; slot < SIM_SLOTS; slot++)
		free(sim->table[slot]);
	frames_release(&sim->frames);
	tlb_release(&sim->tlb);
	free(sim);
}

static const struct pager_ops sim_ops = {
	.name = "sim",
	.map = sim_map,
	.map_counted = sim_map_counted,
	.unmap = sim_unmap,
	.unmap_counted = sim_unmap_counted,
	.touch = sim_touch,
	.touch_counted = sim_touch_counted,
	.translate = sim_translate,
	.reverse = sim_reverse,
	.payload = sim_payload,
	.counters = sim_counters,
	.is_valid = sim_is_valid,
	.free = sim_free,
	.entry = sim_entry,
};

int pager_sim_check(struct pager_sim_config *config)
{
	if (config->frame_limit == 0)
		config->frame_limit = KVA_SPACE_PAGES;
	if (config->tlb_sets == 0)
		config->tlb_sets = PAGER_TLB_SETS_DEFAULT;
	if (config->tlb_ways == 0)
		config->tlb_ways = PAGER_TLB_WAYS_DEFAULT;
	if (config->frame_limit > KVA_SPACE_PAGES ||
	    config->tlb_sets > PAGER_TLB_SETS_MAX ||
	    (config->tlb_sets & (config->tlb_sets - 1)) != 0 ||
	    config->tlb_ways > PAGER_TLB_WAYS_MAX)
		return KB_E_RANGE;
	return 0;
}

int pager_sim_new(struct pager *out, const struct pager_sim_config *config)
{
	struct pager_sim_config c = { 0 };
	struct pager_sim *sim;

	if (config)
		c = *config;
	if (pager_sim_check(&c) < 0)
		return KB_E_RANGE;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return KB_E_NOMEM;
	frames_init(&sim->frames, c.frame_limit);
	if (tlb_init(&sim->tlb, c.tlb_sets, c.tlb_ways) < 0) {
		sim_free(sim);
		return KB_E_NOMEM;
	}
	out->ops = &sim_ops;
	out->ctx = sim;
	return 0;
}
