/*
 * The latency pass: the trace is replayed again and again, in laps of four kinds.
 *
 *   warm    the first: everything is touched once, nothing kept; one that takes
 *           long is a plain one too, for nothing that it leaves makes the next
 *           one faster;
 *   plain   as the throughput pass runs it, timed as a whole;
 *   probed  the same, but for single frees that are timed one by one;
 *   frozen  at some places the replay pauses, and upcoming lookups are made
 *           back to back, many in one timer interval.
 *
 * Between samples a probed lap runs the very loop that throughput runs, and which
 * frees are samples is worked out before the clock starts; so all that samples
 * cost is their readings. There are as many of them as that costs one event in a
 * hundred. Plain laps come between probed ones, so that what it did cost is known.
 *
 * If the throughput pass had to sample (replay_sample.h), no lap could search
 * as often as the trace does. Then all laps fast-forward, and only some
 * operations just before each sample, and the sample itself, are run for real,
 * as many in all as an epoch of that pass runs. There are no plain laps.
 */
#include "replay.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_program.h"
#include "replay_steady.h"
#include "replay_tick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The share of a replay's time that samples may take, … */
#define SHARE_MAX 0.008

/* … each sample costing its pairs of readings plus this for the calls around
 * it, ns. */
#define SAMPLE_NS 20.0

/* Most laps of each kind, and how many frees may be chosen in vain, because their
 * allocs were refused. */
#define LAPS_MAX      1024
#define FREES_IN_VAIN 64
#define LAPS_FROZEN   2

/* Rates below one in this number times 2^marks make no difference. */
#define RATE_BITS_MAX 20

/* Operations between two checks of the budget. */
#define PIECE 4096

/* A warm lap that takes this long is as good as any that follows, ns. */
#define WARM_ENOUGH_NS 50000000

/* Plain laps come one to this many probed ones, after as many of them. */
#define PROBED_PER_PLAIN 8

/* Operations run for real before a replay pauses, where it can get there faster:
 * the caches are then as a replay leaves them. */
#define FROZEN_WARM 64

/* Places of a lap at which it pauses, and lookups at each. */
#define PLACES	    32
#define PLACE_FREES ((size_t)2 * REPLAY_FROZEN_BATCH)

/* A timer interrupt takes 35 µs each millisecond on some virtual machines, so in half
 * of the windows of half a millisecond. A longer window than this is timed in pieces,
 * each of them twice, ns; what is quicker counts. */
#define PIECE_NS 100000.0

enum lap { LAP_WARM, LAP_PLAIN, LAP_PROBED, LAP_FROZEN };

/* A free of the current slice that is timed. */
struct chosen {
	size_t at;
	uint32_t kind;
	uint64_t weight;
};

struct reading {
	uint64_t event;
	uint64_t ticks;
	uint64_t weight;
	enum replay_series_id series;
};

/* The pass in progress. */
struct latency {
	const struct replay_job *job;
	struct replay_latency_result *out;
	struct replay_program program;

	/* Laps fast-forward, and whether there are then too many of the
	 * costliest frees. */
	bool forwards;
	bool no_dearest;

	/* System clock at which the current lap must end; 0 for never. */
	uint64_t deadline_ns;

	/* The current lap: events and ticks so far; whether it ran out of time;
	 * at the end, how long it took, ns. */
	enum lap lap;
	uint64_t number;
	uint64_t events;
	uint64_t ticks;
	bool late;
	uint64_t wall_ns;

	/* Operations since the last check of the budget, and those of the
	 * current slice up to it. */
	size_t unlooked;
	size_t looked;

	/* Time per event in the last lap without timed frees. */
	double event_ns;

	/* Kinds of sample, which take turns: whole frees, and parts of one. */
	uint32_t kinds;
	uint32_t mark_bits;
	size_t next_dear;

	/* The slice's samples, up to its capacity; ALLOC_STEPS readings
	 * each. */
	struct chosen *chosen;
	size_t chosen_count;
	struct reading *reading;
	size_t readings;
	size_t room;

	/* Frozen laps: where the next stop is, and, by slot, the number of the
	 * last stop that met it. */
	uint64_t next_place;
	struct kb_rng rng;
	uint32_t *met;
	size_t met_slots;
	uint32_t stops;
};

