/*
 * replay_ahead: a process that decodes a trace on another CPU, some slices ahead
 * of the replay, into shared memory.
 *
 * The feeds include this file.
 */
#ifndef REPLAY_AHEAD_H
#define REPLAY_AHEAD_H

#include "replay_fill.h"

struct replay_ahead;

/* Starts it with a fill that is at its first event; from then on the process's
 * own. It runs on `cpu`, and ends with the caller. Returns 0, or <0 with `diag`
 * filled. */
int replay_ahead_start(struct replay_ahead **out, struct replay_fill *fill,
		       int cpu, struct kb_diag *diag);

/* NULL is ignored. */
void replay_ahead_stop(struct replay_ahead *ahead);

/* As replay_feed_next; waits for the process. Before the first rewind nothing is
 * decoded twice: the first replay needs none. */
int replay_ahead_next(struct replay_ahead *ahead, struct replay_slice *slice,
		      struct kb_diag *diag);

/* Has it begin again at the first event; what is under way is dropped. */
void replay_ahead_rewind(struct replay_ahead *ahead);

#endif /* REPLAY_AHEAD_H */
