#include "alloc_list.h"

extern const struct alloc_ops alloc_kheap;
extern const struct alloc_ops alloc_kheap_fast;
extern const struct alloc_ops alloc_glibc;
extern const struct alloc_ops alloc_jemalloc;
extern const struct alloc_ops alloc_mimalloc;
extern const struct alloc_ops alloc_tcmalloc;
extern const struct alloc_ops alloc_null;
extern const struct alloc_ops alloc_plugin;

const struct alloc_ops *const alloc_list[] = {
	&alloc_kheap,	 &alloc_kheap_fast, &alloc_glibc,
	&alloc_jemalloc, &alloc_mimalloc,   &alloc_tcmalloc,
	&alloc_null,	 &alloc_plugin,	    NULL,
};
