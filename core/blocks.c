#include "blocks_internal.h"

#include "kb_assert.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The smallest base that leaves room for the area and keeps page 0 free. */
#define HEAP_BASE_MIN ((BLOCKS_SPAN + 1) << KVA_PAGE_SHIFT)

static int make_parts(struct blocks *b)
{
	b->page = calloc(BLOCKS_PAGES, sizeof(*b->page));
	b->memory = calloc(BLOCKS_PAGES, KVA_PAGE_SIZE);
	if (!b->page || !b->memory)
		return KB_E_NOMEM;
	TAILQ_INIT(&b->free_pages);
	for (uint32_t i = 0; i < BLOCKS_PAGES; i++)
		TAILQ_INSERT_TAIL(&b->free_pages, &b->page[i], free_pages);
	return 0;
}

int blocks_new(struct blocks **out, struct kheap *heap, struct kb_diag *diag)
{
	const kva_t base = kheap_base(heap);
	struct blocks *b = calloc(1, sizeof(*b));

	if (!b) {
		kheap_free(heap);
		return KB_E_NOMEM;
	}
	b->heap = heap;
	b->pager = kheap_pager(heap);
	if (base < HEAP_BASE_MIN) {
		blocks_free(b);
		return kb_fail(diag, KB_E_RANGE,
			       "heap base 0x%" PRIx32
			       " leaves no room for the %" PRIu32
			       " pages of blocks below it; use 0x%" PRIx32
			       " or more",
			       base, BLOCKS_SPAN, HEAP_BASE_MIN);
	}
	b->base = base - (BLOCKS_SPAN << KVA_PAGE_SHIFT);
	if (make_parts(b) < 0) {
		blocks_free(b);
		return KB_E_NOMEM;
	}
	*out = b;
	return 0;
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	kheap_free(b->heap);
	free(b->memory);
	free(b->page);
	free(b);
}

char *blocks_memory(const struct blocks *b, kva_t va)
{
	const uint32_t offset = va - b->base;

	return offset >> KVA_PAGE_SHIFT < BLOCKS_PAGES ? b->memory + offset
						       : NULL;
}

static inline struct block_link *link_at(const struct blocks *b, kva_t va)
{
	return (struct block_link *)(void *)(b->memory + (va - b->base));
}

static inline uint32_t size_of(unsigned order)
{
	return BLOCKS_SIZE_MIN << order;
}

/* The size, as a power of two times the smallest, that serves `size` bytes. */
static inline unsigned order_of(uint32_t size)
{
	const uint32_t units = size ? (size - 1) / BLOCKS_SIZE_MIN : 0;

	return units ? 32u - (unsigned)__builtin_clz(units) : 0;
}

static inline kva_t va_of(const struct blocks *b, const struct block_page *page)
{
	return b->base + ((uint32_t)(page - b->page) << KVA_PAGE_SHIFT);
}

static inline void push(struct blocks *b, unsigned order, kva_t va)
{
	const kva_t next = b->first[order];

	*link_at(b, va) = (struct block_link){ .next = next };
	if (next)
		link_at(b, next)->prev = va;
	b->first[order] = va;
}

static inline void unlink_block(struct blocks *b, unsigned order, kva_t va)
{
	const struct block_link link = *link_at(b, va);

	if (link.prev)
		link_at(b, link.prev)->next = link.next;
	else
		b->first[order] = link.next;
	if (link.next)
		link_at(b, link.next)->prev = link.prev;
}

static inline void count_page(struct blocks *b)
{
	struct kheap_counters heap;

	b->block_pages_taken++;
	b->block_pages_live++;
	b->block_pages_peak = kb_max(b->block_pages_peak, b->block_pages_live);
	kheap_counters(b->heap, &heap);
	b->all_pages_peak = kb_max(b->all_pages_peak,
				   b->block_pages_live + heap.pages_live);
}

/* Maps a free page and links its blocks, by address. False if none can be
 * had. */
static kb_always_inline bool cut_page(struct blocks *b, unsigned order,
				      const bool counted)
{
	struct block_page *page = TAILQ_FIRST(&b->free_pages);
	const uint32_t size = size_of(order);
	kva_t va;

	if (!page)
		return false;
	va = va_of(b, page);
	if ((counted ? b->pager.ops->map_counted
		     : b->pager.ops->map)(b->pager.ctx, va, 1) < 0)
		return false;
	TAILQ_REMOVE(&b->free_pages, page, free_pages);
	page->block_size = (uint16_t)size;
	page->free_blocks = (uint16_t)(KVA_PAGE_SIZE / size);
	b->pages_live++;
	for (uint32_t at = KVA_PAGE_SIZE; at > 0; at -= size)
		push(b, order, va + at - size);
	if (counted) {
		b->block_links += page->free_blocks;
		count_page(b);
	}
	return true;
}

