#include "replay_ahead.h"

#include "kb_parent.h"
#include "replay_futex.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Slices of a MiB that are decoded ahead. */
#define SLICES 4

/* Looks at a slice that is not there yet before the replay sleeps: about a
 * millisecond. A sleep would let others use its caches. */
#define LOOKS 20000

/* What the decoder says of a slice. */
struct message {
	/* The replay that it belongs to. */
	uint32_t round;

	/* 0, KB_END or an error. */
	int status;
	size_t count;
	size_t slots;
	uint64_t first_event;
	bool is_left;
	struct kb_diag diag;
};

struct ring {
	/* Slices written and given back, ever; the replay that is wanted. */
	_Atomic uint32_t written;
	_Atomic uint32_t taken;
	_Atomic uint32_t wanted;
	struct message message[SLICES];
	struct replay_op ops[SLICES][REPLAY_FILL_OPS];
};

struct replay_ahead {
	struct ring *ring;
	pid_t child;

	/* The reader has been handed a slice that is not given back yet. */
	bool holds;
};

/* --- The decoder --- */

/* Waits for a slice that is free; false if another replay is wanted meanwhile. */
static bool wait_for_room(struct ring *ring, uint32_t round)
{
	for (;;) {
		uint32_t taken = atomic_load(&ring->taken);

		if (atomic_load(&ring->wanted) != round)
			return false;
		if (atomic_load(&ring->written) - taken < SLICES)
			return true;
		replay_futex_wait(&ring->taken, taken);
	}
}

/* Writes one slice, or the end of the trace; what it was. */
static int write_slice(struct ring *ring, struct replay_fill *fill,
		       uint32_t round)
{
	const uint32_t at = atomic_load(&ring->written) % SLICES;
	struct message *m = &ring->message[at];
	struct replay_slice slice = { .ops = NULL };

	kb_diag_init(&m->diag);
	m->status = replay_fill_next(fill, ring->ops[at], &slice, &m->diag);
	m->round = round;
	m->count = slice.count;
	m->slots = slice.slots;
	m->first_event = slice.first_event;
	m->is_left = slice.is_left;
	atomic_fetch_add(&ring->written, 1);
	replay_futex_wake(&ring->written);
	return m->status;
}

/* Decodes one replay's slices, then waits until the next is wanted. */
static void decode(struct ring *ring, struct replay_fill *fill)
{
	const uint32_t round = atomic_load(&ring->wanted);
	int status = 0;

	while (status == 0) {
		if (!wait_for_room(ring, round))
			return;
		status = write_slice(ring, fill, round);
	}
	while (atomic_load(&ring->wanted) == round)
		replay_futex_wait(&ring->wanted, round);
}

/* One that cannot be pinned is left where it is: only the caller must not move. */
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void run_child(struct ring *ring, struct replay_fill *fill, int cpu,
		      pid_t parent)
{
	struct kb_diag diag;

	kb_parent_follow(parent);
	pin(cpu);
	for (;;) {
		decode(ring, fill);
		kb_diag_init(&diag);
		if (replay_fill_rewind(fill, &diag) < 0)
			break;
	}
	_exit(0);
}

/* --- The replay --- */

int replay_ahead_start(struct replay_ahead **out, struct replay_fill *fill,
		       int cpu, struct kb_diag *diag)
{
	struct replay_ahead *ahead = calloc(1, sizeof(*ahead));
	const pid_t self = getpid();

	*out = ahead;
	if (!ahead)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	ahead->ring = mmap(NULL, sizeof(*ahead->ring), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (ahead->ring == MAP_FAILED) {
		ahead->ring = NULL;
		return kb_fail(diag, KB_E_NOMEM, "out of memory for slices");
	}
	ahead->child = fork();
	if (ahead->child < 0)
		return kb_fail(diag, KB_E_IO, "cannot start a process: %s",
			       strerror(errno));
	if (ahead->child == 0)
		run_child(ahead->ring, fill, cpu, self);
	return 0;
}

void replay_ahead_stop(struct replay_ahead *ahead)
{
	if (!ahead)
		return;
	if (ahead->child > 0) {
		kill(ahead->child, SIGKILL);
		while (waitpid(ahead->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (ahead->ring)
		munmap(ahead->ring, sizeof(*ahead->ring));
	free(ahead);
}

static void give_back(struct replay_ahead *ahead)
{
	if (!ahead->holds)
		return;
	atomic_fetch_add(&ahead->ring->taken, 1);
	replay_futex_wake(&ahead->ring->taken);
	ahead->holds = false;
}

static bool is_gone(struct replay_ahead *ahead)
{
	if (ahead->child > 0 &&
	    waitpid(ahead->child, NULL, WNOHANG) == ahead->child)
		ahead->child = 0;
	return ahead->child == 0;
}

/* Waits for the next slice. */
static int wait_for_slice(struct replay_ahead *ahead, struct kb_diag *diag)
{
	struct ring *ring = ahead->ring;
	const uint32_t taken = atomic_load(&ring->taken);

	for (unsigned look = 0; look < LOOKS; look++)
		if (atomic_load(&ring->written) != taken)
			return 0;
	while (atomic_load(&ring->written) == taken) {
		if (is_gone(ahead))
			return kb_fail(diag, KB_E_IO,
				       "the process that decodes the trace "
				       "was killed; run it again");
		replay_futex_wait(&ring->written, taken);
	}
	return 0;
}

int replay_ahead_next(struct replay_ahead *ahead, struct replay_slice *slice,
		      struct kb_diag *diag)
{
	struct ring *ring = ahead->ring;

	for (;;) {
		uint32_t at;
		struct message *m;
		int err;

		give_back(ahead);
		err = wait_for_slice(ahead, diag);
		if (err < 0)
			return err;
		ahead->holds = true;
		at = atomic_load(&ring->taken) % SLICES;
		m = &ring->message[at];
		if (m->round != atomic_load(&ring->wanted))
			continue;
		if (m->status < 0)
			return kb_fail(diag, m->status, "%s", m->diag.text);
		*slice = (struct replay_slice){ .ops = ring->ops[at],
						.count = m->count,
						.first_event = m->first_event,
						.slots = m->slots,
						.is_left = m->is_left };
		return m->status;
	}
}

void replay_ahead_rewind(struct replay_ahead *ahead)
{
	give_back(ahead);
	atomic_fetch_add(&ahead->ring->wanted, 1);
	replay_futex_wake(&ahead->ring->wanted);
	replay_futex_wake(&ahead->ring->taken);
}
