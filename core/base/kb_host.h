/*
 * kb_host: what the heap asks of whoever hosts it.
 *
 * In a program that is the C library. In a kernel (gcc -ffreestanding) there is
 * none, and the kernel provides the functions below under their usual names:
 *
 *   calloc, malloc, realloc, free   memory for the heap's own records. Nearly all
 *                  of it is asked for when a heap is made; docs/in-your-kernel.md
 *                  says what is asked for later.
 *   memset, memcpy, memmove, strcmp   which the compiler may call by itself too.
 *   kb_host_panic  the end, after an assertion that failed. With -DNDEBUG none is
 *                  checked, and it is never called.
 *
 * core/ may include this file.
 */
#ifndef KB_HOST_H
#define KB_HOST_H

#if __STDC_HOSTED__

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#else

#include <stddef.h>
#include <stdint.h>

/* Zeroed; NULL without memory, as for the next two. Aligned for a uint64_t. */
void *calloc(size_t count, size_t size);
void *malloc(size_t size);
void *realloc(void *memory, size_t size);

/* NULL is ignored. */
void free(void *memory);

void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int strcmp(const char *a, const char *b);

/* `what` is the condition that does not hold. Does not return. */
void kb_host_panic(const char *what, const char *file, int line)
	__attribute__((noreturn));

#define static_assert _Static_assert

#ifdef NDEBUG
#define assert(expr) ((void)0)
#else
#define assert(expr) \
	((expr) ? (void)0 : kb_host_panic(#expr, __FILE__, __LINE__))
#endif

#endif

#endif /* KB_HOST_H */
