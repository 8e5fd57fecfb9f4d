#include "alloc_list.h"

extern const struct alloc_ops alloc_kheap;
extern const struct alloc_ops alloc_kheap_fast;
extern const struct alloc_ops alloc_blocks;
extern const struct alloc_ops alloc_slab;
extern const struct alloc_ops alloc_buddy;
extern const struct alloc_ops alloc_bitmap;
extern const struct alloc_ops alloc_vmem;
extern const struct alloc_ops alloc_bump;
extern const struct alloc_ops alloc_glibc;
extern const struct alloc_ops alloc_jemalloc;
extern const struct alloc_ops alloc_mimalloc;
extern const struct alloc_ops alloc_tcmalloc;
extern const struct alloc_ops alloc_null;
extern const struct alloc_ops alloc_plugin;

const struct alloc_ops *const alloc_list[] = {
	&alloc_kheap,	 &alloc_kheap_fast, &alloc_blocks,
	&alloc_slab,	 &alloc_buddy,	    &alloc_bitmap,
	&alloc_vmem,	 &alloc_bump,	    &alloc_glibc,
	&alloc_jemalloc, &alloc_mimalloc,   &alloc_tcmalloc,
	&alloc_null,	 &alloc_plugin,	    NULL,
};
