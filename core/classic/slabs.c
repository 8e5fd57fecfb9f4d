#include "slabs_internal.h"

#include "kb_assert.h"
#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

static const uint16_t class_size[SLABS_CLASSES] = { 8,	 16,   32,  64,
						    96,	 128,  192, 256,
						    512, 1024, 2048 };

static void make_classes(struct slabs *s)
{
	unsigned class = 0;

	for (unsigned i = 0; i < SLABS_CLASSES; i++) {
		s->classes[i].size = class_size[i];
		s->classes[i].objects = KVA_PAGE_SIZE / class_size[i];
	}
	for (unsigned i = 0; i < KB_ARRAY_LEN(s->class_of); i++) {
		if (i * 8 > class_size[class])
			class ++;
		s->class_of[i] = (uint8_t) class;
	}
}

int slabs_new(struct slabs **out, struct kheap *heap)
{
	struct slabs *s = calloc(1, sizeof(*s));

	if (!s) {
		kheap_free(heap);
		return KB_E_NOMEM;
	}
	s->heap = heap;
	s->base = kheap_base(heap);
	s->pages = kheap_pages(heap);
	s->slab = calloc(s->pages, sizeof(*s->slab));
	if (!s->slab) {
		slabs_free(s);
		return KB_E_NOMEM;
	}
	make_classes(s);
	*out = s;
	return 0;
}

void slabs_free(struct slabs *s)
{
	if (!s)
		return;
	kheap_free(s->heap);
	free(s->slab);
	free(s);
}

static inline void partial_push(struct slab_class *class, struct slab *slab)
{
	slab->prev = NULL;
	slab->next = class->partial;
	if (slab->next)
		slab->next->prev = slab;
	class->partial = slab;
}

static inline void partial_remove(struct slab_class *class, struct slab *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		class->partial = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
}

static inline kva_t va_of(const struct slabs *s, const struct slab *slab)
{
	return s->base + ((uint32_t)(slab - s->slab) << KVA_PAGE_SHIFT);
}

/* Makes an empty slab of a new page; NULL if there is none. */
static kb_always_inline struct slab *slab_make(struct slabs *s, unsigned class,
					       const bool counted)
{
	const uint32_t objects = s->classes[class].objects;
	struct slab *slab;
	kva_t va;

	va = counted ? kheap_kmalloc_counted(s->heap, KVA_PAGE_SIZE)
		     : kheap_kmalloc(s->heap, KVA_PAGE_SIZE);
	if (!va)
		return NULL;
	slab = &s->slab[(va - s->base) >> KVA_PAGE_SHIFT];
	kb_assert(slab->class_number == 0);
	slab->class_number = (uint8_t)(class + 1);
	slab->used = 0;
	memset(slab->free, 0, sizeof(slab->free));
	memset(slab->free, 0xff, objects / 64 * sizeof(*slab->free));
	if (objects % 64)
		slab->free[objects / 64] = (UINT64_C(1) << objects % 64) - 1;
	partial_push(&s->classes[class], slab);
	s->classes[class].empty++;
	if (counted) {
		s->slabs_made++;
		s->slabs_live++;
		s->slabs_peak = kb_max(s->slabs_peak, s->slabs_live);
	}
	return slab;
}

static kb_always_inline void slab_return(struct slabs *s, struct slab *slab,
					 const bool counted)
{
	struct slab_class *class = &s->classes[slab->class_number - 1];
	const kva_t va = va_of(s, slab);
	int err;

	partial_remove(class, slab);
	class->empty--;
	slab->class_number = 0;
	err = counted ? kheap_kfree_counted(s->heap, va)
		      : kheap_kfree(s->heap, va);
	kb_assert(err == 0);
	(void)err;
	if (counted) {
		s->slabs_live--;
		s->slabs_returned++;
	}
}

/* Takes the lowest free object of a slab that has one. */
static kb_always_inline kva_t object_take(struct slabs *s, struct slab *slab,
					  const bool counted)
{
	struct slab_class *class = &s->classes[slab->class_number - 1];
	unsigned word = 0;
	uint32_t object;

	while (!slab->free[word])
		word++;
	if (counted)
		s->bitmap_steps += word + 1;
	object = word * 64 + (unsigned)__builtin_ctzll(slab->free[word]);
	slab->free[word] &= slab->free[word] - 1;
	class->empty -= slab->used == 0;
	if (++slab->used == class->objects)
		partial_remove(class, slab);
	return va_of(s, slab) + object * class->size;
}

static kb_always_inline kva_t kmalloc(struct slabs *s, uint32_t size,
				      const bool counted)
{
	struct slab *slab;
	unsigned class;

	if (size > SLABS_SIZE_MAX) {
		if (counted)
			s->cluster_allocs++;
		return counted ? kheap_kmalloc_counted(s->heap, size)
			       : kheap_kmalloc(s->heap, size);
	}
	class = s->class_of[(size + 7) / 8];
	slab = s->classes[class].partial;
	if (!slab)
		slab = slab_make(s, class, counted);
	if (kb_unlikely(!slab))
		return 0;
	if (counted)
		s->objects_live++;
	return object_take(s, slab, counted);
}

/* The slab that `va` is in, or NULL. */
static inline struct slab *slab_at(const struct slabs *s, kva_t va)
{
	const uint32_t page = (va - s->base) >> KVA_PAGE_SHIFT;

	if (page >= s->pages || !s->slab[page].class_number)
		return NULL;
	return &s->slab[page];
}

