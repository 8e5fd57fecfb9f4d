/*
 * page_bitmap: next fit over a bitmap, one bit per page.
 *
 * Taking n pages takes the lowest n consecutive free pages at or after the
 * *rover*; if there are none, the lowest of all. The rover is the page after
 * those taken last, 0 at first. Freed pages do not move it. (This is
 * page_runs.h's `next` with one difference: there the rover skips the run that
 * it is in, here it takes what remains of that run.)
 *
 * A second bitmap marks the first page of each block, so that giving back needs
 * no length: the block ends where the next one begins, or a page is free.
 *
 * core/ and whoever makes such a heap may include this file.
 */
#ifndef PAGE_BITMAP_H
#define PAGE_BITMAP_H

#include "page_heap.h"

/* What a bitmap counts: X(name, unit, help). */
#define BITMAP_COUNTERS(X)                                     \
	X(fit_steps, "words", "words of the bitmaps examined") \
	X(wraps, "requests", "requests that went on from the start")

extern const struct page_ops page_bitmap_ops;

#endif /* PAGE_BITMAP_H */
