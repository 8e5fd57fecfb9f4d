/*
 * heap_gate: the way into a heap that several CPUs share: its lock (heap_lock.h), and
 * in front of that each CPU's magazines (magazines.h).
 *
 *   kmalloc ──> magazines of the CPU ──hit──> no lock
 *                    │ miss
 *                  lock ──> depot: a full magazine ──> else the heap's kmalloc
 *
 * The heap below is called only under the lock.
 *
 * core/ and whoever makes a heap may include this file.
 */
#ifndef HEAP_GATE_H
#define HEAP_GATE_H

#include "heap_lock.h"
#include "kva.h"
#include "magazines.h"

#include <stdint.h>

/* The heap below, as kheap.h has it. */
struct heap_gate_ops {
	kva_t (*kmalloc)(void *heap, uint32_t size);
	int (*kfree)(void *heap, kva_t va);
};

/* Of each CPU, whose thread alone writes it. */
struct heap_gate_cpu {
	uint32_t number;
	struct heap_lock_node node;

	/* Counts. */
	uint64_t acquisitions;
	uint64_t waits;
	uint64_t hits;
	uint64_t exchanges;

	/* If `now` is set: what it said when the last request had the lock;
	 * 0 if that needed none. */
	uint64_t (*now)(void);
	uint64_t locked_at;
};

struct heap_gate {
	const struct heap_gate_ops *ops;
	void *heap;
	struct heap_lock lock;

	/* Owned; NULL for none. */
	struct magazines *magazines;
};

/* Magazines of `rounds` clusters, 0 for none, for `cpus` CPUs. The heap stays the
 * caller's. Returns 0, to be released; or KB_E_NOMEM. */
int heap_gate_init(struct heap_gate *gate, const struct heap_gate_ops *ops,
		   void *heap, enum heap_lock_kind lock, uint32_t rounds,
		   uint32_t cpus);
void heap_gate_release(struct heap_gate *gate);

/* Allocates `size` bytes: a cluster of `pages` pages. Returns as kheap_kmalloc. */
kva_t heap_gate_kmalloc(struct heap_gate *gate, struct heap_gate_cpu *cpu,
			uint32_t size, uint32_t pages);

/* Frees such a cluster. Returns as kheap_kfree, but does not look at one that goes
 * into a magazine. */
int heap_gate_kfree(struct heap_gate *gate, struct heap_gate_cpu *cpu, kva_t va,
		    uint32_t pages);

#endif /* HEAP_GATE_H */
