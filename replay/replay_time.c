#include "replay.h"

#include "kb_bits.h"
#include "replay_evict.h"
#include "replay_program.h"
#include "replay_sample.h"
#include "replay_steady.h"
#include "replay_tick.h"
#include "replay_usage.h"

#include <stdlib.h>
#include <string.h>

/* A timed slice takes at least this long, so that reading the clock around it
 * costs next to nothing, … */
#define SLICE_MIN_NS UINT64_C(250000)

/* … and at most about this long, so that the budget is checked in time. */
#define SLICE_MAX_NS UINT64_C(50000000)

/* Operations of the first slice, while their cost is unknown. */
#define SLICE_FIRST 2048

/* Pairs of an alloc and its free in a slice that finds out what entering one
 * costs, and how often that is tried. */
#define ENTRY_PAIRS 16
#define ENTRY_TRIES 100

/* A timed pass on its way. */
struct timing {
	const struct replay_job *job;
	struct replay_program program;
	struct replay_evict evict;
	uint32_t evict_kib;

	/* Operations of the next slice. */
	size_t chunk;

	/* System clock at which the pass must end; 0 for never. */
	uint64_t deadline_ns;
	uint64_t begin_ns;

	/* The current replay's tally, and how long it took with all that is not
	 * timed. */
	struct replay_round tally;
	uint64_t wall_ns;
	bool first_was_long;
	bool cut_short;
};

static bool is_late(const struct timing *t)
{
	return t->deadline_ns && replay_tick_system() >= t->deadline_ns;
}

/* Runs some operations under the clock. */
static uint64_t run_ops(const struct timing *t, const struct replay_op *ops,
			size_t count)
{
	const struct alloc *alloc = &t->job->alloc;
	bool use_tsc = t->job->use_tsc;
	uint64_t begin = replay_tick_begin(use_tsc);

	alloc->vt->run[t->job->touch](alloc->ctx, ops, count, t->program.live);
	return alloc_ran_ticks(alloc, replay_tick_end(use_tsc) - begin);
}

/* The same, as a slice of the replay; adapts the next one's size. */
static void run_timed(struct timing *t, const struct replay_op *ops,
		      size_t count)
{
	uint64_t wall;

	replay_evict_touch(&t->evict, t->evict_kib);
	wall = replay_tick_system();
	t->tally.ticks += run_ops(t, ops, count);
	t->tally.events += count;
	t->tally.slices++;
	wall = replay_tick_system() - wall;
	if (t->evict_kib > 0)
		return;
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
		replay_progress_tell(t->job->progress, t->tally.events);
		t->cut_short = is_late(t);
	}
	if (!t->program.feed)
		replay_program_mark(&t->program, slice->ops, done);
	/* Late after the very last operation is not late. */
	if (done == slice->count && t->cut_short &&
	    t->tally.events == trc_reader_info(t->job->reader)->counts.events)
		t->cut_short = false;
}

/* Replays the trace once, each slice under `kib` of pressure. */
static int run_replay(struct timing *t, uint32_t kib, struct kb_diag *diag)
{
	uint64_t begin = replay_tick_system();
	const size_t chunk = t->chunk;
	struct replay_slice slice;
	int err = 0;

	memset(&t->tally, 0, sizeof(t->tally));
	t->evict_kib = kib;
	if (kib > 0)
		t->chunk =
			t->job->evict_events ? t->job->evict_events : SIZE_MAX;
	while (!t->cut_short) {
		err = replay_program_next(&t->program, &slice, diag);
		if (err != 0)
			break;
		run_slice(t, &slice);
	}
	t->chunk = chunk;
	t->wall_ns = replay_tick_system() - begin;
	return err < 0 ? err : 0;
}

/* Frees what is live, untimed, and goes back to the first event. */
static int start_again(struct timing *t, struct kb_diag *diag)
{
	int err = 0;

	if (t->program.feed)
		err = replay_program_free_left(&t->program, &t->job->alloc,
					       t->job->progress, diag);
	else
		replay_program_free_held(&t->program, &t->job->alloc,
					 t->job->progress);
	return err < 0 ? err : replay_program_rewind(&t->program, diag);
}

/* Whether the last replay took too long for REPLAY_STEADY of them. */
static bool is_too_long(const struct timing *t)
{
	return t->job->epoch_ns &&
	       REPLAY_STEADY * t->wall_ns > t->job->epoch_ns;
}

/* Whether the last replay, once more, would end before the deadline. */
static bool has_time(const struct timing *t)
{
	return !t->deadline_ns ||
	       replay_tick_system() + t->wall_ns < t->deadline_ns;
}

/* Whether the pilot has replayed often enough. */
static bool has_settled(const struct timing *t,
			const struct replay_time_result *out)
{
	const uint64_t allowed = t->job->epoch_ns;
	const uint64_t spent = replay_tick_system() - t->begin_ns;
	double ticks[REPLAY_REPEATS_MAX];

	/* A second one, if there is time for it, tells what only took long for
	 * once from what always does. */
	if (out->repeats == 1)
		return is_too_long(t) && !has_time(t);
	if (out->repeats == 2 && is_too_long(t) && t->first_was_long)
		return true;
	for (uint32_t i = 0; i < out->repeats; i++)
		ticks[i] = (double)out->replay[i].ticks;
	return replay_steady_reached(ticks, out->repeats, t->wall_ns) ||
	       (out->repeats >= REPLAY_STEADY && allowed &&
		spent + t->wall_ns > allowed);
}

