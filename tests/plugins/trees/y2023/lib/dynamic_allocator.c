/* 2023: blocks with their sizes before them, first fit, grown by sbrk. */
#include <inc/assert.h>
#include <inc/string.h>
#include "../inc/dynamic_allocator.h"

void initialize_dynamic_allocator(uint32 start, uint32 size)
{
	struct BlockMetaData *block = (struct BlockMetaData *)start;

	LIST_INIT(&all_blocks);
	block->size = size;
	block->is_free = 1;
	LIST_INSERT_HEAD(&all_blocks, block);
}

static void split(struct BlockMetaData *block, uint32 size)
{
	struct BlockMetaData *rest =
		(struct BlockMetaData *)((char *)block + size);
	struct BlockMetaData *next = LIST_NEXT(block);

	if (block->size < size + sizeof(*block) + 8)
		return;
	rest->size = block->size - size;
	rest->is_free = 1;
	rest->prev_next_info.prev = block;
	rest->prev_next_info.next = next;
	block->prev_next_info.next = rest;
	if (next)
		next->prev_next_info.prev = rest;
	else
		all_blocks.last = rest;
	all_blocks.size++;
	block->size = size;
}

static void merge_with_next(struct BlockMetaData *block)
{
	struct BlockMetaData *next = LIST_NEXT(block);

	if (!next || !next->is_free)
		return;
	block->size += next->size;
	LIST_REMOVE(&all_blocks, next);
}

void *alloc_block_FF(uint32 size)
{
	struct BlockMetaData *block;
	void *more;

	size = ROUNDUP(size, 8) + sizeof(*block);
	LIST_FOREACH(block, &all_blocks)
	{
		if (!block->is_free || block->size < size)
			continue;
		split(block, size);
		block->is_free = 0;
		return block + 1;
	}
	more = sbrk(1);
	if (more == (void *)-1)
		return NULL;
	block = (struct BlockMetaData *)more;
	block->size = PAGE_SIZE;
	block->is_free = 1;
	LIST_INSERT_TAIL(&all_blocks, block);
	if (block->prev_next_info.prev && block->prev_next_info.prev->is_free)
		merge_with_next(block->prev_next_info.prev);
	return alloc_block_FF(size - sizeof(*block));
}

void free_block(void *va)
{
	struct BlockMetaData *block = (struct BlockMetaData *)va - 1;

	block->is_free = 1;
	merge_with_next(block);
	if (block->prev_next_info.prev && block->prev_next_info.prev->is_free)
		merge_with_next(block->prev_next_info.prev);
}

void *realloc_block_FF(void *va, uint32 size)
{
	struct BlockMetaData *block = (struct BlockMetaData *)va - 1;
	uint32 old = block->size - sizeof(*block);
	void *moved = alloc_block_FF(size);

	if (!moved)
		return NULL;
	memcpy(moved, va, old < size ? old : size);
	free_block(va);
	return moved;
}
