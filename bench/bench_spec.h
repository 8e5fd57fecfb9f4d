/*
 * bench_spec: allocators that bench itself wants otherwise than they were named:
 * quicker ones with the same addresses.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SPEC_H
#define BENCH_SPEC_H

#include "alloc_spec.h"

/* Chooses `value` for the key called `key`, if the allocator has both. The name
 * stays as it is. */
void bench_spec_choose(struct alloc_spec *spec, const char *key,
		       const char *value);

#endif /* BENCH_SPEC_H */
