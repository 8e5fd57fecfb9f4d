#ifndef INC_DYNAMIC_ALLOCATOR_H
#define INC_DYNAMIC_ALLOCATOR_H

#include <inc/memlayout.h>

#define DYN_ALLOC_MAX_SIZE	 (32 << 20)
#define DYN_ALLOC_MAX_BLOCK_SIZE (1 << 11)

/* Before each block. */
struct BlockMetaData {
	LIST_ENTRY(BlockMetaData) prev_next_info;
	uint32 size;
	uint8 is_free;
};

LIST_HEAD(MemBlock_LIST, BlockMetaData);

struct MemBlock_LIST all_blocks;

void initialize_dynamic_allocator(uint32 start, uint32 size);
void *alloc_block_FF(uint32 size);
void free_block(void *va);
void *realloc_block_FF(void *va, uint32 size);
void *sbrk(int increment);

#endif
