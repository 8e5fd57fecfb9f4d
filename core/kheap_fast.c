#include "kheap_fast_internal.h"

#include "kb_assert.h"
#include "kb_host.h"
#include "kheap_internal.h"
#include "pager_sim.h"

#if __STDC_HOSTED__
#include "kheap_fast_sim.h"
#else
#include "kheap_fast_x86.h"
#endif

/* The bits of a PTE that hold a cluster's length. */
#define LENGTH_SHIFT 9
#define LENGTH_MASK  (UINT32_C(7) << LENGTH_SHIFT)
#define LENGTH_LONG  UINT32_C(7)

#define FLAGS	     (PAGER_PTE_PRESENT | PAGER_PTE_WRITABLE)

static_assert((LENGTH_MASK & (FLAGS | PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY |
			      PAGER_PTE_FRAME_MASK)) == 0,
	      "the length must be in bits that nothing else uses");

static inline kva_t va_of(const struct kheap_fast *f, uint32_t page)
{
	return f->base + (page << KVA_PAGE_SHIFT);
}

/* The PTE of a page that is a cluster, or begins one. */
static inline uint32_t entry_of(const struct kheap_fast *f, pfn_t pfn,
				uint32_t length)
{
	return mmu_frame_bits(f, pfn) | length << LENGTH_SHIFT | FLAGS;
}

/* The window's page that starts at `va`, or a number that is not below `pages`
 * if none does: the rotation puts the bits of an offset within the page on
 * top. */
static kb_always_inline uint32_t page_at(const struct kheap_fast *f, kva_t va)
{
	const uint32_t offset = va - f->base;

	return offset >> KVA_PAGE_SHIFT | offset << (32 - KVA_PAGE_SHIFT);
}

/* Pages of the cluster that starts at `page`; 0 if none does. */
static kb_always_inline uint32_t length_at(const struct kheap_fast *f,
					   uint32_t page)
{
	const uint32_t length =
		(mmu_pte(f, page) & LENGTH_MASK) >> LENGTH_SHIFT;

	return kb_likely(length != LENGTH_LONG) ? length : f->long_length[page];
}

static inline kheap_fast_single single_of(kva_t va, uint32_t entry)
{
	return (kheap_fast_single)entry << 32 | va;
}

static inline kva_t single_va(kheap_fast_single single)
{
	return (kva_t)single;
}

static inline uint32_t single_entry(kheap_fast_single single)
{
	return (uint32_t)(single >> 32);
}

static int make_parts(struct kheap_fast *f)
{
	const size_t pages = f->pages;
	const size_t tables = kheap_fast_table_of(f, f->pages - 1) -
			      kheap_fast_table_of(f, 0) + 1;

	f->frame_limit = (uint32_t)(pages + tables);
	f->singles = calloc(pages, sizeof(*f->singles));
	f->free_frames = calloc(f->frame_limit, sizeof(*f->free_frames));
	f->frame_va = calloc(f->frame_limit, sizeof(*f->frame_va));
	f->used = calloc((size_t)2 * KHEAP_FAST_TABLES, sizeof(*f->used));
	f->long_length = calloc(pages, sizeof(*f->long_length));
	if (!f->singles || !f->free_frames || !f->frame_va || !f->used ||
	    !f->long_length)
		return KB_E_NOMEM;
	f->pde = f->used + KHEAP_FAST_TABLES;
	if (runs_lists_init(&f->lists, f->pages) < 0)
		return KB_E_NOMEM;
	return runs_init(&f->runs, f->pages, RUNS_FIRST);
}

int kheap_fast_new(struct kheap_fast **out,
		   const struct kheap_fast_config *config, struct kb_diag *diag)
{
	struct kheap_config window = { .base = config->base,
				       .pages = config->pages };
	struct kheap_fast *f;
	int status = kheap_check_window(&window, diag);

	if (status < 0)
		return status;
	f = calloc(1, sizeof(*f));
	if (!f)
		return KB_E_NOMEM;
	f->base = window.base;
	f->pages = window.pages;
	status = make_parts(f);
	if (status == 0)
		status = mmu_init(f, config);
	if (status < 0) {
		kheap_fast_free(f);
		return status;
	}
	*out = f;
	return 0;
}

