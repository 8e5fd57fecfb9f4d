#include "bench_smp_run.h"

#include "bench_spec.h"
#include "kb_bits.h"
#include "kb_signal.h"
#include "smp_headroom.h"
#include "smp_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One allocator, on its way through the CPUs. */
struct running {
	struct bench_smp *smp;
	const struct alloc_spec *spec;
	const struct smp_costs *costs;
	const struct smp_order *order;
	struct kb_progress *progress;

	/* What is opened, without its own lock and magazines, which are these. */
	struct alloc_spec bare;
	const char *lock;
	uint32_t magazines;

	/* Events of a run in all. */
	uint64_t events;
};

static bool tell(void *user, uint64_t events)
{
	const struct running *r = user;

	kb_progress_tick(r->progress, events, r->events);
	return !kb_signal;
}

static int open_heap(void *user, struct alloc *out, struct kb_diag *diag)
{
	const struct running *r = user;
	const struct bench_smp_settings *settings = r->smp->settings;
	struct alloc_config config = {
		.spec = &r->bare,
		.heap_base = settings->heap_base,
		.heap_pages = settings->heap_pages,
	};
	int err;

	smp_sim_window(&config.heap_base, &config.heap_pages, r->order->copies);
	err = alloc_open(out, &config, diag);
	if (err < 0 || smp_sim_can(out->vt))
		return err;
	alloc_close(out);
	return kb_fail(diag, KB_E_ARG,
		       "%s does not count its steps, so it cannot be "
		       "simulated; the kheaps, blocks+kheap, slab+kheap, "
		       "buddy, bitmap and vmem can",
		       r->spec->name);
}

static void add_counter(void *user, const char *name, uint64_t value)
{
	struct replay_counters *counters = user;
	struct replay_counter *item;

	if (counters->count == REPLAY_COUNTERS_MAX)
		return;
	item = &counters->item[counters->count++];
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->value = value;
}

static struct smp_sim_job job_of(struct running *r, struct smp_speed speed)
{
	const struct bench_smp_settings *settings = r->smp->settings;

	return (struct smp_sim_job){
		.program = r->smp->program,
		.order = r->order,
		.costs = r->costs,
		.speed = speed,
		.stagger_ns = settings->stagger_ns,
		.magazines = r->magazines,
		.tell = tell,
		.user = r,
	};
}

static void file_waits(struct bench_smp_result *result,
		       const struct smp_sim_result *found)
{
	result->wait[0] = found->counters.lock_acquisitions - found->waits;
	for (size_t i = 0; i < found->waits; i++)
		result->wait[kb_log2(found->wait[i]) + 1]++;
}

/* One run. */
static int simulate(struct running *r, struct smp_speed speed,
		    struct bench_smp_result *result, struct kb_diag *diag)
{
	struct smp_sim_job job = job_of(r, speed);
	struct smp_sim_result found;
	int err = open_heap(r, &job.alloc, diag);

	if (err < 0)
		return err;
	r->events = (uint64_t)r->smp->program->events * r->order->copies;
	err = smp_sim_run(&job, &found, diag);
	if (err == 0)
		err = alloc_check_host(&job.alloc, diag);
	if (err == 0) {
		result->events = found.events;
		result->counters = found.counters;
		file_waits(result, &found);
		job.alloc.vt->counters(job.alloc.ctx, add_counter,
				       &result->heap);
		smp_sim_release(&found);
	}
	alloc_close(&job.alloc);
	return err;
}

/* The same speed on one CPU: its makespan. */
static int find_base(struct running *r, struct smp_speed speed,
		     uint64_t *makespan_ps, struct kb_diag *diag)
{
	struct bench_smp_result *alone = calloc(1, sizeof(*alone));
	struct smp_order order = { 0 };
	int err;

	if (!alone)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = smp_order_make(&order, r->smp->program, 1, diag);
	r->order = &order;
	if (err == 0)
		err = simulate(r, speed, alone, diag);
	*makespan_ps = alone->counters.makespan_ps;
	r->order = NULL;
	smp_order_release(&order);
	free(alone);
	return err;
}

/* a * b / c, rounded half up, bit by bit: no product that could overflow. All are
 * at most INT64_MAX, and c > 0. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t quotient = 0, rest = 0;

	for (unsigned bit = 63; bit-- > 0;) {
		quotient = quotient * 2 + (rest * 2 >= c);
		rest = rest * 2 % c;
		if (!(b >> bit & 1))
			continue;
		quotient += a / c + (rest + a % c >= c);
		rest = (rest + a % c) % c;
	}
	return quotient + (rest >= c - rest);
}

/* (events / makespan) / (program's events / makespan alone), thousandths. */
static uint64_t speedup(uint64_t copies, uint64_t alone_ps,
			uint64_t makespan_ps)
{
	return makespan_ps ? scale(alone_ps, copies * 1000, makespan_ps) : 0;
}

