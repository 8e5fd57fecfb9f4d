/*
 * bench_tape: a whole replay, event by event, so small that a page holds it: what
 * each event did to the heap of an allocator that has rows. From it the lists, the
 * tracking arrays and the address map after any event can be drawn.
 *
 * The bytes of a tape are columns, one after the other, of unsigned LEB128 numbers
 * ("signed" ones zigzagged first). Of the trace:
 *
 *   kind     per event: 0 alloc, 1 free, 2 a free that was not recorded
 *   site     per event: index into the names
 *   size     per alloc: bytes requested
 *   back     per free: which object: the allocs so far less its number, from 1
 *
 * and of an allocator:
 *
 *   page     per alloc: 0 if it failed, else 1 + signed difference of the first
 *            page's number to that of the last one that did not fail
 *   pages    per alloc that did not fail: the pages of its cluster
 *   nodes    per free of an object whose alloc did not fail: nodes compared
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TAPE_H
#define BENCH_TAPE_H

#include "alloc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_bytes {
	unsigned char *data;
	size_t size;
	size_t capacity;
};

/* clang-format off */
#define BENCH_TAPE_TRACE(X) X(kind) X(site) X(size) X(back)
#define BENCH_TAPE_ALLOC(X) X(page) X(pages) X(nodes)
/* clang-format on */

/* Of the trace. Owned. */
struct bench_tape_trace {
	uint64_t events;
	uint64_t allocs;
#define X(name) struct bench_bytes name;
	BENCH_TAPE_TRACE(X)
#undef X
	/* The sites' names, cleaned, each after another and ended by a NUL;
	 * `sites` of them. The first is "". */
	struct bench_bytes names;
	size_t sites;
};

/* Of one allocator. Owned. */
struct bench_tape_alloc {
	char name[ALLOC_NAME_SIZE];

	/* "rows", "rowmap" or "index": how its lookup goes; and whether a new node
	 * goes to its row's head. */
	const char *search;
	bool at_head;

	uint32_t first_index;

	/* Rows of the heap, which are the pages of its window too. */
	uint32_t rows;

	/* The lowest page that any cluster had, and the one after the highest;
	 * addresses are multiples of 4,096. */
	uint64_t page_low;
	uint64_t page_high;

#define X(name) struct bench_bytes name;
	BENCH_TAPE_ALLOC(X)
#undef X
};

/* Allocators that a page shows side by side. */
#define BENCH_TAPE_ALLOCS 2

struct bench_tape {
	/* No allocator: there is no tape. */
	size_t count;
	struct bench_tape_trace trace;
	struct bench_tape_alloc alloc[BENCH_TAPE_ALLOCS];
};

/* Harmless on a zeroed tape. */
void bench_tape_release(struct bench_tape *tape);

#endif /* BENCH_TAPE_H */
