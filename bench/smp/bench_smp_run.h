/*
 * bench_smp_run: simulates what was asked for.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMP_RUN_H
#define BENCH_SMP_RUN_H

#include "bench_smp.h"
#include "kb_progress.h"
#include "kb_status.h"

/*
 * Fills smp->result: for each allocator, each speed and each number of CPUs one.
 * Returns 0; or <0 with `diag` filled and what was finished: KB_E_ARG for an
 * allocator that cannot be simulated, KB_E_STOPPED after a signal, or as smp_sim_run.
 */
int bench_smp_run(struct bench_smp *smp, struct kb_progress *progress,
		  struct kb_diag *diag);

/*
 * Fills smp->threaded likewise, by threads. Returns 0; or <0 with `diag` filled and
 * what was finished: KB_E_ENVIRONMENT for more CPUs than this process may use, KB_E_ARG
 * for an allocator that threads cannot share, KB_E_WRONG for a failed verification,
 * KB_E_STOPPED.
 */
int bench_smp_run_threads(struct bench_smp *smp, struct kb_progress *progress,
			  struct kb_diag *diag);

/*
 * The allocator that a spec names, without the lock and the magazines that its own
 * keys may say: those are the engine's, here as `*lock`, a name of smp_threads_lock,
 * and `*magazines`, or else the settings'.
 */
struct alloc_spec bench_smp_spec(const struct bench_smp_settings *settings,
				 const struct alloc_spec *spec,
				 const char **lock, uint32_t *magazines);

/* Whether an allocator can be simulated. Returns 0, or KB_E_ARG or what opening it
 * said, with `diag` filled. */
int bench_smp_check(const struct bench_smp_settings *settings,
		    const struct alloc_spec *spec, struct kb_diag *diag);

/* Frees the results. */
void bench_smp_release(struct bench_smp *smp);

#endif /* BENCH_SMP_RUN_H */