static bool is_late(const struct latency *l)
{
	return l->deadline_ns && replay_tick_system() >= l->deadline_ns;
}

static bool has_lookup(const struct alloc *alloc)
{
	return alloc->vt->lookup || alloc->vt->free_steps;
}

/* --- Which frees are timed --- */

static bool is_dear(struct latency *l, uint64_t event)
{
	const struct replay_job *job = l->job;

	if (l->no_dearest)
		return false;
	while (l->next_dear < job->dearest_count &&
	       job->dearest[l->next_dear] < event)
		l->next_dear++;
	return l->next_dear < job->dearest_count &&
	       job->dearest[l->next_dear] == event;
}

/* Whether a free is timed in this lap, and its weight. Each lap takes another
 * part of the marked frees, so that none is timed twice before all were timed
 * once. */
static uint64_t weight_of(struct latency *l, uint64_t event, uint64_t hash)
{
	uint64_t marked = (UINT64_C(1) << l->mark_bits) - 1;
	uint64_t part = (UINT64_C(1) << (l->out->rate_bits - l->mark_bits)) - 1;

	if (is_dear(l, event))
		return l->kinds;
	if ((hash & marked) != 0 ||
	    (((hash >> l->mark_bits) + l->number) & part) != 0)
		return 0;
	return (uint64_t)l->kinds << l->out->rate_bits;
}

static int reserve(struct latency *l, size_t count)
{
	struct chosen *chosen;
	struct reading *reading;

	if (count <= l->room)
		return 0;
	chosen = realloc(l->chosen, count * sizeof(*chosen));
	if (chosen)
		l->chosen = chosen;
	reading = realloc(l->reading, count * ALLOC_STEPS * sizeof(*reading));
	if (reading)
		l->reading = reading;
	if (!chosen || !reading)
		return KB_E_NOMEM;
	l->room = count;
	return 0;
}

static void choose(struct latency *l, const struct replay_slice *slice)
{
	uint32_t part_bits = l->out->rate_bits - l->mark_bits;

	l->chosen_count = 0;
	for (size_t i = 0; i < slice->count; i++) {
		uint64_t event = l->events + i, hash, weight;

		if (!replay_op_is_free(slice->ops[i]))
			continue;
		hash = replay_marks_hash(l->job->seed, event);
		weight = weight_of(l, event, hash);
		if (weight == 0)
			continue;
		l->chosen[l->chosen_count++] = (struct chosen){
			.at = i,
			.kind = (uint32_t)(((hash >> 40) +
					    (l->number >> part_bits)) %
					   l->kinds),
			.weight = weight,
		};
	}
}

/* --- Samples --- */

static void keep_reading(struct latency *l, enum replay_series_id series,
			 uint64_t event, uint64_t weight, uint64_t ticks)
{
	l->reading[l->readings++] = (struct reading){
		.event = event,
		.ticks = ticks,
		.weight = weight,
		.series = series,
	};
}

/* A free's steps in progress. */
struct steps {
	bool use_tsc;
	uint64_t begin;
	uint64_t ticks[ALLOC_STEPS];
	size_t done;
};

static void end_step(void *user)
{
	struct steps *s = user;
	uint64_t now = replay_tick_end(s->use_tsc);

	if (s->done < ALLOC_STEPS)
		s->ticks[s->done++] = now - s->begin;
	s->begin = replay_tick_begin(s->use_tsc);
}

static void probe_steps(struct latency *l, uint64_t handle, uint64_t event,
			uint64_t weight)
{
	static const enum replay_series_id series[ALLOC_STEPS] = {
		[ALLOC_STEP_LOOKUP] = REPLAY_SERIES_lookup,
		[ALLOC_STEP_UNMAP] = REPLAY_SERIES_unmap,
		[ALLOC_STEP_REMOVE] = REPLAY_SERIES_remove,
		[ALLOC_STEP_RELEASE] = REPLAY_SERIES_release,
	};
	const struct alloc *alloc = &l->job->alloc;
	struct steps s = { .use_tsc = l->job->use_tsc };

	s.begin = replay_tick_begin(s.use_tsc);
	alloc->vt->free_steps(alloc->ctx, handle, end_step, &s);
	for (size_t i = 0; i < s.done; i++)
		keep_reading(l, series[i], event, weight, s.ticks[i]);
}