void kheap_fast_free(struct kheap_fast *f)
{
	if (!f)
		return;
	free(f->singles);
	free(f->free_frames);
	free(f->frame_va);
	mmu_release(f);
	free(f->used);
	free(f->long_length);
	runs_lists_release(&f->lists);
	runs_release(&f->runs);
	free(f);
}

static inline void count_frame(struct pager_counters *paging)
{
	paging->frames_live++;
	paging->frames_peak = kb_max(paging->frames_peak, paging->frames_live);
}

/* Notes a new cluster; its PTEs and frames are noted already. */
static inline void count_alloc(struct kheap_fast *f, uint32_t pages)
{
	struct kheap_counters *c = &f->counters;

	c->clusters_live++;
	c->pages_live += pages;
	c->pages_peak = kb_max(c->pages_peak, c->pages_live);
	f->paging.maps += pages;
}

static inline void count_free(struct kheap_fast *f, uint32_t pages)
{
	f->counters.clusters_live--;
	f->counters.pages_live -= pages;
	f->paging.unmaps += pages;
	f->paging.tlb_invalidations += pages;
}

/* As a page map would be searched: an entry is read for a page's first byte. */
static inline void count_lookup(struct kheap_fast *f, uint32_t page)
{
	struct kheap_counters *c = &f->counters;

	c->lookups++;
	if (page >= f->pages)
		return;
	c->nodes_visited++;
	c->nodes_visited_max = 1;
	c->lines_touched++;
	c->lines_touched_max = 1;
}

/* There is always one: there are as many as the window and its tables can need,
 * and a page that has no frame of its own waits without one. */
static pfn_t take_frame(struct kheap_fast *f, kva_t va, bool counted)
{
	pfn_t pfn;

	if (f->free_frame_count > 0) {
		pfn = f->free_frames[--f->free_frame_count];
	} else {
		kb_assert(f->fresh_frames < f->frame_limit);
		pfn = f->fresh_frames++;
	}
	f->frame_va[pfn] = va;
	if (counted)
		count_frame(&f->paging);
	return pfn;
}

static void make_table(struct kheap_fast *f, uint32_t table, bool counted)
{
	f->pde[table] = mmu_frame_bits(f, take_frame(f, 0, counted)) | FLAGS;
	mmu_table_made(f, table);
	if (counted) {
		f->paging.page_tables_made++;
		f->paging.pde_writes++;
	}
}

static kb_noinline void drop_table(struct kheap_fast *f, uint32_t table,
				   bool counted)
{
	f->free_frames[f->free_frame_count++] = mmu_pfn(f, f->pde[table]);
	mmu_table_dropped(f, table);
	f->pde[table] = 0;
	if (counted) {
		f->paging.page_tables_dropped++;
		f->paging.pde_writes++;
		f->paging.frames_live--;
	}
}

/* Maps a page; `length` is what its PTE records of the cluster. `entry` is its
 * PTE, if a frame waited with it, or 0. */
static kb_always_inline void map_page(struct kheap_fast *f, uint32_t page,
				      uint32_t length, uint32_t entry,
				      const bool counted)
{
	const uint32_t table = kheap_fast_table_of(f, page);

	kb_assert(mmu_pte(f, page) == 0);
	if (kb_unlikely(f->used[table] == 0))
		make_table(f, table, counted);
	if (entry && counted)
		count_frame(&f->paging);
	if (!entry)
		entry = entry_of(f, take_frame(f, va_of(f, page), counted),
				 length);
	f->pte[page] = entry;
	f->used[table]++;
	if (counted)
		f->paging.pte_writes++;
}

