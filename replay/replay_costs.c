#include "replay_costs.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

struct replay_costs {
	struct alloc twin;

	/* The twin's handles, by slot. */
	uint64_t *live;
	size_t slots;

	uint32_t *nodes;
	size_t capacity;

	/* The twin's sum so far. */
	uint64_t nodes_visited;
};

int replay_costs_new(struct replay_costs **out, const struct alloc *alloc)
{
	struct replay_costs *costs;
	int err;

	*out = NULL;
	if (!alloc->vt->twin)
		return 0;
	costs = calloc(1, sizeof(*costs));
	if (!costs)
		return KB_E_NOMEM;
	err = alloc->vt->twin(alloc->ctx, &costs->twin);
	if (err < 0)
		free(costs);
	else
		*out = costs;
	return err;
}

void replay_costs_free(struct replay_costs *costs)
{
	if (!costs)
		return;
	costs->twin.vt->close(costs->twin.ctx);
	free(costs->live);
	free(costs->nodes);
	free(costs);
}

/* Makes room for the operations and their slots. */
static int reserve(struct replay_costs *costs, const struct replay_op *ops,
		   size_t count)
{
	size_t slots = costs->slots;

	if (count > costs->capacity) {
		uint32_t *nodes = realloc(costs->nodes, count * sizeof(*nodes));

		if (!nodes)
			return KB_E_NOMEM;
		costs->nodes = nodes;
		costs->capacity = count;
	}
	for (size_t i = 0; i < count; i++)
		slots = (size_t)kb_max(slots,
				       (size_t)replay_op_slot(ops[i]) + 1);
	if (slots > costs->slots) {
		uint64_t *live;

		slots = (size_t)kb_max(slots, 2 * costs->slots);
		live = realloc(costs->live, slots * sizeof(*live));
		if (!live)
			return KB_E_NOMEM;
		memset(live + costs->slots, 0,
		       (slots - costs->slots) * sizeof(*live));
		costs->live = live;
		costs->slots = slots;
	}
	return 0;
}

/* The nodes of one operation, by what the twin's gauge has moved. */
static uint32_t run_one(struct replay_costs *costs, struct replay_op op)
{
	const struct alloc *twin = &costs->twin;
	uint64_t *handle = &costs->live[replay_op_slot(op)];
	struct alloc_gauge gauge;
	uint64_t before = costs->nodes_visited;

	if (!replay_op_is_free(op)) {
		*handle = twin->vt->alloc(twin->ctx, op.size);
		return 0;
	}
	if (!*handle)
		return 0;
	twin->vt->free(twin->ctx, *handle);
	twin->vt->gauge(twin->ctx, &gauge);
	costs->nodes_visited = gauge.nodes_visited;
	return (uint32_t)(gauge.nodes_visited - before);
}

int replay_costs_slice(struct replay_costs *costs, const struct replay_op *ops,
		       size_t count, const uint32_t **nodes)
{
	int err = reserve(costs, ops, count);

	if (err < 0)
		return err;
	for (size_t i = 0; i < count; i++)
		costs->nodes[i] = run_one(costs, ops[i]);
	*nodes = costs->nodes;
	return 0;
}
