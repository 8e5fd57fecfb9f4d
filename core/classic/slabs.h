/*
 * slabs: size classes in slabs over the cluster heap, as a kernel puts kmalloc
 * on top of a page allocator, so that a small object takes less than a page.
 *
 * Classes are those of Linux's kmalloc caches: 8, 16, 32, 64, 96, 128, 192,
 * 256, 512, 1024, 2048 bytes (kmalloc_info of mm/slab_common.c, Linux 6.1). Its
 * classes 4096 and 8192 would put one object in a slab of one or two pages,
 * which is just a cluster; so those and all larger requests go straight to the
 * heap.
 *
 * A slab is a cluster of one page, cut into 4096 / size objects. Its record is
 * beside the page's number, not in the page, as Linux keeps it in struct page;
 * so kfree tells a slab's object from a cluster by the address alone. Free
 * objects are bits; the lowest one is taken first. Of a class's slabs with free
 * objects, the one in which an object was freed last serves first. A slab whose
 * last object is freed goes back to the heap, except for one per class, which
 * is kept for the next request.
 *
 *   page        0      1      2      3      4
 *           +------+------+------+------+------+
 *           |slab  |slab  |cluster      |slab  |
 *           |of 64 |of 192|of 2 pages   |of 64 |
 *           +------+------+------+------+------+
 *   record    64,12  192,21   none   none  64,64      (class, objects in use)
 *
 * Each timed operation exists twice, as kheap's do (kheap.h).
 *
 * core/ and whoever makes such a heap may include this file.
 */
#ifndef SLABS_H
#define SLABS_H

#include "kheap.h"

/* What slabs count beside their heap: X(name, unit, help). */
#define SLABS_COUNTERS(X)                                               \
	X(slabs_live, "slabs", "slabs in use")                          \
	X(slabs_peak, "slabs", "most slabs at once")                    \
	X(slabs_made, "slabs", "slabs made of a new page")              \
	X(slabs_returned, "slabs", "empty slabs given back")            \
	X(objects_live, "objects", "live objects in slabs")             \
	X(cluster_allocs, "requests", "requests too large for a class") \
	X(bitmap_steps, "words", "words examined for a free object")

struct slabs;

/* The largest request that a class serves, bytes. */
#define SLABS_SIZE_MAX 2048u

/* Makes slabs in `*out`, which slabs_free frees, over `heap`, an empty heap that
 * they own from then on; it is freed on error too. Returns 0 or KB_E_NOMEM. */
int slabs_new(struct slabs **out, struct kheap *heap);

/* NULL is ignored. */
void slabs_free(struct slabs *s);

/* Allocates `size` bytes, 0 as 1. Returns the object's address, a multiple of
 * 8, or 0 with nothing changed. */
kva_t slabs_kmalloc(struct slabs *s, uint32_t size);
kva_t slabs_kmalloc_counted(struct slabs *s, uint32_t size);

/* Frees the object that starts at `va`; 0 is ignored. Returns 0; or
 * KB_E_NOT_LIVE, with nothing changed. */
int slabs_kfree(struct slabs *s, kva_t va);
int slabs_kfree_counted(struct slabs *s, kva_t va);

/* Bytes of the live object at `va` that may be used: its class's size, or its
 * cluster's; 0 if none starts there. Linux's ksize. */
uint32_t slabs_size_at(const struct slabs *s, kva_t va);

/* Objects of a slab for requests of `size` bytes; 0 if no class serves it. */
uint32_t slabs_objects_per_slab(const struct slabs *s, uint32_t size);

/* The heap below, for inspection. */
const struct kheap *slabs_heap(const struct slabs *s);

/* One access to the byte at `va` of a live object. */
void slabs_touch(struct slabs *s, kva_t va);
void slabs_touch_counted(struct slabs *s, kva_t va);

/* Bytes of the records: those of all slabs, a table of classes, and the heap's
 * own. */
uint64_t slabs_record_bytes(const struct slabs *s);

/* The counters so far; `fn` gets one call each. */
void slabs_counters(const struct slabs *s,
		    void (*fn)(void *user, const char *name, uint64_t value),
		    void *user);

/* True if slabs, lists, bitmaps and the heap agree. Walks everything. */
bool slabs_is_valid(const struct slabs *s);

#endif /* SLABS_H */