static int run_cpus(struct running *r, struct smp_speed speed, uint32_t cpus,
		    uint64_t alone_ps, struct kb_diag *diag)
{
	struct bench_smp *smp = r->smp;
	struct bench_smp_result *result = &smp->result[smp->count];
	struct smp_order order = { 0 };
	struct smp_sim_job job;
	char what[ALLOC_NAME_SIZE + 32];
	int err;

	*result = (struct bench_smp_result){
		.allocator = r->spec->name,
		.cpus = cpus,
		.speed = speed,
		.lock = r->lock,
		.magazines = r->magazines,
	};
	snprintf(what, sizeof(what), "%s on %u CPUs", r->spec->name, cpus);
	kb_progress_step(r->progress, "smp", what);
	err = smp_order_make(&order, smp->program, cpus, diag);
	if (err < 0)
		return err;
	r->order = &order;
	err = simulate(r, speed, result, diag);
	result->speedup =
		speedup(order.copies, alone_ps, result->counters.makespan_ps);
	job = job_of(r, speed);
	if (err == 0 && smp->settings->headroom)
		err = smp_headroom(&job, open_heap, r, &result->headroom, diag);
	smp_order_release(&order);
	if (err < 0)
		return err;
	r->progress->done++;
	smp->count++;
	return 0;
}

/* The simulated lock serves first those who came first. */
static int check_lock(const struct running *r, struct kb_diag *diag)
{
	if (strcmp(r->lock, "ticket") == 0 || strcmp(r->lock, "mcs") == 0)
		return 0;
	return kb_fail(diag, KB_E_ARG,
		       "%s: a '%s' lock is not simulated, ticket and mcs are; "
		       "run it with --threads",
		       r->spec->name, r->lock);
}

static int run_alloc(struct running *r, struct kb_diag *diag)
{
	const struct bench_smp_settings *settings = r->smp->settings;
	uint64_t alone_ps = 0;
	int err = check_lock(r, diag);

	for (size_t i = 0; i < settings->speed_count && err == 0; i++) {
		err = find_base(r, settings->speed[i], &alone_ps, diag);
		for (size_t j = 0; j < settings->cpus_count && err == 0; j++)
			err = run_cpus(r, settings->speed[i], settings->cpus[j],
				       alone_ps, diag);
	}
	return err;
}

int bench_smp_run(struct bench_smp *smp, struct kb_progress *progress,
		  struct kb_diag *diag)
{
	const struct bench_smp_settings *settings = smp->settings;
	const size_t count = settings->alloc_count * settings->speed_count *
			     settings->cpus_count;
	int err = 0;

	smp->result = calloc(count + 1, sizeof(*smp->result));
	if (!smp->result)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	progress->total = count;
	for (size_t i = 0; i < settings->alloc_count && err == 0; i++) {
		struct running r = {
			.smp = smp,
			.spec = &settings->allocs[i],
			.costs = &smp->costs[i],
			.progress = progress,
		};

		r.bare =
			bench_smp_spec(settings, r.spec, &r.lock, &r.magazines);
		err = run_alloc(&r, diag);
	}
	return err;
}

struct alloc_spec bench_smp_spec(const struct bench_smp_settings *settings,
				 const struct alloc_spec *spec,
				 const char **lock, uint32_t *magazines)
{
	const char *own_lock = alloc_spec_value(spec, "lock");
	const char *own_magazines = alloc_spec_value(spec, "magazines");
	struct alloc_spec bare = *spec;

	*lock = settings->lock;
	if (own_lock && strcmp(own_lock, "none") != 0)
		*lock = own_lock;
	*magazines = settings->magazines;
	if (own_magazines && strcmp(own_magazines, "0") != 0)
		*magazines = (uint32_t)strtoul(own_magazines, NULL, 10);
	bench_spec_choose(&bare, "lock", "none");
	bench_spec_choose(&bare, "magazines", "0");
	return bare;
}

int bench_smp_check(const struct bench_smp_settings *settings,
		    const struct alloc_spec *spec, struct kb_diag *diag)
{
	const struct smp_order one = { .copies = 1 };
	struct bench_smp smp = { .settings = settings };
	struct running r = { .smp = &smp, .spec = spec, .order = &one };
	struct alloc heap;
	int err;

	r.bare = bench_smp_spec(settings, spec, &r.lock, &r.magazines);
	err = check_lock(&r, diag);
	if (err == 0)
		err = open_heap(&r, &heap, diag);
	if (err == 0)
		alloc_close(&heap);
	return err;
}

void bench_smp_release(struct bench_smp *smp)
{
	free(smp->threaded);
	smp->threaded = NULL;
	smp->threaded_count = 0;
	free(smp->result);
	smp->result = NULL;
	smp->count = 0;
}
