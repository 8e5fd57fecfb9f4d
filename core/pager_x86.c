/*
 * How a 32-bit x86 finds a page (Intel SDM vol. 3A, 4.3 "32-bit paging"):
 *
 *    address     10 bits slot | 10 bits index | 12 bits offset
 *                     │              │
 *    directory[slot] ─┘  table[index]┘  page + offset
 *
 * Directory and tables are pages of 1,024 entries. An entry is 0, or the number of a
 * page frame and its flags: bit 0 present, bit 1 writable; bit 2, user, stays
 * clear, so the window is the kernel's alone. On a walk the processor sets bit 5,
 * accessed, in both entries, and on a write bit 6, dirty, in the second.
 *
 * The processor keeps what a walk has found in its TLB, and does not look at the
 * tables again until it is told to. An entry that was 0 is never kept, so mapping a
 * page needs no word to the processor; unmapping one does (4.10.4.1). A walk may be
 * speculative, so an entry counts as seen as soon as it is there (4.10.2.3).
 */
#include "pager_x86.h"

#include "frames.h"
#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_host.h"
#include "pager_sim.h"

#define X86_SLOT_SHIFT 22
#define X86_ENTRIES    1024u
#define X86_FLAGS      (PAGER_PTE_PRESENT | PAGER_PTE_WRITABLE)

struct pager_x86 {
	struct pager_x86_config config;
	struct frames frames;
	struct pager_counters counters;

	/* PTEs that are present in each slot's table. */
	uint16_t used[X86_ENTRIES];
};

static inline uint32_t slot_of(kva_t va)
{
	return va >> X86_SLOT_SHIFT;
}

/* An entry for our frame `pfn`, which is counted from 0; and back. */
static inline uint32_t entry_of(const struct pager_x86 *x, pfn_t pfn)
{
	return (x->config.first_frame + pfn) << KVA_PAGE_SHIFT | X86_FLAGS;
}

static inline pfn_t pfn_of(const struct pager_x86 *x, uint32_t entry)
{
	return (entry >> KVA_PAGE_SHIFT) - x->config.first_frame;
}

/* Where the kernel sees the frame that an entry names. */
static inline void *frame_at(const struct pager_x86 *x, uint32_t entry)
{
	return (char *)x->config.frames +
	       (size_t)pfn_of(x, entry) * KVA_PAGE_SIZE;
}

/* The PTE of the page that holds `va`, whose table is there. */
static inline uint32_t *pte_of(const struct pager_x86 *x, kva_t va)
{
	uint32_t *table = frame_at(x, x->config.directory[slot_of(va)]);

	return &table[va >> KVA_PAGE_SHIFT & (X86_ENTRIES - 1)];
}

static inline void count_frame(struct pager_counters *counters)
{
	counters->frames_live++;
	counters->frames_peak =
		kb_max(counters->frames_peak, counters->frames_live);
}

static void set_slot(struct pager_x86 *x, uint32_t slot, uint32_t entry)
{
	x->config.directory[slot] = entry;
	if (x->config.slot_changed)
		x->config.slot_changed(slot, entry);
}

/* Makes the slot's page table. A frame keeps what its last owner left in it, so it
 * is emptied before the processor can see it. */
static int make_table(struct pager_x86 *x, uint32_t slot, bool counted)
{
	pfn_t pfn;
	int status;

	if (x->config.directory[slot] != 0)
		return KB_E_ARG;
	status = frames_take(&x->frames, 0, &pfn);
	if (status < 0)
		return status;
	memset(frame_at(x, entry_of(x, pfn)), 0, KVA_PAGE_SIZE);
	kb_compiler_barrier();
	set_slot(x, slot, entry_of(x, pfn));
	if (counted) {
		x->counters.page_tables_made++;
		x->counters.pde_writes++;
		count_frame(&x->counters);
	}
	return 0;
}

/* Drops the slot's page table, which is empty. */
static void drop_table(struct pager_x86 *x, uint32_t slot, bool counted)
{
	frames_give(&x->frames, pfn_of(x, x->config.directory[slot]));
	set_slot(x, slot, 0);
	if (counted) {
		x->counters.page_tables_dropped++;
		x->counters.pde_writes++;
		x->counters.frames_live--;
	}
}

/* Maps one page. On failure a table made for it has been dropped again. */
static int set_page(struct pager_x86 *x, kva_t va, bool counted)
{
	const uint32_t slot = slot_of(va);
	pfn_t pfn;
	int status = 0;

	if (x->used[slot] == 0)
		status = make_table(x, slot, counted);
	if (status < 0)
		return status;
	kb_assert(*pte_of(x, va) == 0);
	status = frames_take(&x->frames, va, &pfn);
	if (status < 0) {
		if (x->used[slot] == 0)
			drop_table(x, slot, counted);
		return status;
	}
	*pte_of(x, va) = entry_of(x, pfn);
	x->used[slot]++;
	if (counted) {
		x->counters.pte_writes++;
		count_frame(&x->counters);
	}
	return 0;
}

/* Unmaps one page, and drops the table that is empty without it. The invlpg comes
 * last: it covers the page and, by the architecture, the table. */
static void clear_page(struct pager_x86 *x, kva_t va, bool counted)
{
	const uint32_t slot = slot_of(va);
	uint32_t *pte = pte_of(x, va);
	const uint32_t entry = *pte;

	kb_assert(entry != 0);
	*pte = 0;
	frames_give(&x->frames, pfn_of(x, entry));
	x->used[slot]--;
	if (counted) {
		x->counters.pte_writes++;
		x->counters.frames_live--;
	}
	if (x->used[slot] == 0)
		drop_table(x, slot, counted);
	x->config.invalidate(va);
}

