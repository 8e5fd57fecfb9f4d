/*
 * kva: addresses and pages of the simulated machine, a 32-bit x86.
 *
 * Everything in core/, and whoever uses the heap, may include this file.
 */
#ifndef KVA_H
#define KVA_H

#include <stdint.h>

/* A virtual address in the simulated machine; 0 is "none". */
typedef uint32_t kva_t;

/* A page frame's number: physical address / KVA_PAGE_SIZE. */
typedef uint32_t pfn_t;

/* A page, bytes. */
#define KVA_PAGE_SIZE  UINT32_C(4096)
#define KVA_PAGE_SHIFT 12

/* Pages in the 32-bit address space. */
#define KVA_SPACE_PAGES (UINT32_C(1) << 20)

/* Pages that `size` bytes take, 0 as 1. No sum that could overflow. */
static inline uint32_t kva_pages_of(uint32_t size)
{
	return size == 0 ? 1 : ((size - 1) >> KVA_PAGE_SHIFT) + 1;
}

#endif /* KVA_H */
