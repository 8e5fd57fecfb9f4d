#include "replay_clock.h"

#include "kb_bits.h"
#include "replay_tick.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Empty readings that the qualification takes, about 5 ms, and a recalibration,
 * some 0.1 ms. */
#define READINGS       100000
#define READINGS_AGAIN 2048

/* Empty readings between two looks at the system's clock. */
#define READINGS_IN_A_ROW 1000

/* Attempts to read two clocks at the same instant; the quickest counts. */
#define NOW_TRIES	   8

#define CALIBRATION_MIN_NS UINT64_C(20000000)

/* Looks after which a clock counts as stopped: a running one needs some 40,000. */
#define LOOKS_MAX 2000000u

/* The fences drain the pipeline, so an empty pair does not cost quite the same
 * as a pair around work. This is the part of the error that no empty reading
 * shows, ns (measured as 2 to 5 with pointer chases of known length). */
#define CONTEXT_ERROR_NS 5.0

/* A reading below this many errors is not reported as a number. */
#define FLOOR_ERRORS 4.0

#if defined(__x86_64__)
static bool cpu_has_flag(const char *flags, const char *flag)
{
	size_t length = strlen(flag);

	for (const char *at = strstr(flags, flag); at;
	     at = strstr(at + 1, flag))
		if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\n'))
			return true;
	/* No test runs on a CPU without it. */
	return false;
}

static bool tsc_is_invariant(void)
{
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
}
#else
static bool tsc_is_invariant(void)
{
	return false;
}
#endif

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

/* The most common gap between neighbors among sorted readings, the smallest of
 * several; 0 if all are equal. There are few gaps: except for the odd
 * interrupt, the readings are a handful of values. */
static uint64_t modal_gap(const uint64_t *sorted, size_t count)
{
	uint64_t gaps[64], modal = 0;
	size_t seen[KB_ARRAY_LEN(gaps)];
	size_t used = 0, most = 0;

	for (size_t i = 1; i < count; i++) {
		uint64_t gap = sorted[i] - sorted[i - 1];
		size_t k = 0;

		if (gap == 0)
			continue;
		while (k < used && gaps[k] != gap)
			k++;
		if (k == KB_ARRAY_LEN(gaps))
			continue;
		if (k == used) {
			gaps[used] = gap;
			seen[used++] = 0;
		}
		seen[k]++;
	}
	for (size_t k = 0; k < used; k++) {
		if (seen[k] < most || (seen[k] == most && gaps[k] > modal))
			continue;
		most = seen[k];
		modal = gaps[k];
	}
	return modal;
}

/* Sorts the readings; returns the number of those up to the 99th percentile. */
static size_t judge_cost(struct replay_clock_cost *cost, uint64_t *readings,
			 size_t count)
{
	size_t high = (count - 1) * 99 / 100;
	double sum = 0;

	qsort(readings, count, sizeof(*readings), compare_u64);
	for (size_t i = 0; i <= high; i++)
		sum += (double)readings[i];
	cost->low = readings[0];
	cost->median = readings[(count - 1) / 2];
	cost->high = readings[high];
	cost->mean = sum / (double)(high + 1);
	return high + 1;
}

void replay_clock_judge(struct replay_clock *clock, uint64_t *readings,
			size_t count)
{
	size_t usual = judge_cost(&clock->cost, readings, count);
	uint64_t divisor = 0;

	for (size_t i = 0; i < count; i++)
		divisor = gcd(divisor, readings[i]);
	clock->quantum = kb_max(kb_max(divisor, modal_gap(readings, usual)), 1);
}

static uint64_t host_pair(void *ctx)
{
	const bool use_tsc = *(const bool *)ctx;
	uint64_t begin = replay_tick_begin(use_tsc);

	return replay_tick_end(use_tsc) - begin;
}

static void host_now(void *ctx, uint64_t *ticks, uint64_t *ns)
{
	const bool use_tsc = *(const bool *)ctx;
	uint64_t shortest = UINT64_MAX;

	for (unsigned i = 0; i < NOW_TRIES; i++) {
		uint64_t before = replay_tick_begin(use_tsc);
		uint64_t system = replay_tick_system();
		uint64_t after = replay_tick_end(use_tsc);

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		*ticks = before + shortest / 2;
		*ns = system;
	}
}

static const struct replay_clock_ops host_ops = { host_pair, host_now };

/* Reads empty pairs one after the other. The quickest row shows what one pair
 * adds to the total time: the others were disturbed. */
static void read_row(struct replay_clock *clock,
		     const struct replay_clock_source *source, uint64_t *into,
		     size_t count)
{
	uint64_t begin, end, ns;

	source->ops->now(source->ctx, &begin, &ns);
	for (size_t i = 0; i < count; i++)
		into[i] = source->ops->pair(source->ctx);
	source->ops->now(source->ctx, &end, &ns);
	clock->pair_ticks =
		fmin(clock->pair_ticks, (double)(end - begin) / (double)count);
}

