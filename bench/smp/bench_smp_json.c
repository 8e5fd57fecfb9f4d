#include "bench_smp_report.h"

#include "bench_env.h"
#include "kb_json.h"
#include "kb_version.h"
#include "smp_order.h"

#include <jansson.h>

#define SCHEMA 1

/* A number of thousandths, whole where it is. */
static json_t *thousandths_json(uint64_t thousandths)
{
	return thousandths % SMP_SPEED_ONE == 0
		       ? kb_json_count(thousandths / SMP_SPEED_ONE)
		       : json_real((double)thousandths / SMP_SPEED_ONE);
}

static json_t *speed_json(struct smp_speed speed)
{
	return speed.thousandths ? thousandths_json(speed.thousandths)
				 : json_string("max");
}

static json_t *counters_json(const struct bench_smp_result *r)
{
	json_t *object = json_object();

#define X(name, help) \
	json_object_set_new(object, #name, kb_json_count(r->counters.name));
	SMP_COUNTERS(X)
#undef X
	for (uint32_t i = 0; i < r->heap.count; i++)
		json_object_set_new(object, r->heap.item[i].name,
				    kb_json_count(r->heap.item[i].value));
	return object;
}

static json_t *waits_json(const struct bench_smp_result *r)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < BENCH_SMP_BUCKETS; i++)
		if (r->wait[i])
			json_array_append_new(
				array,
				json_pack(
					"{s:o, s:o}", "from_ps",
					kb_json_count(i ? UINT64_C(1) << (i - 1)
							: 0),
					"acquisitions",
					kb_json_count(r->wait[i])));
	return array;
}

static json_t *result_json(const struct bench_smp *smp,
			   const struct bench_smp_result *r)
{
	json_t *object = json_object();

	json_object_set_new(object, "trace", kb_json_text(smp->trace->file));
	json_object_set_new(object, "trace_sha256",
			    json_string(smp->trace->sha256));
	json_object_set_new(object, "allocator", json_string(r->allocator));
	json_object_set_new(object, "engine", json_string("simulated"));
	json_object_set_new(object, "cpus", json_integer(r->cpus));
	json_object_set_new(object, "speed", speed_json(r->speed));
	json_object_set_new(object, "lock", json_string(r->lock));
	json_object_set_new(object, "magazines", json_integer(r->magazines));
	json_object_set_new(object, "events", kb_json_count(r->events));
	json_object_set_new(
		object, "copies",
		json_integer(smp_order_copies(smp->program, r->cpus)));
	json_object_set_new(object, "speedup", thousandths_json(r->speedup));
	json_object_set_new(object, "counters", counters_json(r));
	json_object_set_new(object, "waits", waits_json(r));
	json_object_set_new(object, "headroom",
			    smp->settings->headroom
				    ? thousandths_json(r->headroom.thousandths)
				    : json_null());
	return object;
}

static json_t *costs_json(const struct smp_costs *costs)
{
	json_t *steps = json_object();

	for (size_t i = 0; smp_costs_step_name(i); i++)
		if (costs->step_ps[i])
			json_object_set_new(steps, smp_costs_step_name(i),
					    kb_json_count(costs->step_ps[i]));
	return json_pack("{s:{s:o, s:o}, s:o, s:o, s:o, s:o}", "fixed_ps",
			 "kmalloc", kb_json_count(costs->kmalloc_ps), "kfree",
			 kb_json_count(costs->kfree_ps), "per_ps", steps,
			 "handoff_ps", kb_json_count(costs->handoff_ps),
			 "magazine_ps", kb_json_count(costs->magazine_ps),
			 "depot_ps", kb_json_count(costs->depot_ps));
}

/* By allocator: a results folder has a model for each. */
static json_t *all_costs_json(const struct bench_smp *smp)
{
	json_t *object = json_object();

	for (size_t i = 0; i < smp->settings->alloc_count; i++)
		json_object_set_new(object, smp->settings->allocs[i].name,
				    costs_json(&smp->costs[i]));
	return object;
}