/* Returns the frame, for the caller to put where it belongs. */
static kb_always_inline pfn_t unmap_page(struct kheap_fast *f, uint32_t page,
					 const bool counted)
{
	const uint32_t table = kheap_fast_table_of(f, page);
	const uint32_t entry = f->pte[page];

	f->pte[page] = 0;
	if (counted) {
		f->paging.pte_writes++;
		f->paging.frames_live--;
	}
	if (kb_unlikely(--f->used[table] == 0))
		drop_table(f, table, counted);
	mmu_invalidate(f, va_of(f, page), entry);
	return mmu_pfn(f, entry);
}

/* The page that was listed last, or RUNS_NONE; `*entry` is its PTE. */
static uint32_t take_single(struct kheap_fast *f, uint32_t *entry)
{
	kheap_fast_single single;

	if (f->single_count == 0)
		return RUNS_NONE;
	single = f->singles[--f->single_count];
	*entry = single_entry(single);
	return page_at(f, single_va(single));
}

/* The listed run of exactly `pages` pages that came last, or RUNS_NONE. Of one
 * page `*entry` is the PTE. */
static uint32_t take_listed(struct kheap_fast *f, uint32_t pages,
			    uint32_t *entry)
{
	if (pages == 1)
		return take_single(f, entry);
	return pages <= f->pages ? runs_lists_pop(&f->lists, pages) : RUNS_NONE;
}

static inline void give_frame(struct kheap_fast *f, pfn_t pfn)
{
	f->free_frames[f->free_frame_count++] = pfn;
}

static inline uint32_t listed_pages(const struct kheap_fast *f)
{
	return f->single_count + f->lists.listed;
}

/* Merges all listed runs into holes and top. */
static kb_noinline void merge_listed(struct kheap_fast *f, uint64_t *steps)
{
	while (listed_pages(f) > 0) {
		const uint32_t pages =
			f->single_count ? 1 : runs_lists_shortest(&f->lists);
		uint32_t entry = 0;
		const uint32_t page = take_listed(f, pages, &entry);

		if (entry)
			give_frame(f, mmu_pfn(f, entry));
		(*steps)++;
		runs_give_counted(&f->runs, page, pages, steps);
	}
}

/* Quick fit, of page_runs.h. */
static uint32_t take_run(struct kheap_fast *f, uint32_t pages, uint32_t *entry,
			 uint64_t *steps)
{
	uint32_t page = take_listed(f, pages, entry);

	(*steps)++;
	if (page != RUNS_NONE)
		return page;
	page = runs_take_counted(&f->runs, pages, steps);
	if (page == RUNS_NONE && listed_pages(f) > 0 &&
	    pages <= listed_pages(f) + runs_free_pages(&f->runs)) {
		merge_listed(f, steps);
		page = runs_take_counted(&f->runs, pages, steps);
	}
	return page;
}

/* Any size, and whatever the path for one page does not handle. */
static kb_always_inline kva_t kmalloc_any(struct kheap_fast *f, uint32_t size,
					  const bool counted)
{
	const uint32_t pages = kva_pages_of(size);
	const uint32_t length = pages < LENGTH_LONG ? pages : LENGTH_LONG;
	uint64_t steps = 0;
	uint32_t entry = 0;
	const uint32_t page = take_run(f, pages, &entry, &steps);
	uint32_t i;

	if (counted)
		f->counters.fit_steps += steps;
	if (page == RUNS_NONE)
		return 0;
	map_page(f, page, length, entry, counted);
	for (i = 1; i < pages; i++)
		map_page(f, page + i, 0, 0, counted);
	if (length == LENGTH_LONG)
		f->long_length[page] = pages;
	if (counted)
		count_alloc(f, pages);
	return va_of(f, page);
}

static kb_noinline kva_t kmalloc_any_plain(struct kheap_fast *f, uint32_t size)
{
	return kmalloc_any(f, size, false);
}

kva_t kheap_fast_kmalloc_counted(struct kheap_fast *f, uint32_t size)
{
	return kmalloc_any(f, size, true);
}

