/*
 * bench_profile: properties of a trace that no allocator changes: sizes,
 * lifetimes, and how many clusters each row would hold over time.
 *
 * Fixed bins, so that the data is small however long the trace.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include <stdint.h>

/* Bin k of sizes holds those above 2^(k-1) and up to 2^k bytes, bin 0 those of 0
 * and 1; bin k of lifetimes those of 2^k up to 2^(k+1) - 1 events. */
#define BENCH_PROFILE_POWERS 64

/* Rows 0 to 7 each have a group of their own, group g; then group 8 + k has rows
 * 2^(k+3) to 2^(k+4) - 1. */
#define BENCH_PROFILE_GROUPS 32
#define BENCH_PROFILE_BINS   128

struct bench_profile {
	/* Objects and their bytes, by size. */
	uint64_t size_objects[BENCH_PROFILE_POWERS];
	uint64_t size_bytes[BENCH_PROFILE_POWERS];

	/* Freed objects, by events from alloc to free; and the others. */
	uint64_t life_objects[BENCH_PROFILE_POWERS];
	uint64_t live_at_end;

	/* Most clusters that each group of rows held at the end of a bin. */
	uint64_t group_most[BENCH_PROFILE_GROUPS];

	uint32_t bins;
	struct bench_profile_bin {
		/* Events up to the end of the bin. */
		uint64_t event;

		/* Live clusters at its end, by group of rows. */
		uint64_t live[BENCH_PROFILE_GROUPS];
	} bin[BENCH_PROFILE_BINS];
};

/* The group of the row of an object of `size` bytes, and a group's first and
 * last number of pages. */
unsigned bench_profile_group(uint64_t size);
uint64_t bench_profile_group_first(unsigned group);
uint64_t bench_profile_group_last(unsigned group);

#endif /* BENCH_PROFILE_H */
