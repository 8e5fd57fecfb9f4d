/*
 * alloc_gated: a cluster heap with a lock and magazines (core/heap_gate.h), for the
 * passes of one thread: the keys lock= and magazines=.
 *
 * Frees are given the size, as kfree_sized would be: the magazine that a cluster
 * goes to depends on its length, and nobody looks it up. What is in a magazine is live
 * to the heap below, so that its lookup still finds what was freed.
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_GATED_H
#define ALLOC_GATED_H

#include "alloc.h"

#define ALLOC_GATED_LOCK \
	"lock", "the lock around each operation", heap_lock_name
#define ALLOC_GATED_MAGAZINES                                        \
	"magazines",                                                 \
		"clusters of a CPU's magazine, two for each row up " \
		"to 16 pages",                                       \
		alloc_gated_magazines

/* The i-th size of magazines. */
const char *alloc_gated_magazines(size_t i);

/* Gives the heap in `*alloc`, which has alloc and free of whole pages, what the
 * choices of the two keys say; with neither it stays as it is. Returns 0; or
 * KB_E_NOMEM with `diag` filled and the heap closed. */
int alloc_gated_wrap(struct alloc *alloc, unsigned lock, unsigned magazines,
		     struct kb_diag *diag);

#endif /* ALLOC_GATED_H */
