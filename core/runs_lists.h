/*
 * runs_lists: freed runs, unmerged, in a last-in-first-out list for each
 * length, for quick fit.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef RUNS_LISTS_H
#define RUNS_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs_lists {
	/* First page + 1 of the most recent run, by length 1 … `pages`; 0 if
	 * the list is empty. */
	uint32_t *head;

	/* By first page: the next one of its list, as in `head`, and the run's
	 * length, 0 for a page at which no listed run starts. */
	uint32_t *next;
	uint32_t *length;

	/* Bit n of `lengths` is set if list n is not empty, bit w of `words` if
	 * lengths[w] is not 0. */
	uint64_t *lengths;
	uint64_t *words;

	/* Pages of the window; pages of all listed runs. */
	uint32_t pages;
	uint32_t listed;
};

/* Returns 0, or KB_E_NOMEM with nothing to release. */
int runs_lists_init(struct runs_lists *lists, uint32_t pages);

/* One that is all zeros is ignored. */
void runs_lists_release(struct runs_lists *lists);

/* Bytes of what runs_lists_init has made. */
size_t runs_lists_bytes(const struct runs_lists *lists);

/* Lists the run of `pages` pages from `page`. */
static inline void runs_lists_push(struct runs_lists *lists, uint32_t page,
				   uint32_t pages)
{
	lists->next[page] = lists->head[pages];
	lists->length[page] = pages;
	lists->head[pages] = page + 1;
	lists->lengths[pages / 64] |= UINT64_C(1) << pages % 64;
	lists->words[pages / 4096] |= UINT64_C(1) << pages / 64 % 64;
	lists->listed += pages;
}

/* Takes the most recent run of exactly `pages` pages. Returns its first page,
 * or UINT32_MAX if there is none. */
static inline uint32_t runs_lists_pop(struct runs_lists *lists, uint32_t pages)
{
	const uint32_t page = lists->head[pages] - 1;

	if (page == UINT32_MAX)
		return page;
	lists->head[pages] = lists->next[page];
	lists->length[page] = 0;
	lists->listed -= pages;
	if (lists->head[pages] == 0) {
		uint64_t *word = &lists->lengths[pages / 64];

		*word &= ~(UINT64_C(1) << pages % 64);
		if (*word == 0)
			lists->words[pages / 4096] &=
				~(UINT64_C(1) << pages / 64 % 64);
	}
	return page;
}

/* The shortest length that has a run; 0 if nothing is listed. */
uint32_t runs_lists_shortest(const struct runs_lists *lists);

/* True if links, lengths, bits and total agree. */
bool runs_lists_is_valid(const struct runs_lists *lists);

#endif /* RUNS_LISTS_H */
