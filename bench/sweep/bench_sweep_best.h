/*
 * bench_sweep_best: which configuration a merged sweep recommends.
 *
 * A configuration is an allocator in a window. It has four costs per trace, all
 * the lower the better:
 *
 *   time    ns per event; where nothing was timed, nodes compared per lookup
 *   tail    kfree's p99, ns; where nothing was timed, the most nodes of a lookup
 *   memory  mapped bytes at the peak
 *   index   bytes of the lookup's own index at its peak
 *
 * A cost that is not known is infinite. One configuration dominates another if
 * none of its costs is higher and one is lower. Those that none dominates are the
 * Pareto front. The best one is that with the smallest geometric mean, over all
 * traces, of its time over the trace's smallest time; of equals the one with less
 * memory, then less index, then the first by name. Only configurations that served
 * every request of every trace can be best.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_BEST_H
#define BENCH_SWEEP_BEST_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;

enum bench_sweep_cost {
	BENCH_SWEEP_TIME,
	BENCH_SWEEP_TAIL,
	BENCH_SWEEP_MEMORY,
	BENCH_SWEEP_INDEX,
	BENCH_SWEEP_COSTS
};

/* One configuration on one trace. */
struct bench_sweep_point {
	/* Indexes into the names below. */
	size_t trace;
	size_t config;

	double cost[BENCH_SWEEP_COSTS];

	/* The time over the trace's smallest among what served it; 0 if this did
	 * not serve it, or has no time. */
	double ratio;

	/* The time's 95% interval; equal to it if it is exact. */
	double low;
	double high;

	/* It served every request. */
	bool served;

	/* On the trace's Pareto front. */
	bool on_front;
};

/* One configuration over all traces. */
struct bench_sweep_overall {
	/* Geometric mean of its times over the traces' smallest; 0 if it lacks
	 * a trace or did not serve it. */
	double ratio;

	/* The same for the ends of the intervals. */
	double low;
	double high;

	/* Traces on which it has the smallest time. */
	size_t wins;

	/* The sums of its costs over the traces. */
	double total[BENCH_SWEEP_COSTS];
};

struct bench_sweep_best {
	/* Owned. "ALLOCATOR" or "ALLOCATOR, N pages". */
	char **trace;
	size_t traces;
	char **config;
	size_t configs;

	struct bench_sweep_point *point;
	size_t points;

	/* By configuration. Owned. */
	struct bench_sweep_overall *overall;

	/* Times, not counts. */
	bool timed;

	/* The configurations, the best first; those that cannot be best last. Owned. */
	size_t *order;

	/* The best configuration and the next best; SIZE_MAX for none. */
	size_t best;
	size_t next;

	/* The best one's interval ends below the next one's: what is exact is
	 * sure. */
	bool is_sure;
};

/*
 * Chooses among the results of a merged document. If times of several machines
 * are there, those of `machine` count, a text that merged.json names; NULL is for
 * documents with one machine. Returns 0; KB_E_ARG if a machine must be named, or
 * is unknown; KB_E_FORMAT; or KB_E_NOMEM; with `diag` filled. To be released in any
 * case.
 */
int bench_sweep_best(struct bench_sweep_best *best,
		     const struct json_t *document, const char *machine,
		     struct kb_diag *diag);
void bench_sweep_best_release(struct bench_sweep_best *best);

#endif /* BENCH_SWEEP_BEST_H */
