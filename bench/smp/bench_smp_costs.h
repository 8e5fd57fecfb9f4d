/*
 * bench_smp_costs: the costs of a simulated replay, from a file.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMP_COSTS_H
#define BENCH_SMP_COSTS_H

#include "kb_status.h"
#include "smp_costs.h"

/*
 * Reads the costs of the allocator `name`:
 *
 *   a JSON file: {"fixed_ps": {"kmalloc": N, "kfree": N}, "per_ps": {COUNTER: N, …},
 *   "handoff_ps": N, "magazine_ps": N, "depot_ps": N}; what it does not name is 0;
 *
 *   a results folder: the cost model that bench fitted for this allocator there,
 *   its kfree's, rounded half up to ps. What no model has (kmalloc's constant is
 *   taken to be kfree's) stays as it is by default.
 *
 * Returns 0; KB_E_IO, KB_E_FORMAT, KB_E_RANGE or KB_E_NOMEM with `diag` filled.
 */
int bench_smp_costs_read(struct smp_costs *out, const char *path,
			 const char *name, struct kb_diag *diag);

#endif /* BENCH_SMP_COSTS_H */