/* Unlinks the blocks of a page of which none is live, and unmaps it. */
static kb_always_inline void return_page(struct blocks *b,
					 struct block_page *page,
					 unsigned order, const bool counted)
{
	const kva_t va = va_of(b, page);
	const uint32_t size = page->block_size;

	for (uint32_t at = 0; at < KVA_PAGE_SIZE; at += size)
		unlink_block(b, order, va + at);
	(counted ? b->pager.ops->unmap_counted
		 : b->pager.ops->unmap)(b->pager.ctx, va, 1);
	page->block_size = 0;
	page->free_blocks = 0;
	TAILQ_INSERT_HEAD(&b->free_pages, page, free_pages);
	b->pages_live--;
	if (counted) {
		b->block_links += KVA_PAGE_SIZE / size;
		b->block_pages_live--;
		b->block_pages_returned++;
	}
}

static inline struct block_page *page_at(const struct blocks *b, kva_t va)
{
	const uint32_t page = (va - b->base) >> KVA_PAGE_SHIFT;

	return page < BLOCKS_PAGES ? &b->page[page] : NULL;
}

/* The bit that says whether the block at `va` lives, in `*word`. */
static inline uint64_t live_bit(struct block_page *page, kva_t va,
				uint64_t **word)
{
	const uint32_t unit = va % KVA_PAGE_SIZE / BLOCKS_SIZE_MIN;

	*word = &page->live[unit / 64];
	return UINT64_C(1) << unit % 64;
}

static kb_always_inline kva_t take_block(struct blocks *b, unsigned order,
					 const bool counted)
{
	const kva_t va = b->first[order];
	struct block_page *page = page_at(b, va);
	uint64_t *word;
	const uint64_t bit = live_bit(page, va, &word);

	unlink_block(b, order, va);
	page->free_blocks--;
	*word |= bit;
	if (counted) {
		b->block_links++;
		b->blocks_live++;
	}
	return va;
}

static kb_always_inline kva_t kmalloc_block(struct blocks *b, uint32_t size,
					    const bool counted)
{
	unsigned order = order_of(size);

	if (b->first[order] || cut_page(b, order, counted))
		return take_block(b, order, counted);
	while (++order < BLOCKS_SIZES) {
		if (!b->first[order])
			continue;
		if (counted)
			b->blocks_larger++;
		return take_block(b, order, counted);
	}
	return 0;
}

static inline void count_cluster(struct blocks *b)
{
	struct kheap_counters heap;

	b->cluster_allocs++;
	kheap_counters(b->heap, &heap);
	b->all_pages_peak = kb_max(b->all_pages_peak,
				   b->block_pages_live + heap.pages_live);
}

kva_t blocks_kmalloc(struct blocks *b, uint32_t size)
{
	return size > BLOCKS_SIZE_MAX ? kheap_kmalloc(b->heap, size)
				      : kmalloc_block(b, size, false);
}

kva_t blocks_kmalloc_counted(struct blocks *b, uint32_t size)
{
	kva_t va;

	if (size <= BLOCKS_SIZE_MAX)
		return kmalloc_block(b, size, true);
	va = kheap_kmalloc_counted(b->heap, size);
	count_cluster(b);
	return va;
}

/* True if a live block of `page` starts at `va`. */
static inline bool block_is_live(struct block_page *page, kva_t va)
{
	uint64_t *word;
	const uint64_t bit = live_bit(page, va, &word);

	return page->block_size && va % page->block_size == 0 && *word & bit;
}

static kb_always_inline int kfree_block(struct blocks *b,
					struct block_page *page, kva_t va,
					const bool counted)
{
	unsigned order;
	uint64_t *word;
	uint64_t bit;

	if (kb_unlikely(!block_is_live(page, va)))
		return KB_E_NOT_LIVE;
	bit = live_bit(page, va, &word);
	*word &= ~bit;
	order = order_of(page->block_size);
	push(b, order, va);
	page->free_blocks++;
	if (counted) {
		b->block_links++;
		b->blocks_live--;
	}
	if (page->free_blocks == KVA_PAGE_SIZE / page->block_size)
		return_page(b, page, order, counted);
	return 0;
}

