/*
 * page_runs: the free pages of a heap's window, and which of them kmalloc gets.
 *
 * Pages are numbered from 0, the window's first. A *run* is a maximal stretch
 * of free pages: both its neighbours are taken pages or ends of the window.
 *
 * Policy, exactly, so that another implementation gives the same addresses:
 *
 *   - at first all pages are one run;
 *   - first fit: taking n pages takes the first n pages of the run with the
 *     lowest address among those at least n pages long; what is left of the run
 *     stays free where it is;
 *   - a run that is given back merges at once with the runs that touch it, on
 *     either side.
 *
 * So the answer depends on the set of free pages alone, not on its history.
 * Taking a run and giving it back leaves everything as it was.
 *
 * The `_counted` functions do the same and add to `*steps` the numbers of the
 * tree (below) that are examined: to choose a run, each child looked at on the
 * way down; to keep the tree, each maximum looked at on the way up and each
 * child looked at to find a new maximum.
 *
 * Only core/ may include this file.
 */
#ifndef PAGE_RUNS_H
#define PAGE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

/* The most pages that a window can have: those of a 32-bit address space. */
#define RUNS_PAGES_MAX (UINT32_C(1) << 20)

/* No run is long enough. */
#define RUNS_NONE UINT32_MAX

/* Children of a tree node: as many as a word of the host has bits. */
#define RUNS_FANOUT_SHIFT 6
#define RUNS_FANOUT	  (1 << RUNS_FANOUT_SHIFT)

/* Levels above the leaves that RUNS_PAGES_MAX pages need. */
#define RUNS_LEVELS_MAX 4

struct page_runs {
	/* First page of the run at the window's end, the *top*; = pages if the
	 * last page is taken. All other runs are *holes*. */
	uint32_t top;

	/* Pages of the window, and those of them in runs. */
	uint32_t pages;
	uint32_t free_pages;

	/*
	 * level[0][p] is the length, in pages, of the hole that starts at page
	 * p; 0 if none does. level[k + 1][i] is the maximum of
	 * level[k][i * RUNS_FANOUT …], RUNS_FANOUT of them. The last level,
	 * level[levels], has one number: the longest hole. All levels are in
	 * one allocation, level[0] its start; each is padded with zeros to
	 * whole groups of RUNS_FANOUT.
	 */
	uint32_t levels;
	uint32_t *level[RUNS_LEVELS_MAX + 1];

	/* Bit b of nonzero[k][i], k < levels, is set if and only if
	 * level[k][i * RUNS_FANOUT + b] is not 0. One allocation too. */
	uint64_t *nonzero[RUNS_LEVELS_MAX];

	/* length_at_end[p] is the length of the hole whose last page is p; 0
	 * if none's is. */
	uint32_t *length_at_end;
};

/*
 * Makes all of 1 … RUNS_PAGES_MAX pages one run. Returns 0, or KB_E_NOMEM with
 * nothing to release.
 */
int runs_init(struct page_runs *runs, uint32_t pages);

/* Frees what runs_init made; one that is all zeros is ignored. */
void runs_release(struct page_runs *runs);

/*
 * Takes `pages` >= 1 pages, by the policy above. Returns the first one's
 * number; or RUNS_NONE, with nothing changed, if no run is long enough.
 */
uint32_t runs_take(struct page_runs *runs, uint32_t pages);
uint32_t runs_take_counted(struct page_runs *runs, uint32_t pages,
			   uint64_t *steps);

/* Gives back the `pages` >= 1 taken pages from `page`. */
void runs_give(struct page_runs *runs, uint32_t page, uint32_t pages);
void runs_give_counted(struct page_runs *runs, uint32_t page, uint32_t pages,
		       uint64_t *steps);

/* Free pages, and those of the longest run; 0 if there is none. */
uint32_t runs_free_pages(const struct page_runs *runs);
uint32_t runs_longest(const struct page_runs *runs);

/* The length of the run that starts at `page` (below `pages`); 0 if none. */
uint32_t runs_length_at(const struct page_runs *runs, uint32_t page);

/* True if tags, tree and totals agree; walks everything. */
bool runs_is_valid(const struct page_runs *runs);

#endif /* PAGE_RUNS_H */
