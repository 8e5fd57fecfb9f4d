/*
 * metal_memory: memory for the heap's own records: calloc, malloc, realloc and free,
 * as core/base/kb_host.h asks for them.
 *
 * It is as simple as can be. A block has its size in front of it. Small blocks have
 * powers of two for sizes and a list of free ones for each; a large block is a
 * number of pages, and a free one serves whoever fits.
 *
 * The kernel's files include this file.
 */
#ifndef METAL_MEMORY_H
#define METAL_MEMORY_H

#include <stdint.h>

/* Gives the allocator the memory from `begin` to `end`. */
void metal_memory_start(uint32_t begin, uint32_t end);

#endif /* METAL_MEMORY_H */
