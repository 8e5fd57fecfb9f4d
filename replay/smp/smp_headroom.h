/*
 * smp_headroom: how much faster than recorded a trace can run on a heap and its lock
 * before these, and not the callers, decide how long it takes.
 *
 * bench may include this file.
 */
#ifndef SMP_HEADROOM_H
#define SMP_HEADROOM_H

#include "smp_sim.h"

/*
 * The speeds that are tried, thousandths: 2^(j/4) for j = 0 to 80, rounded to three
 * places.
 */
#define SMP_HEADROOM_STEPS 81
extern const uint64_t smp_headroom_speed[SMP_HEADROOM_STEPS];

/* Makes a fresh allocator for another run, which smp_headroom closes. Returns 0, or
 * <0 with `diag` filled. */
typedef int (*smp_open_fn)(void *user, struct alloc *out, struct kb_diag *diag);

/*
 * The last of these speeds before the first at which the makespan is more than 1.10
 * times what it would be if nothing took time; 0 if that is the first of all. `job`'s
 * allocator, speed and makespans_only are not looked at. Returns as smp_sim_run, or
 * as `open`.
 */
int smp_headroom(const struct smp_sim_job *job, smp_open_fn open, void *user,
		 struct smp_speed *out, struct kb_diag *diag);

#endif /* SMP_HEADROOM_H */
