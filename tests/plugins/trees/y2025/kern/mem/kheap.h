#ifndef KERN_MEM_KHEAP_H
#define KERN_MEM_KHEAP_H

#include <inc/memlayout.h>

#define KHP_PLACE_CUSTOMFIT 5

uint32 kheapPageAllocStart;
uint32 kheapPageAllocBreak;
uint32 kheapPlacementStrategy;

static inline void set_kheap_strategy(uint32 strategy)
{
	kheapPlacementStrategy = strategy;
}
static inline uint32 get_kheap_strategy()
{
	return kheapPlacementStrategy;
}

void kheap_init();
void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
void *krealloc(void *virtual_address, unsigned int new_size);
unsigned int kheap_virtual_address(unsigned int physical_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

#endif