static json_t *trace_json(const struct bench_smp *smp)
{
	const struct smp_program *p = smp->program;
	json_t *object = json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:s}", "file",
		kb_json_text(smp->trace->file), "sha256", smp->trace->sha256,
		"events", kb_json_count(p->events), "objects",
		kb_json_count(p->objects), "cpus", kb_json_count(p->cpus),
		"clock", p->ticks ? "ticks" : "ns");

#define X(name, help) \
	json_object_set_new(object, #name, kb_json_count(p->name));
	SMP_TRACE_FIGURES(X)
#undef X
	return object;
}

/* Nothing about the machine: the same bytes everywhere. */
static json_t *context_json(const struct bench_smp *smp)
{
	const struct bench_smp_settings *s = smp->settings;

	return json_pack(
		"{s:i, s:s, s:o, s:{s:I, s:I, s:o}, s:o}", "schema", SCHEMA,
		"version", kb_version, "trace", trace_json(smp), "options",
		"heap_pages", (json_int_t)s->heap_pages, "heap_base",
		(json_int_t)s->heap_base, "stagger_ns",
		kb_json_count(s->stagger_ns), "costs", all_costs_json(smp));
}

static json_t *hist_json(const struct replay_hist *hist)
{
	if (hist->count == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "operations",
			 kb_json_count(hist->count), "p50_ns",
			 kb_json_count(replay_hist_quantile(hist, 0.5)),
			 "p99_ns",
			 kb_json_count(replay_hist_quantile(hist, 0.99)),
			 "max_ns", kb_json_count(hist->max));
}

static json_t *run_json(const struct smp_threads_result *run)
{
	json_t *object = json_pack("{s:o}", "makespan_ps",
				   kb_json_count(run->makespan_ns * 1000));

#define X(name) json_object_set_new(object, #name, kb_json_count(run->name));
	SMP_THREADS_COUNTERS(X)
#undef X
	return object;
}

static json_t *threads_json(const struct bench_smp *smp,
			    const struct bench_smp_threads *r)
{
	const struct smp_threads_result *best = &r->run[0];
	json_t *runs = json_array();
	json_t *object = json_pack(
		"{s:o, s:s, s:s, s:s, s:I, s:o, s:s, s:I, s:o, s:I}", "trace",
		kb_json_text(smp->trace->file), "trace_sha256",
		smp->trace->sha256, "allocator", r->allocator, "engine",
		"threads", "cpus", (json_int_t)r->cpus, "speed",
		speed_json(r->speed), "lock", r->lock, "magazines",
		(json_int_t)r->magazines, "events", kb_json_count(best->events),
		"copies", (json_int_t)smp_order_copies(smp->program, r->cpus));

	for (size_t i = 0; i < BENCH_SMP_RUNS; i++)
		json_array_append_new(runs, run_json(&r->run[i]));
	json_object_set_new(object, "counters", run_json(best));
	json_object_set_new(object, "ns_per_event",
			    best->events ? json_real((double)best->makespan_ns /
						     (double)best->events)
					 : json_null());
	json_object_set_new(object, "runs", runs);
	json_object_set_new(object, "verified", json_boolean(r->verified));
	json_object_set_new(object, "wait", hist_json(&r->timed.wait));
	json_object_set_new(object, "work", hist_json(&r->timed.work));
	json_object_set_new(object, "headroom", json_null());
	return object;
}

/* What times depend on. */
static json_t *machine_json(void)
{
	struct bench_env env;

	bench_env_read(&env);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:f}",
			 "revision", env.revision, "compiler", env.compiler,
			 "flags", env.flags, "build_type", env.build_type,
			 "system", env.system, "cpu_model", env.cpu_model,
			 "cpus", (json_int_t)env.cpus, "date", env.date, "load",
			 env.load);
}

json_t *bench_smp_json(const struct bench_smp *smp)
{
	json_t *results = json_array();
	json_t *context = context_json(smp);

	if (smp->settings->threads)
		json_object_set_new(context, "machine", machine_json());
	for (size_t i = 0; i < smp->threaded_count; i++)
		json_array_append_new(results,
				      threads_json(smp, &smp->threaded[i]));

	for (size_t i = 0; i < smp->count; i++)
		json_array_append_new(results,
				      result_json(smp, &smp->result[i]));
	return json_pack("{s:o, s:o}", "context", context, "results", results);
}
