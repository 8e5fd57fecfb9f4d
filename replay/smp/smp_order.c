#include "smp_order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint32_t smp_order_copies(const struct smp_program *program, uint32_t cpus)
{
	if (program->cpus == 0)
		return 1;
	return cpus / program->cpus + (cpus % program->cpus != 0);
}

static uint32_t cpu_of(const struct smp_program *p, const struct smp_order *o,
		       uint32_t event, uint32_t copy)
{
	return (uint32_t)(((uint64_t)copy * p->cpus + p->cpu[event]) % o->cpus);
}

/* Where each CPU's steps begin, from how many it has. */
static void find_begins(struct smp_order *o, const struct smp_program *p)
{
	for (uint32_t i = 0; i < p->events; i++)
		for (uint32_t r = 0; r < o->copies; r++)
			o->begin[cpu_of(p, o, i, r) + 1]++;
	for (uint32_t cpu = 0; cpu < o->cpus; cpu++)
		o->begin[cpu + 1] += o->begin[cpu];
}

int smp_order_make(struct smp_order *o, const struct smp_program *p,
		   uint32_t cpus, struct kb_diag *diag)
{
	const uint32_t copies = smp_order_copies(p, cpus);
	const size_t steps = (size_t)copies * p->events;
	size_t *next = calloc(cpus, sizeof(*next));

	*o = (struct smp_order){ .cpus = cpus, .copies = copies };
	o->step = calloc(steps + 1, sizeof(*o->step));
	o->begin = calloc((size_t)cpus + 1, sizeof(*o->begin));
	if (!next || !o->step || !o->begin) {
		free(next);
		smp_order_release(o);
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for %zu events on %" PRIu32
			       " CPUs",
			       steps, cpus);
	}
	find_begins(o, p);
	memcpy(next, o->begin, cpus * sizeof(*next));
	for (uint32_t i = 0; i < p->events; i++)
		for (uint32_t r = 0; r < copies; r++)
			o->step[next[cpu_of(p, o, i, r)]++] =
				(struct smp_step){ i, r };
	free(next);
	return 0;
}

void smp_order_release(struct smp_order *order)
{
	free(order->step);
	free(order->begin);
	memset(order, 0, sizeof(*order));
}
