/*
 * buddy: the binary buddy system, as in Linux's page allocator
 * (mm/page_alloc.c; Knowlton, CACM 8(10), 1965).
 *
 * A block of order k is 2^k pages and starts at a multiple of 2^k. Its *buddy*
 * is the adjacent block with which it forms one of order k + 1. A request takes
 * a block of the lowest order that holds it. If none is free, the most recently
 * freed of the smallest larger blocks is halved, and its lower half again,
 * until it fits. A freed block merges with its buddy as long as the buddy is
 * free and whole.
 *
 * Linux stops at order 10, 4 MiB; here the highest order is the largest block
 * that the window can hold, so that every request up to half the window has an
 * order. A longer request fails; it is not composed of several blocks. A window
 * whose size is not a power of two starts as the blocks of its binary digits.
 *
 * The requested size is kept beside the order, for kfree's accounting; the pages
 * that rounding adds are taken, mapped and lost until the block is freed.
 *
 * core/ and whoever makes such a heap may include this file.
 */
#ifndef BUDDY_H
#define BUDDY_H

#include "page_heap.h"

/* What a buddy system counts: X(name, unit, help). */
#define BUDDY_COUNTERS(X)                     \
	X(splits, "blocks", "blocks halved")  \
	X(merges, "blocks", "buddies joined") \
	X(fit_steps, "steps", "lists and blocks examined")

extern const struct page_ops buddy_ops;

#endif /* BUDDY_H */
