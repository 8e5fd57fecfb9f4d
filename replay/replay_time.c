#include "replay.h"

#include "kb_bits.h"
#include "replay_program.h"
#include "replay_sample.h"
#include "replay_tick.h"
#include "replay_usage.h"

#include <string.h>

/* A timed slice takes at least this long, so that reading the clock around it
 * costs next to nothing, … */
#define SLICE_MIN_NS UINT64_C(250000)

/* … and at most about this long, so that the budget is checked in time. */
#define SLICE_MAX_NS UINT64_C(50000000)

/* Operations of the first slice, while their cost is unknown. */
#define SLICE_FIRST 2048

/* A timed pass in progress. */
struct timing {
	const struct replay_job *job;
	struct replay_program program;

	/* Operations of the next slice. */
	size_t chunk;

	/* System clock at which the pass, or its current replay, must end; 0
	 * for never. */
	uint64_t deadline_ns;

	/* The current replay's tally. */
	uint64_t ticks;
	uint64_t events;
	uint64_t slices;
	bool cut_short;
};

static bool is_late(const struct timing *t)
{
	return t->deadline_ns && replay_tick_system() >= t->deadline_ns;
}

/* Runs some operations under the clock and adapts the next slice's size. */
static void run_timed(struct timing *t, const struct replay_op *ops,
		      size_t count)
{
	const struct alloc *alloc = &t->job->alloc;
	bool use_tsc = t->job->use_tsc;
	uint64_t wall = replay_tick_system();
	uint64_t begin = replay_tick_begin(use_tsc);

	alloc->vt->run[t->job->touch](alloc->ctx, ops, count, t->program.live);
	t->ticks += replay_tick_end(use_tsc) - begin;
	t->slices++;
	wall = replay_tick_system() - wall;
	if (wall < SLICE_MIN_NS && count == t->chunk)
		t->chunk *= 2;
	else if (wall > SLICE_MAX_NS && t->chunk > 1)
		t->chunk /= 2;
}

static void run_slice(struct timing *t, const struct replay_slice *slice)
{
	size_t done = 0;

	while (done < slice->count && !t->cut_short) {
		size_t count = (size_t)kb_min(t->chunk, slice->count - done);

		run_timed(t, slice->ops + done, count);
		done += count;
		t->events += count;
		replay_progress_tell(t->job->progress, t->events);
		t->cut_short = is_late(t);
	}
	replay_program_mark(&t->program, slice->ops, done);
	/* Running out of time after the very last operation does not count. */
	if (done == slice->count && t->cut_short &&
	    t->events == trc_reader_info(t->program.reader)->counts.events)
		t->cut_short = false;
}

/* Replays up to `events_max` events from the program's current position. */
static int run_replay(struct timing *t, uint64_t events_max,
		      struct kb_diag *diag)
{
	struct replay_slice slice;
	int err = 0;

	t->ticks = t->events = t->slices = 0;
	t->cut_short = false;
	while (t->events < events_max && !t->cut_short) {
		err = replay_program_next(&t->program, &slice, diag);
		if (err != 0)
			break;
		slice.count =
			(size_t)kb_min(slice.count, events_max - t->events);
		run_slice(t, &slice);
	}
	return err < 0 ? err : 0;
}

static void begin(struct timing *t, const struct replay_job *job)
{
	memset(t, 0, sizeof(*t));
	t->job = job;
	t->chunk = SLICE_FIRST;
	replay_program_init(&t->program, job->reader);
}

static void end(struct timing *t)
{
	replay_program_release(&t->program);
}

/* The first, untimed replay, and everything freed after it. Half of the
 * budget at most; the rest is the timed replay's. */
static int warm_up(struct timing *t, struct kb_diag *diag)
{
	uint64_t budget = t->job->budget_ns;
	uint64_t now = replay_tick_system();
	int err;

	t->deadline_ns = budget ? now + budget / 2 : 0;
	err = run_replay(t, REPLAY_WARM_EVENTS_MAX, diag);
	if (err < 0)
		return err;
	replay_program_free_held(&t->program, &t->job->alloc, t->job->progress);
	t->deadline_ns = budget ? now + budget : 0;
	return replay_program_rewind(&t->program, diag);
}

static int time_epoch(struct timing *t, struct replay_time_result *out,
		      struct kb_diag *diag)
{
	struct replay_usage before;
	int err;

	err = warm_up(t, diag);
	if (err < 0)
		return err;
	out->cold_ticks = t->ticks;
	out->cold_events = t->events;
	out->cold_slices = t->slices;
	replay_usage_read(&before);
	err = run_replay(t, UINT64_MAX, diag);
	replay_usage_since(&before, out);
	out->ticks = t->ticks;
	out->events = out->covered = t->events;
	out->slices = t->slices;
	out->cut_short = t->cut_short;
	return err;
}

int replay_throughput(const struct replay_job *job,
		      struct replay_time_result *out, struct kb_diag *diag)
{
	struct timing t;
	int err;

	if (job->sampling.period > 0)
		return replay_sample_throughput(job, out, diag);
	memset(out, 0, sizeof(*out));
	begin(&t, job);
	err = time_epoch(&t, out, diag);
	end(&t);
	return err;
}
