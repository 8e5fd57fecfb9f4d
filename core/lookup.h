/*
 * lookup: how kfree finds a cluster from its address.
 *
 * Every lookup gives the same answer; they differ in cost. One file each
 * (lookup_NAME.c), one line each in lookup_list.c. A lookup keeps whatever
 * index it needs in h->lookup_state; rows and tracking arrays are kept by the
 * heap for all of them.
 *
 * core/ may include this file, and whoever chooses a lookup by name.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "kva.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kheap;

/*
 * The kinds of step that a lookup counts. All are exact integers, the same on
 * every machine; what is not counted is not 0 but absent.
 */
enum lookup_steps {
	/* Row heads examined. */
	LOOKUP_ROWS = 1,

	/* Nodes, entries or slots whose content was compared with the address,
	 * or read to tell whether it is the one. */
	LOOKUP_NODES = 2,

	/* Levels of a tree or of tables gone through, the last included. */
	LOOKUP_LEVELS = 4,

	/* Distinct 64-byte lines, below. */
	LOOKUP_LINES = 8
};

/* A line of the modeled memory, bytes. */
#define LOOKUP_LINE_SIZE 64

/*
 * The modeled layout that lines are counted on. A lookup reads elements of
 * `areas`, each an array that starts on a line of its own; element i of one
 * whose elements have `size` bytes is the `size` bytes from i * size on, and
 * reading the element touches every line that these are in. Where a real
 * structure is made of allocations, the model puts node i of it at i. A lookup
 * counts each line once. So the figure says how many lines the structure
 * touches, independent of host, compiler and malloc.
 */
struct lookup_area {
	/* Bytes of an element; 0 ends the list. */
	uint32_t size;

	/* Elements: at most this many times the window's pages, rounded up to a
	 * power of two, and at least LOOKUP_AREA_MIN. */
	uint32_t per_page;
};

#define LOOKUP_AREAS_MAX 3
#define LOOKUP_AREA_MIN	 2048

/* Modeled sizes that several lookups share, bytes: the head of a row, two
 * pointers; the node of a row, which malloc makes 32; an address; an index. */
#define LOOKUP_HEAD_SIZE  16
#define LOOKUP_NODE_SIZE  32
#define LOOKUP_VA_SIZE	  4
#define LOOKUP_INDEX_SIZE 4

struct lookup_ops {
	/* The name on a command line: lookup=NAME. */
	const char *name;

	/* One line for --list. */
	const char *help;

	/* The steps that find_counted counts: enum lookup_steps, or-ed. */
	unsigned steps;

	/* Of the modeled layout; the rest are zeros. */
	struct lookup_area areas[LOOKUP_AREAS_MAX];

	/* True for the list searches: like the seed, they walk the row again to
	 * unlink the node. The others know the node by its index. */
	bool walks_to_remove;

	/* Makes the index for an empty heap. Returns 0 or KB_E_NOMEM, with
	 * nothing to release. Optional, with release. */
	int (*init)(struct kheap *h);
	void (*release)(struct kheap *h);

	/*
	 * Tells the index of a new live cluster, which is in the arrays and in
	 * its row already. Returns 0, or KB_E_NOMEM with nothing changed; the
	 * heap then undoes the allocation. Optional, with erase.
	 */
	int (*insert)(struct kheap *h, int idx);

	/* Tells the index that `idx` is being removed: it is still in the
	 * arrays, its node has left the row. Never fails. */
	void (*erase)(struct kheap *h, int idx);

	/*
	 * The index of the live cluster that starts at `va` (any value, even
	 * outside the window), or -1. Changes nothing. Required.
	 */
	int (*find)(const struct kheap *h, kva_t va);

	/* The same, and counts one lookup and its steps in the heap's counters.
	 * Required; both are stamped from one template by LOOKUP_STAMP
	 * (kheap_internal.h). Each lookup's file says what a step is, beyond
	 * rows and nodes of the lists. */
	int (*find_counted)(struct kheap *h, kva_t va);

	/*
	 * The same answer and exactly the same counts without the search: from
	 * the heap's ranks and index_at (kheap_internal.h). Optional: NULL if
	 * the search is short.
	 */
	int (*find_ranked)(struct kheap *h, kva_t va);

	/* Bytes of the index, in O(1). Optional: NULL has none. */
	size_t (*bytes)(const struct kheap *h);

	/* True if the index holds `clusters` clusters and obeys its own rules.
	 * The heap checks that it finds each of them. Optional. */
	bool (*is_valid)(const struct kheap *h, uint32_t clusters);
};

/* All lookups, ended by NULL; the first one is the default. */
extern const struct lookup_ops *const lookup_list[];

/* The name of lookup_list[i]; NULL after the last. */
const char *lookup_name(size_t i);

/* The lookup called `name`, or NULL. */
const struct lookup_ops *lookup_by_name(const char *name);

#endif /* LOOKUP_H */