static void probe(struct latency *l, const struct replay_op *op,
		  const struct chosen *c)
{
	const struct alloc *alloc = &l->job->alloc;
	uint64_t handle = l->program.live[replay_op_slot(*op)];
	struct replay_probe probe = { .use_tsc = l->job->use_tsc };
	uint64_t event = l->events + c->at;

	if (!handle)
		return;
	if (c->kind == 1 && alloc->vt->free_steps) {
		probe_steps(l, handle, event, c->weight);
		return;
	}
	probe.kind = c->kind == 1 ? ALLOC_PROBE_LOOKUP : ALLOC_PROBE_FREE;
	alloc->vt->run_probed(alloc->ctx, op, 1, l->program.live, &probe);
	keep_reading(l,
		     c->kind == 1 ? REPLAY_SERIES_lookup : REPLAY_SERIES_kfree,
		     event, c->weight, probe.ticks);
}

/* True if a reading in a slice with a preemption was hit by it: if it far
 * exceeds everything in the series so far. */
static bool was_hit(const struct latency *l, const struct reading *r)
{
	const struct replay_hist *hist = &l->out->series[r->series].plain;

	return hist->count > 0 &&
	       replay_clock_is_preempted(l->job->clock, r->ticks,
					 replay_hist_quantile(hist, 0.99));
}

static void file_readings(struct latency *l, bool disturbed)
{
	struct replay_latency_result *out = l->out;

	for (size_t i = 0; i < l->readings; i++) {
		const struct reading *r = &l->reading[i];
		struct replay_series *series = &out->series[r->series];

		series->preempted += disturbed && was_hit(l, r);
		replay_hist_add_many(&series->weighted, r->ticks, r->weight);
		replay_hist_add(&series->plain, r->ticks);
		if (out->samples < REPLAY_SAMPLES_MAX)
			out->sample[out->samples++] = (struct replay_timed){
				.event = r->event,
				.series = r->series,
				.ticks = (uint32_t)kb_min(r->ticks, UINT32_MAX),
			};
		out->pairs++;
	}
	l->readings = 0;
}

/* --- Between samples --- */

/* Goes on by some operations without searching. Returns 0 or KB_E_NOMEM. */
static int advance(struct latency *l, const struct replay_op *ops, size_t count)
{
	const struct alloc *alloc = &l->job->alloc;

	return alloc->vt->fast_forward(alloc->ctx, ops, count, l->program.live,
				       l->job->touch);
}

/* The same of a frozen lap, whose last operations are run for real. */
static int advance_frozen(struct latency *l, const struct replay_op *ops,
			  size_t count)
{
	const struct alloc *alloc = &l->job->alloc;
	const size_t real = l->forwards ? 0
			    : alloc->vt->fast_forward
				    ? (size_t)kb_min(count, FROZEN_WARM)
				    : count;

	if (count > real && advance(l, ops, count - real) < 0)
		return KB_E_NOMEM;
	alloc->vt->run[l->job->touch](alloc->ctx, ops + count - real, real,
				      l->program.live);
	return 0;
}

/* --- Frozen states --- */

static int reserve_met(struct latency *l)
{
	uint32_t *met;

	if (l->program.slots <= l->met_slots)
		return 0;
	met = realloc(l->met, l->program.slots * sizeof(*met));
	if (!met)
		return KB_E_NOMEM;
	memset(met + l->met_slots, 0,
	       (l->program.slots - l->met_slots) * sizeof(*met));
	l->met = met;
	l->met_slots = l->program.slots;
	return 0;
}

/* Collects the handles of the next frees of objects that are live now, as far
 * as the slice goes; returns their number. */
static size_t coming_frees(struct latency *l, const struct replay_op *ops,
			   size_t count, uint64_t *handles)
{
	size_t n = 0;

	l->stops++;
	for (size_t i = 0; i < count && n < PLACE_FREES; i++) {
		uint32_t slot = replay_op_slot(ops[i]);

		/* The first operation on a slot of a live object is its free. */
		if (l->met[slot] == l->stops)
			continue;
		l->met[slot] = l->stops;
		if (replay_op_is_free(ops[i]) && l->program.held[slot] &&
		    l->program.live[slot])
			handles[n++] = l->program.live[slot];
	}
	return n;
}

