/*
 * Each CPU has one next event. If the free's alloc is still to come, the object
 * remembers who waits; else the event is in a binary heap by (r, number, copy), whose
 * first one is served. What is not in the heap depends on something that is, and so
 * is not ready earlier.
 *
 * Hits and skipped frees pass through the same heap, though they need no lock: so
 * whatever is counted across CPUs is counted in one order.
 */
#include "smp_sim.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "kheap.h"
#include "magazines.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* No CPU. */
#define NONE UINT32_MAX

/* Counters of a heap, at most. */
#define METER_MAX 64

/* Events between two looks at whoever watches. */
#define TELL_EVENTS 4096

/* Times and sums stay below: JSON's integers end there. */
#define PS_MAX ((uint64_t)INT64_MAX)

static_assert(SMP_MAGAZINES_MAX == MAGAZINES_ROUNDS_MAX,
	      "what may be asked for, the magazines can hold");

/* An object of a copy. */
struct object {
	uint64_t handle;
	uint64_t done;
	uint64_t path;
	uint64_t path_free;
	uint32_t cpu;

	/* The CPU whose free waits for the alloc; NONE. */
	uint32_t waiter;
	bool is_done;
};

struct cpu {
	/* Its next step. */
	size_t next;

	/* Of its last event: done, and the lengths of the longest paths that
	 * end there, with this run's costs and without. */
	uint64_t done;
	uint64_t path;
	uint64_t path_free;

	/* Of its next one: z, and done + z. */
	uint64_t think;
	uint64_t ready;
};

/* An event whose r is known. */
struct ready {
	uint64_t at;
	struct smp_step step;
	uint32_t cpu;
};

/* What the heap's operations have cost, from its counters. */
struct meter {
	const struct smp_costs *costs;
	bool is_on;

	/* The counters by their order, once known. */
	bool is_known;
	uint32_t at;
	uint64_t weight[METER_MAX];
	uint64_t last[METER_MAX];

	uint64_t cost;
	bool overflows;
};

struct sim {
	const struct smp_sim_job *job;
	struct smp_sim_result *out;
	struct smp_counters *count;
	struct cpu *cpu;

	/* By copy * objects + object. */
	struct object *object;

	struct ready *heap;
	uint32_t ready;

	/* When the lock was last given back, and by whom. */
	uint64_t free_at;
	uint32_t holder;

	struct meter meter;
	struct magazines *magazines;
	uint64_t cached;
	bool overflows;
};

bool smp_sim_can(const struct alloc_vt *vt)
{
	return vt->cluster_pages != NULL && vt->counters != NULL;
}

void smp_sim_window(uint32_t *base, uint32_t *pages, uint32_t copies)
{
	const uint64_t space = (UINT64_C(1) << 32) - KVA_PAGE_SIZE;
	const uint64_t each = *pages ? *pages : KHEAP_PAGES_DEFAULT;
	const uint64_t all = kb_min(each * copies, KHEAP_PAGES_MAX);
	const uint64_t from = *base ? *base : KHEAP_BASE_DEFAULT;

	*pages = (uint32_t)all;
	*base = (uint32_t)kb_min(from, space - (all << KVA_PAGE_SHIFT));
}

/* --- Sums that cannot overflow unnoticed --------------------------------------- */

static uint64_t plus(struct sim *s, uint64_t a, uint64_t b)
{
	if (kb_likely(a <= PS_MAX && b <= PS_MAX - a))
		return a + b;
	s->overflows = true;
	return PS_MAX;
}

static void meter_counter(void *user, const char *name, uint64_t value)
{
	struct meter *m = user;
	const uint32_t i = m->at++;
	uint64_t weight, steps;
	int step;

	kb_assert(i < METER_MAX);
	if (kb_unlikely(!m->is_known)) {
		step = smp_costs_step(name);
		m->weight[i] = step < 0 ? 0 : m->costs->step_ps[step];
		m->last[i] = value;
		return;
	}
	steps = value - m->last[i];
	weight = m->weight[i];
	m->last[i] = value;
	if (weight == 0 || steps == 0)
		return;
	if (steps > PS_MAX / weight || steps * weight > PS_MAX - m->cost) {
		m->overflows = true;
		return;
	}
	m->cost += steps * weight;
}

/* What the steps since the last reading cost. */
static uint64_t meter_read(struct sim *s)
{
	struct meter *m = &s->meter;

	if (!m->is_on)
		return 0;
	m->at = 0;
	m->cost = 0;
	s->job->alloc.vt->counters(s->job->alloc.ctx, meter_counter, m);
	m->is_known = true;
	s->overflows |= m->overflows;
	return m->cost;
}

