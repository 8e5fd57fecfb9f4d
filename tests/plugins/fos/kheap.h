/*
 * kheap: a FOS-style kernel heap, the seed's design: rows of clusters. As its
 * kernel has it, so in the kernel's style.
 */
#ifndef FOS_KERN_KHEAP_H_
#define FOS_KERN_KHEAP_H_

#ifndef FOS_KERNEL
#error "This is a header of the kernel"
#endif

#include <inc/types.h>
#include <inc/queue.h>

#define NUM_KHEAP_ROWS 32766

struct KheapCluster {
	int cluster_index;
	LIST_ENTRY(KheapCluster) prev_next_info;
};

LIST_HEAD(KheapClusterList, KheapCluster);

struct KheapClusterList free_clusters[NUM_KHEAP_ROWS];
int cluster_size[NUM_KHEAP_ROWS];
uint32 cluster_va[NUM_KHEAP_ROWS];

void kheap_init();
void *kmalloc(unsigned int size);
void kfree(void *virtual_address);
unsigned int kheap_physical_address(unsigned int virtual_address);

void kheap_clusters_init();
void kheap_add_cluster(int row, int idx, int size, uint32 va);
struct KheapCluster *kheap_remove_cluster(int row, int idx);

#endif