/* The path of one page: a listed one and its frame, a page table in use. */
kva_t kheap_fast_kmalloc(struct kheap_fast *f, uint32_t size)
{
	const uint32_t singles = f->single_count;
	kheap_fast_single single;
	uint32_t table;
	kva_t va;

	/* A size of 0 wraps round. */
	if (kb_unlikely(size - 1 >= KVA_PAGE_SIZE || singles == 0))
		return kmalloc_any_plain(f, size);
	single = f->singles[singles - 1];
	va = single_va(single);
	table = va >> KHEAP_FAST_TABLE_SHIFT;
	if (kb_unlikely(f->used[table] == 0))
		return kmalloc_any_plain(f, size);
	f->single_count = singles - 1;
	f->used[table]++;
	f->pte[(va - f->base) >> KVA_PAGE_SHIFT] = single_entry(single);
	return va;
}

static inline void give_single(struct kheap_fast *f, kva_t va, pfn_t pfn)
{
	f->singles[f->single_count++] = single_of(va, entry_of(f, pfn, 1));
}

static kb_always_inline int kfree_any(struct kheap_fast *f, kva_t va,
				      const bool counted)
{
	const uint32_t page = page_at(f, va);
	uint32_t pages;
	uint32_t i;

	if (va == 0)
		return 0;
	if (counted)
		count_lookup(f, page);
	if (page >= f->pages)
		return KB_E_NOT_LIVE;
	pages = length_at(f, page);
	if (pages == 0)
		return KB_E_NOT_LIVE;
	if (pages == 1) {
		give_single(f, va, unmap_page(f, page, counted));
	} else {
		for (i = pages; i-- > 0;)
			give_frame(f, unmap_page(f, page + i, counted));
		runs_lists_push(&f->lists, page, pages);
	}
	if (counted) {
		f->counters.fit_steps++;
		count_free(f, pages);
	}
	return 0;
}

static kb_noinline int kfree_any_plain(struct kheap_fast *f, kva_t va)
{
	return kfree_any(f, va, false);
}

int kheap_fast_kfree_counted(struct kheap_fast *f, kva_t va)
{
	return kfree_any(f, va, true);
}

/* The path for one page that the TLB does not hold. */
int kheap_fast_kfree(struct kheap_fast *f, kva_t va)
{
	const uint32_t page = page_at(f, va);
	const uint32_t special = LENGTH_MASK | PAGER_PTE_ACCESSED;
	uint32_t entry;

	if (kb_unlikely(page >= f->pages))
		return kfree_any_plain(f, va);
	entry = mmu_pte(f, page);
	if (kb_unlikely((entry & special) != 1u << LENGTH_SHIFT))
		return kfree_any_plain(f, va);
	f->pte[page] = 0;
	f->singles[f->single_count++] = single_of(va, entry);
	if (kb_unlikely(--f->used[va >> KHEAP_FAST_TABLE_SHIFT] == 0))
		drop_table(f, va >> KHEAP_FAST_TABLE_SHIFT, false);
	return 0;
}

int kheap_fast_find(const struct kheap_fast *f, kva_t va)
{
	const uint32_t page = page_at(f, va);

	if (page >= f->pages || !(mmu_pte(f, page) & LENGTH_MASK))
		return -1;
	return (int)page;
}

uint32_t kheap_fast_size_at(const struct kheap_fast *f, kva_t va)
{
	const int page = kheap_fast_find(f, va);

	return page < 0 ? 0 : length_at(f, (uint32_t)page) << KVA_PAGE_SHIFT;
}

static kb_always_inline void touch(struct kheap_fast *f, kva_t va,
				   const bool counted)
{
	const uint32_t page = (va - f->base) >> KVA_PAGE_SHIFT;

	kb_assert(page < f->pages && mmu_pte(f, page) != 0);
	mmu_touch(f, va, page, counted);
}