int blocks_kfree(struct blocks *b, kva_t va)
{
	struct block_page *page = page_at(b, va);

	return page ? kfree_block(b, page, va, false)
		    : kheap_kfree(b->heap, va);
}

int blocks_kfree_counted(struct blocks *b, kva_t va)
{
	struct block_page *page = page_at(b, va);

	return page ? kfree_block(b, page, va, true)
		    : kheap_kfree_counted(b->heap, va);
}

uint32_t blocks_size_at(const struct blocks *b, kva_t va)
{
	struct block_page *page = page_at(b, va);

	if (page)
		return block_is_live(page, va) ? page->block_size : 0;
	return kheap_size_at(b->heap, va);
}

kva_t blocks_base(const struct blocks *b)
{
	return b->base;
}

const struct kheap *blocks_heap(const struct blocks *b)
{
	return b->heap;
}

uint64_t blocks_pages_peak(const struct blocks *b)
{
	return b->all_pages_peak;
}

uint32_t blocks_pages_live(const struct blocks *b)
{
	return b->pages_live;
}

void blocks_touch(struct blocks *b, kva_t va)
{
	kheap_touch(b->heap, va);
}

void blocks_touch_counted(struct blocks *b, kva_t va)
{
	kheap_touch_counted(b->heap, va);
}

uint64_t blocks_record_bytes(const struct blocks *b)
{
	return sizeof(*b) + BLOCKS_PAGES * sizeof(*b->page) +
	       kheap_record_bytes(b->heap);
}

void blocks_counters(const struct blocks *b,
		     void (*fn)(void *user, const char *name, uint64_t value),
		     void *user)
{
#define X(name, unit, help) fn(user, #name, b->name);
	BLOCKS_COUNTERS(X)
#undef X
}

/* True if a page's bits are at its blocks, as many as its descriptor says, and
 * the pager knows the page. */
static bool page_is_valid(const struct blocks *b, const struct block_page *page)
{
	const struct pager pager = b->pager;
	const uint32_t size = page->block_size;
	uint32_t live = 0, placed = 0;
	uint64_t pa;

	for (unsigned i = 0; i < BLOCKS_WORDS; i++)
		live += (uint32_t)__builtin_popcountll(page->live[i]);
	for (uint32_t at = 0; size && at < KVA_PAGE_SIZE; at += size) {
		const uint32_t unit = at / BLOCKS_SIZE_MIN;

		placed += page->live[unit / 64] >> unit % 64 & 1u;
	}
	if (pager.ops->translate &&
	    pager.ops->translate(pager.ctx, va_of(b, page), &pa) != (size != 0))
		return false;
	if (!size)
		return live == 0 && page->free_blocks == 0;
	return live == placed && live > 0 &&
	       live + page->free_blocks == KVA_PAGE_SIZE / size;
}

/* True if a size's list holds free blocks of its pages, all of them. */
static bool list_is_valid(const struct blocks *b, unsigned order)
{
	uint32_t expected = 0, listed = 0;
	kva_t prev = 0;

	for (uint32_t i = 0; i < BLOCKS_PAGES; i++)
		if (b->page[i].block_size == size_of(order))
			expected += b->page[i].free_blocks;
	for (kva_t va = b->first[order]; va; va = link_at(b, va)->next) {
		struct block_page *page = page_at(b, va);

		if (!page || va % size_of(order) != 0 ||
		    page->block_size != size_of(order) ||
		    block_is_live(page, va) || link_at(b, va)->prev != prev ||
		    listed++ == expected)
			return false;
		prev = va;
	}
	return listed == expected;
}

bool blocks_is_valid(const struct blocks *b)
{
	const struct block_page *page;
	uint32_t free_pages = 0, cut = 0;

	for (uint32_t i = 0; i < BLOCKS_PAGES; i++) {
		if (!page_is_valid(b, &b->page[i]))
			return false;
		cut += b->page[i].block_size != 0;
	}
	TAILQ_FOREACH(page, &b->free_pages, free_pages)
		if (page->block_size || free_pages++ == BLOCKS_PAGES)
			return false;
	for (unsigned order = 0; order < BLOCKS_SIZES; order++)
		if (!list_is_valid(b, order))
			return false;
	return cut == b->pages_live && free_pages + cut == BLOCKS_PAGES &&
	       kheap_is_valid(b->heap);
}
