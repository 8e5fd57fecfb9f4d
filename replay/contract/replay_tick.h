/*
 * replay_tick: reads the clock around a timed piece of work.
 *
 * On x86-64 the time-stamp counter, fenced so that no work leaks out of the
 * window: LFENCE;RDTSC;LFENCE … RDTSCP;LFENCE (Wassenberg, highwayhash's
 * tsc_timer; CPUID would trap to the hypervisor). Elsewhere, or if the kernel
 * does not vouch for the counter, CLOCK_MONOTONIC_RAW in ns. replay_clock.h
 * determines which, and how accurate a reading is.
 *
 * Every allocator's file and the replay engine include this file.
 */
#ifndef REPLAY_TICK_H
#define REPLAY_TICK_H

#include "kb_bits.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static inline uint64_t replay_tick_system(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) +
	       (uint64_t)ts.tv_nsec;
}

/* The clock before the work, in ticks. */
static kb_always_inline uint64_t replay_tick_begin(bool use_tsc)
{
#if defined(__x86_64__)
	if (use_tsc) {
		uint64_t ticks;

		_mm_lfence();
		ticks = __rdtsc();
		_mm_lfence();
		return ticks;
	}
#else
	(void)use_tsc;
#endif
	return replay_tick_system();
}

/* The clock after the work, in ticks. */
static kb_always_inline uint64_t replay_tick_end(bool use_tsc)
{
#if defined(__x86_64__)
	if (use_tsc) {
		unsigned cpu;
		uint64_t ticks = __rdtscp(&cpu);

		_mm_lfence();
		return ticks;
	}
#else
	(void)use_tsc;
#endif
	return replay_tick_system();
}

#endif /* REPLAY_TICK_H */
