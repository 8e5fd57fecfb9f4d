#include "smp_threads.h"

#include "heap_gate.h"
#include "kb_bits.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Threads' own records are this far apart. */
#define APART 128

/* An object of a copy, from the thread that allocates it to the one that frees it. */
struct object {
	uint64_t handle;
	uint32_t cpu;
	atomic_bool is_ready;
	bool is_freed;
};

struct team;

struct thread {
	struct team *team;
	pthread_t id;
	uint32_t cpu;
	int pinned;
	struct heap_gate_cpu gate;
	uint64_t ended_at;

	/* The event whose payload was not intact, from 1; 0 for none. */
	uint64_t wrong;

	uint64_t stalls;
	uint64_t cross_frees;
	uint64_t failed;
	uint64_t skipped;
	struct replay_hist *wait;
	struct replay_hist *work;
	char apart[APART];
};

struct team {
	const struct smp_threads_job *job;
	struct object *object;
	struct thread *thread;
	struct heap_gate gate;
	bool is_gated;
	atomic_uint here;
	atomic_int go;
	uint64_t began_at;
};

const char *smp_threads_lock(size_t i)
{
	return heap_lock_name(HEAP_LOCK_TICKET + i);
}

uint32_t smp_threads_cpus(uint32_t *cpu)
{
	cpu_set_t set;
	uint32_t count = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (uint32_t i = 0; i < CPU_SETSIZE && count < SMP_CPUS_MAX; i++)
		if (CPU_ISSET(i, &set))
			cpu[count++] = i;
	return count;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- The allocator, called as the timed loops call it ------------------------------ */

static uint64_t plain_alloc(const struct alloc *alloc, uint32_t size)
{
	const struct replay_op op = replay_op_alloc(0, size);
	uint64_t handle = 0;

	alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, &op, 1, &handle);
	return handle;
}

static void plain_free(const struct alloc *alloc, uint64_t handle,
		       uint32_t size)
{
	const struct replay_op op = replay_op_free(0, size);

	alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, &op, 1, &handle);
}

static kva_t heap_kmalloc(void *heap, uint32_t size)
{
	return (kva_t)plain_alloc(heap, size);
}

static int heap_kfree(void *heap, kva_t va)
{
	plain_free(heap, va, 0);
	return 0;
}

static const struct heap_gate_ops heap_ops = { heap_kmalloc, heap_kfree };

/* Pages for the magazines; more than they have for what does not go there. */
static uint32_t gate_pages(const struct alloc *alloc, uint32_t size)
{
	const uint32_t pages = alloc->vt->cluster_pages(alloc->ctx, size);

	return pages ? pages : MAGAZINES_ROWS + 1;
}

/* What a payload is made from: no two objects have the same. */
static uint64_t key_of(const struct team *team, const struct object *object)
{
	return (uint64_t)(object - team->object) + 1;
}

/* A simulated window's payload is reached through its page tables, which the
 * operations of others change: only under the lock. */
static void fill(struct thread *t, const struct object *object, uint32_t size)
{
	struct team *team = t->team;
	const struct alloc *alloc = &team->job->alloc;

	if (!alloc->vt->fill || !object->handle)
		return;
	if (team->is_gated)
		heap_lock_take(&team->gate.lock, &t->gate.node);
	alloc->vt->fill(alloc->ctx, object->handle, size, key_of(team, object));
	if (team->is_gated)
		heap_lock_give(&team->gate.lock, &t->gate.node);
}

static bool is_intact(struct thread *t, const struct object *object,
		      uint32_t size)
{
	struct team *team = t->team;
	const struct alloc *alloc = &team->job->alloc;
	bool intact;

	if (!alloc->vt->intact || !object->handle)
		return true;
	if (team->is_gated)
		heap_lock_take(&team->gate.lock, &t->gate.node);
	intact = alloc->vt->intact(alloc->ctx, object->handle, size,
				   key_of(team, object));
	if (team->is_gated)
		heap_lock_give(&team->gate.lock, &t->gate.node);
	return intact;
}

/* --- A thread ------------------------------------------------------------------------ */

/* Files an operation that began at `begin`. */
static void file_times(struct thread *t, uint64_t begin)
{
	const uint64_t end = now_ns();
	const uint64_t locked = t->gate.locked_at;

	if (locked)
		replay_hist_add(t->wait, locked - begin);
	replay_hist_add(t->work, end - (locked ? locked : begin));
}

