#ifndef INC_MEMLAYOUT_H
#define INC_MEMLAYOUT_H

#include <inc/types.h>
#include <inc/queue.h>

#define PAGE_SIZE	   4096
#define KERNEL_BASE	   0xF0000000
#define KERNEL_HEAP_START  0xF6000000
#define KERNEL_HEAP_MAX	   0xFFFFF000
#define NUM_OF_KHEAP_PAGES ((KERNEL_HEAP_MAX - KERNEL_HEAP_START) / PAGE_SIZE)
#define PERM_WRITEABLE	   2

struct FrameInfo {
	LIST_ENTRY(FrameInfo) prev_next_info;
	uint16 references;
	uint32 va;
};

LIST_HEAD(FrameInfo_List, FrameInfo);

#endif
