#include "bench_show.h"

#include "kb_json.h"

#include <jansson.h>

static json_t *cluster_of(const struct alloc_cluster *c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "row", (json_int_t)c->row,
			 "index", (json_int_t)c->index, "address",
			 (json_int_t)c->handle, "size", (json_int_t)c->size);
}

static json_t *clusters_of(const struct show_heap *heap)
{
	json_t *array = json_array();

	for (size_t i = 0; i < heap->count; i++)
		json_array_append_new(array, cluster_of(&heap->cluster[i]));
	return array;
}

/* How a kfree found its cluster. */
static void add_search(json_t *object, const struct show_scene *s)
{
	uint64_t nodes, rows;

	bench_show_totals(s, &nodes, &rows);
	if (s->search == SHOW_INDEX)
		nodes = s->nodes;
	json_object_set_new(object, "implied", json_boolean(s->implied));
	json_object_set_new(object, "nodes", kb_json_count(nodes));
	json_object_set_new(object, "rows", kb_json_count(rows));
	json_object_set_new(object, "unlink_nodes",
			    kb_json_count(bench_show_removal(s)));
}

json_t *bench_show_json(const struct show_scene *s)
{
	static const char *const ops[] = {
		[SHOW_NOTHING] = "none",    [SHOW_ALLOC] = "alloc",
		[SHOW_FAILED] = "failed",   [SHOW_FREE] = "free",
		[SHOW_SKIPPED] = "skipped",
	};
	json_t *object = json_pack(
		"{s:o, s:o, s:I, s:I, s:s, s:o}", "trace",
		kb_json_text(s->trace), "allocator", kb_json_text(s->alloc),
		"after", (json_int_t)s->event, "events", (json_int_t)s->events,
		"op", ops[s->op], "clusters", clusters_of(&s->now));

	if (!object)
		return NULL;
	if (s->op != SHOW_NOTHING && s->op != SHOW_SKIPPED)
		json_object_set_new(object, "site", kb_json_text(s->site));
	if (s->op == SHOW_ALLOC || s->op == SHOW_FAILED)
		json_object_set_new(object, "requested",
				    kb_json_count(s->size));
	if (s->op == SHOW_ALLOC || s->op == SHOW_FREE)
		json_object_set_new(object, "subject", cluster_of(&s->subject));
	if (s->op == SHOW_FREE)
		add_search(object, s);
	return object;
}
