/*
 * test_allocator: an allocator made for tests. It hands out numbers from a
 * window of its own, keeps a ledger of what is live, and can be told to do one
 * thing wrong, or to be slow.
 */
#ifndef TEST_ALLOCATOR_H
#define TEST_ALLOCATOR_H

#include "alloc.h"

#include <stdbool.h>
#include <stdint.h>

#define TEST_OBJECTS_MAX 20000
#define TEST_BASE	 UINT64_C(0x100000)
#define TEST_GRANULE	 16

enum test_lie {
	TEST_HONEST,

	/* Of the nth alloc: */
	TEST_FAILS,	    /* the alloc is refused */
	TEST_OVERLAPS_NEXT, /* it reaches into the one before it */
	TEST_OVERLAPS_PREV, /* the one before reaches into it */
	TEST_MISALIGNS,	    /* its address is odd */
	TEST_TWICE,	    /* its address is that of the one before */
	TEST_CORRUPTS,	    /* making it spoils the one before's payload */
	TEST_FORGETS,	    /* it is not found, though its free succeeds */
	TEST_WRONG_SIZE,    /* its size is a granule too large */
	TEST_DISOWNS,	    /* its free says that there is no such thing */

	TEST_STILL_FOUND, /* what is freed is found again */
	TEST_INVALID	  /* is_valid says so */
};

struct test_object {
	uint64_t handle;
	uint32_t size;
	uint64_t key;
	bool live;
};

struct test_allocator {
	/* Set by the test before it is used. */
	enum test_lie lie;
	unsigned nth;

	/* Called by each alloc and free with the time that it takes, ns; NULL: no
	 * time. */
	void (*work)(uint64_t ns);
	uint64_t work_ns;

	/* What was done. */
	uint64_t allocs;
	uint64_t frees;
	uint64_t touches;
	uint64_t lookups;
	uint64_t live;

	/* Lookups of what was not live: the latency pass makes none. */
	uint64_t missed_lookups;

	/* Frees of what was not live: never, if the engine is right. */
	uint64_t wrong_frees;

	uint64_t next;
	struct test_object object[TEST_OBJECTS_MAX];
};

/* A new one, all zero. The alloc that it gives ends it by its close. */
struct test_allocator *test_allocator_new(void);
struct alloc test_allocator_alloc(struct test_allocator *t);

#endif /* TEST_ALLOCATOR_H */