static void run_alloc(struct thread *t, struct object *object, uint32_t size)
{
	struct team *team = t->team;
	const struct alloc *alloc = &team->job->alloc;
	const bool times = team->job->times;
	const uint64_t begin = times ? now_ns() : 0;

	if (team->is_gated)
		object->handle = heap_gate_kmalloc(&team->gate, &t->gate, size,
						   gate_pages(alloc, size));
	else
		object->handle = plain_alloc(alloc, size);
	if (times)
		file_times(t, begin);
	t->failed += object->handle == 0;
	object->cpu = t->cpu;
	if (team->job->verify)
		fill(t, object, size);
	atomic_store_explicit(&object->is_ready, true, memory_order_release);
}

static void await(struct thread *t, struct object *object)
{
	unsigned looks = 0;

	while (!atomic_load_explicit(&object->is_ready, memory_order_acquire))
		heap_lock_pause(&looks);
	t->stalls += looks > 0;
}

static void run_free(struct thread *t, struct object *object, uint32_t size,
		     struct smp_step step)
{
	struct team *team = t->team;
	const struct alloc *alloc = &team->job->alloc;
	const bool times = team->job->times;
	uint64_t begin;

	await(t, object);
	if (!object->handle) {
		t->skipped++;
		return;
	}
	t->cross_frees += object->cpu != t->cpu;
	if (team->job->verify && !is_intact(t, object, size) && !t->wrong)
		t->wrong = (uint64_t)step.event + 1;
	object->is_freed = true;
	begin = times ? now_ns() : 0;
	if (team->is_gated)
		heap_gate_kfree(&team->gate, &t->gate, (kva_t)object->handle,
				gate_pages(alloc, size));
	else
		plain_free(alloc, object->handle, size);
	if (times)
		file_times(t, begin);
}

/* Until the next event has been thought about, from `from` on; with `max` there is
 * nothing to think about. */
static void think(const struct team *team, uint64_t from, uint64_t before,
		  struct smp_step step)
{
	const struct smp_program *program = team->job->program;
	const uint64_t now = program->event[step.event].time_ns;
	unsigned looks = 0;
	uint64_t ps = 0;

	smp_speed_scale(team->job->speed, now > before ? now - before : 0, &ps);
	if (smp_step_begins(program, step))
		ps += team->job->stagger_ns * 1000 * step.copy;
	/* A look takes more than a nanosecond, so a clock that runs ends this
	 * first. */
	for (uint64_t left = ps / 1000; left > 0 && now_ns() - from < ps / 1000;
	     left--)
		heap_lock_pause(&looks);
}

static void run_steps(struct thread *t)
{
	struct team *team = t->team;
	const struct smp_program *program = team->job->program;
	const struct smp_order *order = team->job->order;
	const bool thinks =
		team->job->speed.thousandths || team->job->stagger_ns;
	uint64_t before = program->event[0].time_ns;

	for (size_t i = order->begin[t->cpu]; i < order->begin[t->cpu + 1];
	     i++) {
		const struct smp_step step = order->step[i];
		const struct smp_event *event = &program->event[step.event];
		struct object *object =
			&team->object[(size_t)step.copy * program->objects +
				      smp_event_object(event)];

		if (thinks)
			think(team, now_ns(), before, step);
		before = event->time_ns;
		if (smp_event_is_free(event))
			run_free(t, object, event->size, step);
		else
			run_alloc(t, object, event->size);
	}
}

static void *thread_main(void *argument)
{
	struct thread *t = argument;
	struct team *team = t->team;
	cpu_set_t set;
	unsigned looks = 0;

	CPU_ZERO(&set);
	CPU_SET(team->job->cpu[t->cpu], &set);
	t->pinned = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	atomic_fetch_add(&team->here, 1);
	while (atomic_load_explicit(&team->go, memory_order_acquire) == 0)
		heap_lock_pause(&looks);
	if (atomic_load(&team->go) > 0)
		run_steps(t);
	t->ended_at = now_ns();
	return NULL;
}

/* --- The team ------------------------------------------------------------------------- */

static int make_team(struct team *team, struct kb_diag *diag)
{
	const struct smp_threads_job *job = team->job;
	const uint32_t cpus = job->order->cpus;
	const size_t objects =
		(size_t)job->program->objects * job->order->copies;
	int err = 0;

	team->object = calloc(objects + 1, sizeof(*team->object));
	team->thread = calloc(cpus, sizeof(*team->thread));
	if (!team->object || !team->thread)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (job->alloc.vt->cluster_pages)
		err = heap_gate_init(
			&team->gate, &heap_ops,
			(struct alloc *)(uintptr_t)&job->alloc,
			(enum heap_lock_kind)(HEAP_LOCK_TICKET + job->lock),
			job->magazines, cpus);
	team->is_gated = job->alloc.vt->cluster_pages && err == 0;
	for (uint32_t i = 0; i < cpus; i++) {
		struct thread *t = &team->thread[i];

		t->team = team;
		t->cpu = i;
		t->gate.number = i;
		t->gate.now = job->times ? now_ns : NULL;
		t->wait = calloc(1, sizeof(*t->wait));
		t->work = calloc(1, sizeof(*t->work));
		if (!t->wait || !t->work)
			err = KB_E_NOMEM;
	}
	return err < 0 ? kb_fail(diag, KB_E_NOMEM, "out of memory") : 0;
}

