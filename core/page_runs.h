/*
 * page_runs: the free pages of a heap's window, and which of them kmalloc gets.
 *
 * Pages are numbered from 0, the window's first. A *run* is a maximal stretch
 * of free pages: both its neighbors are taken pages or ends of the window.
 *
 * The policy is exact, so that another implementation can give the same
 * addresses. At first all pages are one run. The run that ends with the
 * window's last page, if that page is free, is the *top*, its first page the
 * *break*; all other runs are *holes*. A run is named by its first page. Taking
 * n pages takes the first n pages of a run at least n pages long; the fit
 * decides which one. What is left of the run stays free where it is. Every fit
 * finds a run if any run is long enough.
 *
 *   first    the run with the lowest address.
 *   next     the lowest run that starts at the *rover* or above it; if none
 *            there is long enough, the lowest of all. The rover is the page
 *            after those taken last, 0 at first. Freed pages do not move it, so
 *            it may be inside a run.
 *   best     the shortest run; of equally long ones the lowest.
 *   worst    the longest run; of equally long ones the lowest.
 *   custom   a hole of exactly n pages, the lowest; else the longest hole, the
 *            lowest of equally long ones; else the top: the break is extended
 *            only if no hole will do.
 *   quick    below.
 *
 * With all of these a run that is given back merges at once with the runs that
 * touch it, on either side, so the break can come down again. Except for next's
 * rover, the answer depends on the set of free pages alone, not on its history.
 *
 *   quick    A run that is given back is *listed* as it is, not merged with
 *            anything, not even the top. Taking n pages takes the listed run of
 *            exactly n pages that was given back last. If there is none, it is
 *            first fit among the holes and the top, of which listed pages are no
 *            part. If there is none either, all listed runs are given back as
 *            for first fit, merging, and it is first fit again. So a request
 *            fails only if no merging could have served it.
 *
 * runs_undo gives back right after the take, and restores the rover or the list
 * too. It does not split again what quick has merged.
 *
 * The `_counted` functions do the same and add to `*steps` the numbers of the
 * structures that are examined: to choose a run, each number of the tree (below)
 * and each node of the order by size that is looked at on the way down, or one
 * for the head of a list; to keep the tree, each maximum looked at on the way up
 * and each child looked at to find a new maximum; one for each hole that enters
 * or leaves the order by size, and for each run put on a list or merged from it.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef PAGE_RUNS_H
#define PAGE_RUNS_H

#include "runs_fit.h"
#include "runs_lists.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs_sizes;

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
	enum runs_fit fit;

	/* The break: first page of the top; = pages if the last page is taken
	 * or listed. */
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

	/* The holes by length; NULL where the fit does not need it. */
	struct runs_sizes *sizes;

	/* Quick fit's; all zeros otherwise. */
	struct runs_lists lists;

	/* Next fit's, <= pages. For all fits, what runs_undo restores: the
	 * rover before the last take, and whether a list served it. */
	uint32_t rover;
	uint32_t rover_before;
	bool from_list;
};

/*
 * Makes all of 1 … RUNS_PAGES_MAX pages one run. Returns 0, or KB_E_NOMEM with
 * nothing to release.
 */
int runs_init(struct page_runs *runs, uint32_t pages, enum runs_fit fit);

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

/* Undoes the last take, which gave `page`, right after it. */
void runs_undo(struct page_runs *runs, uint32_t page, uint32_t pages);
void runs_undo_counted(struct page_runs *runs, uint32_t page, uint32_t pages,
		       uint64_t *steps);

/* Free pages, and those of the longest stretch of them, which is the most that
 * can be taken; 0 if there is none. With listed runs it walks the pages. */
uint32_t runs_free_pages(const struct page_runs *runs);
uint32_t runs_longest(const struct page_runs *runs);

/* Bytes of tags, tree, order by size and lists: fixed when they are made. */
size_t runs_bytes(const struct page_runs *runs);

/* The length of the run that starts at `page` (below `pages`), listed ones as
 * they are; 0 if none. */
uint32_t runs_length_at(const struct page_runs *runs, uint32_t page);

/* True if tags, tree, order by size, lists and totals agree; walks everything. */
bool runs_is_valid(const struct page_runs *runs);

#endif /* PAGE_RUNS_H */
