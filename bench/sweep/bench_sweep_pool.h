/*
 * bench_sweep_pool: the times of one cell on one machine, over all its repeats.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_POOL_H
#define BENCH_SWEEP_POOL_H

#include "kb_status.h"

#include <stddef.h>
#include <stdint.h>

struct json_t;

/* Times in one bin of a histogram: `samples` of them, which represent `weight`
 * frees. */
struct bench_sweep_bin {
	uint64_t ticks;
	uint64_t samples;
	uint64_t weight;
};

struct bench_sweep_histogram {
	struct bench_sweep_bin *bin;
	size_t count;
};

/* Zero it first. */
struct bench_sweep_pool {
	/* ns per event. Owned. */
	double *epoch;
	size_t epochs;

	struct bench_sweep_histogram kfree;
	struct bench_sweep_histogram lookup;

	/* The ticks' length, ns: that of the result added first. */
	double ns_per_tick;

	size_t results;
};

/* Adds a result's document. Returns 0, or KB_E_NOMEM with `diag` filled. */
int bench_sweep_pool_add(struct bench_sweep_pool *pool,
			 const struct json_t *document, struct kb_diag *diag);

/* Sets the members of `object` that a pool has anything to say of. Sorts the
 * epochs. */
void bench_sweep_pool_write(struct bench_sweep_pool *pool,
			    struct json_t *object);

void bench_sweep_pool_release(struct bench_sweep_pool *pool);

#endif /* BENCH_SWEEP_POOL_H */