static void meter_begin(struct sim *s)
{
	s->meter.costs = s->job->costs;
	for (size_t i = 0; i < SMP_STEP_COST_COUNT; i++)
		s->meter.is_on |= s->job->costs->step_ps[i] != 0;
	meter_read(s);
}

/* --- The events whose r is known ----------------------------------------------- */

static bool is_before(const struct ready *a, const struct ready *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	if (a->step.event != b->step.event)
		return a->step.event < b->step.event;
	return a->step.copy < b->step.copy;
}

static void push(struct sim *s, struct ready ready)
{
	uint32_t i = s->ready++;

	for (; i > 0; i = (i - 1) / 2) {
		const uint32_t parent = (i - 1) / 2;

		if (!is_before(&ready, &s->heap[parent]))
			break;
		s->heap[i] = s->heap[parent];
	}
	s->heap[i] = ready;
}

static struct ready pop(struct sim *s)
{
	const struct ready first = s->heap[0];
	const struct ready last = s->heap[--s->ready];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < s->ready) {
		if (child + 1 < s->ready &&
		    is_before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!is_before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

/* --- From one event of a CPU to its next ----------------------------------------- */

static const struct smp_event *event_of(const struct sim *s,
					struct smp_step step)
{
	return &s->job->program->event[step.event];
}

static struct object *object_of(const struct sim *s, struct smp_step step)
{
	return &s->object[(size_t)step.copy * s->job->program->objects +
			  smp_event_object(event_of(s, step))];
}

static uint64_t think_of(struct sim *s, uint32_t cpu, struct smp_step step)
{
	const struct smp_order *order = s->job->order;
	const struct smp_program *program = s->job->program;
	const size_t at = s->cpu[cpu].next;
	const uint64_t now = program->event[step.event].time_ns;
	uint64_t before, think, late;

	before = at == order->begin[cpu]
			 ? program->event[0].time_ns
			 : event_of(s, order->step[at - 1])->time_ns;
	if (!smp_speed_scale(s->job->speed, now > before ? now - before : 0,
			     &think))
		s->overflows = true;
	if (step.copy == 0 || !smp_step_begins(program, step))
		return think;
	late = s->job->stagger_ns;
	if (late > PS_MAX / 1000 / step.copy) {
		s->overflows = true;
		return think;
	}
	return plus(s, think, late * 1000 * step.copy);
}

/* The free's alloc is done, or it has none to wait for: its r is known. */
static void make_ready(struct sim *s, uint32_t cpu, struct smp_step step)
{
	const struct object *object = object_of(s, step);
	uint64_t at = s->cpu[cpu].ready;

	if (smp_event_is_free(event_of(s, step)) && object->done > at) {
		s->count->dependency_stalls++;
		at = object->done;
	}
	push(s, (struct ready){ .at = at, .step = step, .cpu = cpu });
}

/* Looks at the CPU's next event, if it has one. */
static void arrive(struct sim *s, uint32_t cpu)
{
	const struct smp_order *order = s->job->order;
	struct cpu *c = &s->cpu[cpu];
	struct smp_step step;
	struct object *object;

	if (c->next == order->begin[cpu + 1])
		return;
	step = order->step[c->next];
	object = object_of(s, step);
	c->think = think_of(s, cpu, step);
	c->ready = plus(s, c->done, c->think);
	if (smp_event_is_free(event_of(s, step)) && !object->is_done)
		object->waiter = cpu;
	else
		make_ready(s, cpu, step);
}

/* The event is done, after it took `cost` itself. */
static void finish(struct sim *s, const struct ready *ready, uint64_t done,
		   uint64_t cost)
{
	struct object *object = object_of(s, ready->step);
	struct cpu *c = &s->cpu[ready->cpu];
	uint64_t path = plus(s, c->path, c->think);
	uint64_t path_free = plus(s, c->path_free, c->think);

	if (smp_event_is_free(event_of(s, ready->step))) {
		path = kb_max(path, object->path);
		path_free = kb_max(path_free, object->path_free);
	}
	c->done = done;
	c->path = plus(s, path, cost);
	c->path_free = path_free;
	s->count->makespan_ps = kb_max(s->count->makespan_ps, done);
	s->count->critical_path_ps =
		kb_max(s->count->critical_path_ps, c->path);
	s->count->zero_cost_makespan_ps =
		kb_max(s->count->zero_cost_makespan_ps, path_free);
	if (!smp_event_is_free(event_of(s, ready->step))) {
		object->done = done;
		object->path = c->path;
		object->path_free = path_free;
		object->cpu = ready->cpu;
		object->is_done = true;
		if (object->waiter != NONE)
			make_ready(s, object->waiter,
				   s->job->order
					   ->step[s->cpu[object->waiter].next]);
	}
	c->next++;
	arrive(s, ready->cpu);
}

/* --- The lock ----------------------------------------------------------------------- */

/* The event holds the lock for `cost`. */
static void serve(struct sim *s, const struct ready *ready, uint64_t cost)
{
	struct smp_counters *n = s->count;
	const uint64_t start = kb_max(ready->at, s->free_at);
	const uint64_t wait = start - ready->at;
	uint64_t busy = cost;

	if (s->holder != NONE && s->holder != ready->cpu) {
		n->handoffs++;
		busy = plus(s, busy, s->job->costs->handoff_ps);
	}
	n->lock_acquisitions++;
	if (wait > 0) {
		n->lock_waits++;
		n->lock_wait_ps = plus(s, n->lock_wait_ps, wait);
		n->lock_wait_max_ps = kb_max(n->lock_wait_max_ps, wait);
		if (s->out->wait)
			s->out->wait[s->out->waits++] = wait;
	}
	n->lock_busy_ps = plus(s, n->lock_busy_ps, busy);
	s->holder = ready->cpu;
	s->free_at = plus(s, start, busy);
	finish(s, ready, s->free_at, cost);
}

static void serve_heap(struct sim *s, const struct ready *ready,
		       uint64_t fixed_ps)
{
	serve(s, ready, plus(s, fixed_ps, meter_read(s)));
}

/* --- Magazines ---------------------------------------------------------------------- */

/* Pages of the cluster that the request takes, if it may come from magazines;
 * else 0. */
static uint32_t cached_pages(const struct sim *s, uint32_t size)
{
	const struct alloc *alloc = &s->job->alloc;
	uint32_t pages;

	if (!s->magazines)
		return 0;
	pages = alloc->vt->cluster_pages(alloc->ctx, size);
	return magazines_have(pages) ? pages : 0;
}

static void hit(struct sim *s, const struct ready *ready)
{
	s->count->magazine_hits++;
	finish(s, ready, plus(s, ready->at, s->job->costs->magazine_ps),
	       s->job->costs->magazine_ps);
}

static void exchange(struct sim *s, const struct ready *ready)
{
	s->count->depot_exchanges++;
	serve(s, ready, s->job->costs->depot_ps);
}

/* True if the alloc was served from magazines. */
static bool take_cached(struct sim *s, const struct ready *ready,
			uint32_t pages)
{
	struct object *object = object_of(s, ready->step);

	object->handle = magazines_take(s->magazines, ready->cpu, pages);
	if (object->handle) {
		s->cached -= pages;
		hit(s, ready);
		return true;
	}
	object->handle = magazines_load(s->magazines, ready->cpu, pages);
	if (!object->handle)
		return false;
	s->cached -= pages;
	exchange(s, ready);
	return true;
}

static int put_cached(struct sim *s, const struct ready *ready, uint32_t pages,
		      struct kb_diag *diag)
{
	const kva_t va = (kva_t)object_of(s, ready->step)->handle;
	int err = magazines_put(s->magazines, ready->cpu, pages, va);
	const bool is_hit = err == 0;

	if (err == KB_END)
		err = magazines_store(s->magazines, ready->cpu, pages, va);
	if (err < 0)
		return kb_fail(diag, err, "out of memory for magazines");
	s->cached += pages;
	s->count->cached_pages_peak =
		kb_max(s->count->cached_pages_peak, s->cached);
	if (is_hit)
		hit(s, ready);
	else
		exchange(s, ready);
	return 0;
}

/* --- Events -------------------------------------------------------------------------- */

static void run_alloc(struct sim *s, const struct ready *ready)
{
	const struct alloc *alloc = &s->job->alloc;
	const uint32_t size = event_of(s, ready->step)->size;
	const uint32_t pages = cached_pages(s, size);
	struct object *object = object_of(s, ready->step);

	if (pages && take_cached(s, ready, pages))
		return;
	object->handle = alloc->vt->alloc(alloc->ctx, size);
	s->count->failed_allocs += object->handle == 0;
	serve_heap(s, ready, s->job->costs->kmalloc_ps);
}

static int run_free(struct sim *s, const struct ready *ready,
		    struct kb_diag *diag)
{
	const struct alloc *alloc = &s->job->alloc;
	const uint32_t pages = cached_pages(s, event_of(s, ready->step)->size);
	const struct object *object = object_of(s, ready->step);

	if (object->handle == 0) {
		s->count->skipped_frees++;
		finish(s, ready, ready->at, 0);
		return 0;
	}
	s->count->cross_cpu_frees += object->cpu != ready->cpu;
	if (pages)
		return put_cached(s, ready, pages, diag);
	if (alloc->vt->free(alloc->ctx, object->handle) < 0)
		return kb_fail(diag, KB_E_WRONG,
			       "event %" PRIu32 ": the allocator does not know "
			       "the address it handed out",
			       ready->step.event + 1);
	serve_heap(s, ready, s->job->costs->kfree_ps);
	return 0;
}

static int watch(struct sim *s, const struct ready *ready, struct kb_diag *diag)
{
	if (s->overflows)
		return kb_fail(diag, KB_E_RANGE,
			       "event %" PRIu32 ": the simulated time passes "
			       "2^63 ps, 106 days; use a higher --speed, or "
			       "lower costs",
			       ready->step.event + 1);
	if (s->job->tell && s->out->events % TELL_EVENTS == 0 &&
	    !s->job->tell(s->job->user, s->out->events))
		return kb_fail(diag, KB_E_STOPPED, "stopped");
	return 0;
}

static int run_events(struct sim *s, struct kb_diag *diag)
{
	int err = 0;

	for (uint32_t cpu = 0; cpu < s->job->order->cpus; cpu++)
		arrive(s, cpu);
	while (s->ready > 0 && err == 0) {
		const struct ready ready = pop(s);

		if (smp_event_is_free(event_of(s, ready.step)))
			err = run_free(s, &ready, diag);
		else
			run_alloc(s, &ready);
		s->out->events++;
		if (err == 0)
			err = watch(s, &ready, diag);
	}
	return err;
}

/* --- The whole -------------------------------------------------------------------------- */

static int make_sim(struct sim *s, struct kb_diag *diag)
{
	const struct smp_order *order = s->job->order;
	const size_t objects = (size_t)s->job->program->objects * order->copies;
	const size_t steps = (size_t)s->job->program->events * order->copies;

	s->cpu = calloc(order->cpus, sizeof(*s->cpu));
	s->heap = calloc(order->cpus, sizeof(*s->heap));
	s->object = calloc(objects + 1, sizeof(*s->object));
	if (s->job->magazines)
		s->magazines = magazines_new(order->cpus, s->job->magazines);
	if (!s->job->makespans_only)
		s->out->wait = malloc((steps + 1) * sizeof(*s->out->wait));
	if (!s->cpu || !s->heap || !s->object ||
	    (s->job->magazines && !s->magazines) ||
	    (!s->job->makespans_only && !s->out->wait))
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for %" PRIu32 " copies of the "
			       "trace",
			       order->copies);
	for (size_t i = 0; i < objects; i++)
		s->object[i].waiter = NONE;
	for (uint32_t cpu = 0; cpu < order->cpus; cpu++)
		s->cpu[cpu].next = order->begin[cpu];
	return 0;
}

static int compare_waits(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The wait of rank ceil(percent / 100 * acquisitions), zeros first. */
static uint64_t wait_at(const struct smp_sim_result *r, unsigned percent)
{
	const uint64_t all = r->counters.lock_acquisitions;
	const uint64_t rank =
		all / 100 * percent + kb_div_up(all % 100 * percent, 100);
	const uint64_t zeros = all - r->waits;

	return rank <= zeros ? 0 : r->wait[rank - zeros - 1];
}

static void sort_waits(struct smp_sim_result *r)
{
	if (!r->wait)
		return;
	qsort(r->wait, r->waits, sizeof(*r->wait), compare_waits);
	r->counters.lock_wait_p50_ps = wait_at(r, 50);
	r->counters.lock_wait_p99_ps = wait_at(r, 99);
}

int smp_sim_run(const struct smp_sim_job *job, struct smp_sim_result *out,
		struct kb_diag *diag)
{
	struct sim s = {
		.job = job,
		.out = out,
		.count = &out->counters,
		.holder = NONE,
	};
	int err;

	memset(out, 0, sizeof(*out));
	err = make_sim(&s, diag);
	if (err == 0) {
		meter_begin(&s);
		err = run_events(&s, diag);
	}
	magazines_free(s.magazines);
	free(s.cpu);
	free(s.heap);
	free(s.object);
	if (err == 0)
		sort_waits(out);
	else
		smp_sim_release(out);
	return err;
}

void smp_sim_release(struct smp_sim_result *result)
{
	free(result->wait);
	memset(result, 0, sizeof(*result));
}