/* One timer interval: each lookup's address depends on the previous answer, for
 * in a kernel nothing overlaps two lookups. */
static uint64_t time_lookups(const struct replay_job *job,
			     const uint64_t *handles, size_t count)
{
	const struct alloc *alloc = &job->alloc;
	uint64_t nothing = 0, link = 0, begin;

	/* The compiler must not know that it is 0. */
	__asm__ volatile("" : "+r"(nothing));
	begin = replay_tick_begin(job->use_tsc);
	for (size_t i = 0; i < count; i++)
		link = (uint64_t)alloc->vt->lookup(alloc->ctx,
						   handles[i] + link) &
		       nothing;
	__asm__ volatile("" : : "r"(link) : "memory");
	return replay_tick_end(job->use_tsc) - begin;
}

/* A window, in pieces of `piece` lookups. */
static uint64_t time_window(const struct replay_job *job,
			    const uint64_t *handles, size_t piece)
{
	const double cost = job->clock->cost.mean;
	double ticks = cost;

	if (piece == REPLAY_FROZEN_BATCH)
		return time_lookups(job, handles, piece);
	for (size_t i = 0; i < REPLAY_FROZEN_BATCH; i += piece) {
		const size_t count =
			(size_t)kb_min(piece, REPLAY_FROZEN_BATCH - i);
		uint64_t first = time_lookups(job, handles + i, count);
		uint64_t second = time_lookups(job, handles + i, count);

		ticks += (double)kb_min(first, second) - cost;
	}
	return (uint64_t)fmax(ticks, 0);
}

/* Lookups of a piece, where the windows of a place take this many ticks. */
static size_t piece_of(const struct replay_job *job, double ticks)
{
	const double ns = ticks * job->clock->ns_per_tick;

	if (ns <= PIECE_NS)
		return REPLAY_FROZEN_BATCH;
	return (size_t)fmax(REPLAY_FROZEN_BATCH * PIECE_NS / ns, 1);
}

static void shuffle(struct kb_rng *rng, uint64_t *handles, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)kb_rng_below(rng, i);
		uint64_t t = handles[i - 1];

		handles[i - 1] = handles[j];
		handles[j] = t;
	}
}

static void stand_still(struct latency *l, const struct replay_op *ops,
			size_t count)
{
	struct replay_frozen *frozen = &l->out->frozen;
	uint64_t handles[PLACE_FREES];
	size_t piece = REPLAY_FROZEN_BATCH;
	size_t n = coming_frees(l, ops, count, handles) / REPLAY_FROZEN_BATCH *
		   REPLAY_FROZEN_BATCH;

	if (n == 0)
		return;
	frozen->places++;
	for (unsigned pass = 0; pass <= REPLAY_FROZEN_REPEATS; pass++) {
		double sum = 0;

		shuffle(&l->rng, handles, n);
		for (size_t i = 0; i < n; i += REPLAY_FROZEN_BATCH) {
			uint64_t ticks =
				time_window(l->job, handles + i, piece);

			sum += (double)ticks;
			replay_hist_add(pass ? &frozen->warm : &frozen->cold,
					ticks);
		}
		if (pass == 0)
			piece = piece_of(l->job,
					 sum * REPLAY_FROZEN_BATCH / (double)n);
	}
}

/* Somewhere in each of PLACES equal parts of the trace. */
static uint64_t place_after(struct latency *l, uint64_t event)
{
	uint64_t events = trc_reader_info(l->job->reader)->counts.events;
	uint64_t part = kb_max(events / PLACES, 1);

	return (event / part + 1) * part + kb_rng_below(&l->rng, part);
}

static int run_frozen(struct latency *l, const struct replay_slice *slice)
{
	size_t done = 0;

	if (reserve_met(l) < 0)
		return KB_E_NOMEM;
	while (done < slice->count && !l->late) {
		size_t count = (size_t)kb_min(PIECE, slice->count - done);

		if (l->next_place >= l->events + done)
			count = (size_t)kb_min(
				count, l->next_place - l->events - done + 1);
		if (advance_frozen(l, slice->ops + done, count) < 0)
			return KB_E_NOMEM;
		replay_program_mark(&l->program, slice->ops + done, count);
		done += count;
		if (l->events + done > l->next_place) {
			stand_still(l, slice->ops + done, slice->count - done);
			l->next_place = place_after(l, l->events + done);
		}
		l->late = is_late(l);
	}
	l->events += done;
	return 0;
}

