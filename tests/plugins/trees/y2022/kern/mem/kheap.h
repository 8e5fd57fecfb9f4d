#ifndef KERN_MEM_KHEAP_H
#define KERN_MEM_KHEAP_H

#include <inc/types.h>

uint32 _KHeapPlacementStrategy;

static inline void setKHeapPlacementStrategyFIRSTFIT()
{
	_KHeapPlacementStrategy = 1;
}
static inline void setKHeapPlacementStrategyBESTFIT()
{
	_KHeapPlacementStrategy = 2;
}
static inline uint8 isKHeapPlacementStrategyFIRSTFIT()
{
	return _KHeapPlacementStrategy == 1;
}
static inline uint8 isKHeapPlacementStrategyBESTFIT()
{
	return _KHeapPlacementStrategy == 2;
}

void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
unsigned int kheap_virtual_address(unsigned int physical_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

#endif
