#include "bench_smallest.h"

#include "kb_bits.h"

struct search {
	struct bench_smallest *s;
	bench_smallest_try try_pages;
	void *user;

	/* The largest size that failed. */
	uint32_t refused;
};

static int try_size(struct search *search, uint32_t pages)
{
	int does = search->try_pages(search->user, pages);

	search->s->tries++;
	if (does == 0)
		search->refused = (uint32_t)kb_max(search->refused, pages);
	return does;
}

/* Doubles from the bound. `*low` gets the last size that failed, or one below
 * the bound; `*high` one that works, or 0. */
static int go_up(struct search *search, uint32_t *low, uint32_t *high)
{
	const struct bench_smallest *s = search->s;
	uint32_t pages = s->bound;
	int does;

	*low = s->bound - 1;
	*high = 0;
	while ((does = try_size(search, pages)) == 0) {
		*low = pages;
		if (pages == s->max)
			return 0;
		pages = (uint32_t)kb_min(2 * (uint64_t)pages, s->max);
	}
	if (does > 0)
		*high = pages;
	return does;
}

static int halve(struct search *search, uint32_t low, uint32_t *high)
{
	while (*high - low > 1) {
		uint32_t middle = low + (*high - low) / 2;
		int does = try_size(search, middle);

		if (does < 0)
			return does;
		if (does)
			*high = middle;
		else
			low = middle;
	}
	return 0;
}

/* Tries the sizes below the one found, the smallest first. */
static int go_below(struct search *search)
{
	struct bench_smallest *s = search->s;

	s->tried_from =
		s->pages - (uint32_t)kb_min(s->pages - s->bound, s->below_max);
	for (uint32_t pages = s->tried_from; pages < s->pages; pages++) {
		int does = try_size(search, pages);

		if (does < 0)
			return does;
		if (does)
			s->pages = pages;
	}
	return 0;
}

int bench_smallest_search(struct bench_smallest *s,
			  bench_smallest_try try_pages, void *user)
{
	struct search search = { .s = s, .try_pages = try_pages, .user = user };
	uint32_t low, high;
	int err;

	s->pages = 0;
	s->tried_from = 0;
	s->refused_above = 0;
	s->tries = 0;
	err = go_up(&search, &low, &high);
	if (err < 0 || high == 0)
		return err < 0 ? err : 0;
	err = halve(&search, low, &high);
	if (err < 0)
		return err;
	s->pages = high;
	err = go_below(&search);
	if (err == 0 && search.refused > s->pages)
		s->refused_above = search.refused;
	return err;
}