/* --- Laps --- */

static void look_at_time(struct latency *l, size_t operations)
{
	l->unlooked += operations;
	if (l->unlooked < PIECE)
		return;
	/* A slice may be one very long search, which must not look like a
	 * hang. */
	l->looked += l->unlooked;
	replay_progress_tell(l->job->progress, l->events + l->looked);
	l->unlooked = 0;
	l->late = is_late(l);
}

/* Runs operations without probes; returns how many before the time was over. */
static size_t run_plain(struct latency *l, const struct replay_op *ops,
			size_t count)
{
	const struct alloc *alloc = &l->job->alloc;
	size_t done = 0;

	while (done < count && !l->late) {
		size_t piece = (size_t)kb_min(PIECE, count - done);

		alloc->vt->run[l->job->touch](alloc->ctx, ops + done, piece,
					      l->program.live);
		done += piece;
		look_at_time(l, piece);
	}
	return done;
}

/* Advances to the next sample, `count` operations away: by run_plain, or by
 * fast-forwarding up to the warm-up before it. Returns 0 or KB_E_NOMEM. */
static int approach(struct latency *l, const struct replay_op *ops,
		    size_t count, size_t *done)
{
	const uint64_t warm = l->forwards ? l->job->sampling.warm : count;
	const size_t skipped = count > warm ? (size_t)(count - warm) : 0;

	if (skipped > 0 && advance(l, ops, skipped) < 0)
		return KB_E_NOMEM;
	*done += skipped;
	*done += run_plain(l, ops + skipped, count - skipped);
	return 0;
}

/* Advances to the end of the slice, after its last sample. */
static int leave(struct latency *l, const struct replay_op *ops, size_t count,
		 size_t *done)
{
	if (!l->forwards) {
		*done += run_plain(l, ops, count);
		return 0;
	}
	if (l->late || count == 0)
		return 0;
	*done += count;
	look_at_time(l, count);
	return advance(l, ops, count);
}

static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

/* Whether a lap notes what is held. With a feed, which knows what the whole trace
 * leaves, most do not have to. */
static bool marks(const struct latency *l)
{
	return !l->job->feed || l->lap == LAP_WARM || l->lap == LAP_FROZEN;
}

static int run_slice(struct latency *l, const struct replay_slice *slice)
{
	long before = preemptions();
	size_t done = 0;
	uint64_t begin;
	int err = 0;

	l->chosen_count = 0;
	l->unlooked = l->looked = 0;
	if (l->lap == LAP_PROBED) {
		if (reserve(l, slice->count) < 0)
			return KB_E_NOMEM;
		choose(l, slice);
	}
	begin = replay_tick_begin(l->job->use_tsc);
	for (size_t i = 0; i < l->chosen_count && !l->late; i++) {
		const struct chosen *c = &l->chosen[i];

		err = approach(l, slice->ops + done, c->at - done, &done);
		if (err < 0 || l->late)
			break;
		probe(l, &slice->ops[c->at], c);
		done++;
		look_at_time(l, 1);
	}
	if (err == 0)
		err = leave(l, slice->ops + done, slice->count - done, &done);
	l->ticks += replay_tick_end(l->job->use_tsc) - begin;
	if (marks(l))
		replay_program_mark(&l->program, slice->ops, done);
	file_readings(l, preemptions() != before);
	l->events += done;
	return err;
}

/* Frees what the lap has left live. */
static int free_all(struct latency *l, bool at_end, struct kb_diag *diag)
{
	const struct alloc *alloc = &l->job->alloc;
	struct replay_slice slice;
	uint64_t done = 0;

	if (!marks(l) && at_end)
		return replay_program_free_left(&l->program, alloc,
						l->job->progress, diag);
	/* One that was cut short, which happens once, is gone through again. */
	if (!marks(l) && replay_program_rewind(&l->program, diag) < 0)
		return diag->status;
	while (!marks(l) && done < l->events) {
		if (replay_program_next(&l->program, &slice, diag) != 0)
			return diag->status;
		slice.count = (size_t)kb_min(slice.count, l->events - done);
		replay_program_mark(&l->program, slice.ops, slice.count);
		done += slice.count;
	}
	replay_program_free_held(&l->program, alloc, l->job->progress);
	return 0;
}