void kheap_fast_touch(struct kheap_fast *f, kva_t va)
{
	touch(f, va, false);
}

void kheap_fast_touch_counted(struct kheap_fast *f, kva_t va)
{
	touch(f, va, true);
}

/* The PTE of the page that holds `va`; 0 if it is not mapped. */
static uint32_t walk(const struct kheap_fast *f, kva_t va)
{
	const uint32_t page = (va - f->base) >> KVA_PAGE_SHIFT;

	return page < f->pages ? mmu_pte(f, page) : 0;
}

bool kheap_fast_translate(const struct kheap_fast *f, kva_t va, uint64_t *pa)
{
	const uint32_t entry = walk(f, va);

	if (entry == 0)
		return false;
	*pa = (entry & PAGER_PTE_FRAME_MASK) | va % KVA_PAGE_SIZE;
	return true;
}

/* A frame that was given back still names its last page; that page's PTE no
 * longer names the frame. */
bool kheap_fast_reverse(const struct kheap_fast *f, uint64_t pa, kva_t *va)
{
	const uint64_t pfn = pa >> KVA_PAGE_SHIFT;
	uint32_t entry;

	if (pfn >= f->fresh_frames || f->frame_va[pfn] == 0)
		return false;
	entry = walk(f, f->frame_va[pfn]);
	if (entry == 0 || mmu_pfn(f, entry) != pfn)
		return false;
	*va = f->frame_va[pfn] | (kva_t)(pa % KVA_PAGE_SIZE);
	return true;
}

uint64_t *kheap_fast_payload(struct kheap_fast *f, kva_t va)
{
	const uint32_t entry = walk(f, va);

	return entry ? mmu_payload(f, va, entry) : NULL;
}

uint32_t kheap_fast_entry(const struct kheap_fast *f, kva_t va)
{
	return walk(f, va);
}

kva_t kheap_fast_base(const struct kheap_fast *f)
{
	return f->base;
}

uint32_t kheap_fast_free_pages(const struct kheap_fast *f)
{
	return listed_pages(f) + runs_free_pages(&f->runs);
}

uint32_t kheap_fast_longest_free_run(const struct kheap_fast *f)
{
	uint32_t longest = 0;
	uint32_t stretch = 0;
	uint32_t page;

	for (page = 0; page < f->runs.top; page++) {
		stretch = mmu_pte(f, page) == 0 ? stretch + 1 : 0;
		longest = stretch > longest ? stretch : longest;
	}
	return (uint32_t)kb_max(longest, stretch + f->pages - page);
}

size_t kheap_fast_record_bytes(const struct kheap_fast *f)
{
	return f->pages * (sizeof(*f->singles) + sizeof(*f->long_length)) +
	       runs_bytes(&f->runs) + runs_lists_bytes(&f->lists);
}

void kheap_fast_counters(const struct kheap_fast *f,
			 struct kheap_counters *heap,
			 struct pager_counters *paging)
{
	*heap = f->counters;
	*paging = f->paging;
	paging->modelled_cycles = pager_sim_modelled_cycles(&f->paging);
}

unsigned kheap_fast_steps(void)
{
	return LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES;
}

/* True if lengths and PTEs tile the window with clusters and unmapped pages.
 * Counts the mapped pages. */
static bool clusters_are_valid(const struct kheap_fast *f, uint32_t *mapped)
{
	uint32_t page = 0;

	while (page < f->pages) {
		const uint32_t length = length_at(f, page);
		uint32_t i;

		if (mmu_pte(f, page) == 0) {
			page++;
			continue;
		}
		if (length == 0 || length > f->pages - page)
			return false;
		for (i = 1; i < length; i++)
			if (mmu_pte(f, page + i) == 0 ||
			    mmu_pte(f, page + i) & LENGTH_MASK)
				return false;
		*mapped += length;
		page += length;
	}
	return true;
}

