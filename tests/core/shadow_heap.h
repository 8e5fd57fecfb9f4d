/*
 * shadow_heap: what the heap should do, written so plainly that it can be seen
 * to be right. It walks everything, every time.
 */
#ifndef SHADOW_HEAP_H
#define SHADOW_HEAP_H

#include "heap_support.h"
#include "shadow_runs.h"

struct shadow_cluster {
	bool live;
	bool ever_used;
	uint32_t page;
	uint32_t pages;

	/* The how-manieth allocation it is: its age. */
	uint64_t born;
};

struct shadow_heap {
	kva_t base;
	uint32_t pages;
	uint32_t first_index;
	enum kheap_order order;

	/* Frames for pages and page tables; 0: as many as they want. */
	uint32_t frame_limit;

	/* By index; `pages` of them. */
	struct shadow_cluster *clusters;

	/* Indexes freed and not taken again, oldest first. */
	int *freed;
	uint32_t freed_count;

	uint64_t allocations;

	struct shadow_runs runs;
};

void shadow_init(struct shadow_heap *s, const struct kheap_config *config,
		 uint32_t frame_limit);
void shadow_release(struct shadow_heap *s);

/* The address kmalloc should return, which is then live; or 0. */
kva_t shadow_kmalloc(struct shadow_heap *s, uint32_t size);

/* The status kfree should return. */
int shadow_kfree(struct shadow_heap *s, kva_t va);

/* The index of the cluster that starts at `va`, or -1. */
int shadow_find(const struct shadow_heap *s, kva_t va);

/* Pages of live clusters, and page tables they need. */
uint32_t shadow_pages_live(const struct shadow_heap *s);
uint32_t shadow_tables(const struct shadow_heap *s);
uint32_t shadow_clusters_live(const struct shadow_heap *s);

/* The heap is in exactly this state, seen through its public functions. */
void assert_heap_is(const struct kheap *h, const struct shadow_heap *s);

#endif /* SHADOW_HEAP_H */
