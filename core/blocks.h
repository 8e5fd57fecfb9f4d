/*
 * blocks: the block allocator in front of the cluster heap, as the teaching
 * kernel's full design has it: requests of up to 2 KiB are blocks, larger ones
 * clusters.
 *
 * A block is a power of two, from 8 bytes. Its area is 8,192 pages of its own
 * that end one page, never mapped, before the heap's window:
 *
 *   area of blocks                              window of clusters
 *   +--------+--------+--------+---   ---+------+-----------+---
 *   | of 64  | of 512 | free   |   ...   | none | cluster   | ...
 *   +--------+--------+--------+---   ---+------+-----------+---
 *
 * A page holds blocks of one size. Its descriptor, in an array by page number,
 * has that size and the number of free blocks. Free blocks of a size are in one
 * list; the links are in the blocks themselves. Free pages are in a list too.
 *
 * kmalloc takes the first free block of its size. If there is none, it maps a
 * free page and cuts it up; if that cannot be had, it takes a block of the next
 * larger size that has one. kfree puts the block first in its list. The page
 * whose last block is freed is unmapped at once: its blocks leave the list, one
 * by one.
 *
 * Source: the interface of Ain Shams University's FOS kernel, 2025: sizes, area,
 * descriptors, the order of the steps. Its 32 MiB area and the page after it
 * leave 32,766 pages of its kernel heap to clusters, the number that kheap.h
 * has. What that interface leaves open is decided here: free blocks and pages
 * are used last in, first out, a new page's blocks by address. One bit a block
 * says that it is live, so that a wrong free is refused.
 *
 * Each timed operation exists twice, as kheap's do (kheap.h). Not thread-safe;
 * several may live side by side.
 *
 * Whoever uses the heap may include this file.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "kheap.h"

/* The smallest block and the largest, bytes. */
#define BLOCKS_SIZE_MIN 8u
#define BLOCKS_SIZE_MAX 2048u

/* Pages of the area, and of the area with the page that is never mapped. */
#define BLOCKS_PAGES UINT32_C(8192)
#define BLOCKS_SPAN  (BLOCKS_PAGES + 1)

/* What blocks count beside their heap: X(name, unit, help). */
#define BLOCKS_COUNTERS(X)                                           \
	X(blocks_live, "blocks", "live blocks")                      \
	X(block_pages_live, "pages", "pages of blocks")              \
	X(block_pages_peak, "pages", "most pages of blocks at once") \
	X(block_pages_taken, "pages", "pages mapped and cut up")     \
	X(block_pages_returned, "pages", "empty pages given back")   \
	X(block_links, "blocks",                                     \
	  "blocks linked to or unlinked from "                       \
	  "a list of free ones")                                     \
	X(blocks_larger, "requests",                                 \
	  "requests served by a larger "                             \
	  "block, for want of a page")                               \
	X(cluster_allocs, "requests", "requests too large for a block")

struct blocks;

/*
 * Makes blocks in `*out`, which blocks_free frees, in front of `heap`, an empty
 * heap that they own from then on; it is freed on error too. The heap's pager
 * must cover the BLOCKS_SPAN pages below its base.
 *
 * Returns 0; KB_E_RANGE with `diag` filled if the base has no room for the area
 * below it, or KB_E_NOMEM.
 */
int blocks_new(struct blocks **out, struct kheap *heap, struct kb_diag *diag);

/* NULL is ignored. */
void blocks_free(struct blocks *b);

/* Allocates `size` bytes, 0 as 1. Returns the address, a multiple of 8, or 0
 * with nothing changed. */
kva_t blocks_kmalloc(struct blocks *b, uint32_t size);
kva_t blocks_kmalloc_counted(struct blocks *b, uint32_t size);

/* Frees what starts at `va`; 0 is ignored. Returns 0; or KB_E_NOT_LIVE with
 * nothing changed. */
int blocks_kfree(struct blocks *b, kva_t va);
int blocks_kfree_counted(struct blocks *b, kva_t va);

/* Bytes of the live block or cluster that starts at `va`; 0 if none does. */
uint32_t blocks_size_at(const struct blocks *b, kva_t va);

/* The byte of the area at `va`, in the host's memory, until its page is given
 * back; NULL if `va` is outside the area. Bytes of free blocks are links. */
char *blocks_memory(const struct blocks *b, kva_t va);

/* The area's first address. */
kva_t blocks_base(const struct blocks *b);

/* The heap below, to be looked at. */
const struct kheap *blocks_heap(const struct blocks *b);

/* Most pages of blocks and clusters that were live at once, counted calls. */
uint64_t blocks_pages_peak(const struct blocks *b);

/* Pages of blocks that are live now. */
uint32_t blocks_pages_live(const struct blocks *b);

/* One access to the byte at `va` of something live. */
void blocks_touch(struct blocks *b, kva_t va);
void blocks_touch_counted(struct blocks *b, kva_t va);

/* Bytes of the records: descriptors, list heads, and the heap's own. */
uint64_t blocks_record_bytes(const struct blocks *b);

/* The counters so far; `fn` gets one call each. */
void blocks_counters(const struct blocks *b,
		     void (*fn)(void *user, const char *name, uint64_t value),
		     void *user);

/* True if pages, lists, pager and heap agree. Walks everything. */
bool blocks_is_valid(const struct blocks *b);

#endif /* BLOCKS_H */
