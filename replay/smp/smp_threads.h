/*
 * smp_threads: a replay on several CPUs by as many pinned threads. It checks the
 * simulation, and times allocators whose steps nobody can count.
 *
 * Each thread runs its CPU's events in their order. A free waits for its alloc by a
 * flag that each object has; there is no barrier, and no order but these. A heap of a
 * simulated window gets a lock, and magazines if asked for (core/heap_gate.h);
 * any other allocator is called as it is, by all threads at once.
 *
 * bench may include this file.
 */
#ifndef SMP_THREADS_H
#define SMP_THREADS_H

#include "alloc.h"
#include "replay_hist.h"
#include "smp_order.h"
#include "smp_program.h"
#include "smp_speed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The locks: "ticket", "mcs", "tas", "mutex"; NULL past the last. */
const char *smp_threads_lock(size_t i);

/* CPUs that this process may run on, rising, into `cpu`, which has room for SMP_CPUS_MAX.
 * Returns how many. */
uint32_t smp_threads_cpus(uint32_t *cpu);

struct smp_threads_job {
	/* Borrowed. */
	const struct smp_program *program;
	const struct smp_order *order;

	/* The CPUs to run on, one for each of the order's. Borrowed. */
	const uint32_t *cpu;

	struct smp_speed speed;
	uint64_t stagger_ns;

	/* Freshly opened; the caller closes it. */
	struct alloc alloc;

	/* Of a heap with a window: index of smp_threads_lock, and clusters of a
	 * magazine. */
	size_t lock;
	uint32_t magazines;

	/* Write a payload into each object and look for it at its free. */
	bool verify;

	/* Time each operation, which makes all of them slower. */
	bool times;
};

/* What threads can count: X(name). As in smp_counters.h. */
/* clang-format off */
#define SMP_THREADS_COUNTERS(X)						\
	X(lock_acquisitions) X(lock_waits) X(dependency_stalls)		\
	X(cross_cpu_frees) X(magazine_hits) X(depot_exchanges)		\
	X(failed_allocs) X(skipped_frees)
/* clang-format on */

struct smp_threads_result {
	uint64_t events;
	uint64_t makespan_ns;

#define X(name) uint64_t name;
	SMP_THREADS_COUNTERS(X)
#undef X

	/* With `times`, ns: waiting for the lock, and the work itself. */
	struct replay_hist wait;
	struct replay_hist work;
};

/*
 * Returns 0; or <0 with `diag` filled: KB_E_ENVIRONMENT if a thread cannot be had or
 * pinned; KB_E_WRONG if a payload was not intact; KB_E_NOMEM.
 */
int smp_threads_run(const struct smp_threads_job *job,
		    struct smp_threads_result *out, struct kb_diag *diag);

#endif /* SMP_THREADS_H */
