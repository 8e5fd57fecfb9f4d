/*
 * bench_page: the page size used for all counts, whatever the machine's own.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "kb_bits.h"

#include <stdint.h>

/* Bytes of a page. */
#define BENCH_PAGE 4096u

/* Pages of an object of `size` bytes; an empty one has a page too. */
static inline uint64_t bench_pages(uint64_t size)
{
	return kb_max(kb_div_up(size, BENCH_PAGE), 1);
}

#endif /* BENCH_PAGE_H */
