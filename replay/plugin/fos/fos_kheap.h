/*
 * fos_kheap: what kern/mem/kheap.h declares, for a kheap.c without its tree.
 *
 * Only sources that scripts/build-plugin-fos compiles include this file.
 */
#ifndef FOS_KHEAP_H
#define FOS_KHEAP_H

#include "fos.h"

void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
void *krealloc(void *virtual_address, unsigned int size);
unsigned int kheap_virtual_address(unsigned int physical_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

/* The placement strategy, which the heap may read. */
#define KHP_PLACE_CONTALLOC 0x0
#define KHP_PLACE_FIRSTFIT  0x1
#define KHP_PLACE_BESTFIT   0x2
#define KHP_PLACE_NEXTFIT   0x3
#define KHP_PLACE_WORSTFIT  0x4
#define KHP_PLACE_CUSTOMFIT 0x5

static uint32 fos_strategy __attribute__((unused)) = KHP_PLACE_FIRSTFIT;
#define set_kheap_strategy(strategy)	   ((void)(fos_strategy = (strategy)))
#define get_kheap_strategy()		   (fos_strategy)
#define isKHeapPlacementStrategyFIRSTFIT() (fos_strategy == KHP_PLACE_FIRSTFIT)
#define isKHeapPlacementStrategyBESTFIT()  (fos_strategy == KHP_PLACE_BESTFIT)
#define isKHeapPlacementStrategyNEXTFIT()  (fos_strategy == KHP_PLACE_NEXTFIT)
#define isKHeapPlacementStrategyWORSTFIT() (fos_strategy == KHP_PLACE_WORSTFIT)

/* The page allocator's part of the window. */
static uint32 kheapPageAllocStart __attribute__((unused)) = KERNEL_HEAP_START;
static uint32 kheapPageAllocBreak __attribute__((unused)) = KERNEL_HEAP_START;

#endif /* FOS_KHEAP_H */
