#include "bench_smp_report.h"

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

json_t *bench_smp_json(const struct bench_smp *smp)
{
	json_t *results = json_array();

	for (size_t i = 0; i < smp->count; i++)
		json_array_append_new(results,
				      result_json(smp, &smp->result[i]));
	return json_pack("{s:o, s:o}", "context", context_json(smp), "results",
			 results);
}
