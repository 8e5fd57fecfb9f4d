/*
 * blocks_internal: the state of blocks.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef BLOCKS_INTERNAL_H
#define BLOCKS_INTERNAL_H

#include "blocks.h"

/* 8, 16, … 2048. */
#define BLOCKS_SIZES 9u

/* Words of 64 bits, one bit for each of a page's smallest blocks. */
#define BLOCKS_WORDS (KVA_PAGE_SIZE / BLOCKS_SIZE_MIN / 64)

/* What a free block's bytes are: its neighbors' addresses, 0 at either end. */
struct block_link {
	kva_t next;
	kva_t prev;
};

/* A page's descriptor. */
struct block_page {
	/* Among the free pages, if it is one. */
	TAILQ_ENTRY(block_page) free_pages;

	/* Of its blocks, bytes; 0 if the page is free. */
	uint16_t block_size;
	uint16_t free_blocks;

	/* A bit for each live block. */
	uint64_t live[BLOCKS_WORDS];
};

TAILQ_HEAD(block_pages, block_page);

struct blocks {
	struct kheap *heap;
	struct pager pager;
	kva_t base;

	/* BLOCKS_PAGES descriptors, and what the pages hold. */
	struct block_page *page;
	char *memory;

	struct block_pages free_pages;

	/* The first free block of each size, or 0. */
	kva_t first[BLOCKS_SIZES];

	uint32_t pages_live;

	/* Most pages of blocks and clusters at once. */
	uint64_t all_pages_peak;

#define X(name, unit, help) uint64_t name;
	BLOCKS_COUNTERS(X)
#undef X
};

#endif /* BLOCKS_INTERNAL_H */
