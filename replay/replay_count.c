#include "replay.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "replay_memory.h"
#include "replay_program.h"
#include "replay_step.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A count pass in progress. */
struct counting {
	const struct replay_job *job;
	struct replay_count_result *out;

	struct replay_step step;
	struct replay_program program;
	struct replay_memory_watch memory;

	/* Nodes of each lookup, for the marks. */
	struct replay_hist nodes;

	/* Bytes requested, by slot; as many slots as the program has room
	 * for. */
	uint32_t *size;
	size_t slots;

	/* The number of events according to the header; only used to cut the
	 * bins. */
	uint64_t events_total;

	/* The gauge after the last event, and at the start of the bin. */
	struct alloc_gauge now;
	struct alloc_gauge bin_start;

#define X(name, help) uint64_t name;
	REPLAY_COUNTERS(X)
#undef X
	uint64_t bytes_live;
	uint64_t live;
};

static void add_counter(void *user, const char *name, uint64_t value)
{
	struct replay_counters *counters = user;
	struct replay_counter *item;

	kb_assert(counters->count < REPLAY_COUNTERS_MAX);
	kb_assert(strlen(name) < REPLAY_COUNTER_NAME_SIZE);
	item = &counters->item[counters->count++];
	strncpy(item->name, name, sizeof(item->name) - 1);
	item->value = value;
}

static int reserve(struct counting *c)
{
	uint32_t *size;

	if (c->slots == c->program.slots)
		return 0;
	if (replay_memory_reserve(&c->memory, c->program.slots) < 0)
		return KB_E_NOMEM;
	size = realloc(c->size, c->program.slots * sizeof(*size));
	if (!size)
		return KB_E_NOMEM;
	c->size = size;
	c->slots = c->program.slots;
	return 0;
}

static void count_alloc(struct counting *c, struct replay_op op)
{
	c->allocs++;
	if (!c->program.live[replay_op_slot(op)]) {
		if (c->failed_allocs++ == 0)
			c->first_failed_event = c->events;
		return;
	}
	c->size[replay_op_slot(op)] = op.size;
	replay_memory_alloc(&c->memory, replay_op_slot(op),
			    c->program.live[replay_op_slot(op)], op.size);
	c->bytes_live += op.size;
	c->bytes_live_max = kb_max(c->bytes_live_max, c->bytes_live);
	c->live++;
	c->live_max = kb_max(c->live_max, c->live);
}

static void count_free(struct counting *c, struct replay_op op, uint64_t handle)
{
	c->frees++;
	if (!handle) {
		c->skipped_frees++;
		return;
	}
	c->bytes_live -= c->size[replay_op_slot(op)];
	replay_memory_free(&c->memory, replay_op_slot(op));
	c->live--;
}

/* Records the lookup that the gauge has counted since it was `before`. */
static void note_lookup(struct counting *c, const struct alloc_gauge *before)
{
	const struct alloc_vt *vt = c->step.alloc.vt;
	const struct alloc_gauge *now = &c->now;
	const uint64_t nodes = now->nodes_visited - before->nodes_visited;

	replay_exact_add(c->job->exact, REPLAY_EXACT_nodes, nodes);
	if (now->rows_visited != ALLOC_UNKNOWN)
		replay_exact_add(c->job->exact, REPLAY_EXACT_rows,
				 now->rows_visited - before->rows_visited);
	if (now->lines_touched != ALLOC_UNKNOWN)
		replay_exact_add(c->job->exact, REPLAY_EXACT_lines,
				 now->lines_touched - before->lines_touched);
	/* If there are rows, that of a cluster of n pages is n - 1. */
	if (vt->inspect && c->step.size_found && vt->granule)
		replay_exact_add_row(c->job->exact,
				     c->step.size_found / vt->granule - 1,
				     nodes);
}

/* Reads the gauge and derives from it what the last event did. */
static void read_gauge(struct counting *c)
{
	const struct alloc *alloc = &c->step.alloc;
	struct alloc_gauge before = c->now;
	struct replay_bin *bin = &c->out->bin[c->out->bins];
	uint64_t nodes;

	if (!alloc->vt->gauge)
		return;
	c->now.rows_visited = c->now.lines_touched = ALLOC_UNKNOWN;
	alloc->vt->gauge(alloc->ctx, &c->now);
	if (c->now.lookups == before.lookups)
		return;
	nodes = c->now.nodes_visited - before.nodes_visited;
	replay_hist_add(&c->nodes, nodes);
	replay_marks_offer(&c->out->marks, c->events - 1, nodes);
	bin->nodes_visited_max = kb_max(bin->nodes_visited_max, nodes);
	if (c->job->exact)
		note_lookup(c, &before);
}

