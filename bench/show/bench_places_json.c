#include "bench_places.h"

#include "bench_report.h"
#include "kb_json.h"

#include <inttypes.h>
#include <jansson.h>

static json_t *objects_of(const struct bench_places *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(
			array,
			json_pack("{s:o, s:o, s:o}", "address",
				  kb_json_count(p->place[i].address), "size",
				  kb_json_count(p->place[i].size), "event",
				  kb_json_count(p->place[i].event)));
	return array;
}

static const char *op_of(const struct bench_places *p)
{
	if (!p->has_event)
		return "none";
	if (p->event.address || p->failure.fault.kind[0])
		return p->event.is_alloc ? "alloc" : "free";
	return p->event.is_alloc ? "failed" : "skipped";
}

json_t *bench_places_json(const struct bench_places *p)
{
	json_t *failure = bench_json_failure(&p->failure);
	json_t *object = json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "trace",
		kb_json_text(p->trace), "allocator", kb_json_text(p->alloc),
		"after", kb_json_count(p->after), "events",
		kb_json_count(p->events), "op", op_of(p), "objects",
		objects_of(p), "requested_bytes", kb_json_count(p->requested),
		"unserved", kb_json_count(p->unserved));

	if (object && p->mapped != ALLOC_UNKNOWN)
		json_object_set_new(object, "mapped_bytes",
				    kb_json_count(p->mapped));
	if (object && p->has_event) {
		json_object_set_new(object, "site",
				    kb_json_text(p->event.site));
		json_object_set_new(object, "requested",
				    kb_json_count(p->event.size));
		json_object_set_new(object, "address",
				    p->event.address
					    ? kb_json_count(p->event.address)
					    : json_null());
	}
	if (object && failure)
		json_object_set(object, "failure", failure);
	json_decref(failure);
	return object;
}