static void release_team(struct team *team)
{
	for (uint32_t i = 0; team->thread && i < team->job->order->cpus; i++) {
		free(team->thread[i].wait);
		free(team->thread[i].work);
	}
	if (team->is_gated)
		heap_gate_release(&team->gate);
	free(team->thread);
	free(team->object);
}

/* Starts the threads, lets them go together and waits for their end. */
static int run_team(struct team *team, struct kb_diag *diag)
{
	const uint32_t cpus = team->job->order->cpus;
	uint32_t started = 0;
	int cause = 0;

	for (; started < cpus && cause == 0; started += cause == 0)
		cause = pthread_create(&team->thread[started].id, NULL,
				       thread_main, &team->thread[started]);
	while (cause == 0 && atomic_load(&team->here) < cpus)
		sched_yield();
	for (uint32_t i = 0; i < started && cause == 0; i++)
		cause = team->thread[i].pinned;
	team->began_at = now_ns();
	atomic_store_explicit(&team->go, cause == 0 ? 1 : -1,
			      memory_order_release);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(team->thread[i].id, NULL);
	if (cause == 0)
		return 0;
	return kb_fail(diag, KB_E_ENVIRONMENT,
		       "cannot run a thread on each of %" PRIu32 " CPUs: %s",
		       cpus, strerror(cause));
}

static void sum_up(const struct team *team, struct smp_threads_result *out)
{
	const struct smp_order *order = team->job->order;

	out->events = order->begin[order->cpus];
	for (uint32_t i = 0; i < order->cpus; i++) {
		const struct thread *t = &team->thread[i];

		out->makespan_ns =
			kb_max(out->makespan_ns, t->ended_at - team->began_at);
		out->lock_acquisitions += t->gate.acquisitions;
		out->lock_waits += t->gate.waits;
		out->magazine_hits += t->gate.hits;
		out->depot_exchanges += t->gate.exchanges;
		out->dependency_stalls += t->stalls;
		out->cross_cpu_frees += t->cross_frees;
		out->failed_allocs += t->failed;
		out->skipped_frees += t->skipped;
		replay_hist_merge(&out->wait, t->wait);
		replay_hist_merge(&out->work, t->work);
	}
}

/* What nobody freed is looked at once more, and goes back to an allocator that would
 * otherwise keep it. */
static int clean_up(struct team *team, struct kb_diag *diag)
{
	const struct smp_program *program = team->job->program;
	const struct alloc *alloc = &team->job->alloc;
	struct thread *first = &team->thread[0];

	for (uint32_t i = 0; i < team->job->order->cpus; i++)
		if (team->thread[i].wrong)
			return kb_fail(diag, KB_E_WRONG,
				       "event %" PRIu64 ": the payload of the "
				       "object was overwritten",
				       team->thread[i].wrong);
	for (uint32_t i = 0; i < program->events; i++) {
		const struct smp_event *event = &program->event[i];

		for (uint32_t r = 0; r < team->job->order->copies; r++) {
			struct object *o =
				&team->object[(size_t)r * program->objects +
					      smp_event_object(event)];

			if (smp_event_is_free(event) || o->is_freed ||
			    !o->handle)
				continue;
			if (team->job->verify &&
			    !is_intact(first, o, event->size))
				return kb_fail(diag, KB_E_WRONG,
					       "event %" PRIu32 ": the payload "
					       "of the object was overwritten",
					       i + 1);
			if (!team->is_gated)
				plain_free(alloc, o->handle, event->size);
		}
	}
	if (team->job->verify && alloc->vt->is_valid &&
	    !alloc->vt->is_valid(alloc->ctx))
		return kb_fail(diag, KB_E_WRONG,
			       "the heap's data structures are inconsistent");
	return 0;
}

int smp_threads_run(const struct smp_threads_job *job,
		    struct smp_threads_result *out, struct kb_diag *diag)
{
	struct team team = { .job = job };
	int err;

	memset(out, 0, sizeof(*out));
	err = make_team(&team, diag);
	if (err == 0)
		err = run_team(&team, diag);
	if (err == 0) {
		sum_up(&team, out);
		err = clean_up(&team, diag);
	}
	release_team(&team);
	return err;
}