void replay_clock_qualify_on(struct replay_clock *clock,
			     const struct replay_clock_source *source)
{
	uint64_t *readings = malloc(READINGS * sizeof(*readings));
	uint64_t few[64];
	size_t count = readings ? READINGS : KB_ARRAY_LEN(few);
	uint64_t *into = readings ? readings : few;

	source->ops->now(source->ctx, &clock->start_ticks, &clock->start_ns);
	clock->pair_ticks = INFINITY;
	for (size_t i = 0; i < count; i += READINGS_IN_A_ROW)
		read_row(clock, source, into + i,
			 (size_t)kb_min(count - i, READINGS_IN_A_ROW));
	replay_clock_judge(clock, into, count);
	free(readings);
}

void replay_clock_qualify(struct replay_clock *clock)
{
	const struct replay_clock_source host = { &host_ops, &clock->use_tsc };

	memset(clock, 0, sizeof(*clock));
	clock->use_tsc = tsc_is_invariant();
	replay_clock_qualify_on(clock, &host);
}

/* Waits until the clocks have gone on for long enough. */
static int look_again(const struct replay_clock *clock,
		      const struct replay_clock_source *source, uint64_t *ticks,
		      uint64_t *ns, struct kb_diag *diag)
{
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		source->ops->now(source->ctx, ticks, ns);
		if (*ns < clock->start_ns || *ticks < clock->start_ticks)
			return kb_fail(diag, KB_E_ENVIRONMENT,
				       "the clock went back, so no time of "
				       "this run is valid; use a machine with "
				       "a steady clock, or run --pass count, "
				       "which needs no clock");
		if (*ns - clock->start_ns >= CALIBRATION_MIN_NS)
			return 0;
	}
	return kb_fail(diag, KB_E_ENVIRONMENT,
		       "the clock has stopped, so no time can be measured; "
		       "use a machine with a steady clock, or run --pass "
		       "count, which needs no clock");
}

int replay_clock_calibrate_on(struct replay_clock *clock,
			      const struct replay_clock_source *source,
			      struct kb_diag *diag)
{
	uint64_t ns, ticks;
	double length, ppm;
	int err = look_again(clock, source, &ticks, &ns, diag);

	if (err < 0)
		return err;
	length = (double)(ns - clock->start_ns) /
		 (double)kb_max(ticks - clock->start_ticks, 1);
	if (!clock->use_tsc)
		length = 1;
	clock->start_ticks = ticks;
	clock->start_ns = ns;
	clock->ns_per_tick = length;
	if (clock->ns_per_tick_first <= 0)
		clock->ns_per_tick_first = length;
	ppm = fabs(length / clock->ns_per_tick_first - 1) * 1e6;
	clock->drift_ppm = fmax(clock->drift_ppm, ppm);
	if (clock->drift_ppm <= REPLAY_CLOCK_DRIFT_MAX_PPM)
		return 0;
	return kb_fail(diag, KB_E_ENVIRONMENT,
		       "the clock is not steady: its tick was %.6g ns at the "
		       "start and %.6g ns later, %.0f ppm apart (limit %.0f), "
		       "so no time of this run is valid; use a machine with a "
		       "steady clock, or run --pass count, which needs no "
		       "clock",
		       clock->ns_per_tick_first, length, clock->drift_ppm,
		       REPLAY_CLOCK_DRIFT_MAX_PPM);
}

int replay_clock_calibrate(struct replay_clock *clock, struct kb_diag *diag)
{
	const struct replay_clock_source host = { &host_ops, &clock->use_tsc };

	return replay_clock_calibrate_on(clock, &host, diag);
}

void replay_clock_measure_cost(struct replay_clock_cost *cost, bool use_tsc)
{
	uint64_t readings[READINGS_AGAIN];

	for (size_t i = 0; i < READINGS_AGAIN; i++)
		readings[i] = host_pair(&use_tsc);
	judge_cost(cost, readings, READINGS_AGAIN);
}

void replay_clock_recalibrate(struct replay_clock *clock,
			      const struct replay_clock_cost *cost)
{
	double drift = fabs(cost->mean - clock->cost.mean);

	clock->cost_drift = fmax(clock->cost_drift, drift);
	clock->recalibrations++;
}

double replay_clock_ns(const struct replay_clock *clock, uint64_t reading)
{
	double ticks = (double)reading - clock->cost.mean;

	return ticks > 0 ? ticks * clock->ns_per_tick : 0;
}

double replay_clock_error_ns(const struct replay_clock *clock)
{
	const struct replay_clock_cost *cost = &clock->cost;
	double above = (double)cost->high - cost->mean;
	double below = cost->mean - (double)cost->low;
	double spread = above > below ? above : below;

	return ((double)clock->quantum + spread + clock->cost_drift) *
		       clock->ns_per_tick +
	       CONTEXT_ERROR_NS;
}

double replay_clock_floor_ns(const struct replay_clock *clock)
{
	return FLOOR_ERRORS * replay_clock_error_ns(clock);
}

double replay_clock_batch_error_ns(const struct replay_clock *clock,
				   unsigned batch)
{
	return replay_clock_error_ns(clock) / batch;
}

bool replay_clock_is_preempted(const struct replay_clock *clock,
			       uint64_t reading, uint64_t expected)
{
	return reading > expected &&
	       (double)(reading - expected) * clock->ns_per_tick >
		       REPLAY_CLOCK_PREEMPTED_NS;
}
