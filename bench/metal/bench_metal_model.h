/*
 * bench_metal_model: the trace in the simulation, and as the operations that the
 * kernel gets.
 *
 * Only bench/metal includes this file.
 */
#ifndef BENCH_METAL_MODEL_H
#define BENCH_METAL_MODEL_H

#include "bench_metal_result.h"
#include "kheap.h"
#include "metal_digest.h"
#include "metal_request.h"
#include "replay_op.h"

struct bench_metal_model {
	struct alloc alloc;

	bool is_fast;

	/* The window in effect. */
	uint32_t base;
	uint32_t pages;

	/* Owned. */
	struct replay_op *ops;
	size_t op_count;
	size_t op_capacity;
	size_t slots;

	struct metal_digest state;
	uint64_t digest;
	uint64_t accessed_dirty;
	uint64_t faults;

	struct replay_counters counters;
};

/* Replays the job's trace. Returns 0 or <0 with `diag` filled; to be released in
 * either case. */
int bench_metal_model_run(struct bench_metal_model *model,
			  const struct bench_metal_job *job,
			  struct kb_diag *diag);
void bench_metal_model_release(struct bench_metal_model *model);

/* A counter's value; 0 if there is none of that name. */
uint64_t bench_metal_model_counter(const struct bench_metal_model *model,
				   const char *name);

/* The PTE of the page that holds `va`; 0 if it is not mapped. Frames are numbered
 * from 0. */
uint32_t bench_metal_model_entry(const struct bench_metal_model *model,
				 kva_t va);

/* True for kheap-fast. */
bool bench_metal_is_fast(const struct alloc_spec *spec);

#endif /* BENCH_METAL_MODEL_H */
