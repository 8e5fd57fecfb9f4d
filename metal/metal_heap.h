/*
 * metal_heap: the heap of the kernel: one of the two that core/ has, over the page
 * tables that the processor walks.
 *
 * The kernel's files include this file.
 */
#ifndef METAL_HEAP_H
#define METAL_HEAP_H

#include "kheap.h"
#include "kheap_fast.h"
#include "metal_request.h"

/* One of both is there. */
struct metal_heap_state {
	struct kheap *kheap;
	struct kheap_fast *fast;
};

/* Makes the heap that is asked for, with the frames from number `first_frame` on.
 * Ends the machine if it cannot be made. */
void metal_heap_make(struct metal_heap_state *heap,
		     const struct metal_request *request, pfn_t first_frame);
void metal_heap_free(struct metal_heap_state *heap);

/* As kheap.h's functions of these names. */
kva_t metal_heap_kmalloc(const struct metal_heap_state *heap, uint32_t size);
kva_t metal_heap_kmalloc_counted(const struct metal_heap_state *heap,
				 uint32_t size);
int metal_heap_kfree_counted(const struct metal_heap_state *heap, kva_t va);
uint32_t metal_heap_size_at(const struct metal_heap_state *heap, kva_t va);
bool metal_heap_is_valid(const struct metal_heap_state *heap);

/* The PTE of the page that holds `va`, 0 if it is not mapped. */
uint32_t metal_heap_entry(const struct metal_heap_state *heap, kva_t va);

/* A plain kfree, in the steps that the time-stamp counter makes meanwhile, less
 * those around a call of a function that does nothing. */
uint32_t metal_heap_kfree_ticks(const struct metal_heap_state *heap, kva_t va);

/* Writes a line for each counter that means something here. */
void metal_heap_print_counters(const struct metal_heap_state *heap);

#endif /* METAL_HEAP_H */
