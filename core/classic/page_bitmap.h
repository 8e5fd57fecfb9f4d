/*
 * page_bitmap: next fit over a bitmap, a bit a page.
 *
 * Taking n pages takes the lowest n free pages in a row at or behind the
 * *rover*; if there are none, the lowest of all. The rover is the page behind
 * those taken last, 0 at first; pages that come back leave it where it is. (This
 * is page_runs.h's `next` but for one thing: there the rover skips the run that
 * it stands in, here it takes what is left of it.)
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
