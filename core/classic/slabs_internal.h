/*
 * slabs_internal: the state of slabs.
 *
 * Only core/ and its tests may include this file.
 */
#ifndef SLABS_INTERNAL_H
#define SLABS_INTERNAL_H

#include "slabs.h"

#define SLABS_CLASSES 11

/* Objects of the smallest class in a page. */
#define SLABS_OBJECTS_MAX  512u
#define SLABS_OBJECT_WORDS (SLABS_OBJECTS_MAX / 64)

/* Empty slabs that a class keeps. */
#define SLABS_EMPTY_KEPT 1

/* The record beside a page. */
struct slab {
	/* The class's slabs with objects free. */
	struct slab *next;
	struct slab *prev;

	/* Objects in use. */
	uint16_t used;

	/* The class, from 1; 0 if the page is no slab. */
	uint8_t class_number;

	/* A bit for each free object. */
	uint64_t free[SLABS_OBJECT_WORDS];
};

struct slab_class {
	uint32_t size;
	uint32_t objects;

	/* Slabs with objects free, and how many of them are empty. */
	struct slab *partial;
	uint32_t empty;
};

struct slabs {
	struct kheap *heap;
	kva_t base;
	uint32_t pages;
	struct slab_class classes[SLABS_CLASSES];

	/* The class that serves a request of up to 8 * i bytes. */
	uint8_t class_of[SLABS_SIZE_MAX / 8 + 1];

	/* A record for each page of the window. */
	struct slab *slab;

#define X(name, unit, help) uint64_t name;
	SLABS_COUNTERS(X)
#undef X
};

#endif /* SLABS_INTERNAL_H */
