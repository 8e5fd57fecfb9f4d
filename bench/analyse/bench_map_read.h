/*
 * bench_map_read: draws the map of a heap window. The trace is replayed twice,
 * first to find how far the heap reaches.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MAP_READ_H
#define BENCH_MAP_READ_H

#include "bench_map.h"
#include "bench_walk.h"

/*
 * Replays the trace. Addresses are the same for every lookup and order, so the
 * quickest is taken. Returns 0 with `*out` filled; KB_E_UNSUPPORTED for an
 * allocator without a window; or <0; with `diag` filled.
 */
int bench_map_read(struct bench_map *out, const struct bench_trace *trace,
		   const struct alloc_config *config, struct kb_diag *diag);

#endif /* BENCH_MAP_READ_H */
