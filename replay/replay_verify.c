#include "replay.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_program.h"
#include "replay_step.h"

#include <bsd/sys/tree.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often the allocator's own structures are walked in a replay. */
#define WALKS 8

/* One freed address in this number is looked up again. */
#define MISS_EVERY 64

/* Nodes that the real searches of a replay may compare, a few seconds' worth:
 * half of them from the start, the other half evenly over the trace. */
#define SEARCH_NODES (UINT64_C(1) << 31)

/* What the shadow model knows about a live allocation. */
struct shadow {
	RB_ENTRY(shadow) node;
	uint64_t address;

	/* Bytes that no other allocation may overlap, at least 1: the requested
	 * size, in whole granules if the allocator has them. */
	uint64_t span;

	/* As requested. */
	uint32_t size;

	/* The alloc's event number, from which the payload is made. */
	uint64_t key;
};

RB_HEAD(shadow_tree, shadow);

static int shadow_compare(const struct shadow *a, const struct shadow *b)
{
	return (a->address > b->address) - (a->address < b->address);
}

RB_GENERATE_INTERNAL(shadow_tree, shadow, node, shadow_compare,
		     __attribute__((unused)) static)

/* A verification in progress. */
struct verifying {
	const struct replay_job *job;
	struct replay_step step;
	struct replay_program program;
	struct shadow_tree tree;

	/* The shadow of each slot, or NULL; as many as the program's slots. */
	struct shadow **of_slot;
	size_t slots;

	uint64_t events;
	uint64_t frees;

	/* The events that are replayed. */
	uint64_t stop;

	/* As struct replay_verify_result; the nodes that the searches compared,
	 * and the allocator's own count of nodes so far. */
	uint64_t finds;
	uint64_t searches;
	uint64_t searched_nodes;
	uint64_t nodes;

	/* From the header; only paces the searches. */
	uint64_t events_total;
	uint64_t live;

	/* The next event after which the structures are walked. */
	uint64_t next_walk;
	uint64_t walk_every;

	/* The call under way, or NULL after the last event; the address that it
	 * got or gave. */
	const struct replay_op *op;
	uint64_t address;

	struct replay_verify_result *out;
};

/* The events are numbered as trc print does. */
static int wrong(const struct verifying *v, struct kb_diag *diag,
		 const char *kind, const char *what)
{
	struct alloc_fault *fault = &v->out->fault;
	const bool is_free = v->op && replay_op_is_free(*v->op);

	*fault = (struct alloc_fault){ .judged = true };
	snprintf(fault->kind, sizeof(fault->kind), "%s", kind);
	snprintf(fault->message, sizeof(fault->message), "%s", what);
	fault->has_address = v->address != 0;
	fault->address = v->address;
	v->out->fault_event = REPLAY_NO_EVENT;
	if (!v->op)
		return kb_fail(diag, KB_E_WRONG, "after the last event: %s",
			       what);
	snprintf(fault->call, sizeof(fault->call), "%s",
		 is_free ? "kfree" : "kmalloc");
	fault->has_size = true;
	fault->size = v->op->size;
	v->out->fault_event = v->events - 1;
	return kb_fail(diag, KB_E_WRONG, "event %" PRIu64 ": %s", v->events - 1,
		       what);
}

static int reserve(struct verifying *v)
{
	struct shadow **grown;

	if (v->slots == v->program.slots)
		return 0;
	grown = realloc(v->of_slot, v->program.slots * sizeof(*grown));
	if (!grown)
		return KB_E_NOMEM;
	memset(grown + v->slots, 0,
	       (v->program.slots - v->slots) * sizeof(*grown));
	v->of_slot = grown;
	v->slots = v->program.slots;
	return 0;
}

/* True if [address, address + span) overlaps neither neighbor in the tree. */
static bool stands_alone(struct shadow *s)
{
	const struct shadow *before = RB_PREV(shadow_tree, NULL, s);
	const struct shadow *after = RB_NEXT(shadow_tree, NULL, s);

	return (!before || s->address - before->address >= before->span) &&
	       (!after || after->address - s->address >= s->span);
}

/* Whether to run the allocator's search for real now. */
static bool may_search(const struct verifying *v)
{
	const uint64_t total = kb_max(v->events_total, 1);
	const uint64_t done = kb_min(v->events, total);
	const uint64_t half = SEARCH_NODES / 2;
	const uint64_t nodes =
		half + (uint64_t)((double)done / (double)total * (double)half);

	return !v->step.alloc.vt->size_at || v->searched_nodes < nodes;
}

