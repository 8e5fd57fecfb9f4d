/*
 * shadow_runs: what page_runs.h says of each fit, written so plainly that it can
 * be seen to be right: a byte a page, walked every time.
 */
#ifndef SHADOW_RUNS_H
#define SHADOW_RUNS_H

#include "runs_fit.h"

#include <stdbool.h>
#include <stdint.h>

enum shadow_page { SHADOW_FREE, SHADOW_TAKEN, SHADOW_LISTED };

struct shadow_run {
	uint32_t page;
	uint32_t pages;
};

struct shadow_runs {
	enum runs_fit fit;
	uint32_t pages;

	/* enum shadow_page of each page. */
	uint8_t *state;

	/* Quick fit's, the last given back last. */
	struct shadow_run *listed;
	uint32_t listed_count;

	/* Next fit's; and for undoing the last take. */
	uint32_t rover;
	uint32_t rover_before;
	bool from_list;
};

void shadow_runs_init(struct shadow_runs *s, uint32_t pages, enum runs_fit fit);
void shadow_runs_release(struct shadow_runs *s);

/* The first page taken, or `pages` if there is no run. */
uint32_t shadow_runs_take(struct shadow_runs *s, uint64_t pages);
void shadow_runs_give(struct shadow_runs *s, uint32_t page, uint32_t pages);
void shadow_runs_undo(struct shadow_runs *s, uint32_t page, uint32_t pages);

/* The longest stretch of pages that are not taken; and all of them. */
uint32_t shadow_runs_longest(const struct shadow_runs *s);
uint32_t shadow_runs_free_pages(const struct shadow_runs *s);

/* The length of the run or listed run that starts at `page`, or 0. */
uint32_t shadow_runs_length_at(const struct shadow_runs *s, uint32_t page);

#endif /* SHADOW_RUNS_H */
