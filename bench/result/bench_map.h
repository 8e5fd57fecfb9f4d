/*
 * bench_map: the heap window as a map, address by time: for each bin of
 * addresses in each bin of the trace, the age, the row and the call site of
 * what fills most of it.
 *
 * Its size is that of the map, however long the trace.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MAP_H
#define BENCH_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_MAP_BINS	    512
#define BENCH_MAP_ADDRESSES 256

/* Call sites with a color of their own; the others share one. */
#define BENCH_MAP_SITES 7

/* A bin without a live object. */
#define BENCH_MAP_NOTHING UINT8_MAX

/* What is shown of a bin's dominant object: the three maps. */
enum bench_map_kind {
	/* floor(log2) of the events since its alloc, counting that one. */
	BENCH_MAP_AGE,

	/* Its row's group (bench_profile_group). */
	BENCH_MAP_ROW,

	/* Its call site's rank by pages over time, from 0; BENCH_MAP_SITES for
	 * all others. */
	BENCH_MAP_SITE,
	BENCH_MAP_KINDS
};

struct bench_map {
	/* Address bins in use, and the pages of each; the last may be short. */
	uint32_t addresses;
	uint64_t bin_pages;

	/* Highest page ever mapped, + 1. */
	uint64_t pages;

	/* The trace names call sites; their cleaned names by rank. */
	bool has_sites;
	uint32_t sites;
	char site[BENCH_MAP_SITES][256];

	uint32_t bins;
	struct bench_map_bin {
		/* Events up to the end of the bin. */
		uint64_t event;
		uint8_t cell[BENCH_MAP_KINDS][BENCH_MAP_ADDRESSES];
	} bin[BENCH_MAP_BINS];
};

#endif /* BENCH_MAP_H */
