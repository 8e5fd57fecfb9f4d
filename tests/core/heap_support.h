/*
 * heap_support: making heaps and looking at all of them, for the tests of core.
 */
#ifndef HEAP_SUPPORT_H
#define HEAP_SUPPORT_H

#include "kb_test.h"
#include "kheap.h"
#include "lookup.h"
#include "pager_sim.h"

#include <stdbool.h>

/* A window small enough to be looked at whole. */
#define TEST_PAGES 64
#define TEST_BASE  KHEAP_BASE_DEFAULT

/* The address of the window's page `page`. */
#define TEST_VA(page) (TEST_BASE + (kva_t)(page)*KVA_PAGE_SIZE)

/* Makes a heap that must succeed; zeros mean TEST_PAGES and no pager. */
struct kheap *test_heap_new(struct kheap_config config);

/* A simulated pager that must succeed, with this many frames (0: all). */
struct pager test_pager_sim(uint32_t frame_limit);

/* What a pager that maps nothing was asked to do. */
struct spy_pager {
	unsigned maps;
	unsigned unmaps;
	kva_t last_va;
	uint32_t last_pages;

	/* map fails from this call on, counted from 1; 0: never. */
	unsigned fail_from;

	unsigned frees;
};

/* Zeroes `spy`, which outlives the pager. */
struct pager test_pager_spy(struct spy_pager *spy);

/* Row `row` holds exactly the `count` indexes that follow, in this order. */
void assert_row(const struct kheap *h, uint32_t row, unsigned count, ...);

/* Cluster `idx` has this size and address; 0 and 0: there is none. */
void assert_cluster(const struct kheap *h, int idx, uint32_t size, kva_t va);

/* Nothing is live and everything is free. */
void assert_heap_empty(const struct kheap *h);

#endif /* HEAP_SUPPORT_H */
