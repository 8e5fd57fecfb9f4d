#include "buddy_internal.h"

#include "kb_assert.h"

#include <stdlib.h>

static inline unsigned order_of(uint32_t pages)
{
	return pages > 1 ? kb_log2(pages - 1) + 1 : 0;
}

static inline void push(struct buddy *b, uint32_t page, unsigned order)
{
	struct buddy_page *block = &b->page[page];

	block->state = BLOCK_FREE;
	block->order = (uint8_t)order;
	block->prev = BUDDY_NIL;
	block->next = b->head[order];
	if (block->next != BUDDY_NIL)
		b->page[block->next].prev = page;
	b->head[order] = page;
	b->nonempty |= UINT32_C(1) << order;
}

static inline void unlink_block(struct buddy *b, uint32_t page)
{
	struct buddy_page *block = &b->page[page];

	if (block->prev != BUDDY_NIL)
		b->page[block->prev].next = block->next;
	else
		b->head[block->order] = block->next;
	if (block->next != BUDDY_NIL)
		b->page[block->next].prev = block->prev;
	if (b->head[block->order] == BUDDY_NIL)
		b->nonempty &= ~(UINT32_C(1) << block->order);
	block->state = BLOCK_INSIDE;
}

static int buddy_init(void *state, uint32_t pages, unsigned choice)
{
	struct buddy *b = state;
	uint32_t page = 0;

	(void)choice;
	b->page = calloc(pages, sizeof(*b->page));
	if (!b->page)
		return KB_E_NOMEM;
	b->pages = pages;
	b->free_pages = pages;
	b->order_max = kb_log2(pages);
	kb_assert(b->order_max < BUDDY_ORDERS);
	for (unsigned i = 0; i < BUDDY_ORDERS; i++)
		b->head[i] = BUDDY_NIL;
	while (page < pages) {
		unsigned order = kb_log2(pages - page);

		push(b, page, order);
		page += UINT32_C(1) << order;
	}
	return 0;
}

static void buddy_release(void *state)
{
	struct buddy *b = state;

	free(b->page);
}

static kb_always_inline uint32_t take(struct buddy *b, uint32_t pages,
				      const bool counted)
{
	const unsigned wanted = order_of(pages);
	uint32_t page, orders;
	unsigned order;

	orders = wanted < BUDDY_ORDERS ? b->nonempty >> wanted : 0;
	if (counted)
		b->fit_steps++;
	if (kb_unlikely(orders == 0))
		return PAGE_HEAP_NONE;
	order = wanted + (unsigned)__builtin_ctz(orders);
	page = b->head[order];
	unlink_block(b, page);
	while (order > wanted) {
		order--;
		push(b, page + (UINT32_C(1) << order), order);
		if (counted)
			b->splits++;
	}
	b->page[page].state = BLOCK_LIVE;
	b->page[page].order = (uint8_t)order;
	b->page[page].asked = pages;
	b->free_pages -= UINT32_C(1) << order;
	return page;
}

static kb_always_inline uint32_t give(struct buddy *b, uint32_t page,
				      const bool counted)
{
	unsigned order;
	uint32_t pages;

	if (page >= b->pages || b->page[page].state != BLOCK_LIVE)
		return 0;
	order = b->page[page].order;
	pages = UINT32_C(1) << order;
	b->page[page].state = BLOCK_INSIDE;
	for (; order < b->order_max; order++) {
		const uint32_t buddy = page ^ (UINT32_C(1) << order);

		if (counted)
			b->fit_steps++;
		if (buddy >= b->pages || b->page[buddy].state != BLOCK_FREE ||
		    b->page[buddy].order != order)
			break;
		unlink_block(b, buddy);
		page &= buddy;
		if (counted)
			b->merges++;
	}
	push(b, page, order);
	b->free_pages += pages;
	return pages;
}

PAGE_OPS_STAMP(buddy)

static uint32_t buddy_occupied(uint32_t pages)
{
	return UINT32_C(1) << order_of(pages);
}

static uint32_t buddy_asked(const void *state, uint32_t page)
{
	const struct buddy *b = state;

	if (page >= b->pages || b->page[page].state != BLOCK_LIVE)
		return 0;
	return b->page[page].asked;
}

static uint32_t buddy_free_pages(const void *state)
{
	const struct buddy *b = state;

	return b->free_pages;
}

static uint32_t buddy_longest(const void *state)
{
	const struct buddy *b = state;

	return b->nonempty ? UINT32_C(1) << kb_log2(b->nonempty) : 0;
}

static uint64_t buddy_record_bytes(const void *state)
{
	const struct buddy *b = state;

	return sizeof(*b) + (uint64_t)b->pages * sizeof(*b->page);
}

static void buddy_counters(const void *state, page_counter_fn fn, void *user)
{
	const struct buddy *b = state;

#define X(name, unit, help) fn(user, #name, b->name);
	BUDDY_COUNTERS(X)
#undef X
}

/* True if a block is well formed and cannot be merged any further. */
static bool block_is_valid(const struct buddy *b, uint32_t page)
{
	const struct buddy_page *block = &b->page[page];
	const uint32_t pages = UINT32_C(1) << block->order;
	const uint32_t buddy = page ^ pages;

	if (block->state == BLOCK_INSIDE || block->order > b->order_max ||
	    page % pages != 0 || pages > b->pages - page)
		return false;
	for (uint32_t i = 1; i < pages; i++)
		if (b->page[page + i].state != BLOCK_INSIDE)
			return false;
	if (block->state == BLOCK_LIVE)
		return block->asked && order_of(block->asked) == block->order;
	return block->order == b->order_max || buddy >= b->pages ||
	       b->page[buddy].state != BLOCK_FREE ||
	       b->page[buddy].order != block->order;
}

/* The blocks on the list of an order; UINT32_MAX if it is not in order. */
static uint32_t listed(const struct buddy *b, unsigned order)
{
	uint32_t prev = BUDDY_NIL, count = 0;

	for (uint32_t page = b->head[order]; page != BUDDY_NIL;
	     page = b->page[page].next) {
		const struct buddy_page *block = &b->page[page];

		if (block->state != BLOCK_FREE || block->order != order ||
		    block->prev != prev || count++ > b->pages)
			return UINT32_MAX;
		prev = page;
	}
	return (b->nonempty >> order & 1u) == (count > 0) ? count : UINT32_MAX;
}

static bool buddy_is_valid(const void *state)
{
	const struct buddy *b = state;
	uint32_t count[BUDDY_ORDERS] = { 0 };
	uint32_t page = 0, free_pages = 0;

	while (page < b->pages) {
		const struct buddy_page *block = &b->page[page];
		const uint32_t pages = UINT32_C(1) << block->order;

		if (!block_is_valid(b, page))
			return false;
		if (block->state == BLOCK_FREE) {
			count[block->order]++;
			free_pages += pages;
		}
		page += pages;
	}
	for (unsigned order = 0; order < BUDDY_ORDERS; order++)
		if (listed(b, order) != count[order])
			return false;
	return free_pages == b->free_pages;
}

const struct page_ops buddy_ops = {
	.state_size = sizeof(struct buddy),
	.init = buddy_init,
	.release = buddy_release,
	.take = buddy_take,
	.take_counted = buddy_take_counted,
	.give = buddy_give,
	.give_counted = buddy_give_counted,
	.occupied = buddy_occupied,
	.asked = buddy_asked,
	.free_pages = buddy_free_pages,
	.longest = buddy_longest,
	.record_bytes = buddy_record_bytes,
	.counters = buddy_counters,
	.is_valid = buddy_is_valid,
};
