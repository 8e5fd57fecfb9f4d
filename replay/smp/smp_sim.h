/*
 * smp_sim: a replay on several CPUs, simulated: one heap under one lock, exact, on
 * any machine, for any number of CPUs. Times are whole picoseconds.
 *
 *   z  think time: since the CPU's event before, at the speed
 *   r  ready:  max(done(event before on the CPU) + z, done(alloc) if it is a free)
 *   s  start:  max(r, when the lock was last given back)
 *   done = s + S, + the hand-over if another CPU held the lock last
 *
 * S is what the real, counted heap's steps cost (smp_costs.h): it executes each
 * operation when that gets the lock, which serves by the smallest (r, number of the
 * event, copy). Callers that wait do nothing else, as a kernel's: later events of
 * a CPU start later.
 *
 * A free whose alloc failed is skipped. With magazines (core/magazines.h) a hit
 * takes no lock.
 *
 * bench may include this file.
 */
#ifndef SMP_SIM_H
#define SMP_SIM_H

#include "alloc.h"
#include "smp_costs.h"
#include "smp_counters.h"
#include "smp_order.h"
#include "smp_program.h"
#include "smp_speed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most clusters of a magazine: as many as the largest window has pages. */
#define SMP_MAGAZINES_MAX (UINT32_C(1) << 19)

/* Whether an allocator can be simulated: it counts its steps in a window. */
bool smp_sim_can(const struct alloc_vt *vt);

/* The window of a heap that serves `copies` copies, as `*base` and `*pages`, which
 * were configured (0: the heap's defaults): as many pages for each copy, as far as
 * the heap can have them, and a base low enough for them. */
void smp_sim_window(uint32_t *base, uint32_t *pages, uint32_t copies);

struct smp_sim_job {
	/* Borrowed. */
	const struct smp_program *program;
	const struct smp_order *order;
	const struct smp_costs *costs;

	struct smp_speed speed;

	/* How much later than the one before a copy begins, ns, at every speed. */
	uint64_t stagger_ns;

	/* Freshly opened; can be simulated. The caller closes it. */
	struct alloc alloc;

	/* Clusters of a magazine; 0 for none. */
	uint32_t magazines;

	/* Only the makespans are wanted. */
	bool makespans_only;

	/* Polled now and then; NULL for nobody. Events done, and whether to go
	 * on. */
	bool (*tell)(void *user, uint64_t events);
	void *user;
};

struct smp_sim_result {
	struct smp_counters counters;

	/* Events of all copies. */
	uint64_t events;

	/* The waits above 0, rising. Owned. */
	uint64_t *wait;
	size_t waits;
};

/*
 * Returns 0, with `*out` to be released; or <0 with `diag` filled: KB_E_RANGE if a
 * time or a sum exceeds INT64_MAX ps; KB_E_WRONG if the allocator refuses an address
 * that it handed out; KB_E_STOPPED; KB_E_NOMEM.
 */
int smp_sim_run(const struct smp_sim_job *job, struct smp_sim_result *out,
		struct kb_diag *diag);

/* Harmless on an empty one. */
void smp_sim_release(struct smp_sim_result *result);

#endif /* SMP_SIM_H */