/* Records the cost of the search before a free, which equals that of the free's
 * own. */
static void note_search(struct verifying *v)
{
	const struct alloc *alloc = &v->step.alloc;
	struct alloc_gauge now;
	uint64_t nodes = v->live;

	if (alloc->vt->gauge) {
		alloc->vt->gauge(alloc->ctx, &now);
		nodes = now.nodes_visited - v->nodes;
		v->nodes = now.nodes_visited;
	}
	v->finds++;
	if (!v->step.search)
		return;
	v->searches++;
	v->searched_nodes += nodes;
}

static int check_new(struct verifying *v, struct shadow *s,
		     struct kb_diag *diag)
{
	const struct alloc_vt *vt = v->step.alloc.vt;
	void *ctx = v->step.alloc.ctx;

	if (s->address % vt->alignment != 0)
		return wrong(v, diag, "alignment",
			     "the address is not aligned");
	if (vt->in_window && !vt->in_window(ctx, s->address, s->span))
		return wrong(v, diag, "window",
			     "the allocation is outside the heap window");
	if (vt->usable_of && vt->usable_of(ctx, s->address) < s->size)
		return wrong(v, diag, "usable",
			     "fewer bytes are usable than were requested");
	if (RB_INSERT(shadow_tree, &v->tree, s))
		return wrong(v, diag, "overlap",
			     "the address is handed out twice");
	if (!stands_alone(s)) {
		RB_REMOVE(shadow_tree, &v->tree, s);
		return wrong(v, diag, "overlap",
			     "the allocation overlaps another");
	}
	if (vt->fill)
		vt->fill(ctx, s->address, s->size, s->key);
	return 0;
}

static int verify_alloc(struct verifying *v, struct replay_op op,
			struct kb_diag *diag)
{
	uint32_t slot = replay_op_slot(op);
	uint32_t granule = v->step.alloc.vt->granule;
	struct shadow *s;
	int err;

	replay_step_run(&v->step, op, v->program.live);
	v->address = v->program.live[slot];
	if (slot < v->job->places_count)
		v->job->places[slot] = v->address;
	if (!v->program.live[slot] || !v->step.alloc.vt->has_memory)
		return 0;
	v->live++;
	s = calloc(1, sizeof(*s));
	if (!s)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	s->address = v->program.live[slot];
	s->size = op.size;
	s->key = v->events;
	s->span = kb_max(1, op.size);
	if (granule)
		s->span = kb_div_up(s->span, granule) * granule;
	err = check_new(v, s, diag);
	if (err < 0)
		free(s);
	else
		v->of_slot[slot] = s;
	return err;
}

static int check_payload(struct verifying *v, const struct shadow *s,
			 struct kb_diag *diag)
{
	const struct alloc *alloc = &v->step.alloc;

	if (alloc->vt->intact &&
	    !alloc->vt->intact(alloc->ctx, s->address, s->size, s->key))
		return wrong(v, diag, "payload",
			     "the allocation's payload was overwritten");
	return 0;
}

static int check_found(struct verifying *v, const struct shadow *s,
		       uint64_t size_found, struct kb_diag *diag)
{
	if (v->step.alloc.vt->size_of && size_found != s->span)
		return wrong(v, diag, "lookup",
			     "the heap's lookup does not find the allocation "
			     "with the requested size");
	return 0;
}

/* A freed address must not be found again. A miss searches everything, so only
 * some are tried. */
static int check_gone(struct verifying *v, uint64_t address,
		      struct kb_diag *diag)
{
	const struct alloc *alloc = &v->step.alloc;

	/* Counts frees, not events: a trace that frees at every second event
	 * might never be checked otherwise. */
	if (!alloc->vt->lookup || v->frees++ % MISS_EVERY != 0 ||
	    !may_search(v))
		return 0;
	v->searched_nodes += v->live;
	if (alloc->vt->lookup(alloc->ctx, address) >= 0)
		return wrong(v, diag, "lookup",
			     "the heap's lookup still finds the freed "
			     "address");
	return 0;
}

static int verify_free(struct verifying *v, struct replay_op op,
		       struct kb_diag *diag)
{
	uint32_t slot = replay_op_slot(op);
	struct shadow *s = v->of_slot[slot];
	int err;

	v->address = v->program.live[slot];
	err = s ? check_payload(v, s, diag) : 0;
	if (err < 0)
		return err;
	v->step.search = may_search(v);
	replay_step_run(&v->step, op, v->program.live);
	if (v->step.free_status < 0)
		return wrong(v, diag, "free",
			     "the allocator does not know the address "
			     "that it handed out");
	if (!s)
		return 0;
	v->live--;
	note_search(v);
	err = check_found(v, s, v->step.size_found, diag);
	if (err == 0)
		err = check_gone(v, s->address, diag);
	RB_REMOVE(shadow_tree, &v->tree, s);
	v->of_slot[slot] = NULL;
	free(s);
	return err;
}

