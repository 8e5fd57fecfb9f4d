/*
 * replay_futex: a word of memory that two processes share, and that one sleeps on
 * until the other has changed it (futex(2)).
 *
 * The replay engine and bench may include this file.
 */
#ifndef REPLAY_FUTEX_H
#define REPLAY_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long a process sleeps before it checks that the other still runs, ns. */
#define REPLAY_FUTEX_PATIENCE_NS 200000000

/* Sleeps while the word is `value`, but no longer than the patience above, and at
 * times less: the caller looks again. */
static inline void replay_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	const struct timespec patience = { .tv_nsec =
						   REPLAY_FUTEX_PATIENCE_NS };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &patience, NULL, 0);
}

/* Wakes all who sleep on the word. */
static inline void replay_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

#endif /* REPLAY_FUTEX_H */
