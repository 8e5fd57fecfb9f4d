/*
 * buddy: the binary buddy system, as Linux's page allocator has it
 * (mm/page_alloc.c; Knowlton, CACM 8(10), 1965).
 *
 * A block of order k is 2^k pages and starts at a multiple of 2^k. Its *buddy*
 * is the block beside it with which it makes one of order k + 1. A request takes
 * a block of the lowest order that holds it: from the shortest blocks that are
 * free, the one freed last, halved until it fits, the lower half going on. A
 * freed block joins its buddy for as long as that is free and whole.
 *
 * Linux stops at order 10, 4 MiB; here the highest order is the largest block
 * that the window can hold, so that every request that fits half the window has
 * an order. A longer request fails; it is not composed of several blocks. A
 * window that is no power of two starts as the blocks of its binary digits.
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