/* From the first event to the last, or until it is late; then everything is
 * freed. */
static int run_lap(struct latency *l, enum lap lap, struct kb_diag *diag)
{
	uint64_t events_max =
		lap == LAP_WARM ? REPLAY_WARM_EVENTS_MAX : UINT64_MAX;
	uint64_t begin = replay_tick_system();
	struct replay_slice slice;
	int err = 0;

	l->lap = lap;
	l->events = l->ticks = 0;
	l->next_dear = 0;
	l->late = false;
	l->next_place = lap == LAP_FROZEN ? kb_rng_below(&l->rng, 1024) : 0;
	while (l->events < events_max && !l->late) {
		err = replay_program_next(&l->program, &slice, diag);
		if (err != 0)
			break;
		slice.count =
			(size_t)kb_min(slice.count, events_max - l->events);
		err = lap == LAP_FROZEN ? run_frozen(l, &slice)
					: run_slice(l, &slice);
		if (err < 0)
			return kb_fail(diag, err, "out of memory");
		replay_progress_tell(l->job->progress, l->events);
	}
	if (err < 0)
		return err;
	err = free_all(l, err == KB_END, diag);
	l->wall_ns = replay_tick_system() - begin;
	return err < 0 ? err : replay_program_rewind(&l->program, diag);
}

/* Running out of time after the very last operation does not count. */
static bool was_cut(const struct latency *l)
{
	return l->late &&
	       l->events < trc_reader_info(l->job->reader)->counts.events;
}

static void learn_event_time(struct latency *l)
{
	if (l->events)
		l->event_ns = (double)l->ticks * l->job->clock->ns_per_tick /
			      (double)l->events;
}

static void note_lap(const struct latency *l, struct replay_laps *laps)
{
	laps->laps++;
	laps->ticks += l->ticks;
	if (!was_cut(l) &&
	    (laps->best_ticks == 0 || l->ticks < laps->best_ticks))
		laps->best_ticks = l->ticks;
}

static int run_plain_lap(struct latency *l, struct kb_diag *diag)
{
	int err = run_lap(l, LAP_PLAIN, diag);

	note_lap(l, &l->out->plain);
	learn_event_time(l);
	return err;
}

static int run_probed_lap(struct latency *l, struct kb_diag *diag)
{
	int err = run_lap(l, LAP_PROBED, diag);

	l->out->cut_short |= l->out->probed.laps == 0 && was_cut(l);
	note_lap(l, &l->out->probed);
	l->number++;
	return err;
}

/* The number of samples that run as many operations for real as an epoch of the
 * sampled throughput pass; at most as many as are wanted. */
static double samples_of_an_epoch(const struct replay_job *job, uint64_t events)
{
	const struct replay_sampling *plan = &job->sampling;
	double runs = (double)events / (double)plan->period *
		      (double)(plan->warm + plan->window);

	return fmin(runs / (double)(plan->warm + 1), (double)job->samples);
}

/* Sets the rate so that samples take no more than their share. */
static void choose_rate(struct latency *l)
{
	const struct trc_counts *counts =
		&trc_reader_info(l->job->reader)->counts;
	const struct replay_clock *clock = l->job->clock;
	double pairs =
		l->job->alloc.vt->free_steps ? (1 + ALLOC_STEPS) / 2.0 : 1;
	double sample_ns =
		pairs * clock->pair_ticks * clock->ns_per_tick + SAMPLE_NS;
	double allowed =
		SHARE_MAX * l->event_ns * (double)counts->events / sample_ns;
	double samples = (double)(counts->frees >> l->mark_bits);
	uint32_t bits = l->mark_bits;

	if (l->forwards)
		allowed = samples_of_an_epoch(l->job, counts->events);
	l->no_dearest =
		l->forwards && (double)l->job->dearest_count > allowed / 2;
	if (!l->no_dearest)
		allowed -= (double)l->job->dearest_count;
	while (samples > allowed && bits < l->mark_bits + RATE_BITS_MAX) {
		samples /= 2;
		bits++;
	}
	l->out->rate_bits = bits;
	l->out->dearest = l->no_dearest ? 0 : (uint32_t)l->job->dearest_count;
}

