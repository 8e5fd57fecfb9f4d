/* kheap-fast as an outsider calls it. Its addresses are below 4 GiB. */
#ifndef KHEAP_FAST_CALLS_H
#define KHEAP_FAST_CALLS_H

#include "kheap_fast.h"

#include <stddef.h>
#include <stdint.h>

static struct kheap_fast *heap;

static __attribute__((constructor)) void open_heap(void)
{
	const struct kheap_fast_config config = { 0 };
	struct kb_diag diag = { 0 };

	kheap_fast_new(&heap, &config, &diag);
}

static inline void *own_malloc(size_t size)
{
	return (void *)(uintptr_t)kheap_fast_kmalloc(heap, (uint32_t)size);
}

static inline void own_free(void *p)
{
	kheap_fast_kfree(heap, (kva_t)(uintptr_t)p);
}

#endif /* KHEAP_FAST_CALLS_H */
