#ifndef KERN_KHEAP_H
#define KERN_KHEAP_H

#include <inc/types.h>

void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
unsigned int kheap_virtual_address(unsigned int physical_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

#endif
