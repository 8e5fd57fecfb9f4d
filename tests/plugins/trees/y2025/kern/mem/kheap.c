/* 2025: blocks below, page clusters above, custom fit, under a spin lock. */
#include "kheap.h"
#include <inc/string.h>
#include <inc/dynamic_allocator.h>
#include <kern/mem/memory_manager.h>
#include "../conc/kspinlock.h"

struct kspinlock kheap_lock;
uint32 pages_of[NUM_OF_KHEAP_PAGES];

void kheap_init()
{
	initialize_dynamic_allocator(KERNEL_HEAP_START,
				     KERNEL_HEAP_START + DYN_ALLOC_MAX_SIZE);
	set_kheap_strategy(KHP_PLACE_CUSTOMFIT);
	kheapPageAllocStart = dynAllocEnd + PAGE_SIZE;
	kheapPageAllocBreak = kheapPageAllocStart;
	init_kspinlock(&kheap_lock, "kheap");
}

int get_page(void *va)
{
	if (alloc_page(ptr_page_directory, ROUNDDOWN((uint32)va, PAGE_SIZE),
		       PERM_WRITEABLE, 1) < 0)
		panic("get_page() in kern: failed to allocate page from the "
		      "kernel");
	return 0;
}

void return_page(void *va)
{
	unmap_frame(ptr_page_directory, ROUNDDOWN((uint32)va, PAGE_SIZE));
}

static uint32 index_of(uint32 va)
{
	return (va - KERNEL_HEAP_START) / PAGE_SIZE;
}

/* An exact run, or the longest; 0 if none is long enough. */
static uint32 find_run(uint32 wanted)
{
	uint32 best = 0, longest = 0;

	for (uint32 va = kheapPageAllocStart; va < kheapPageAllocBreak;) {
		uint32 count = 0;

		while (va + count * PAGE_SIZE < kheapPageAllocBreak &&
		       !pages_of[index_of(va) + count])
			count++;
		if (count == wanted)
			return va;
		if (count > wanted && count > longest) {
			longest = count;
			best = va;
		}
		va += (count ? count : pages_of[index_of(va)]) * PAGE_SIZE;
	}
	return best;
}

static void *take_pages(uint32 count)
{
	uint32 va = find_run(count);

	if (!va) {
		if (count > (KERNEL_HEAP_MAX - kheapPageAllocBreak) / PAGE_SIZE)
			return NULL;
		va = kheapPageAllocBreak;
		kheapPageAllocBreak += count * PAGE_SIZE;
	}
	for (uint32 i = 0; i < count; i++) {
		get_page((void *)(va + i * PAGE_SIZE));
		pages_of[index_of(va) + i] = 1;
	}
	pages_of[index_of(va)] = count;
	return (void *)va;
}

void *kmalloc(unsigned int size)
{
	void *va;

	acquire_kspinlock(&kheap_lock);
	if (size <= DYN_ALLOC_MAX_BLOCK_SIZE)
		va = alloc_block(size);
	else
		va = take_pages(ROUNDUP(size, PAGE_SIZE) / PAGE_SIZE);
	release_kspinlock(&kheap_lock);
	return va;
}

static void lower_break(void)
{
	uint32 va = kheapPageAllocBreak;

	while (va > kheapPageAllocStart && !pages_of[index_of(va - PAGE_SIZE)])
		va -= PAGE_SIZE;
	kheapPageAllocBreak = va;
}

static void give_pages(uint32 va)
{
	uint32 count = pages_of[index_of(va)];

	for (uint32 i = 0; i < count; i++) {
		return_page((void *)(va + i * PAGE_SIZE));
		pages_of[index_of(va) + i] = 0;
	}
	lower_break();
}

void kfree(void *virtual_address)
{
	uint32 va = (uint32)virtual_address;

	acquire_kspinlock(&kheap_lock);
	if (va >= dynAllocStart && va < dynAllocEnd)
		free_block(virtual_address);
	else if (va >= kheapPageAllocStart && va < kheapPageAllocBreak)
		give_pages(va);
	else
		panic("kfree: invalid address %x", va);
	release_kspinlock(&kheap_lock);
}

unsigned int kheap_virtual_address(unsigned int physical_address)
{
	struct FrameInfo *frame = to_frame_info(physical_address);

	return frame->references ? frame->va + physical_address % PAGE_SIZE : 0;
}

unsigned int kheap_physical_address(unsigned int virtual_address)
{
	uint32 *table;
	struct FrameInfo *frame =
		get_frame_info(ptr_page_directory, virtual_address, &table);

	return frame ? to_physical_address(frame) + virtual_address % PAGE_SIZE
		     : 0;
}

static uint32 size_of(uint32 va)
{
	return va < dynAllocEnd ? get_block_size((void *)va)
				: pages_of[index_of(va)] * PAGE_SIZE;
}

void *krealloc(void *virtual_address, unsigned int new_size)
{
	uint32 old = size_of((uint32)virtual_address);
	void *moved = kmalloc(new_size);

	if (!moved)
		return NULL;
	memcpy(moved, virtual_address, old < new_size ? old : new_size);
	kfree(virtual_address);
	return moved;
}
