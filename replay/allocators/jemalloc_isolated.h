/*
 * jemalloc_isolated: jemalloc under names of our own, in a shared library that
 * exports nothing else, so that the process's malloc stays glibc's.
 *
 * Only alloc_jemalloc.c, and the test that proves the isolation, include this
 * file.
 */
#ifndef JEMALLOC_ISOLATED_H
#define JEMALLOC_ISOLATED_H

#include <stddef.h>

/* jemalloc's malloc and free. Memory from the one goes back to the other and
 * to nobody else. */
void *kb_jemalloc_malloc(size_t size);
void kb_jemalloc_free(void *p);

/* jemalloc's version, static. */
const char *kb_jemalloc_version(void);

#endif /* JEMALLOC_ISOLATED_H */
