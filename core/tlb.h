/*
 * tlb: a model of a translation look-aside buffer.
 *
 * It answers one question: would this access have hit? So an entry is a page
 * number alone; where the page is belongs to the page tables. Pages are
 * named by their number in the address space, va / KVA_PAGE_SIZE; page 0 is
 * never mapped and marks an empty entry.
 *
 *   set 0   [ most recent | … | least recent ]     ways entries; the empty
 *   set 1   [ …                              ]     ones are the last
 *
 * A page's set is its number's low bits. A new page takes the place of the one
 * in its set that was accessed longest ago.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef TLB_H
#define TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tlb {
	/* Entries of set s: pages[s * ways …], most recently accessed first. */
	uint32_t *pages;

	/* Sets - 1; sets is a power of two. */
	uint32_t set_mask;
	uint32_t ways;
};

/* Makes an empty one, which tlb_release frees; `sets` is a power of two, `ways`
 * >= 1. Returns 0 or KB_E_NOMEM. */
int tlb_init(struct tlb *tlb, uint32_t sets, uint32_t ways);

void tlb_release(struct tlb *tlb);

/* An access to `page`. Returns true if it was there; either way it is now the
 * most recent of its set. */
bool tlb_access(struct tlb *tlb, uint32_t page);

/* Drops `page`, if it is there. */
void tlb_invalidate(struct tlb *tlb, uint32_t page);

/* True if `page` is there. Not an access. */
bool tlb_holds(const struct tlb *tlb, uint32_t page);

/* All entries, empty ones included: the length of `pages`. */
size_t tlb_entries(const struct tlb *tlb);

/* True if each page is in its set, once, and the empty entries come last. */
bool tlb_is_valid(const struct tlb *tlb);

#endif /* TLB_H */
