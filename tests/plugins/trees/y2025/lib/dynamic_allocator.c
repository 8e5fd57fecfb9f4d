/* 2025: blocks of one power of two in a page. */
#include <inc/assert.h>
#include "../inc/dynamic_allocator.h"

void initialize_dynamic_allocator(uint32 start, uint32 end)
{
	dynAllocStart = start;
	dynAllocEnd = end;
	for (int i = 0; i <= LOG2_MAX_SIZE - LOG2_MIN_SIZE; i++)
		LIST_INIT(&freeBlockLists[i]);
	LIST_INIT(&freePagesList);
	for (uint32 i = 0; i < (end - start) / PAGE_SIZE; i++)
		LIST_INSERT_TAIL(&freePagesList, &pageBlockInfoArr[i]);
}

static uint32 page_va(struct PageInfoElement *page)
{
	return dynAllocStart + (page - pageBlockInfoArr) * PAGE_SIZE;
}

static struct PageInfoElement *page_of(void *va)
{
	return &pageBlockInfoArr[((uint32)va - dynAllocStart) / PAGE_SIZE];
}

static int list_of(uint32 size)
{
	int list = 0;

	while ((8u << list) < size)
		list++;
	return list;
}

uint32 get_block_size(void *va)
{
	return page_of(va)->block_size;
}

static int cut_page(int list)
{
	struct PageInfoElement *page = LIST_FIRST(&freePagesList);
	uint32 size = 8u << list;

	if (!page || get_page((void *)page_va(page)) < 0)
		return -1;
	LIST_REMOVE(&freePagesList, page);
	page->block_size = size;
	page->num_of_free_blocks = PAGE_SIZE / size;
	for (uint32 at = 0; at < PAGE_SIZE; at += size) {
		struct BlockElement *block =
			(struct BlockElement *)(page_va(page) + at);

		LIST_INSERT_TAIL(&freeBlockLists[list], block);
	}
	return 0;
}

void *alloc_block(uint32 size)
{
	int list = list_of(size);
	struct BlockElement *block;

	if (!LIST_FIRST(&freeBlockLists[list]) && cut_page(list) < 0) {
		while (++list <= LOG2_MAX_SIZE - LOG2_MIN_SIZE)
			if (LIST_FIRST(&freeBlockLists[list]))
				break;
		if (list > LOG2_MAX_SIZE - LOG2_MIN_SIZE)
			return NULL;
	}
	block = LIST_FIRST(&freeBlockLists[list]);
	LIST_REMOVE(&freeBlockLists[list], block);
	page_of(block)->num_of_free_blocks--;
	return block;
}

void free_block(void *va)
{
	struct PageInfoElement *page = page_of(va);
	int list = list_of(page->block_size);
	struct BlockElement *block = va;

	LIST_INSERT_HEAD(&freeBlockLists[list], block);
	if (++page->num_of_free_blocks < PAGE_SIZE / page->block_size)
		return;
	for (uint32 at = 0; at < PAGE_SIZE; at += page->block_size) {
		block = (struct BlockElement *)(page_va(page) + at);
		LIST_REMOVE(&freeBlockLists[list], block);
	}
	return_page((void *)page_va(page));
	page->block_size = 0;
	LIST_INSERT_TAIL(&freePagesList, page);
}
