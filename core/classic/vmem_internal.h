/*
 * vmem_internal: the state of a vmem arena.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef VMEM_INTERNAL_H
#define VMEM_INTERNAL_H

#include "vmem.h"

/* Up to that of the largest window, 2^19 pages (KHEAP_PAGES_MAX, kheap.h). */
#define VMEM_LISTS 20

/* A segment's boundary tag. */
struct vmem_tag {
	uint32_t start;
	uint32_t pages;

	/* Neighbors by address; NULL at the window's ends. */
	struct vmem_tag *below;
	struct vmem_tag *above;

	/* A free segment's list, or, next alone, a live one's hash chain. Of a
	 * tag not in use, next is the next such. */
	struct vmem_tag *next;
	struct vmem_tag *prev;

	bool live;
};

struct vmem {
	uint32_t pages;
	uint32_t free_pages;
	enum vmem_fit fit;

	/* One for each possible segment. Those from `tags_made` on were never
	 * used; `spare` lists the others that are not in use. */
	struct vmem_tag *tag;
	uint32_t tags_made;
	uint32_t tags_used;
	struct vmem_tag *spare;

	/* The first segment of each list, and a bit that says whether there is
	 * one. */
	struct vmem_tag *list[VMEM_LISTS];
	uint32_t nonempty;

	/* A power of two of chains. */
	struct vmem_tag **chain;
	uint32_t chains;
	uint32_t live;

#define X(name, unit, help) uint64_t name;
	VMEM_COUNTERS(X)
#undef X
};

#endif /* VMEM_INTERNAL_H */
