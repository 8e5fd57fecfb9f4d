/* 2019: whole pages, first fit or best fit, and nothing but this file. */
#include <inc/memlayout.h>
#include <kern/kheap.h>
#include <kern/memory_manager.h>

uint32 pages_of[NUM_OF_KHEAP_PAGES];

static uint32 free_pages_from(uint32 page)
{
	uint32 count = 0;

	while (page + count < NUM_OF_KHEAP_PAGES && !pages_of[page + count])
		count++;
	return count;
}

static int find_run(uint32 wanted)
{
	uint32 best = NUM_OF_KHEAP_PAGES + 1;
	int found = -1;

	for (uint32 page = 0; page < NUM_OF_KHEAP_PAGES;) {
		uint32 count = free_pages_from(page);

		if (count >= wanted && count < best) {
			best = count;
			found = page;
			if (isKHeapPlacementStrategyFIRSTFIT())
				break;
		}
		page += count ? count : pages_of[page];
	}
	return found;
}

void *kmalloc(unsigned int size)
{
	uint32 count = ROUNDUP(size, PAGE_SIZE) / PAGE_SIZE;
	int page = find_run(count);
	uint32 va = KERNEL_HEAP_START + page * PAGE_SIZE;

	if (page < 0)
		return NULL;
	for (uint32 i = 0; i < count; i++) {
		struct Frame_Info *frame;

		if (allocate_frame(&frame) < 0)
			return NULL;
		map_frame(ptr_page_directory, frame,
			  (void *)(va + i * PAGE_SIZE), PERM_WRITEABLE);
	}
	pages_of[page] = count;
	for (uint32 i = 1; i < count; i++)
		pages_of[page + i] = 1;
	return (void *)va;
}

void kfree(void *virtual_address)
{
	uint32 va = (uint32)virtual_address;
	uint32 page, count;

	if (va < KERNEL_HEAP_START || va >= KERNEL_HEAP_MAX)
		panic("kfree: invalid address %x", va);
	page = (va - KERNEL_HEAP_START) / PAGE_SIZE;
	count = pages_of[page];
	for (uint32 i = 0; i < count; i++) {
		unmap_frame(ptr_page_directory, (void *)(va + i * PAGE_SIZE));
		pages_of[page + i] = 0;
	}
}

unsigned int kheap_virtual_address(unsigned int physical_address)
{
	struct Frame_Info *frame = to_frame_info(physical_address);

	return frame->references ? frame->va : 0;
}

unsigned int kheap_physical_address(unsigned int virtual_address)
{
	uint32 *table;
	struct Frame_Info *frame = get_frame_info(
		ptr_page_directory, (void *)virtual_address, &table);

	return frame ? to_physical_address(frame) : 0;
}