/* True if each table counts its PTEs and exists exactly if it has any. */
static bool tables_are_valid(const struct kheap_fast *f, uint32_t *tables)
{
	uint32_t used = 0;
	uint32_t page;

	for (page = 0; page < f->pages; page++) {
		const uint32_t table = kheap_fast_table_of(f, page);

		used += mmu_pte(f, page) != 0;
		if (page + 1 < f->pages && kheap_fast_table_of(f, page + 1) ==
						   kheap_fast_table_of(f, page))
			continue;
		if (f->used[table] != used || !f->pde[table] != !used)
			return false;
		*tables += used != 0;
		used = 0;
	}
	return true;
}

/* True if each listed page has a frame of its own that backed it last. */
static bool singles_are_valid(const struct kheap_fast *f, uint8_t *seen)
{
	uint32_t i;

	for (i = 0; i < f->single_count; i++) {
		const uint32_t entry = single_entry(f->singles[i]);
		const pfn_t pfn = mmu_pfn(f, entry);

		if (entry != entry_of(f, pfn, 1) || pfn >= f->fresh_frames ||
		    seen[pfn]++ || f->frame_va[pfn] != single_va(f->singles[i]))
			return false;
	}
	return true;
}

/* True if each frame ever used backs one page, holds one table, or is free
 * once. `seen` has a zero for each frame. */
static bool frames_are_valid(const struct kheap_fast *f, uint8_t *seen)
{
	uint32_t i;

	for (i = 0; i < f->free_frame_count; i++)
		if (f->free_frames[i] >= f->fresh_frames ||
		    seen[f->free_frames[i]]++)
			return false;
	for (i = 0; i < f->pages; i++) {
		const uint32_t entry = mmu_pte(f, i);
		const pfn_t pfn = mmu_pfn(f, entry);

		if (entry && (pfn >= f->fresh_frames || seen[pfn]++ ||
			      f->frame_va[pfn] != va_of(f, i)))
			return false;
	}
	for (i = 0; i < KHEAP_FAST_TABLES; i++)
		if (f->pde[i] && seen[mmu_pfn(f, f->pde[i])]++)
			return false;
	return singles_are_valid(f, seen);
}

/* True if holes, top and listed runs are the unmapped pages, each once. `seen`
 * has a zero for each page. */
static bool free_runs_are_valid(const struct kheap_fast *f, uint8_t *seen)
{
	uint32_t page;
	uint32_t i;

	for (i = 0; i < f->single_count; i++) {
		page = page_at(f, single_va(f->singles[i]));
		if (page >= f->pages || seen[page]++)
			return false;
	}
	for (page = 0; page < f->pages; page++) {
		const uint32_t length =
			f->lists.length[page] ? f->lists.length[page]
					      : runs_length_at(&f->runs, page);

		for (i = page; i < page + length; i++)
			if (i >= f->pages || seen[i]++)
				return false;
	}
	for (page = 0; page < f->pages; page++)
		if (seen[page] == (mmu_pte(f, page) != 0))
			return false;
	return true;
}

bool kheap_fast_is_valid(const struct kheap_fast *f)
{
	uint32_t mapped = 0;
	uint32_t tables = 0;
	uint8_t *seen;
	bool valid;

	if (!clusters_are_valid(f, &mapped) || !tables_are_valid(f, &tables) ||
	    !runs_is_valid(&f->runs) || !runs_lists_is_valid(&f->lists) ||
	    !mmu_agrees(f))
		return false;
	if (mapped + kheap_fast_free_pages(f) != f->pages ||
	    mapped + tables + f->free_frame_count + f->single_count !=
		    f->fresh_frames)
		return false;
	/* Plain operations leave the counters alone. */
	if (f->paging.frames_peak != 0 &&
	    f->paging.frames_live != mapped + tables)
		return false;
	seen = calloc((size_t)f->frame_limit + f->pages, 1);
	if (!seen)
		return true;
	valid = frames_are_valid(f, seen) &&
		free_runs_are_valid(f, seen + f->frame_limit);
	free(seen);
	return valid;
}
