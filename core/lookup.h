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

struct lookup_ops {
	/* The name on a command line: lookup=NAME. */
	const char *name;

	/* One line for --list. */
	const char *help;

	/* True for the list searches: the seed walks the row a second time to
	 * unlink the node, so do they. Others know the node by its index. */
	bool walks_to_remove;

	/* Makes the index for an empty heap. Returns 0 or KB_E_NOMEM.
	 * Optional, with release. */
	int (*init)(struct kheap *h);
	void (*release)(struct kheap *h);

	/*
	 * Tells the index of a new live cluster: it is in the arrays and in its
	 * row already. Returns 0, or KB_E_NOMEM with nothing changed; the heap
	 * then undoes the allocation. Optional, with erase.
	 */
	int (*insert)(struct kheap *h, int idx);

	/* Tells the index that `idx` goes: it is in the arrays still, its node
	 * has left the row. */
	void (*erase)(struct kheap *h, int idx);

	/*
	 * The index of the live cluster that starts at `va` (any value at all,
	 * also outside the window), or -1. Changes nothing. Required.
	 */
	int (*find)(const struct kheap *h, kva_t va);

	/* The same, and counts one lookup and its steps in the heap's counters
	 * (kheap_count_lookup, kheap_internal.h). Required; both are stamped
	 * from one template. What a step is, other than rows and nodes of the
	 * lists, each lookup's file says. */
	int (*find_counted)(struct kheap *h, kva_t va);

	/* Bytes of the index. Optional: NULL has none. */
	size_t (*bytes)(const struct kheap *h);
};

/* All lookups, ended by NULL; the first one is the default. */
extern const struct lookup_ops *const lookup_list[];

/* The lookup called `name`, or NULL. */
const struct lookup_ops *lookup_by_name(const char *name);

#endif /* LOOKUP_H */
