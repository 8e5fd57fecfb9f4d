/*
 * smp_order: which events each of N CPUs has, and in which order.
 *
 * A trace of C CPUs runs in R = ceil(N / C) copies, whose objects are their own.
 * Stream r * C + c, CPU c of copy r, runs on CPU (r * C + c) mod N; a CPU's events
 * come in the order of (number of the event, copy).
 *
 * The engines of replay/smp may include this file.
 */
#ifndef SMP_ORDER_H
#define SMP_ORDER_H

#include "smp_program.h"

#include <stddef.h>
#include <stdint.h>

/* Most CPUs. */
#define SMP_CPUS_MAX 4096u

struct smp_step {
	uint32_t event;
	uint32_t copy;
};

struct smp_order {
	uint32_t cpus;
	uint32_t copies;

	/* The steps of CPU p are begin[p] up to begin[p + 1]. Owned. */
	struct smp_step *step;
	size_t *begin;
};

/* Copies that `cpus` CPUs run; 1 of a trace without events. */
uint32_t smp_order_copies(const struct smp_program *program, uint32_t cpus);

/* Returns 0, to be released; or KB_E_NOMEM with `diag` filled. */
int smp_order_make(struct smp_order *order, const struct smp_program *program,
		   uint32_t cpus, struct kb_diag *diag);

/* Harmless on an empty one. */
void smp_order_release(struct smp_order *order);

/* True if the step is the first of its stream. */
static inline bool smp_step_begins(const struct smp_program *program,
				   struct smp_step step)
{
	return program->first_event[program->cpu[step.event]] == step.event;
}

#endif /* SMP_ORDER_H */