static bool has_enough(const struct latency *l)
{
	const struct replay_series *series = l->out->series;
	uint64_t wanted = l->job->samples;
	uint64_t found = series[REPLAY_SERIES_kfree].plain.count;
	uint64_t frees = trc_reader_info(l->job->reader)->counts.frees;
	uint64_t chosen = l->out->probed.laps * frees >> l->out->rate_bits;

	if (found == 0 && (frees == 0 || chosen >= FREES_IN_VAIN))
		return true;
	if (has_lookup(&l->job->alloc))
		found = kb_min(found, series[REPLAY_SERIES_lookup].plain.count);
	return found >= wanted || l->out->probed.laps >= LAPS_MAX;
}

/* Whether `laps` more laps like the last one would end in time. */
static bool has_time(const struct latency *l, uint64_t laps)
{
	return !l->deadline_ns ||
	       replay_tick_system() + laps * l->wall_ns < l->deadline_ns;
}

/* Whether the last lap went through the trace. */
static bool is_whole(const struct latency *l)
{
	return l->events == trc_reader_info(l->job->reader)->counts.events;
}

static bool wants_plain(const struct latency *l)
{
	const struct replay_latency_result *out = l->out;

	return out->probed.laps < PROBED_PER_PLAIN ||
	       out->plain.laps * PROBED_PER_PLAIN <= out->probed.laps;
}

/* Plain laps until they no longer get faster, as an allocator that grows does for
 * many: the rate is to be right for those that follow. */
static int settle(struct latency *l, struct kb_diag *diag)
{
	double ticks[REPLAY_REPEATS_MAX];
	size_t count = 0;
	int err = 0;

	while (err == 0 && has_time(l, 3) &&
	       !replay_steady_reached(ticks, count, l->wall_ns)) {
		err = run_plain_lap(l, diag);
		ticks[count++] = (double)l->ticks;
	}
	return err;
}

static int run_laps(struct latency *l, struct kb_diag *diag)
{
	uint64_t budget = l->job->budget_ns;
	uint64_t begin = replay_tick_system();
	int err;

	l->deadline_ns = budget ? begin + budget / 2 : 0;
	err = run_lap(l, LAP_WARM, diag);
	learn_event_time(l);
	l->deadline_ns = budget ? begin + budget : 0;
	if (l->wall_ns > WARM_ENOUGH_NS && !l->forwards && is_whole(l))
		note_lap(l, &l->out->plain);
	else if (err == 0 && !l->forwards)
		err = settle(l, diag);
	choose_rate(l);
	if (err == 0)
		err = run_probed_lap(l, diag);
	for (unsigned i = 0; err == 0 && l->job->alloc.vt->lookup &&
			     i < LAPS_FROZEN && has_time(l, 2);
	     i++)
		err = run_lap(l, LAP_FROZEN, diag);
	while (err == 0 && !has_enough(l) && has_time(l, 3)) {
		if (!l->forwards && wants_plain(l))
			err = run_plain_lap(l, diag);
		if (err == 0)
			err = run_probed_lap(l, diag);
	}
	return err;
}

int replay_latency(const struct replay_job *job,
		   struct replay_latency_result *out, struct kb_diag *diag)
{
	uint64_t frees = trc_reader_info(job->reader)->counts.frees;
	uint64_t start = kb_mix64(job->seed + job->round);
	struct latency l = {
		.job = job,
		.out = out,
		.kinds = has_lookup(&job->alloc) ? 2 : 1,
		.mark_bits = replay_marks_bits(frees),
		.forwards =
			job->sampling.period > 0 && job->alloc.vt->fast_forward,
		/* Each process begins with another part of the frees. */
		.number = start >> 8,
		.rng = kb_rng_init(start),
	};
	int err;

	memset(out, 0, sizeof(*out));
	replay_program_init(&l.program, job->reader, job->feed);
	err = run_laps(&l, diag);
	replay_program_release(&l.program);
	free(l.chosen);
	free(l.reading);
	free(l.met);
	return err;
}
