/*
 * trc_array: large arrays that grow. From the size of a huge page on they are in such
 * pages where the system has them to give: a random look-up is then one cache miss, not
 * two, and a page fault a rare thing.
 *
 * Private to the writer and the importer.
 */
#ifndef TRC_ARRAY_H
#define TRC_ARRAY_H

#include <stddef.h>

/* As realloc, from `old_size` bytes, 0 for none, to more of them. The new ones are
 * zeros. Returns NULL if there is no memory: the array stays as it was. */
void *trc_array_grow(void *array, size_t old_size, size_t size);

/* Frees an array of `size` bytes; NULL of size 0 is none. */
void trc_array_free(void *array, size_t size);

#endif /* TRC_ARRAY_H */
