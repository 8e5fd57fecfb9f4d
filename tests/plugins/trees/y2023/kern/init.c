#include <kern/mem/kheap.h>
#include <inc/dynamic_allocator.h>

void FOS_initialize(void)
{
	setKHeapPlacementStrategyFIRSTFIT();
	initialize_kheap_dynamic_allocator(KERNEL_HEAP_START, PAGE_SIZE,
					   KERNEL_HEAP_START +
						   DYN_ALLOC_MAX_SIZE);
}