static int walk(struct verifying *v, struct kb_diag *diag)
{
	const struct alloc *alloc = &v->step.alloc;

	if (alloc->vt->is_valid && !alloc->vt->is_valid(alloc->ctx))
		return wrong(v, diag, "structure",
			     "the heap's data structures are "
			     "inconsistent");
	return 0;
}

static int verify_slice(struct verifying *v, const struct replay_slice *slice,
			struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < slice->count; i++) {
		struct replay_op op = slice->ops[i];

		if (v->events == v->stop)
			return KB_END;

		v->events++;
		v->op = &op;
		v->address = 0;
		err = replay_op_is_free(op) ? verify_free(v, op, diag)
					    : verify_alloc(v, op, diag);
		if (err == 0 && v->events == v->next_walk) {
			v->next_walk += v->walk_every;
			err = walk(v, diag);
		}
		replay_progress_tell(v->job->progress, v->events);
	}
	return err;
}

/* Finds what is live at the end; half of the live objects is a fair estimate of
 * the nodes that each search compares. */
static int check_kept(struct verifying *v, const struct shadow *s,
		      struct kb_diag *diag)
{
	const struct alloc *alloc = &v->step.alloc;
	const bool search = may_search(v);
	uint64_t size;

	if (!alloc->vt->size_of)
		return 0;
	size = (search ? alloc->vt->size_of : alloc->vt->size_at)(alloc->ctx,
								  s->address);
	v->finds++;
	v->searches += search;
	v->searched_nodes += search ? v->live / 2 : 0;
	return check_found(v, s, size, diag);
}

/* What is live at the end must also be found intact. */
static int verify_rest(struct verifying *v, struct kb_diag *diag)
{
	struct shadow *s;
	int err;

	v->op = NULL;
	RB_FOREACH(s, shadow_tree, &v->tree) {
		v->address = s->address;
		err = check_payload(v, s, diag);
		if (err == 0)
			err = check_kept(v, s, diag);
		if (err < 0)
			return err;
	}
	v->address = 0;
	return walk(v, diag);
}

static int verify_all(struct verifying *v, struct kb_diag *diag)
{
	struct replay_slice slice;
	int err;

	while ((err = replay_program_next(&v->program, &slice, diag)) == 0) {
		err = reserve(v);
		if (err < 0)
			return kb_fail(diag, err, "out of memory for shadows");
		err = verify_slice(v, &slice, diag);
		if (err != 0)
			return err < 0 ? err : 0;
	}
	return err < 0 ? err : verify_rest(v, diag);
}

static uint64_t read_mapped(const struct alloc *alloc)
{
	struct alloc_memory memory = { .mapped = ALLOC_UNKNOWN };

	if (alloc->vt->memory)
		alloc->vt->memory(alloc->ctx, &memory);
	return memory.mapped;
}

static void release(struct verifying *v)
{
	for (size_t i = 0; i < v->slots; i++)
		free(v->of_slot[i]);
	free(v->of_slot);
	replay_step_release(&v->step);
	replay_program_release(&v->program);
}

int replay_verify(const struct replay_job *job,
		  struct replay_verify_result *out, struct kb_diag *diag)
{
	uint64_t events = trc_reader_info(job->reader)->counts.events;
	struct verifying v = { .job = job,
			       .out = out,
			       .tree = RB_INITIALIZER(&v.tree) };
	int err;

	memset(out, 0, sizeof(*out));
	v.walk_every = events / WALKS + 1;
	v.next_walk = v.walk_every;
	v.events_total = events;
	v.stop = job->stop ? job->stop : UINT64_MAX;
	replay_program_init(&v.program, job->reader, NULL);
	err = replay_step_init(&v.step, job->alloc, job->touch);
	if (err < 0)
		kb_fail(diag, err, "out of memory for the digest");
	else
		err = verify_all(&v, diag);
	if (err == 0 && job->places_count > 0)
		out->mapped = read_mapped(&job->alloc);
	out->events = v.events;
	out->finds = v.finds;
	out->searches = v.searches;
	out->has_memory = job->alloc.vt->has_memory;
	out->has_digest = v.step.digest != NULL;
	out->digest = replay_step_digest(&v.step);
	release(&v);
	return err;
}
