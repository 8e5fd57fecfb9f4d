#include "replay_clock.h"

#include "kb_bits.h"
#include "replay_tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Empty readings that the qualification takes; about 5 ms. */
#define READINGS	   100000

#define CALIBRATION_MIN_NS UINT64_C(20000000)

/* The fences drain the pipeline, so an empty pair does not cost quite what a
 * pair around work does: the part of the error that no empty reading shows, ns
 * (measured as 2 to 5 by chases of known length). */
#define CONTEXT_ERROR_NS 5.0

/* A reading below this many errors is not reported as a number. */
#define FLOOR_ERRORS 4.0

static bool cpu_has_flag(const char *flags, const char *flag)
{
	size_t length = strlen(flag);

	for (const char *at = strstr(flags, flag); at;
	     at = strstr(at + 1, flag))
		if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\n'))
			return true;
	return false;
}

static bool tsc_is_invariant(void)
{
#if defined(__x86_64__)
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[8192];
	bool invariant = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "flags", 5) != 0)
			continue;
		invariant = cpu_has_flag(line, "constant_tsc") &&
			    cpu_has_flag(line, "nonstop_tsc");
		break;
	}
	if (f)
		fclose(f);
	return invariant;
#else
	return false;
#endif
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void replay_clock_judge(struct replay_clock *clock, uint64_t *readings,
			size_t count)
{
	size_t high = (count - 1) * 99 / 100;
	double sum = 0;

	qsort(readings, count, sizeof(*readings), compare_u64);
	clock->quantum = 0;
	for (size_t i = 0; i < count; i++)
		clock->quantum = gcd(clock->quantum, readings[i]);
	clock->quantum = kb_max(clock->quantum, 1);
	for (size_t i = 0; i <= high; i++)
		sum += (double)readings[i];
	clock->cost_low = readings[0];
	clock->cost_median = readings[(count - 1) / 2];
	clock->cost_high = readings[high];
	clock->cost_mean = sum / (double)(high + 1);
}

void replay_clock_qualify(struct replay_clock *clock)
{
	uint64_t *readings = malloc(READINGS * sizeof(*readings));
	uint64_t few[64];
	size_t count = readings ? READINGS : KB_ARRAY_LEN(few);
	uint64_t *into = readings ? readings : few;

	memset(clock, 0, sizeof(*clock));
	clock->use_tsc = tsc_is_invariant();
	clock->start_ns = replay_tick_system();
	clock->start_ticks = replay_tick_begin(clock->use_tsc);
	for (size_t i = 0; i < count; i++) {
		uint64_t begin = replay_tick_begin(clock->use_tsc);

		into[i] = replay_tick_end(clock->use_tsc) - begin;
	}
	replay_clock_judge(clock, into, count);
	free(readings);
}

void replay_clock_calibrate(struct replay_clock *clock)
{
	uint64_t ns, ticks;

	do {
		ns = replay_tick_system() - clock->start_ns;
		ticks = replay_tick_end(clock->use_tsc) - clock->start_ticks;
	} while (ns < CALIBRATION_MIN_NS);
	clock->ns_per_tick = clock->use_tsc ? (double)ns / (double)ticks : 1.0;
}

double replay_clock_ns(const struct replay_clock *clock, uint64_t reading)
{
	double ticks = (double)reading - clock->cost_mean;

	return ticks > 0 ? ticks * clock->ns_per_tick : 0;
}

double replay_clock_error_ns(const struct replay_clock *clock)
{
	double above = (double)clock->cost_high - clock->cost_mean;
	double below = clock->cost_mean - (double)clock->cost_low;
	double spread = above > below ? above : below;

	return ((double)clock->quantum + spread) * clock->ns_per_tick +
	       CONTEXT_ERROR_NS;
}

double replay_clock_floor_ns(const struct replay_clock *clock)
{
	return FLOOR_ERRORS * replay_clock_error_ns(clock);
}
