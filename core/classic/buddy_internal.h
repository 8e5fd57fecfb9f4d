/*
 * buddy_internal: the state of a buddy system.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef BUDDY_INTERNAL_H
#define BUDDY_INTERNAL_H

#include "buddy.h"

/* Of the largest window, 2^19 pages (KHEAP_PAGES_MAX, kheap.h), and below. */
#define BUDDY_ORDERS 20

/* No page. */
#define BUDDY_NIL UINT32_MAX

enum block_state { BLOCK_INSIDE, BLOCK_FREE, BLOCK_LIVE };

/* A page; all but `state` mean something only in the first page of a block. */
struct buddy_page {
	/* The list of free blocks of one order. */
	uint32_t next;
	uint32_t prev;

	/* Pages requested, of a live block. */
	uint32_t asked;

	uint8_t order;
	uint8_t state;
};

struct buddy {
	uint32_t pages;
	uint32_t free_pages;
	unsigned order_max;

	/* First free block of each order, and a bit for each that has one. */
	uint32_t head[BUDDY_ORDERS];
	uint32_t nonempty;

	struct buddy_page *page;

#define X(name, unit, help) uint64_t name;
	BUDDY_COUNTERS(X)
#undef X
};

#endif /* BUDDY_INTERNAL_H */