/* From the first page to the last. */
static int map(struct pager_x86 *x, kva_t va, uint32_t pages, bool counted)
{
	const uint64_t tables_made = x->counters.page_tables_made;
	uint32_t i;
	int status;

	kb_assert(va != 0 && va % KVA_PAGE_SIZE == 0 && pages >= 1);
	for (i = 0; i < pages; i++) {
		status = set_page(x, va + (i << KVA_PAGE_SHIFT), counted);
		if (status < 0)
			goto undo;
	}
	if (counted)
		x->counters.maps += pages;
	return 0;
undo:
	if (counted && status == KB_E_NO_FRAMES &&
	    (i > 0 || x->counters.page_tables_made != tables_made))
		x->counters.map_rollbacks++;
	while (i-- > 0)
		clear_page(x, va + (i << KVA_PAGE_SHIFT), counted);
	return status;
}

/* From the last page to the first: map's mirror. */
static void unmap(struct pager_x86 *x, kva_t va, uint32_t pages, bool counted)
{
	uint32_t i = pages;

	kb_assert(va != 0 && va % KVA_PAGE_SIZE == 0 && pages >= 1);
	while (i-- > 0)
		clear_page(x, va + (i << KVA_PAGE_SHIFT), counted);
	if (counted) {
		x->counters.unmaps += pages;
		x->counters.tlb_invalidations += pages;
	}
}

static int x86_map(void *ctx, kva_t va, uint32_t pages)
{
	return map(ctx, va, pages, false);
}

static int x86_map_counted(void *ctx, kva_t va, uint32_t pages)
{
	return map(ctx, va, pages, true);
}

static void x86_unmap(void *ctx, kva_t va, uint32_t pages)
{
	unmap(ctx, va, pages, false);
}

static void x86_unmap_counted(void *ctx, kva_t va, uint32_t pages)
{
	unmap(ctx, va, pages, true);
}

static uint32_t x86_entry(const void *ctx, kva_t va)
{
	const struct pager_x86 *x = ctx;

	return x->config.directory[slot_of(va)] ? *pte_of(x, va) : 0;
}

static bool x86_translate(const void *ctx, kva_t va, uint64_t *pa)
{
	const uint32_t entry = x86_entry(ctx, va);

	if (entry == 0)
		return false;
	*pa = (entry & PAGER_PTE_FRAME_MASK) | va % KVA_PAGE_SIZE;
	return true;
}

static bool x86_reverse(const void *ctx, uint64_t pa, kva_t *va)
{
	const struct pager_x86 *x = ctx;
	const uint64_t pfn = (pa >> KVA_PAGE_SHIFT) - x->config.first_frame;

	if (pfn >= x->frames.fresh || x->frames.records[pfn].va == 0)
		return false;
	*va = x->frames.records[pfn].va | (kva_t)(pa % KVA_PAGE_SIZE);
	return true;
}

static void x86_counters(const void *ctx, struct pager_counters *out)
{
	const struct pager_x86 *x = ctx;

	*out = x->counters;
}

/* True if the slot's table holds as many PTEs as are counted, each of them with a
 * frame that knows its page. */
static bool slot_is_valid(const struct pager_x86 *x, uint32_t slot)
{
	uint32_t used = 0;
	uint32_t i;

	if (x->used[slot] == 0)
		return true;
	if (x->config.directory[slot] == 0)
		return false;
	for (i = 0; i < X86_ENTRIES; i++) {
		const kva_t va = slot << X86_SLOT_SHIFT | i << KVA_PAGE_SHIFT;
		const uint32_t entry = *pte_of(x, va);
		const pfn_t pfn = pfn_of(x, entry);

		if (entry == 0)
			continue;
		if ((entry & X86_FLAGS) != X86_FLAGS ||
		    pfn >= x->frames.fresh || x->frames.records[pfn].va != va)
			return false;
		used++;
	}
	return used == x->used[slot];
}

static bool x86_is_valid(const void *ctx)
{
	const struct pager_x86 *x = ctx;
	uint32_t slot;

	for (slot = 0; slot < X86_ENTRIES; slot++)
		if (!slot_is_valid(x, slot))
			return false;
	return true;
}

/* Whatever the window still maps goes, and the processor is told. */
static void x86_free(void *ctx)
{
	struct pager_x86 *x = ctx;
	uint32_t slot;
	uint32_t i;

	for (slot = 0; slot < X86_ENTRIES; slot++) {
		if (x->used[slot] == 0)
			continue;
		set_slot(x, slot, 0);
		for (i = 0; i < X86_ENTRIES; i++)
			x->config.invalidate(slot << X86_SLOT_SHIFT |
					     i << KVA_PAGE_SHIFT);
	}
	frames_release(&x->frames);
	free(x);
}

static const struct pager_ops x86_ops = {
	.name = "x86",
	.map = x86_map,
	.map_counted = x86_map_counted,
	.unmap = x86_unmap,
	.unmap_counted = x86_unmap_counted,
	.translate = x86_translate,
	.reverse = x86_reverse,
	.counters = x86_counters,
	.is_valid = x86_is_valid,
	.free = x86_free,
	.entry = x86_entry,
};

int pager_x86_new(struct pager *out, const struct pager_x86_config *config)
{
	struct pager_x86 *x;

	if (config->frame_count == 0 || config->frame_count > KVA_SPACE_PAGES ||
	    config->first_frame > KVA_SPACE_PAGES - config->frame_count)
		return KB_E_RANGE;
	x = calloc(1, sizeof(*x));
	if (!x)
		return KB_E_NOMEM;
	x->config = *config;
	frames_init(&x->frames, config->frame_count);
	if (frames_reserve(&x->frames) < 0) {
		free(x);
		return KB_E_NOMEM;
	}
	out->ops = &x86_ops;
	out->ctx = x;
	return 0;
}
