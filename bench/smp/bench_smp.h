/*
 * bench_smp: what a replay on several CPUs is asked for, and what it has found.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMP_H
#define BENCH_SMP_H

#include "alloc_spec.h"
#include "bench_trace.h"
#include "replay_result.h"
#include "smp_costs.h"
#include "smp_counters.h"
#include "smp_program.h"
#include "smp_speed.h"
#include "smp_threads.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of CPUs, and speeds, at most. */
#define BENCH_SMP_CPUS_MAX   64
#define BENCH_SMP_SPEEDS_MAX 64

/* Buckets of a distribution of waits: 0, then one for each power of two. */
#define BENCH_SMP_BUCKETS 65

struct bench_smp_settings {
	const struct alloc_spec *allocs;
	size_t alloc_count;

	uint32_t cpus[BENCH_SMP_CPUS_MAX];
	size_t cpus_count;

	struct smp_speed speed[BENCH_SMP_SPEEDS_MAX];
	size_t speed_count;

	uint64_t stagger_ns;
	uint32_t magazines;

	/* 0 means the heap's defaults. */
	uint32_t heap_pages;
	uint32_t heap_base;

	bool headroom;

	/* Real threads instead of the simulation. */
	bool threads;

	/* A name of smp_threads_lock. An allocator's own keys, where it has them
	 * and they are chosen, count more than this and `magazines`. */
	const char *lock;
};

/* One allocator on one number of CPUs at one speed. */
struct bench_smp_result {
	const char *allocator;
	uint32_t cpus;
	struct smp_speed speed;
	const char *lock;
	uint32_t magazines;

	/* Of all copies. */
	uint64_t events;
	struct smp_counters counters;

	/* The heap's own. */
	struct replay_counters heap;

	/* Acquisitions by their wait: bucket 0 those that did not wait, bucket b
	 * those of 2^(b-1) … 2^b - 1 ps. */
	uint64_t wait[BENCH_SMP_BUCKETS];

	/* Events per time, as a multiple of the same on one CPU, thousandths,
	 * rounded half up; 0 if either took no time. */
	uint64_t speedup;

	/* Valid with --headroom. */
	struct smp_speed headroom;
};

/* Runs by threads without times, of which the quickest counts. */
#define BENCH_SMP_RUNS 5

/* The same by threads. */
struct bench_smp_threads {
	const char *allocator;
	uint32_t cpus;
	struct smp_speed speed;

	/* "own" if the allocator has its own. */
	const char *lock;
	uint32_t magazines;

	/* The quickest first. */
	struct smp_threads_result run[BENCH_SMP_RUNS];

	/* A run whose operations were timed one by one. */
	struct smp_threads_result timed;

	/* Payloads were looked at, in a run of its own. */
	bool verified;
};

struct bench_smp {
	const struct bench_smp_settings *settings;
	const struct bench_trace *trace;
	const struct smp_program *program;

	/* Of each allocator of the settings. */
	const struct smp_costs *costs;

	/* Owned. */
	struct bench_smp_result *result;
	size_t count;

	/* With settings->threads instead. Owned. */
	struct bench_smp_threads *threaded;
	size_t threaded_count;
};

#endif /* BENCH_SMP_H */
