/*
 * The seed's design as a kernel's source. It is written against the kernel's
 * headers alone and knows nothing of this project.
 */
#include "kheap.h"

#include <inc/memlayout.h>
#include <kern/conc/kspinlock.h>
#include <kern/conc/sleeplock.h>
#include "memory_manager.h"

struct kspinlock heap_lock;

/* The nodes: one for each index, so none need be allocated. */
struct KheapCluster cluster_node[NUM_KHEAP_ROWS];
int free_index[NUM_KHEAP_ROWS];
int free_indexes;

/* 1 for each page that belongs to a cluster, and the lowest that may not. */
uint8 page_used[NUM_KHEAP_ROWS];
int lowest_free;

void kheap_clusters_init()
{
	int i;

	for (i = 0; i < NUM_KHEAP_ROWS; i++) {
		LIST_INIT(&free_clusters[i]);
		free_index[i] = NUM_KHEAP_ROWS - 1 - i;
	}
	free_indexes = NUM_KHEAP_ROWS;
}

void kheap_init()
{
	init_kspinlock(&heap_lock, "kernel heap");
	kheap_clusters_init();
	cprintf("kernel heap: %d rows from %x\n", NUM_KHEAP_ROWS,
		KERNEL_HEAP_START);
}

void kheap_add_cluster(int row, int idx, int size, uint32 va)
{
	struct KheapCluster *elem = &cluster_node[idx];

	elem->cluster_index = idx;
	cluster_size[idx] = size;
	cluster_va[idx] = va;
	LIST_INSERT_TAIL(&free_clusters[row], elem);
}

struct KheapCluster *kheap_remove_cluster(int row, int idx)
{
	struct KheapCluster *elem;

	LIST_FOREACH(elem, &free_clusters[row])
	{
		if (elem->cluster_index == idx) {
			LIST_REMOVE(&free_clusters[row], elem);
			return elem;
		}
	}
	return NULL;
}

/* First fit: the first page of this many free ones, or -1. */
static int find_pages(int pages)
{
	int first = lowest_free, i;

	for (i = first; i < NUM_KHEAP_ROWS; i++) {
		if (page_used[i])
			first = i + 1;
		else if (i - first + 1 == pages)
			return first;
	}
	return -1;
}

static void mark_pages(int first, int pages, uint8 used)
{
	int i;

	for (i = first; i < first + pages; i++)
		page_used[i] = used;
	if (!used && first < lowest_free)
		lowest_free = first;
	while (lowest_free < NUM_KHEAP_ROWS && page_used[lowest_free])
		lowest_free++;
}

static void unmap_pages(uint32 va, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		unmap_frame(ptr_page_directory, va + i * PAGE_SIZE);
}

static int map_pages(uint32 va, int pages)
{
	struct FrameInfo *frame;
	int i;

	for (i = 0; i < pages; i++) {
		if (allocate_frame(&frame) == E_NO_MEM)
			break;
		if (map_frame(ptr_page_directory, frame, va + i * PAGE_SIZE,
			      PERM_WRITEABLE) == E_NO_MEM) {
			free_frame(frame);
			break;
		}
	}
	if (i < pages)
		unmap_pages(va, i);
	return i == pages;
}

void *kmalloc(unsigned int size)
{
	uint32 bytes = ROUNDUP(size ? size : 1, PAGE_SIZE);
	int pages = bytes / PAGE_SIZE, first;
	uint32 va = 0;

	acquire_kspinlock(&heap_lock);
	first = find_pages(pages);
	if (first >= 0)
		va = KERNEL_HEAP_START + first * PAGE_SIZE;
	if (va && map_pages(va, pages)) {
		mark_pages(first, pages, 1);
		kheap_add_cluster(pages - 1, free_index[--free_indexes], bytes,
				  va);
	} else {
		va = 0;
	}
	release_kspinlock(&heap_lock);
	return (void *)va;
}

void kfree(void *virtual_address)
{
	uint32 va = (uint32)virtual_address;
	struct KheapCluster *elem = NULL;
	int row, idx, pages;

	if (!virtual_address)
		return;
	acquire_kspinlock(&heap_lock);
	for (row = 0; row < NUM_KHEAP_ROWS && !elem; row++)
		LIST_FOREACH(elem, &free_clusters[row])
	if (cluster_va[elem->cluster_index] == va)
		break;
	if (!elem)
		panic("kfree(%x): no such cluster", va);
	idx = elem->cluster_index;
	pages = cluster_size[idx] / PAGE_SIZE;
	unmap_pages(va, pages);
	mark_pages((va - KERNEL_HEAP_START) / PAGE_SIZE, pages, 0);
	assert(kheap_remove_cluster(row - 1, idx) == elem);
	cluster_size[idx] = 0;
	cluster_va[idx] = 0;
	free_index[free_indexes++] = idx;
	release_kspinlock(&heap_lock);
}

unsigned int kheap_physical_address(unsigned int virtual_address)
{
	uint32 *table;

	if (get_page_table(ptr_page_directory, virtual_address, &table) ==
	    TABLE_NOT_EXIST)
		return 0;
	return EXTRACT_ADDRESS(table[PTX(virtual_address)]) |
	       PGOFF(virtual_address);
}
