/*
 * bench_metal_walk: reads the machine's physical memory as its processor would, after
 * it has ended: page directory, page tables, and what the kernel left for us.
 *
 * Only bench/metal includes this file.
 */
#ifndef BENCH_METAL_WALK_H
#define BENCH_METAL_WALK_H

#include "bench_metal_answer.h"
#include "bench_metal_model.h"

/* Compares the PTE of each page of the window with the simulation's: frame and
 * flags; and whether a frame backs two. Differences go to the result, and the number
 * of pairs. Returns 0 or KB_E_NOMEM. */
int bench_metal_walk(struct bench_metal_result *result,
		     const struct bench_metal_machine *machine,
		     const struct bench_metal_answer *answer,
		     const struct bench_metal_model *model);

/* Sums up the instructions of the kfrees. Returns 0 or KB_E_NOMEM. */
int bench_metal_instructions(struct bench_metal_result *result,
			     const struct bench_metal_machine *machine,
			     const struct bench_metal_answer *answer);

#endif /* BENCH_METAL_WALK_H */
