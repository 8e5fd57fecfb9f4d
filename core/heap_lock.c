#include "heap_lock.h"

#include "kb_bits.h"

#include <sched.h>

/* Looks at a lock before the thread lets others run: some 100 µs. */
#define LOOKS 8192u

const char *heap_lock_name(size_t kind)
{
	static const char *const names[] = {
		[HEAP_LOCK_NONE] = "none",   [HEAP_LOCK_TICKET] = "ticket",
		[HEAP_LOCK_MCS] = "mcs",     [HEAP_LOCK_TAS] = "tas",
		[HEAP_LOCK_MUTEX] = "mutex",
	};

	return kind < KB_ARRAY_LEN(names) ? names[kind] : NULL;
}

void heap_lock_init(struct heap_lock *lock, enum heap_lock_kind kind)
{
	lock->kind = kind;
	atomic_init(&lock->next, 0);
	atomic_init(&lock->serving, 0);
	atomic_init(&lock->is_taken, false);
	atomic_init(&lock->tail, NULL);
	/* Fails for no mutex of the default kind. */
	pthread_mutex_init(&lock->mutex, NULL);
}

void heap_lock_release(struct heap_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

void heap_lock_pause(unsigned *looks)
{
	if (++*looks % LOOKS == 0)
		sched_yield();
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static bool take_ticket(struct heap_lock *lock)
{
	const unsigned ticket =
		atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
	unsigned looks = 0;

	while (atomic_load_explicit(&lock->serving, memory_order_acquire) !=
	       ticket)
		heap_lock_pause(&looks);
	return looks > 0;
}

static void give_ticket(struct heap_lock *lock)
{
	const unsigned serving =
		atomic_load_explicit(&lock->serving, memory_order_relaxed);

	atomic_store_explicit(&lock->serving, serving + 1,
			      memory_order_release);
}

static bool take_mcs(struct heap_lock *lock, struct heap_lock_node *node)
{
	struct heap_lock_node *before;
	unsigned looks = 0;

	atomic_store_explicit(&node->next, NULL, memory_order_relaxed);
	atomic_store_explicit(&node->is_ours, false, memory_order_relaxed);
	before = atomic_exchange_explicit(&lock->tail, node,
					  memory_order_acq_rel);
	if (!before)
		return false;
	atomic_store_explicit(&before->next, node, memory_order_release);
	while (!atomic_load_explicit(&node->is_ours, memory_order_acquire))
		heap_lock_pause(&looks);
	return true;
}

static void give_mcs(struct heap_lock *lock, struct heap_lock_node *node)
{
	struct heap_lock_node *last = node, *next;
	unsigned looks = 0;

	next = atomic_load_explicit(&node->next, memory_order_acquire);
	if (!next && atomic_compare_exchange_strong_explicit(
			     &lock->tail, &last, NULL, memory_order_release,
			     memory_order_relaxed))
		return;
	/* Somebody has come and is about to say so. */
	while (!next) {
		heap_lock_pause(&looks);
		next = atomic_load_explicit(&node->next, memory_order_acquire);
	}
	atomic_store_explicit(&next->is_ours, true, memory_order_release);
}

static bool take_flag(struct heap_lock *lock)
{
	unsigned looks = 0;

	while (atomic_exchange_explicit(&lock->is_taken, true,
					memory_order_acquire))
		heap_lock_pause(&looks);
	return looks > 0;
}

static bool take_mutex(struct heap_lock *lock)
{
	if (pthread_mutex_trylock(&lock->mutex) == 0)
		return false;
	pthread_mutex_lock(&lock->mutex);
	return true;
}

bool heap_lock_take(struct heap_lock *lock, struct heap_lock_node *node)
{
	switch (lock->kind) {
	case HEAP_LOCK_TICKET:
		return take_ticket(lock);
	case HEAP_LOCK_MCS:
		return take_mcs(lock, node);
	case HEAP_LOCK_TAS:
		return take_flag(lock);
	case HEAP_LOCK_MUTEX:
		return take_mutex(lock);
	case HEAP_LOCK_NONE:
		break;
	}
	return false;
}

void heap_lock_give(struct heap_lock *lock, struct heap_lock_node *node)
{
	switch (lock->kind) {
	case HEAP_LOCK_TICKET:
		give_ticket(lock);
		return;
	case HEAP_LOCK_MCS:
		give_mcs(lock, node);
		return;
	case HEAP_LOCK_TAS:
		atomic_store_explicit(&lock->is_taken, false,
				      memory_order_release);
		return;
	case HEAP_LOCK_MUTEX:
		pthread_mutex_unlock(&lock->mutex);
		return;
	case HEAP_LOCK_NONE:
		return;
	}
}
