#ifndef KERN_MEM_KHEAP_H
#define KERN_MEM_KHEAP_H

#include <inc/memlayout.h>

uint32 _KHeapPlacementStrategy;

static inline void setKHeapPlacementStrategyFIRSTFIT()
{
	_KHeapPlacementStrategy = 1;
}
static inline uint8 isKHeapPlacementStrategyFIRSTFIT()
{
	return _KHeapPlacementStrategy == 1;
}

int initialize_kheap_dynamic_allocator(uint32 start, uint32 size, uint32 limit);
void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
void *krealloc(void *virtual_address, unsigned int new_size);
unsigned int kheap_virtual_address(unsigned int physical_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

#endif
