/*
 * replay_progress: how far a pass is, for a watcher in another process or
 * thread. It is in shared memory and starts as zeros.
 *
 * (C and C++ have no atomic type in common, so the word is plain and accessed
 * with atomic builtins that gcc and clang have in both.)
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdint.h>

struct replay_progress {
	/* Use only through the functions below. */
	uint64_t events;
};

/* Reports how many events are done; `progress` may be NULL. */
static inline void replay_progress_tell(struct replay_progress *progress,
					uint64_t events)
{
	if (progress)
		__atomic_store_n(&progress->events, events, __ATOMIC_RELAXED);
}

/* The number of events last reported. */
static inline uint64_t
replay_progress_read(const struct replay_progress *progress)
{
	return __atomic_load_n(&progress->events, __ATOMIC_RELAXED);
}

#endif /* REPLAY_PROGRESS_H */
