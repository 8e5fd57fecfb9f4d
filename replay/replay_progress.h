/*
 * replay_progress: how far a pass is, for whoever watches from another process or
 * thread. Lives in memory that both see; starts as zeros.
 *
 * (C and C++ have no atomic type in common, so that the accesses are atomic, by
 * what gcc and clang have in both, and the word is plain.)
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdint.h>

struct replay_progress {
	/* Through the functions below only. */
	uint64_t events;
};

/* Tells how many events are done; `progress` is NULL for nobody. */
static inline void replay_progress_tell(struct replay_progress *progress,
					uint64_t events)
{
	if (progress)
		__atomic_store_n(&progress->events, events, __ATOMIC_RELAXED);
}

/* The events last told of. */
static inline uint64_t
replay_progress_read(const struct replay_progress *progress)
{
	return __atomic_load_n(&progress->events, __ATOMIC_RELAXED);
}

#endif /* REPLAY_PROGRESS_H */