static bool is_last(const struct timing *t,
		    const struct replay_time_result *out)
{
	return t->job->repeats ? out->repeats == t->job->repeats
			       : has_settled(t, out);
}

/* The replays whose median is the figure. What the system did meanwhile is
 * asked before the frees, which warm up what the question has cooled. */
static int run_replays(struct timing *t, struct replay_time_result *out,
		       struct kb_diag *diag)
{
	const uint32_t steady = t->job->repeats > REPLAY_STEADY
					? t->job->repeats - REPLAY_STEADY
					: 0;
	struct replay_usage before;
	int err = 0;

	if (t->job->feed)
		replay_feed_warm(t->job->feed);
	for (;;) {
		if (out->repeats <= steady)
			replay_usage_read(&before);
		if (out->repeats > 0)
			err = start_again(t, diag);
		if (err == 0)
			err = run_replay(t, t->job->evict_kib, diag);
		if (err < 0)
			return err;
		if (t->cut_short && out->repeats > 0)
			break;
		out->replay[out->repeats++] = t->tally;
		if (out->repeats == 1)
			t->first_was_long = is_too_long(t);
		if (t->cut_short || is_last(t, out))
			break;
	}
	/* It was too long both times. */
	if (t->job->repeats == 0 && out->repeats < REPLAY_STEADY)
		out->repeats = 1;
	replay_usage_since(&before, out);
	out->covered = out->replay[0].events;
	out->cut_short = t->cut_short;
	return 0;
}

/* After all else, for caches are never again what they were. */
static int run_pressed(struct timing *t, struct replay_time_result *out,
		       struct kb_diag *diag)
{
	int err = 0;

	for (unsigned i = 0; i < REPLAY_PRESSURES * REPLAY_PRESSED; i++) {
		const unsigned level = i % REPLAY_PRESSURES;

		err = start_again(t, diag);
		if (err == 0)
			err = run_replay(t, replay_pressed_kib[level], diag);
		if (err < 0 || t->cut_short)
			return err;
		out->pressed[level][i / REPLAY_PRESSURES] = t->tally;
	}
	out->has_pressed = true;
	return 0;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What a slice costs beside its operations: the same ones in two slices, less in
 * one; the mean of the middle half of many tries. */
static double entry_ticks(const struct timing *t)
{
	struct replay_op ops[4 * ENTRY_PAIRS];
	const size_t half = KB_ARRAY_LEN(ops) / 2;
	double more[ENTRY_TRIES], sum = 0;

	if (t->program.slots == 0)
		return 0;
	for (size_t i = 0; i < KB_ARRAY_LEN(ops); i += 2) {
		ops[i] = replay_op_alloc(0, 64);
		ops[i + 1] = replay_op_free(0, 64);
	}
	for (size_t i = 0; i < ENTRY_TRIES; i++) {
		double one = (double)run_ops(t, ops, KB_ARRAY_LEN(ops));
		double two = (double)(run_ops(t, ops, half) +
				      run_ops(t, ops + half, half));

		more[i] = two - one;
	}
	qsort(more, ENTRY_TRIES, sizeof(*more), compare_double);
	for (size_t i = ENTRY_TRIES / 4; i < ENTRY_TRIES * 3 / 4; i++)
		sum += more[i];
	return sum / (ENTRY_TRIES / 2);
}

static int time_epoch(struct timing *t, struct replay_time_result *out,
		      struct kb_diag *diag)
{
	int err = run_replays(t, out, diag);

	if (err == 0 && !t->cut_short && t->job->press)
		err = run_pressed(t, out, diag);
	if (err == 0 && !t->cut_short && t->job->repeats == 0) {
		err = start_again(t, diag);
		out->entry_ticks = entry_ticks(t);
	}
	return err;
}

static int begin(struct timing *t, const struct replay_job *job,
		 struct kb_diag *diag)
{
	uint32_t kib = job->evict_kib;

	memset(t, 0, sizeof(*t));
	t->job = job;
	t->chunk = SLICE_FIRST;
	t->begin_ns = replay_tick_system();
	t->deadline_ns = job->budget_ns ? t->begin_ns + job->budget_ns : 0;
	replay_program_init(&t->program, job->reader, job->feed);
	if (job->press)
		kib = (uint32_t)kb_max(
			kib, replay_pressed_kib[REPLAY_PRESSURES - 1]);
	if (replay_evict_reserve(&t->evict, kib) == 0)
		return 0;
	return kb_fail(diag, KB_E_NOMEM, "out of memory for --evict");
}

int replay_throughput(const struct replay_job *job,
		      struct replay_time_result *out, struct kb_diag *diag)
{
	struct timing t;
	int err;

	if (job->sampling.period > 0)
		return replay_sample_throughput(job, out, diag);
	memset(out, 0, sizeof(*out));
	err = begin(&t, job, diag);
	if (err == 0)
		err = time_epoch(&t, out, diag);
	out->feed =
		job->feed ? replay_feed_kind(job->feed) : REPLAY_FEED_INLINE;
	replay_program_release(&t.program);
	replay_evict_release(&t.evict);
	return err;
}
