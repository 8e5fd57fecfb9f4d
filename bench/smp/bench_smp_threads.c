#include "bench_smp_run.h"

#include "kb_signal.h"
#include "smp_sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One allocator, on its way through the CPUs. */
struct running {
	struct bench_smp *smp;
	const struct alloc_spec *spec;
	struct alloc_spec bare;
	const struct smp_order *order;
	const uint32_t *cpu;
	struct bench_smp_threads *result;
};

static size_t lock_index(const char *name)
{
	size_t i = 0;

	while (smp_threads_lock(i) && strcmp(smp_threads_lock(i), name) != 0)
		i++;
	return i;
}

/* One run, with a fresh allocator. */
static int run_once(struct running *r, bool verify, bool times,
		    struct smp_threads_result *out, struct kb_diag *diag)
{
	const struct bench_smp_settings *settings = r->smp->settings;
	struct alloc_config config = {
		.spec = &r->bare,
		.heap_base = settings->heap_base,
		.heap_pages = settings->heap_pages,
	};
	struct smp_threads_job job = {
		.program = r->smp->program,
		.order = r->order,
		.cpu = r->cpu,
		.speed = r->result->speed,
		.stagger_ns = settings->stagger_ns,
		.magazines = r->result->magazines,
		.verify = verify,
		.times = times,
	};
	int err;

	if (kb_signal)
		return kb_fail(diag, KB_E_STOPPED, "stopped");
	smp_sim_window(&config.heap_base, &config.heap_pages, r->order->copies);
	err = alloc_open(&job.alloc, &config, diag);
	if (err < 0)
		return err;
	if (job.alloc.vt->cluster_pages)
		job.lock = lock_index(r->result->lock);
	err = smp_threads_run(&job, out, diag);
	if (err == 0)
		err = alloc_check_host(&job.alloc, diag);
	alloc_close(&job.alloc);
	return err;
}

static int compare_runs(const void *a, const void *b)
{
	const struct smp_threads_result *x = a;
	const struct smp_threads_result *y = b;

	return x->makespan_ns < y->makespan_ns
		       ? -1
		       : x->makespan_ns > y->makespan_ns;
}

static int run_all(struct running *r, struct kb_diag *diag)
{
	struct bench_smp_threads *result = r->result;
	int err = run_once(r, true, false, &result->timed, diag);

	if (err == 0)
		err = run_once(r, false, true, &result->timed, diag);
	for (size_t i = 0; i < BENCH_SMP_RUNS && err == 0; i++)
		err = run_once(r, false, false, &result->run[i], diag);
	qsort(result->run, BENCH_SMP_RUNS, sizeof(*result->run), compare_runs);
	return err;
}

/* Whether threads can share it: a simulated heap with its lock, or what has locks
 * of its own. */
static int check_alloc(const struct running *r, bool *own, struct kb_diag *diag)
{
	const struct alloc_config config = { .spec = &r->bare };
	struct alloc alloc;
	bool gated;
	int err = alloc_require(r->spec, diag);

	if (err == 0)
		err = alloc_open(&alloc, &config, diag);
	if (err < 0)
		return err;
	gated = alloc.vt->cluster_pages != NULL;
	alloc_close(&alloc);
	*own = !gated;
	if (gated || r->spec->ops->is_shared)
		return 0;
	return kb_fail(diag, KB_E_ARG,
		       "%s cannot be shared by threads; the kheaps, "
		       "slab+kheap, buddy, bitmap and vmem get a lock, glibc, "
		       "jemalloc, mimalloc and tcmalloc have their own",
		       r->spec->name);
}

static int run_cpus(struct running *r, struct smp_speed speed, uint32_t cpus,
		    struct kb_progress *progress, struct kb_diag *diag)
{
	struct bench_smp *smp = r->smp;
	struct bench_smp_threads *result = &smp->threaded[smp->threaded_count];
	struct smp_order order = { 0 };
	char what[ALLOC_NAME_SIZE + 32];
	bool own = false;
	int err;

	result->allocator = r->spec->name;
	result->cpus = cpus;
	result->speed = speed;
	r->bare = bench_smp_spec(smp->settings, r->spec, &result->lock,
				 &result->magazines);
	r->result = result;
	snprintf(what, sizeof(what), "%s on %" PRIu32 " CPUs", r->spec->name,
		 cpus);
	kb_progress_step(progress, "threads", what);
	err = check_alloc(r, &own, diag);
	if (own) {
		result->lock = "own";
		result->magazines = 0;
	}
	if (err == 0)
		err = smp_order_make(&order, smp->program, cpus, diag);
	r->order = &order;
	if (err == 0)
		err = run_all(r, diag);
	smp_order_release(&order);
	if (err < 0)
		return err;
	result->verified = r->spec->ops->is_shared
				   ? strcmp(r->spec->ops->name, "null") != 0
				   : true;
	progress->done++;
	smp->threaded_count++;
	return 0;
}

/* Every number of CPUs, before anything runs. */
static int check_cpus(const struct bench_smp_settings *settings,
		      uint32_t allowed, struct kb_diag *diag)
{
	for (size_t i = 0; i < settings->cpus_count; i++)
		if (settings->cpus[i] > allowed)
			return kb_fail(diag, KB_E_ENVIRONMENT,
				       "--threads needs a CPU for each thread: "
				       "%" PRIu32
				       " are asked for, this process "
				       "may use %" PRIu32 "; without --threads "
				       "any number is simulated",
				       settings->cpus[i], allowed);
	return 0;
}

int bench_smp_run_threads(struct bench_smp *smp, struct kb_progress *progress,
			  struct kb_diag *diag)
{
	const struct bench_smp_settings *settings = smp->settings;
	const size_t count = settings->alloc_count * settings->speed_count *
			     settings->cpus_count;
	uint32_t *cpu = calloc(SMP_CPUS_MAX, sizeof(*cpu));
	int err = 0;

	smp->threaded = calloc(count + 1, sizeof(*smp->threaded));
	if (!smp->threaded || !cpu)
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	else
		err = check_cpus(settings, smp_threads_cpus(cpu), diag);
	progress->total = count;
	for (size_t i = 0; i < count && err == 0; i++) {
		const size_t speeds =
			settings->speed_count * settings->cpus_count;
		struct running r = {
			.smp = smp,
			.spec = &settings->allocs[i / speeds],
			.cpu = cpu,
		};

		err = run_cpus(
			&r, settings->speed[i % speeds / settings->cpus_count],
			settings->cpus[i % settings->cpus_count], progress,
			diag);
	}
	free(cpu);
	return err;
}
