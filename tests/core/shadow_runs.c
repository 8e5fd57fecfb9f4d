#include "shadow_runs.h"

#include "kb_test.h"

#include <stdlib.h>
#include <string.h>

void shadow_runs_init(struct shadow_runs *s, uint32_t pages, enum runs_fit fit)
{
	memset(s, 0, sizeof(*s));
	s->fit = fit;
	s->pages = pages;
	s->state = calloc(pages, 1);
	s->listed = calloc(pages, sizeof(*s->listed));
	assert_non_null(s->state);
	assert_non_null(s->listed);
}

void shadow_runs_release(struct shadow_runs *s)
{
	free(s->state);
	free(s->listed);
}

/* The length of the stretch of free pages that starts at `page`. */
static uint32_t free_from(const struct shadow_runs *s, uint32_t page)
{
	uint32_t end = page;

	while (end < s->pages && s->state[end] == SHADOW_FREE)
		end++;
	return end - page;
}

/* True if `length`, of a run at `page`, is to be preferred to `best`, of one at
 * a lower address, 0 for none. */
static bool is_better(const struct shadow_runs *s, uint32_t length,
		      uint32_t best, uint32_t page, uint64_t wanted)
{
	const bool is_top = page + length == s->pages;

	if (length < wanted)
		return false;
	if (best == 0)
		return true;
	switch (s->fit) {
	case RUNS_BEST:
		return length < best;
	case RUNS_WORST:
		return length > best;
	case RUNS_CUSTOM:
		if (is_top || best == wanted)
			return false;
		return length == wanted || length > best;
	default:
		return false;
	}
}

/* The run to take `wanted` pages from among those that start at `from` or
 * above it; s->pages if there is none. */
static uint32_t choose(const struct shadow_runs *s, uint32_t from,
		       uint64_t wanted)
{
	uint32_t chosen = s->pages;
	uint32_t best = 0;
	uint32_t page = 0;

	while (page < s->pages) {
		const uint32_t length = free_from(s, page);

		if (page >= from && is_better(s, length, best, page, wanted)) {
			chosen = page;
			best = length;
		}
		page += length + 1;
	}
	return chosen;
}

/* The listed run of exactly that length that came last, taken off its list. */
static uint32_t take_listed(struct shadow_runs *s, uint64_t pages)
{
	uint32_t i = s->listed_count;

	while (i-- > 0) {
		const uint32_t page = s->listed[i].page;

		if (s->listed[i].pages != pages)
			continue;
		s->listed_count--;
		memmove(&s->listed[i], &s->listed[i + 1],
			(s->listed_count - i) * sizeof(*s->listed));
		return page;
	}
	return s->pages;
}

static void merge_listed(struct shadow_runs *s)
{
	uint32_t page;

	s->listed_count = 0;
	for (page = 0; page < s->pages; page++)
		if (s->state[page] == SHADOW_LISTED)
			s->state[page] = SHADOW_FREE;
}

static uint32_t find(struct shadow_runs *s, uint64_t pages)
{
	uint32_t page = s->pages;

	if (s->fit == RUNS_NEXT)
		page = choose(s, s->rover, pages);
	if (s->fit == RUNS_QUICK)
		page = take_listed(s, pages);
	s->from_list = page != s->pages;
	if (page == s->pages)
		page = choose(s, 0, pages);
	if (page == s->pages && s->fit == RUNS_QUICK &&
	    pages <= shadow_runs_free_pages(s)) {
		merge_listed(s);
		page = choose(s, 0, pages);
	}
	return page;
}

uint32_t shadow_runs_take(struct shadow_runs *s, uint64_t pages)
{
	const uint32_t page = find(s, pages);

	if (page == s->pages)
		return page;
	memset(&s->state[page], SHADOW_TAKEN, pages);
	s->rover_before = s->rover;
	s->rover = page + (uint32_t)pages;
	return page;
}

static void list(struct shadow_runs *s, uint32_t page, uint32_t pages)
{
	memset(&s->state[page], SHADOW_LISTED, pages);
	s->listed[s->listed_count++] = (struct shadow_run){ page, pages };
}

void shadow_runs_give(struct shadow_runs *s, uint32_t page, uint32_t pages)
{
	if (s->fit == RUNS_QUICK)
		list(s, page, pages);
	else
		memset(&s->state[page], SHADOW_FREE, pages);
}

void shadow_runs_undo(struct shadow_runs *s, uint32_t page, uint32_t pages)
{
	if (s->fit == RUNS_QUICK && s->from_list)
		list(s, page, pages);
	else
		memset(&s->state[page], SHADOW_FREE, pages);
	s->rover = s->rover_before;
}

uint32_t shadow_runs_longest(const struct shadow_runs *s)
{
	uint32_t longest = 0;
	uint32_t stretch = 0;
	uint32_t page;

	for (page = 0; page < s->pages; page++) {
		stretch = s->state[page] != SHADOW_TAKEN ? stretch + 1 : 0;
		longest = stretch > longest ? stretch : longest;
	}
	return longest;
}

uint32_t shadow_runs_free_pages(const struct shadow_runs *s)
{
	uint32_t count = 0;
	uint32_t page;

	for (page = 0; page < s->pages; page++)
		count += s->state[page] != SHADOW_TAKEN;
	return count;
}

uint32_t shadow_runs_length_at(const struct shadow_runs *s, uint32_t page)
{
	uint32_t i;

	for (i = 0; i < s->listed_count; i++)
		if (s->listed[i].page == page)
			return s->listed[i].pages;
	if (page > 0 && s->state[page - 1] == SHADOW_FREE)
		return 0;
	return free_from(s, page);
}
