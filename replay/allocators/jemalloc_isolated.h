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
#include <stdint.h>

/* jemalloc's malloc and free. Memory from the former must be freed by the
 * latter. */
void *kb_jemalloc_malloc(size_t size);
void kb_jemalloc_free(void *p);

/* A free that takes the size that malloc was given; `flags` 0 (jemalloc(3),
 * sdallocx). */
void kb_jemalloc_sdallocx(void *p, size_t size, int flags);

/* Bytes that a live object may use. */
size_t kb_jemalloc_usable_size(void *p);

/* What jemalloc(3) says under stats.mapped, stats.resident and stats.metadata,
 * as of now, bytes. */
struct kb_jemalloc_memory {
	size_t mapped;
	size_t resident;
	size_t metadata;
};

/* Fills `out`. Returns 0, or -1 if jemalloc was built without statistics. */
int kb_jemalloc_memory(struct kb_jemalloc_memory *out);

/* Sets jemalloc's clock, which is the system's until the first call: as many ns
 * after that one as `now_ns` is. It does not go back. */
void kb_jemalloc_set_clock(uint64_t now_ns);

/* jemalloc's version, static. */
const char *kb_jemalloc_version(void);

/* The settings in effect that matter for time and memory, "name=value,…",
 * static. */
const char *kb_jemalloc_options(void);

#endif /* JEMALLOC_ISOLATED_H */
