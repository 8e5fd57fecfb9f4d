#include "bench_plan.h"

#include "kb_bits.h"
#include "replay.h"

/* Comparing one node takes at most this, ns: most of them miss the last cache.
 * It only decides whether a pilot is needed, which measures the real time. */
#define NODE_NS 3

/* The pilot's windows: enough to see the trace's phases, short enough to cost
 * next to nothing if a search takes 100 µs. */
#define PILOT_WINDOWS 64
#define PILOT_WINDOW  32
#define PILOT_WARM    16

/* Windows of a sampled epoch. SMARTS takes many small ones; each needs a
 * warm-up. */
#define WINDOWS_MAX 400
#define WINDOWS_MIN 32
#define WINDOW_MIN  16

/* A window's warm-up is a quarter of its length, but at least this many events:
 * some of them are frees, and each touches most of what the next one will. */
#define WARM_SHARE 4
#define WARM_MIN   8

bool bench_plan_doubts(const struct trc_counts *counts, uint64_t budget_ns)
{
	/* Search and removal, of a first and a second epoch's replays. */
	return 2.0 * 2 * REPLAY_STEADY * NODE_NS * (double)counts->frees *
		       (double)counts->live_max >
	       (double)budget_ns;
}

struct replay_sampling bench_plan_pilot(uint64_t events)
{
	return (struct replay_sampling){
		.period = kb_max(events / PILOT_WINDOWS,
				 PILOT_WINDOW + PILOT_WARM),
		.window = PILOT_WINDOW,
		.warm = PILOT_WARM,
	};
}

bool bench_plan_fits(const struct bench_plan *plan)
{
	return plan->ns_per_event * (double)plan->events * REPLAY_STEADY *
		       (double)(plan->epochs + 1) <=
	       (double)plan->budget_ns;
}

/* Events that an epoch runs for real, including warm-up. */
static uint64_t real_events(const struct bench_plan *plan)
{
	/* One part is kept in reserve: no epoch is quite like the pilot. */
	const double epoch_ns =
		(double)plan->budget_ns / (double)(plan->epochs + 1);
	double real_ns = epoch_ns - plan->fixed_ns;

	/* If fast-forwarding takes nearly all of the time, there will be fewer
	 * epochs. */
	if (real_ns < epoch_ns / 4)
		real_ns = epoch_ns / 4;
	return (uint64_t)(real_ns /
			  (plan->ns_per_event > 1 ? plan->ns_per_event : 1));
}

struct replay_sampling bench_plan_sampling(const struct bench_plan *plan)
{
	const uint64_t measured =
		real_events(plan) * WARM_SHARE / (WARM_SHARE + 1);
	const uint64_t windows =
		kb_max(kb_min(measured / WINDOW_MIN, WINDOWS_MAX), WINDOWS_MIN);
	const uint64_t period =
		kb_max(plan->events / windows, WINDOW_MIN + WARM_MIN);
	struct replay_sampling out = { .period = period };

	out.window = kb_min(kb_max(measured / windows, WINDOW_MIN),
			    period - WARM_MIN);
	out.warm = kb_min(kb_max(out.window / WARM_SHARE, WARM_MIN),
			  period - out.window);
	return out;
}
