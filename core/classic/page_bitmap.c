#include "page_bitmap.h"

#include <stdlib.h>
#include <string.h>

#define WORD_SHIFT 6
#define WORD_MASK  63u

struct page_bitmap {
	uint32_t pages;
	uint32_t free_pages;
	uint32_t rover;

	/* Bits of pages that are not free, and of blocks' first pages. */
	uint64_t *taken;
	uint64_t *first;

#define X(name, unit, help) uint64_t name;
	BITMAP_COUNTERS(X)
#undef X
};

static inline bool is_set(const uint64_t *words, uint32_t bit)
{
	return words[bit >> WORD_SHIFT] >> (bit & WORD_MASK) & 1u;
}

/*
 * The first set bit at or after `from` and below `end`; with `flip` all ones,
 * the first clear one. `end` if there is none. Adds the words examined to
 * `*steps`.
 */
static inline uint32_t next_bit(const uint64_t *words, uint64_t flip,
				uint32_t from, uint32_t end, uint64_t *steps)
{
	uint32_t word = from >> WORD_SHIFT;
	uint64_t bits;

	if (from >= end)
		return end;
	bits = (words[word] ^ flip) & (UINT64_MAX << (from & WORD_MASK));
	++*steps;
	while (bits == 0) {
		if (++word << WORD_SHIFT >= end)
			return end;
		bits = words[word] ^ flip;
		++*steps;
	}
	from = (word << WORD_SHIFT) + (uint32_t)__builtin_ctzll(bits);
	return from < end ? from : end;
}

/* Sets or clears `count` bits from `bit`. */
static inline void put_bits(uint64_t *words, uint32_t bit, uint32_t count,
			    const bool value)
{
	while (count > 0) {
		const uint32_t at = bit & WORD_MASK;
		const uint32_t some = (uint32_t)kb_min(count, 64 - at);
		const uint64_t mask = UINT64_MAX >> (64 - some) << at;

		if (value)
			words[bit >> WORD_SHIFT] |= mask;
		else
			words[bit >> WORD_SHIFT] &= ~mask;
		bit += some;
		count -= some;
	}
}

static int bitmap_init(void *state, uint32_t pages, unsigned choice)
{
	struct page_bitmap *b = state;
	const size_t words = kb_div_up(pages, 64);

	(void)choice;
	b->pages = pages;
	b->free_pages = pages;
	b->taken = calloc(words, sizeof(*b->taken));
	b->first = calloc(words, sizeof(*b->first));
	return b->taken && b->first ? 0 : KB_E_NOMEM;
}

static void bitmap_release(void *state)
{
	struct page_bitmap *b = state;

	free(b->taken);
	free(b->first);
}

/* The lowest `pages` free pages in a row from `from` on. */
static inline uint32_t find_run(const struct page_bitmap *b, uint32_t from,
				uint32_t pages, uint64_t *steps)
{
	while (from < b->pages) {
		uint32_t end;

		from = next_bit(b->taken, UINT64_MAX, from, b->pages, steps);
		if (pages > b->pages - from)
			break;
		end = next_bit(b->taken, 0, from + 1, from + pages, steps);
		if (end == from + pages)
			return from;
		from = end;
	}
	return PAGE_HEAP_NONE;
}

static kb_always_inline uint32_t take(struct page_bitmap *b, uint32_t pages,
				      const bool counted)
{
	uint64_t steps = 0;
	uint32_t page = find_run(b, b->rover, pages, &steps);

	if (page == PAGE_HEAP_NONE && b->rover > 0) {
		page = find_run(b, 0, pages, &steps);
		if (counted)
			b->wraps++;
	}
	if (counted)
		b->fit_steps += steps;
	if (page == PAGE_HEAP_NONE)
		return page;
	put_bits(b->taken, page, pages, true);
	put_bits(b->first, page, 1, true);
	b->rover = page + pages;
	b->free_pages -= pages;
	return page;
}

