#ifndef INC_DYNAMIC_ALLOCATOR_H
#define INC_DYNAMIC_ALLOCATOR_H

#include <inc/memlayout.h>

struct MemBlock {
	LIST_ENTRY(MemBlock) prev_next_info;
	uint32 sva;
	uint32 size;
};

LIST_HEAD(MemBlock_List, MemBlock);

struct MemBlock_List AvailableMemBlocksList;
struct MemBlock_List FreeMemBlocksList;
struct MemBlock_List AllocMemBlocksList;
struct MemBlock MemBlockNodes[NUM_OF_KHEAP_PAGES];

void initialize_dyn_block_system();
struct MemBlock *find_block(struct MemBlock_List *list, uint32 va);
struct MemBlock *alloc_block_FF(uint32 size);
struct MemBlock *alloc_block_BF(uint32 size);
void insert_sorted_with_merge_freeList(struct MemBlock *block);

#endif
