/* 2023: a block allocator below a limit, whole pages above it. */
#include "kheap.h"
#include <inc/string.h>
#include <inc/dynamic_allocator.h>
#include "memory_manager.h"

uint32 heap_start, heap_break, heap_limit;
uint32 pages_of[NUM_OF_KHEAP_PAGES];

int initialize_kheap_dynamic_allocator(uint32 start, uint32 size, uint32 limit)
{
	heap_start = start;
	heap_break = start + size;
	heap_limit = limit;
	for (uint32 va = start; va < heap_break; va += PAGE_SIZE)
		alloc_page(ptr_page_directory, va, PERM_WRITEABLE, 1);
	initialize_dynamic_allocator(start, size);
	return 0;
}

void *sbrk(int pages)
{
	uint32 old = heap_break;

	if (heap_break + pages * PAGE_SIZE > heap_limit)
		return (void *)-1;
	for (int i = 0; i < pages; i++) {
		if (alloc_page(ptr_page_directory, heap_break, PERM_WRITEABLE,
			       1) < 0)
			return (void *)-1;
		heap_break += PAGE_SIZE;
	}
	return (void *)old;
}

static uint32 index_of(uint32 va)
{
	return (va - KERNEL_HEAP_START) / PAGE_SIZE;
}

static uint32 find_run(uint32 wanted)
{
	uint32 count = 0;

	for (uint32 va = heap_limit + PAGE_SIZE; va < KERNEL_HEAP_MAX;
	     va += PAGE_SIZE) {
		count = pages_of[index_of(va)] ? 0 : count + 1;
		if (count == wanted)
			return va - (wanted - 1) * PAGE_SIZE;
	}
	return 0;
}

void *kmalloc(unsigned int size)
{
	uint32 count = ROUNDUP(size, PAGE_SIZE) / PAGE_SIZE;
	uint32 va;

	if (size <= DYN_ALLOC_MAX_BLOCK_SIZE)
		return alloc_block_FF(size);
	va = find_run(count);
	if (!va)
		return NULL;
	for (uint32 i = 0; i < count; i++) {
		struct FrameInfo *frame;

		if (allocate_frame(&frame) < 0)
			return NULL;
		map_frame(ptr_page_directory, frame, va + i * PAGE_SIZE,
			  PERM_WRITEABLE);
		pages_of[index_of(va) + i] = count;
	}
	return (void *)va;
}

void kfree(void *virtual_address)
{
	uint32 va = (uint32)virtual_address;
	uint32 count;

	if (va >= heap_start && va < heap_break) {
		free_block(virtual_address);
		return;
	}
	if (va < heap_limit + PAGE_SIZE || va >= KERNEL_HEAP_MAX)
		panic("kfree: invalid address %x", va);
	count = pages_of[index_of(va)];
	for (uint32 i = 0; i < count; i++) {
		unmap_frame(ptr_page_directory, va + i * PAGE_SIZE);
		pages_of[index_of(va) + i] = 0;
	}
}

unsigned int kheap_physical_address(unsigned int virtual_address)
{
	uint32 *table;
	struct FrameInfo *frame =
		get_frame_info(ptr_page_directory, virtual_address, &table);

	return frame ? to_physical_address(frame) + virtual_address % PAGE_SIZE
		     : 0;
}

unsigned int kheap_virtual_address(unsigned int physical_address)
{
	struct FrameInfo *frame = to_frame_info(physical_address);

	return frame->references ? frame->va + physical_address % PAGE_SIZE : 0;
}

static uint32 size_of(uint32 va)
{
	return va < heap_break ? DYN_ALLOC_MAX_BLOCK_SIZE
			       : pages_of[index_of(va)] * PAGE_SIZE;
}

void *krealloc(void *virtual_address, unsigned int new_size)
{
	uint32 old = size_of((uint32)virtual_address);
	void *moved;

	if ((uint32)virtual_address < heap_break &&
	    new_size <= DYN_ALLOC_MAX_BLOCK_SIZE)
		return realloc_block_FF(virtual_address, new_size);
	moved = kmalloc(new_size);
	if (!moved)
		return NULL;
	if ((uint32)virtual_address < heap_break)
		old = ((struct BlockMetaData *)virtual_address - 1)->size -
		      sizeof(struct BlockMetaData);
	memcpy(moved, virtual_address, old < new_size ? old : new_size);
	kfree(virtual_address);
	return moved;
}
