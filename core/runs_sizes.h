/*
 * runs_sizes: the holes of a window ordered by length, then by address, for
 * best and exact fits.
 *
 * A red-black tree (libbsd's <bsd/sys/tree.h>), its nodes in an array over the
 * pages: a hole's node is that of its first page.
 *
 * Only page_runs.c and its tests may include this file.
 */
#ifndef RUNS_SIZES_H
#define RUNS_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs_sizes;

/* An empty one for `pages` pages, which runs_sizes_free frees; or NULL. */
struct runs_sizes *runs_sizes_new(uint32_t pages);

/* Bytes that one takes. */
size_t runs_sizes_bytes(uint32_t pages);

/* NULL is ignored. */
void runs_sizes_free(struct runs_sizes *sizes);

/* Notes the hole of `length` pages that starts at `page`. */
void runs_sizes_add(struct runs_sizes *sizes, uint32_t page, uint32_t length);

/* Forgets the hole that starts at `page`. */
void runs_sizes_remove(struct runs_sizes *sizes, uint32_t page);

/*
 * The first page of the shortest hole of at least `length` pages, the lowest
 * one of those equally long; UINT32_MAX if there is none. Adds the nodes
 * compared to `*steps`, unless that is NULL.
 */
uint32_t runs_sizes_find(const struct runs_sizes *sizes, uint32_t length,
			 uint64_t *steps);

/* True if it holds `count` holes, in order, whose lengths are those in
 * `length_at`, by first page. */
bool runs_sizes_is_valid(const struct runs_sizes *sizes,
			 const uint32_t *length_at, uint32_t count);

#endif /* RUNS_SIZES_H */