/* The length of the live block at `page`, 0 if there is none. */
static inline uint32_t length_at(const struct page_bitmap *b, uint32_t page,
				 uint64_t *steps)
{
	uint32_t end;

	if (page >= b->pages || !is_set(b->first, page))
		return 0;
	end = next_bit(b->first, 0, page + 1, b->pages, steps);
	end = next_bit(b->taken, UINT64_MAX, page + 1, end, steps);
	return end - page;
}

static kb_always_inline uint32_t give(struct page_bitmap *b, uint32_t page,
				      const bool counted)
{
	uint64_t steps = 0;
	const uint32_t pages = length_at(b, page, &steps);

	if (counted)
		b->fit_steps += steps;
	if (pages == 0)
		return 0;
	put_bits(b->taken, page, pages, false);
	put_bits(b->first, page, 1, false);
	b->free_pages += pages;
	return pages;
}

PAGE_OPS_STAMP(bitmap)

static uint32_t bitmap_asked(const void *state, uint32_t page)
{
	uint64_t steps = 0;

	return length_at(state, page, &steps);
}

static uint32_t bitmap_free_pages(const void *state)
{
	const struct page_bitmap *b = state;

	return b->free_pages;
}

/* The free pages of a word, as bits; none past the window's end. */
static inline uint64_t free_bits(const struct page_bitmap *b, uint32_t word)
{
	const uint32_t left = b->pages - (word << WORD_SHIFT);
	const uint64_t bits = ~b->taken[word];

	return left < 64 ? bits & ((UINT64_C(1) << left) - 1) : bits;
}

/* The longest row of ones. */
static inline uint32_t ones_in_a_row(uint64_t bits)
{
	uint32_t length = 0;

	for (; bits; length++)
		bits &= bits >> 1;
	return length;
}

/* Called after every event of a count pass, so it examines a word only if that
 * word may hold a longer run than was found. */
static uint32_t bitmap_longest(const void *state)
{
	const struct page_bitmap *b = state;
	uint32_t longest = 0, run = 0;

	for (uint32_t word = 0; word << WORD_SHIFT < b->pages; word++) {
		const uint64_t bits = free_bits(b, word);

		if (bits == UINT64_MAX) {
			run += 64;
			continue;
		}
		run += (uint32_t)__builtin_ctzll(~bits);
		longest = (uint32_t)kb_max(longest, run);
		if (longest < 64 &&
		    (uint32_t)__builtin_popcountll(bits) > longest)
			longest =
				(uint32_t)kb_max(longest, ones_in_a_row(bits));
		run = (uint32_t)__builtin_clzll(~bits);
	}
	return (uint32_t)kb_max(longest, run);
}

static uint64_t bitmap_record_bytes(const void *state)
{
	const struct page_bitmap *b = state;

	return sizeof(*b) + 2 * sizeof(uint64_t) * kb_div_up(b->pages, 64);
}

static void bitmap_counters(const void *state, page_counter_fn fn, void *user)
{
	const struct page_bitmap *b = state;

#define X(name, unit, help) fn(user, #name, b->name);
	BITMAP_COUNTERS(X)
#undef X
}

/* Every block begins with a mark, and no free page has one. */
static bool bitmap_is_valid(const void *state)
{
	const struct page_bitmap *b = state;
	uint32_t taken = 0;

	for (uint32_t page = 0; page < b->pages; page++) {
		const bool before = page > 0 && is_set(b->taken, page - 1);

		taken += is_set(b->taken, page);
		if (is_set(b->first, page) && !is_set(b->taken, page))
			return false;
		if (is_set(b->taken, page) && !before &&
		    !is_set(b->first, page))
			return false;
	}
	return taken + b->free_pages == b->pages && b->rover <= b->pages;
}

const struct page_ops page_bitmap_ops = {
	.state_size = sizeof(struct page_bitmap),
	.init = bitmap_init,
	.release = bitmap_release,
	.take = bitmap_take,
	.take_counted = bitmap_take_counted,
	.give = bitmap_give,
	.give_counted = bitmap_give_counted,
	.asked = bitmap_asked,
	.free_pages = bitmap_free_pages,
	.longest = bitmap_longest,
	.record_bytes = bitmap_record_bytes,
	.counters = bitmap_counters,
	.is_valid = bitmap_is_valid,
};
