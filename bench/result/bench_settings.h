/*
 * bench_settings: how to measure: which passes, in which heap window, for how
 * long, on which CPU.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SETTINGS_H
#define BENCH_SETTINGS_H

#include "alloc.h"

#include <stdbool.h>
#include <stdint.h>

/* The passes, as bits of a set, in the order in which they run; but that our own
 * allocators are counted before they are verified. */
enum bench_pass {
	BENCH_PASS_VERIFY = 1,
	BENCH_PASS_COUNT = 2,
	BENCH_PASS_THROUGHPUT = 4,
	BENCH_PASS_LATENCY = 8
};
#define BENCH_PASS_ALL 15u

/* The passes that rest on the clock. */
#define BENCH_PASS_TIMED (BENCH_PASS_THROUGHPUT | BENCH_PASS_LATENCY)

/* Seconds that the members budget_s and timeout_s have where nobody says. */
#define BENCH_BUDGET_DEFAULT_S	20.0
#define BENCH_TIMEOUT_DEFAULT_S 60.0

struct bench_settings {
	/* Set of enum bench_pass. */
	unsigned passes;

	/* 0 means the heap's defaults. */
	uint32_t heap_pages;
	uint32_t heap_base;

	enum alloc_touch touch;

	/* The CPU that timed work is pinned to; -1 means the highest allowed. */
	int cpu;

	uint64_t seed;

	/* Wall-clock seconds that the timed passes of one cell may take. */
	double budget_s;

	/* Seconds without progress after which an allocator counts as hung. */
	double timeout_s;

	bool quick;

	/* The count pass sets the clocks of allocators that have one to the
	 * recording's. */
	bool recorded_clock;

	/* KiB that timed replays touch before each slice, to take the caches from
	 * the allocator; and the events of such a slice, 0 for as many as come at
	 * once. */
	uint32_t evict_kib;
	uint32_t evict_events;
};

/* A pass and its name; the list ends with a NULL name. */
struct bench_pass_entry {
	enum bench_pass pass;
	const char *name;
};
extern const struct bench_pass_entry bench_passes[];

/* The pass of this name, or 0 if there is none; then `*nearest` is the name that was
 * probably meant, or NULL. `nearest` may be NULL. */
unsigned bench_pass_find(const char *name, const char **nearest);

/* The name of one pass: "verify". */
const char *bench_pass_name(enum bench_pass pass);

/* What --touch calls it: "first". */
const char *bench_touch_name(enum alloc_touch touch);

/* The highest CPU that this process may run on; -1 if unknown. */
int bench_default_cpu(void);

/* The lowest one but `cpu`; -1 if there is none, or if `cpu` is -1. To be asked
 * before the process is pinned. */
int bench_other_cpu(int cpu);

#endif /* BENCH_SETTINGS_H */
