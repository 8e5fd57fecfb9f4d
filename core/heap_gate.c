#include "heap_gate.h"

#include <string.h>

int heap_gate_init(struct heap_gate *gate, const struct heap_gate_ops *ops,
		   void *heap, enum heap_lock_kind lock, uint32_t rounds,
		   uint32_t cpus)
{
	memset(gate, 0, sizeof(*gate));
	gate->ops = ops;
	gate->heap = heap;
	if (rounds > 0) {
		gate->magazines = magazines_new(cpus, rounds);
		if (!gate->magazines)
			return KB_E_NOMEM;
	}
	heap_lock_init(&gate->lock, lock);
	return 0;
}

void heap_gate_release(struct heap_gate *gate)
{
	magazines_free(gate->magazines);
	heap_lock_release(&gate->lock);
}

static void enter(struct heap_gate *gate, struct heap_gate_cpu *cpu)
{
	cpu->waits += heap_lock_take(&gate->lock, &cpu->node);
	cpu->acquisitions++;
	if (cpu->now)
		cpu->locked_at = cpu->now();
}

kva_t heap_gate_kmalloc(struct heap_gate *gate, struct heap_gate_cpu *cpu,
			uint32_t size, uint32_t pages)
{
	struct magazines *m = magazines_have(pages) ? gate->magazines : NULL;
	kva_t va = m ? magazines_take(m, cpu->number, pages) : 0;

	cpu->locked_at = 0;
	if (va) {
		cpu->hits++;
		return va;
	}
	enter(gate, cpu);
	va = m ? magazines_load(m, cpu->number, pages) : 0;
	if (va)
		cpu->exchanges++;
	else
		va = gate->ops->kmalloc(gate->heap, size);
	heap_lock_give(&gate->lock, &cpu->node);
	return va;
}

int heap_gate_kfree(struct heap_gate *gate, struct heap_gate_cpu *cpu, kva_t va,
		    uint32_t pages)
{
	struct magazines *m = magazines_have(pages) ? gate->magazines : NULL;
	int err = 0;

	cpu->locked_at = 0;
	if (m && magazines_put(m, cpu->number, pages, va) == 0) {
		cpu->hits++;
		return 0;
	}
	enter(gate, cpu);
	/* Without memory for a magazine the heap takes it. */
	if (m && magazines_store(m, cpu->number, pages, va) == 0)
		cpu->exchanges++;
	else
		err = gate->ops->kfree(gate->heap, va);
	heap_lock_give(&gate->lock, &cpu->node);
	return err;
}
