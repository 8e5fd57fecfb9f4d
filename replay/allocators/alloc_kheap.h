/*
 * alloc_kheap: the cluster heap's options, for the allocators that have one.
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_KHEAP_H
#define ALLOC_KHEAP_H

#include "alloc.h"
#include "kheap.h"

/* The keys of `kheap` but lock= and magazines=, which are above the heap. */
extern const struct alloc_key alloc_kheap_keys[];

/*
 * Makes the heap that a spec with alloc_kheap_keys asks for, in `*out`, which
 * kheap_free frees. Its pager also covers the `below` pages before the window,
 * as far as there are any. Returns 0; KB_E_RANGE, KB_E_NOMEM or what the pager
 * says, with `diag` filled.
 */
int alloc_kheap_new(struct kheap **out, const struct alloc_config *config,
		    uint32_t below, struct kb_diag *diag);

#endif /* ALLOC_KHEAP_H */
