/* 2022: whole pages from lists of MemBlocks. */
#include "kheap.h"
#include <inc/memlayout.h>
#include <inc/dynamic_allocator.h>
#include "memory_manager.h"

int allocate_chunk(uint32 *directory, uint32 va, uint32 size, uint32 perm);

void initialize_dyn_block_system()
{
	struct MemBlock *all;

	for (uint32 i = 0; i < NUM_OF_KHEAP_PAGES; i++)
		LIST_INSERT_TAIL(&AvailableMemBlocksList, &MemBlockNodes[i]);
	all = LIST_FIRST(&AvailableMemBlocksList);
	LIST_REMOVE(&AvailableMemBlocksList, all);
	all->sva = KERNEL_HEAP_START;
	all->size = KERNEL_HEAP_MAX - KERNEL_HEAP_START;
	LIST_INSERT_HEAD(&FreeMemBlocksList, all);
}

void *kmalloc(unsigned int size)
{
	struct MemBlock *block;

	size = ROUNDUP(size, PAGE_SIZE);
	if (isKHeapPlacementStrategyBESTFIT())
		block = alloc_block_BF(size);
	else
		block = alloc_block_FF(size);
	if (!block)
		return NULL;
	if (allocate_chunk(ptr_page_directory, block->sva, size,
			   PERM_WRITEABLE) != 0)
		return NULL;
	LIST_INSERT_HEAD(&AllocMemBlocksList, block);
	return (void *)block->sva;
}

void kfree(void *virtual_address)
{
	struct MemBlock *block =
		find_block(&AllocMemBlocksList, (uint32)virtual_address);

	if (!block)
		return;
	for (uint32 i = 0; i < block->size; i += PAGE_SIZE)
		unmap_frame(ptr_page_directory, block->sva + i);
	LIST_REMOVE(&AllocMemBlocksList, block);
	insert_sorted_with_merge_freeList(block);
}

unsigned int kheap_virtual_address(unsigned int physical_address)
{
	return to_frame_info(physical_address)->va;
}

unsigned int kheap_physical_address(unsigned int virtual_address)
{
	uint32 *table;
	struct FrameInfo *frame =
		get_frame_info(ptr_page_directory, virtual_address, &table);

	return frame ? to_physical_address(frame) : 0;
}
