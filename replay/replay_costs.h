/*
 * replay_costs: what each operation of a slice will cost, before it is run.
 *
 * Where an allocator has a twin (alloc.h), the slice's operations are counted
 * on it, beside the replay and untimed: under a microsecond each, however long
 * the searches are, because a counted search is known by rank and not made. So a
 * timed pass may choose operations by their cost. The twin sees every slice from
 * the first event of a fresh allocator on, in order, and once.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_COSTS_H
#define REPLAY_COSTS_H

#include "alloc.h"
#include "kb_status.h"
#include "replay_op.h"

#include <stddef.h>
#include <stdint.h>

struct replay_costs;

/* Makes the twin of a freshly opened allocator. Returns 0, with NULL in `*out`
 * if it has none; or KB_E_NOMEM. */
int replay_costs_new(struct replay_costs **out, const struct alloc *alloc);
void replay_costs_free(struct replay_costs *costs);

/*
 * The nodes that each of the operations' lookup compares, 0 for an alloc or a
 * free that is left out: an array of `count`, in `*nodes`, owned by `costs` and
 * valid until its next call. Returns 0 or KB_E_NOMEM.
 */
int replay_costs_slice(struct replay_costs *costs, const struct replay_op *ops,
		       size_t count, const uint32_t **nodes);

#endif /* REPLAY_COSTS_H */
