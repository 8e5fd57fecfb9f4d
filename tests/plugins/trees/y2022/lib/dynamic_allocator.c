/* 2022: free and allocated memory as lists of MemBlocks. */
#include <inc/assert.h>
#include "../inc/dynamic_allocator.h"

struct MemBlock *find_block(struct MemBlock_List *list, uint32 va)
{
	struct MemBlock *block;

	LIST_FOREACH(block, list)
	if (block->sva == va)
		return block;
	return NULL;
}

/* Cuts `size` bytes off the front of a free block. */
static struct MemBlock *cut(struct MemBlock *from, uint32 size)
{
	struct MemBlock *block = LIST_FIRST(&AvailableMemBlocksList);

	if (from->size == size) {
		LIST_REMOVE(&FreeMemBlocksList, from);
		return from;
	}
	LIST_REMOVE(&AvailableMemBlocksList, block);
	block->sva = from->sva;
	block->size = size;
	from->sva += size;
	from->size -= size;
	return block;
}

struct MemBlock *alloc_block_FF(uint32 size)
{
	struct MemBlock *block;

	LIST_FOREACH(block, &FreeMemBlocksList)
	if (block->size >= size)
		return cut(block, size);
	return NULL;
}

struct MemBlock *alloc_block_BF(uint32 size)
{
	struct MemBlock *block, *best = NULL;

	LIST_FOREACH(block, &FreeMemBlocksList)
	if (block->size >= size && (!best || block->size < best->size))
		best = block;
	return best ? cut(best, size) : NULL;
}

static void insert_before(struct MemBlock *next, struct MemBlock *block)
{
	struct MemBlock *prev = next->prev_next_info.prev;

	block->prev_next_info.next = next;
	block->prev_next_info.prev = prev;
	next->prev_next_info.prev = block;
	if (prev)
		prev->prev_next_info.next = block;
	else
		FreeMemBlocksList.first = block;
	FreeMemBlocksList.size++;
}

static void merge_with_next(struct MemBlock *block)
{
	struct MemBlock *next = LIST_NEXT(block);

	if (!next || block->sva + block->size != next->sva)
		return;
	block->size += next->size;
	LIST_REMOVE(&FreeMemBlocksList, next);
	LIST_INSERT_HEAD(&AvailableMemBlocksList, next);
}

void insert_sorted_with_merge_freeList(struct MemBlock *block)
{
	struct MemBlock *next = LIST_FIRST(&FreeMemBlocksList);

	while (next && next->sva < block->sva)
		next = LIST_NEXT(next);
	if (next)
		insert_before(next, block);
	else
		LIST_INSERT_TAIL(&FreeMemBlocksList, block);
	merge_with_next(block);
	if (block->prev_next_info.prev)
		merge_with_next(block->prev_next_info.prev);
}
