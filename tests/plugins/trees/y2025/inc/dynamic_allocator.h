#ifndef INC_DYNAMIC_ALLOCATOR_H
#define INC_DYNAMIC_ALLOCATOR_H

#include <inc/memlayout.h>

#define LOG2_MIN_SIZE		 3
#define LOG2_MAX_SIZE		 11
#define DYN_ALLOC_MAX_SIZE	 (32 << 20)
#define DYN_ALLOC_MAX_BLOCK_SIZE (1 << LOG2_MAX_SIZE)

struct BlockElement {
	LIST_ENTRY(BlockElement) prev_next_info;
};

LIST_HEAD(BlockElement_List, BlockElement);
struct BlockElement_List freeBlockLists[LOG2_MAX_SIZE - LOG2_MIN_SIZE + 1];

struct PageInfoElement {
	LIST_ENTRY(PageInfoElement) prev_next_info;
	uint16 block_size;
	uint16 num_of_free_blocks;
};

LIST_HEAD(PageInfoElement_List, PageInfoElement);
struct PageInfoElement_List freePagesList;
struct PageInfoElement pageBlockInfoArr[DYN_ALLOC_MAX_SIZE / PAGE_SIZE];

uint32 dynAllocStart;
uint32 dynAllocEnd;

int get_page(void *va);
void return_page(void *va);
void initialize_dynamic_allocator(uint32 start, uint32 end);
void *alloc_block(uint32 size);
void free_block(void *va);
uint32 get_block_size(void *va);

#endif
