/*
 * alloc_list: every allocator there is. One file and one line each.
 *
 * The bench program and tests may include this file.
 */
#ifndef ALLOC_LIST_H
#define ALLOC_LIST_H

#include "alloc.h"

/* All allocators, ended by NULL, in the order that --list prints. */
extern const struct alloc_ops *const alloc_list[];

#endif /* ALLOC_LIST_H */