/* The last reading of the gauge; NULL for an allocator without one. */
static const struct alloc_gauge *gauge_of(const struct counting *c)
{
	return c->step.alloc.vt->gauge ? &c->now : NULL;
}

static void close_bin(struct counting *c)
{
	struct replay_bin *bin = &c->out->bin[c->out->bins++];

	bin->event = c->events;
	bin->live = c->live;
	bin->live_bytes = c->bytes_live;
	bin->pages_live = c->now.pages_live;
	bin->free_pages = c->now.free_pages;
	bin->longest_free_run = c->now.longest_free_run;
	bin->lookups = c->now.lookups - c->bin_start.lookups;
	bin->nodes_visited = c->now.nodes_visited - c->bin_start.nodes_visited;
	replay_memory_bin(&c->memory, bin, gauge_of(c));
	c->bin_start = c->now;
}

static uint64_t bin_end(const struct counting *c)
{
	return replay_bin_end(c->events_total, REPLAY_BINS, c->out->bins);
}

static int count_slice(struct counting *c, const struct replay_slice *slice,
		       struct kb_diag *diag)
{
	uint64_t end = bin_end(c);
	void (*const clock)(void *ctx, uint64_t now_ns) =
		c->job->recorded_clock ? c->step.alloc.vt->set_clock : NULL;

	for (size_t i = 0; i < slice->count; i++) {
		struct replay_op op = slice->ops[i];
		uint64_t handle = c->program.live[replay_op_slot(op)];
		bool marked = replay_op_is_free(op) && handle &&
			      replay_marks_is_marked(&c->out->marks, c->events);

		if (marked)
			replay_marks_before(&c->out->marks, c->events,
					    &c->step.alloc);
		if (clock)
			clock(c->step.alloc.ctx, slice->time_ns[i]);
		c->events++;
		replay_step_run(&c->step, op, c->program.live);
		if (marked)
			replay_marks_after(&c->out->marks, &c->step.alloc);
		if (c->step.free_status < 0)
			return kb_fail(diag, KB_E_WRONG,
				       "event %" PRIu64 ": the allocator does "
				       "not know the address it handed out",
				       c->events);
		if (replay_op_is_free(op))
			count_free(c, op, handle);
		else
			count_alloc(c, op);
		read_gauge(c);
		replay_memory_event(&c->memory, c->bytes_live, gauge_of(c));
		if (c->events == end) {
			close_bin(c);
			end = bin_end(c);
		}
		replay_progress_tell(c->job->progress, c->events);
	}
	return 0;
}

static void hand_up(struct counting *c)
{
	struct replay_counters *counters = &c->out->counters;
	const struct alloc *alloc = &c->step.alloc;

	c->live_at_end = c->live;
	replay_marks_end(&c->out->marks,
			 c->nodes.count ? replay_hist_quantile(&c->nodes, 0.5)
					: 0);
#define X(name, help) add_counter(counters, #name, c->name);
	REPLAY_COUNTERS(X)
#undef X
	if (alloc->vt->counters)
		alloc->vt->counters(alloc->ctx, add_counter, counters);
	c->out->has_gauge = alloc->vt->gauge != NULL;
	c->out->has_digest = c->step.digest != NULL;
	c->out->digest = replay_step_digest(&c->step);
}

static int count_all(struct counting *c, struct kb_diag *diag)
{
	struct replay_slice slice;
	int err;

	while ((err = replay_program_next(&c->program, &slice, diag)) == 0) {
		err = reserve(c);
		if (err < 0)
			return kb_fail(diag, err, "out of memory for sizes");
		err = count_slice(c, &slice, diag);
		if (err < 0)
			return err;
	}
	if (err < 0)
		return err;
	close_bin(c);
	hand_up(c);
	return 0;
}

int replay_count(const struct replay_job *job, struct replay_count_result *out,
		 struct kb_diag *diag)
{
	struct counting c = { .job = job, .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	c.events_total = trc_reader_info(job->reader)->counts.events;
	replay_marks_init(&out->marks,
			  trc_reader_info(job->reader)->counts.frees,
			  job->seed);
	replay_program_init(&c.program, job->reader, NULL);
	replay_memory_begin(&c.memory, job->alloc, &out->memory);
	err = replay_step_init(&c.step, job->alloc, job->touch);
	if (err < 0)
		kb_fail(diag, err, "out of memory for the digest");
	else
		err = count_all(&c, diag);
	replay_step_release(&c.step);
	replay_memory_end(&c.memory);
	replay_program_release(&c.program);
	free(c.size);
	return err;
}
