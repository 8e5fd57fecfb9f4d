/*
 * replay_lap: a replay that repeats a trace endlessly, one timed slice at a
 * time, for comparing two builds in lock-step. At the trace's end everything is
 * freed, untimed, and it begins again; so the n-th slice has the same
 * operations in every process that asks for the same slices.
 *
 * bench may include this file.
 */
#ifndef REPLAY_LAP_H
#define REPLAY_LAP_H

#include "replay.h"

struct replay_lap;

/*
 * Begins, in `*out`, at the trace's first event. `job` names reader, allocator,
 * touch and clock; all borrowed. Returns 0 or KB_E_NOMEM.
 */
int replay_lap_new(struct replay_lap **out, const struct replay_job *job);

/* Frees a lap; its live objects are the allocator's. NULL is ignored. */
void replay_lap_free(struct replay_lap *lap);

/*
 * Before the first turn: replays the trace until the steady state is reached
 * (replay_steady.h) or 100 ms are over, at least once; it ends with the trace. Of a
 * trace of more than REPLAY_WARM_EVENTS_MAX events it runs these, once. So it ends
 * at the same event in every process. Returns as replay_lap_run.
 */
int replay_lap_warm(struct replay_lap *lap, struct kb_diag *diag);

/*
 * Runs the next `count` operations. Adds the ticks that they took to `*ticks`
 * and the number of pairs of clock readings to `*readings`. Returns 0, or <0
 * with `diag` filled; KB_E_CORRUPT if the trace is empty.
 */
int replay_lap_run(struct replay_lap *lap, uint64_t count, uint64_t *ticks,
		   uint64_t *readings, struct kb_diag *diag);

#endif /* REPLAY_LAP_H */