/* The live object of the slab that starts at `va`; UINT32_MAX if none does. */
static inline uint32_t object_at(const struct slabs *s, const struct slab *slab,
				 kva_t va)
{
	const struct slab_class *class = &s->classes[slab->class_number - 1];
	const uint32_t offset = va % KVA_PAGE_SIZE;
	const uint32_t object = offset / class->size;

	if (offset % class->size != 0 || object >= class->objects ||
	    slab->free[object / 64] >> object % 64 & 1u)
		return UINT32_MAX;
	return object;
}

static kb_always_inline int kfree(struct slabs *s, kva_t va, const bool counted)
{
	struct slab *slab = slab_at(s, va);
	struct slab_class *class;
	uint32_t object;

	if (!slab)
		return counted ? kheap_kfree_counted(s->heap, va)
			       : kheap_kfree(s->heap, va);
	object = object_at(s, slab, va);
	if (kb_unlikely(object == UINT32_MAX))
		return KB_E_NOT_LIVE;
	class = &s->classes[slab->class_number - 1];
	slab->free[object / 64] |= UINT64_C(1) << object % 64;
	if (counted)
		s->objects_live--;
	if (slab->used-- == class->objects)
		partial_push(class, slab);
	if (slab->used == 0 && ++class->empty > SLABS_EMPTY_KEPT)
		slab_return(s, slab, counted);
	return 0;
}

kva_t slabs_kmalloc(struct slabs *s, uint32_t size)
{
	return kmalloc(s, size, false);
}

kva_t slabs_kmalloc_counted(struct slabs *s, uint32_t size)
{
	return kmalloc(s, size, true);
}

int slabs_kfree(struct slabs *s, kva_t va)
{
	return kfree(s, va, false);
}

int slabs_kfree_counted(struct slabs *s, kva_t va)
{
	return kfree(s, va, true);
}

uint32_t slabs_size_at(const struct slabs *s, kva_t va)
{
	const struct slab *slab = slab_at(s, va);

	if (!slab)
		return kheap_cluster_size(s->heap, kheap_find(s->heap, va));
	if (object_at(s, slab, va) == UINT32_MAX)
		return 0;
	return s->classes[slab->class_number - 1].size;
}

uint32_t slabs_objects_per_slab(const struct slabs *s, uint32_t size)
{
	if (size > SLABS_SIZE_MAX)
		return 0;
	return s->classes[s->class_of[(size + 7) / 8]].objects;
}

const struct kheap *slabs_heap(const struct slabs *s)
{
	return s->heap;
}

void slabs_touch(struct slabs *s, kva_t va)
{
	kheap_touch(s->heap, va);
}

void slabs_touch_counted(struct slabs *s, kva_t va)
{
	kheap_touch_counted(s->heap, va);
}

uint64_t slabs_record_bytes(const struct slabs *s)
{
	uint64_t slabs = 0;

	for (uint32_t page = 0; page < s->pages; page++)
		slabs += s->slab[page].class_number != 0;
	return sizeof(*s) + slabs * sizeof(*s->slab) +
	       kheap_record_bytes(s->heap);
}

void slabs_counters(const struct slabs *s,
		    void (*fn)(void *user, const char *name, uint64_t value),
		    void *user)
{
#define X(name, unit, help) fn(user, #name, s->name);
	SLABS_COUNTERS(X)
#undef X
}

static bool slab_is_valid(const struct slabs *s, const struct slab *slab)
{
	const struct slab_class *class = &s->classes[slab->class_number - 1];
	uint32_t free_objects = 0;

	for (unsigned word = 0; word < SLABS_OBJECT_WORDS; word++)
		free_objects +=
			(uint32_t)__builtin_popcountll(slab->free[word]);
	return slab->class_number <= SLABS_CLASSES &&
	       free_objects + slab->used == class->objects;
}

/* True if the class's list holds its slabs with objects free, and no other. */
static bool class_is_valid(const struct slabs *s, unsigned number)
{
	const struct slab_class *class = &s->classes[number];
	uint32_t listed = 0, partial = 0, empty = 0;
	const struct slab *prev = NULL;

	for (const struct slab *slab = class->partial; slab;
	     slab = slab->next) {
		if (slab->class_number != number + 1 || slab->prev != prev ||
		    slab->used == class->objects || listed++ > s->pages)
			return false;
		empty += slab->used == 0;
		prev = slab;
	}
	for (uint32_t page = 0; page < s->pages; page++)
		partial += s->slab[page].class_number == number + 1 &&
			   s->slab[page].used < class->objects;
	return partial == listed && empty == class->empty &&
	       empty <= SLABS_EMPTY_KEPT;
}

/* True if each slab is a live cluster of one page. */
static bool slabs_are_clusters(const struct slabs *s)
{
	const struct KheapCluster *node;
	uint32_t slabs = 0;

	TAILQ_FOREACH(node, kheap_row(s->heap, 0), prev_next_info) {
		slabs += slab_at(s, kheap_cluster_va(s->heap,
						     node->cluster_index)) !=
			 NULL;
	}
	for (uint32_t page = 0; page < s->pages; page++)
		slabs -= s->slab[page].class_number != 0;
	return slabs == 0;
}

bool slabs_is_valid(const struct slabs *s)
{
	for (uint32_t page = 0; page < s->pages; page++)
		if (s->slab[page].class_number &&
		    !slab_is_valid(s, &s->slab[page]))
			return false;
	for (unsigned class = 0; class < SLABS_CLASSES; class ++)
		if (!class_is_valid(s, class))
			return false;
	return slabs_are_clusters(s) && kheap_is_valid(s->heap);
}
