#include "replay_sample.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_evict.h"
#include "replay_program.h"
#include "replay_tick.h"
#include "replay_usage.h"

#include <string.h>

/* A sampled replay in progress. */
struct sampling {
	const struct replay_job *job;
	struct replay_program program;
	struct replay_sample sample;
	struct replay_time_result *out;

	struct replay_evict evict;

	/* System clock at which it must end; 0 for never. */
	uint64_t deadline_ns;

	/* The current window: what was measured of it so far. */
	uint64_t window_ticks;
	uint64_t window_events;
};

void replay_sample_init(struct replay_sample *sample,
			const struct replay_sampling *plan, uint64_t seed)
{
	struct kb_rng rng = kb_rng_init(seed);

	sample->plan = *plan;
	sample->start = kb_rng_below(&rng, plan->period);
}

enum replay_stretch replay_sample_at(const struct replay_sample *sample,
				     uint64_t event, uint64_t *until)
{
	const struct replay_sampling *plan = &sample->plan;
	const uint64_t phase =
		(event % plan->period + plan->period - sample->start) %
		plan->period;
	const uint64_t rest = plan->period - phase;

	if (phase < plan->window) {
		*until = event + plan->window - phase;
		return REPLAY_MEASURE;
	}
	if (rest <= plan->warm) {
		*until = event + rest;
		return REPLAY_WARM;
	}
	*until = event + rest - plan->warm;
	return REPLAY_FORWARD;
}

static int forward(struct sampling *s, const struct replay_op *ops,
		   size_t count)
{
	const struct alloc *alloc = &s->job->alloc;
	uint64_t begin = replay_tick_system();
	int err = alloc->vt->fast_forward(alloc->ctx, ops, count,
					  s->program.live, s->job->touch);

	s->out->forward_ns += replay_tick_system() - begin;
	return err;
}

static void run(struct sampling *s, const struct replay_op *ops, size_t count)
{
	const struct alloc *alloc = &s->job->alloc;

	alloc->vt->run[s->job->touch](alloc->ctx, ops, count, s->program.live);
}

static void measure(struct sampling *s, const struct replay_op *ops,
		    size_t count)
{
	uint64_t begin;

	if (s->window_events == 0)
		replay_evict_touch(&s->evict, s->evict.kib);
	begin = replay_tick_begin(s->job->use_tsc);
	run(s, ops, count);
	s->window_ticks += alloc_ran_ticks(
		&s->job->alloc, replay_tick_end(s->job->use_tsc) - begin);
	s->window_events += count;
	s->out->replay[0].slices++;
}

/* Ends the current window, if there is one. */
static void close_window(struct sampling *s)
{
	struct replay_time_result *out = s->out;
	double rate;

	if (s->window_events == 0)
		return;
	rate = (double)s->window_ticks / (double)s->window_events;
	out->replay[0].ticks += s->window_ticks;
	out->replay[0].events += s->window_events;
	out->windows++;
	out->rate_sum += rate;
	out->rate_squares += rate * rate;
	s->window_ticks = s->window_events = 0;
}

static int run_slice(struct sampling *s, const struct replay_slice *slice)
{
	struct replay_time_result *out = s->out;
	size_t done = 0;

	while (done < slice->count && !out->cut_short) {
		const struct replay_op *ops = slice->ops + done;
		enum replay_stretch what;
		uint64_t until;
		size_t count;
		int err = 0;

		what = replay_sample_at(&s->sample, out->covered, &until);
		count = (size_t)kb_min(until - out->covered,
				       slice->count - done);
		if (what != REPLAY_MEASURE)
			close_window(s);
		if (what == REPLAY_MEASURE)
			measure(s, ops, count);
		else if (what == REPLAY_WARM)
			run(s, ops, count);
		else
			err = forward(s, ops, count);
		if (err < 0)
			return err;
		done += count;
		out->covered += count;
		out->cut_short = s->deadline_ns &&
				 replay_tick_system() >= s->deadline_ns;
	}
	replay_progress_tell(s->job->progress, out->covered);
	return 0;
}

/* The untimed replay before the timed one. */
static int warm_up(struct sampling *s, struct kb_diag *diag)
{
	struct replay_slice slice;
	uint64_t events = 0;
	int err = 0;

	while (events < REPLAY_WARM_EVENTS_MAX) {
		err = replay_program_next(&s->program, &slice, diag);
		if (err != 0)
			break;
		slice.count = (size_t)kb_min(slice.count,
					     REPLAY_WARM_EVENTS_MAX - events);
		err = forward(s, slice.ops, slice.count);
		if (err < 0)
			return kb_fail(diag, err, "out of memory");
		replay_program_mark(&s->program, slice.ops, slice.count);
		events += slice.count;
	}
	if (err < 0)
		return err;
	replay_program_free_held(&s->program, &s->job->alloc, s->job->progress);
	return replay_program_rewind(&s->program, diag);
}

static int run_all(struct sampling *s, struct kb_diag *diag)
{
	struct replay_time_result *out = s->out;
	struct replay_slice slice;
	struct replay_usage before;
	int err;

	err = warm_up(s, diag);
	out->forward_ns = 0;
	replay_usage_read(&before);
	while (err == 0 && !out->cut_short) {
		err = replay_program_next(&s->program, &slice, diag);
		if (err == 0 && run_slice(s, &slice) < 0)
			err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	}
	close_window(s);
	replay_usage_since(&before, out);
	/* Running out of time after the very last operation does not count. */
	if (out->covered == trc_reader_info(s->job->reader)->counts.events)
		out->cut_short = false;
	return err < 0 ? err : 0;
}

int replay_sample_throughput(const struct replay_job *job,
			     struct replay_time_result *out,
			     struct kb_diag *diag)
{
	struct sampling s = { .job = job, .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	if (!job->alloc.vt->fast_forward)
		return 0;
	out->repeats = 1;
	out->feed =
		job->feed ? replay_feed_kind(job->feed) : REPLAY_FEED_INLINE;
	replay_sample_init(&s.sample, &job->sampling, job->seed);
	if (job->budget_ns)
		s.deadline_ns = replay_tick_system() + job->budget_ns;
	replay_program_init(&s.program, job->reader, job->feed);
	err = replay_evict_reserve(&s.evict, job->evict_kib);
	err = err < 0 ? kb_fail(diag, err, "out of memory for --evict")
		      : run_all(&s, diag);
	replay_program_release(&s.program);
	replay_evict_release(&s.evict);
	return err;
}
