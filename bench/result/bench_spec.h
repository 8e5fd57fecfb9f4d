/*
 * bench_spec: replaces named allocators by quicker ones with the same
 * addresses.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SPEC_H
#define BENCH_SPEC_H

#include "alloc_spec.h"
#include "kb_status.h"

/* An allocator of the default list that this machine lacks. */
struct bench_skipped {
	struct alloc_spec spec;

	/* Why not, and what to do. */
	struct kb_diag why;
};

/* Chooses `value` for the key called `key`, if the allocator has both. The name
 * stays as it is. */
void bench_spec_choose(struct alloc_spec *spec, const char *key,
		       const char *value);

#endif /* BENCH_SPEC_H */
