/*
 * heap_lock: the locks that a heap can have, as kernels know them.
 *
 *   ticket  first come, first served, all waiters watch one word (Linux until 4.2);
 *   mcs     the same order, each waiter watches a word of its own (Mellor-Crummey
 *           and Scott, ACM TOCS 9(1), 1991);
 *   tas     test and set: whoever is quickest, which is mostly the CPU that had it;
 *   mutex   the C library's.
 *
 * A waiter of the first three spins; since a host, unlike a kernel, may take the CPU
 * from the holder, it yields now and then.
 *
 * core/ and whoever makes a heap may include this file.
 */
#ifndef HEAP_LOCK_H
#define HEAP_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_lock_kind {
	HEAP_LOCK_NONE,
	HEAP_LOCK_TICKET,
	HEAP_LOCK_MCS,
	HEAP_LOCK_TAS,
	HEAP_LOCK_MUTEX
};

/* The name of a kind: "none", "ticket"; NULL past the last. */
const char *heap_lock_name(size_t kind);

/* What a thread brings along; its own while it waits and holds. */
struct heap_lock_node {
	_Atomic(struct heap_lock_node *) next;
	atomic_bool is_ours;
};

struct heap_lock {
	enum heap_lock_kind kind;
	atomic_uint next;
	atomic_uint serving;
	atomic_bool is_taken;
	_Atomic(struct heap_lock_node *) tail;
	pthread_mutex_t mutex;
};

void heap_lock_init(struct heap_lock *lock, enum heap_lock_kind kind);
void heap_lock_release(struct heap_lock *lock);

/* Waits for the lock. Returns true if another thread had it. */
bool heap_lock_take(struct heap_lock *lock, struct heap_lock_node *node);

/* Once around a loop that waits; `looks` counts them. Yields the CPU at times. */
void heap_lock_pause(unsigned *looks);

/* Gives it back; `node` is the one it was taken with. */
void heap_lock_give(struct heap_lock *lock, struct heap_lock_node *node);

#endif /* HEAP_LOCK_H */
