#include "bench_run.h"

#include "bench_epochs.h"
#include "bench_failure.h"
#include "bench_forecast.h"
#include "bench_plan.h"
#include "bench_trace_open.h"
#include "bench_worker.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "kb_signal.h"
#include "replay_tick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* When the timed passes stop. */
struct effort {
	/* Fewest and most epochs of a cell. */
	size_t epochs_min;
	size_t epochs_max;

	/* A cell is done once the interval's half width is below this share of
	 * the median. */
	double narrow;

	/* Once a cell has its fewest epochs, it stops after this time, ns. */
	uint64_t enough_ns;

	/* Samples of each kind that the latency pass aims at, and the most
	 * processes that it starts for them: at least RUNS_MIN, since addresses
	 * differ from process to process. */
	uint64_t samples;
	size_t latency_runs_max;
};

#define RUNS_MIN 4

/* p99.9 needs 20,000 samples. */
static const struct effort effort_full = { 7,	  31,
					   0.01,  3000000000,
					   20000, BENCH_LATENCY_RUNS_MAX };
static const struct effort effort_quick = { 6, 6, 1, 1000000000, 5000, 2 };

/* Replays that take longer, ns, are not made under pressure: between two of their
 * slices caches are refilled in no time. */
#define PRESS_NS_MAX 50e6

/* The throughput pass's share of a cell's budget; the rest is the latency
 * pass's. */
#define THROUGHPUT_SHARE 0.7

static const struct effort *effort_of(const struct bench_run *run)
{
	return run->settings->quick ? &effort_quick : &effort_full;
}

/* Work that was forecast to be over is never quite. */
#define REST_LEFT 0.05

/* Tells the progress line where in time the run is. */
static void tell_progress(struct bench_run *run, uint64_t now)
{
	struct kb_progress *p = run->progress;
	const double rest = fmax(run->rest_ns - (double)(now - run->step_ns),
				 REST_LEFT * run->rest_ns);

	p->done = (size_t)(now - run->begin_ns);
	p->total = p->done + (size_t)(rest + run->after_ns) + 1;
}

static bool watch(uint64_t events, void *user)
{
	struct bench_run *run = user;

	(void)events;
	tell_progress(run, replay_tick_system());
	kb_progress_tick(run->progress, 0, 1);
	return kb_signal != 0;
}

static uint64_t share_ns(const struct bench_run *run, double share)
{
	double budget = run->settings->budget_s * 1e9;

	/* One pass alone has the whole budget. */
	if ((run->settings->passes & BENCH_PASS_THROUGHPUT) &&
	    (run->settings->passes & BENCH_PASS_LATENCY))
		budget *= share;
	return (uint64_t)budget + 1;
}

static void begin_step(struct bench_run *run, enum bench_pass pass,
		       const struct bench_cell *cell)
{
	const struct effort *effort = effort_of(run);
	const struct bench_forecast_effort usual = {
		.epochs_min = effort->epochs_min + 1,
		.epochs = (effort->epochs_min + effort->epochs_max) / 2,
		.enough_ns = effort->enough_ns,
		.latency_runs = kb_min(effort->latency_runs_max, RUNS_MIN + 1),
		.latency_runs_max = effort->latency_runs_max,
		.samples = effort->samples,
		.latency_ns = share_ns(run, 1 - THROUGHPUT_SHARE),
	};

	run->rest_ns = bench_forecast_rest(&run->forecast, run, &usual);
	run->step_ns = replay_tick_system();
	tell_progress(run, run->step_ns);
	kb_progress_step(run->progress, bench_pass_name(pass), cell->spec.name);
}

/* Passes a worker's error on; what the replay says of an event does not name
 * the file. */
static int name_trace(const struct bench_run *run, const struct kb_diag *from,
		      struct kb_diag *to)
{
	if (from->status == KB_E_RANGE && strncmp(from->text, "event ", 6) == 0)
		return kb_fail(to, from->status, "%s: %s", run->trace->given,
			       from->text);
	*to = *from;
	return from->status;
}

/* Runs one pass of one cell in a worker. Returns 0 with `*out` filled; 1 if the
 * allocator gave a wrong result, now stored in its cell; <0 for any other
 * error: it is not the allocator's fault and ends the run. */
static int run_worker(struct bench_run *run, struct bench_cell *cell,
		      enum bench_pass pass, struct bench_job *job,
		      struct bench_outcome *out, struct kb_diag *diag)
{
	int err;

	if (kb_signal)
		return KB_E_STOPPED;
	begin_step(run, pass, cell);
	job->pass = pass;
	job->heap_pages = run->settings->heap_pages;
	job->heap_base = run->settings->heap_base;
	job->touch = run->settings->touch;
	job->walk = run->walk;
	job->recorded_clock =
		pass == BENCH_PASS_COUNT && run->settings->recorded_clock;
	job->timeout_ms =
		(uint32_t)kb_max(1, (uint64_t)(run->settings->timeout_s * 1e3));
	job->trace_fd = run->trace->fd;
	strcpy(job->trace, run->trace->given);
	strcpy(job->alloc, cell->spec.name);
	err = bench_worker_run(job, watch, run, out, diag);
	if (err < 0)
		return err;
	bench_forecast_note(&run->forecast, pass,
			    replay_tick_system() - run->step_ns);
	cell->in_the_open |= out->in_the_open;
	if (out->status == 0 && (pass & BENCH_PASS_TIMED))
		replay_clock_recalibrate(run->clock, &out->clock_cost);
	if (out->fault.kind[0] && !cell->failure.fault.kind[0]) {
		cell->failure.pass = pass;
		bench_failure_fill(&cell->failure, run->trace, cell->spec.name,
				   out);
	}
	if (out->status == KB_E_WRONG) {
		cell->status = out->status;
		cell->diag = out->diag;
		return 1;
	}
	/* It could not be judged. After verify, other passes may tell of it all the
	 * same; one that cannot has nothing to tell. */
	if (out->status == KB_E_UNSUPPORTED && out->fault.kind[0]) {
		if (pass != BENCH_PASS_VERIFY) {
			cell->status = out->status;
			cell->diag = out->diag;
		}
		return 1;
	}
	return out->status < 0 ? name_trace(run, &out->diag, diag) : 0;
}

static void tell_result(const struct bench_run *run)
{
	if (run->on_result)
		run->on_result(run, run->user);
}

/* A copy on the heap of part of an outcome, for the cell to keep. */
static int keep(void *into, const void *from, size_t size, struct kb_diag *diag)
{
	void **copy = into;

	*copy = malloc(size);
	if (!*copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory for results");
	memcpy(*copy, from, size);
	return 0;
}

/* `ours`: of our own allocators only. */
static int run_untimed(struct bench_run *run, enum bench_pass pass, bool ours,
		       struct bench_outcome *out, struct kb_diag *diag)
{
	int err = 0;

	for (size_t i = 0; i < run->count && err >= 0; i++) {
		struct bench_cell *cell = &run->cells[i];
		struct bench_job job = { .cpu = -1,
					 .seed = run->settings->seed,
					 .exact = pass == BENCH_PASS_COUNT };

		if (cell->status < 0 || (ours && cell->spec.ops->foreign) ||
		    (pass == BENCH_PASS_COUNT && cell->count))
			continue;
		err = run_worker(run, cell, pass, &job, out, diag);
		if (err != 0)
			continue;
		if (pass == BENCH_PASS_COUNT)
			cell->exact = out->exact;
		if (pass == BENCH_PASS_VERIFY)
			err = keep(&cell->verify, &out->result.verify,
				   sizeof(*cell->verify), diag);
		else
			err = keep(&cell->count, &out->result.count,
				   sizeof(*cell->count), diag);
		tell_result(run);
	}
	return err < 0 ? err : 0;
}

static void check_digests(struct bench_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		struct bench_cell *cell = &run->cells[i];

		if (cell->verify && cell->count && cell->verify->has_digest &&
		    cell->verify->digest != cell->count->digest)
			cell->status = kb_fail(&cell->diag, KB_E_WRONG,
					       "%s: passes verify and count "
					       "have different digests",
					       cell->spec.name);
	}
}

/* A random order of the cells, the same for the same seed and round. */
static void shuffle(size_t *order, size_t count, uint64_t seed, uint64_t round)
{
	struct kb_rng rng = kb_rng_init(kb_mix64(seed) + round);

	for (size_t i = 0; i < count; i++) {
		/* NULL only if `count` is 0. */
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		order[i] = i;
	}
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)kb_rng_below(&rng, i);
		size_t t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* Decides whether a cell's throughput pass continues. */
static void judge_epochs(struct bench_run *run, struct bench_cell *cell)
{
	const struct effort *effort = effort_of(run);
	struct bench_epochs t;

	if (cell->epochs < effort->epochs_min ||
	    !bench_epochs_sum_up(&t, cell, run->clock))
		return;
	cell->throughput_done = true;
	if (t.ns.high - t.ns.low <= 2 * effort->narrow * t.ns.median)
		cell->stop = BENCH_STOP_NARROW;
	else if (cell->epochs >= effort->epochs_max)
		cell->stop = BENCH_STOP_EPOCHS;
	else if (cell->throughput_spent_ns >= effort->enough_ns)
		cell->stop = BENCH_STOP_TIME;
	else
		cell->throughput_done = false;
}

static void stop_by_budget(struct bench_run *run, struct bench_cell *cell)
{
	struct bench_epochs t;

	cell->throughput_done = true;
	cell->stop = BENCH_STOP_BUDGET;
	cell->partial = !bench_epochs_sum_up(&t, cell, run->clock) ||
			!t.ns.has_interval || cell->epoch[0].cut_short;
}

static int add_epoch(struct bench_run *run, struct bench_cell *cell,
		     const struct replay_time_result *epoch,
		     struct kb_diag *diag)
{
	struct replay_time_result *grown;

	if (epoch->cut_short && cell->epochs > 0) {
		cell->epochs_cut++;
		stop_by_budget(run, cell);
		return 0;
	}
	grown = realloc(cell->epoch, (cell->epochs + 1) * sizeof(*grown));
	if (!grown)
		return kb_fail(diag, KB_E_NOMEM, "out of memory for runs");
	cell->epoch = grown;
	cell->epoch[cell->epochs++] = *epoch;
	if (epoch->cut_short)
		stop_by_budget(run, cell);
	return 0;
}

/* Decides from the sampled pilot's result how the cell's epochs take the trace. */
static void plan_sampling(const struct bench_run *run, struct bench_cell *cell,
			  const struct replay_time_result *pilot)
{
	const uint64_t budget = share_ns(run, THROUGHPUT_SHARE);
	const uint64_t spent = cell->throughput_spent_ns;
	struct bench_plan plan = {
		.events = run->trace->counts.events,
		.ns_per_event = bench_epoch_ns(pilot, run->clock),
		.budget_ns = budget - kb_min(spent, budget),
		.epochs = effort_of(run)->epochs_min,
	};

	if (bench_plan_fits(&plan))
		return;
	plan.fixed_ns = (double)spent -
			plan.ns_per_event * (double)pilot->replay[0].events;
	cell->sampling = bench_plan_sampling(&plan);
	cell->repeats = 1;
}

/* One process of the throughput pass. */
static int run_timed_worker(struct bench_run *run, struct bench_cell *cell,
			    struct bench_job *job, struct bench_outcome *out,
			    struct kb_diag *diag)
{
	uint64_t begin = replay_tick_system();
	int err;

	job->cpu = run->cpu;
	job->use_tsc = run->clock->use_tsc;
	job->evict_kib = run->settings->evict_kib;
	job->evict_events = run->settings->evict_events;
	job->budget_ns =
		share_ns(run, THROUGHPUT_SHARE) - cell->throughput_spent_ns;
	err = run_worker(run, cell, BENCH_PASS_THROUGHPUT, job, out, diag);
	cell->throughput_spent_ns += replay_tick_system() - begin;
	return err;
}

/* Has a sampled pilot run where the whole trace may be too long. */
static int plan_cell(struct bench_run *run, struct bench_cell *cell,
		     struct bench_outcome *out, struct kb_diag *diag)
{
	struct bench_job job = { .seed = run->settings->seed };
	int err;

	if (!bench_plan_doubts(&run->trace->counts,
			       share_ns(run, THROUGHPUT_SHARE))) {
		cell->planned = true;
		return 0;
	}
	job.sampling = bench_plan_pilot(run->trace->counts.events);
	err = run_timed_worker(run, cell, &job, out, diag);
	if (err != 0)
		return err;
	cell->planned = true;
	if (out->result.time.covered == 0) {
		/* The allocator cannot fast-forward; nothing was measured. */
		cell->throughput_spent_ns = 0;
		return 0;
	}
	if (!out->result.time.cut_short) {
		plan_sampling(run, cell, &out->result.time);
		return 0;
	}
	/* There is no time for more: the pilot is the result. */
	cell->sampling = job.sampling;
	cell->repeats = 1;
	return add_epoch(run, cell, &out->result.time, diag);
}

/* Has a pilot find out how many replays it takes to the steady state. One that is
 * too long to be repeated is an epoch like any other. */
static int plan_repeats(struct bench_run *run, struct bench_cell *cell,
			struct bench_outcome *out, struct kb_diag *diag)
{
	const uint64_t budget = share_ns(run, THROUGHPUT_SHARE);
	const uint64_t spent = kb_min(cell->throughput_spent_ns, budget);
	const struct replay_time_result *pilot = &out->result.time;
	struct bench_job job = {
		.seed = run->settings->seed,
		.epoch_ns = (budget - spent) / (effort_of(run)->epochs_min + 1),
	};
	int err = run_timed_worker(run, cell, &job, out, diag);

	if (err != 0)
		return err;
	cell->repeats = pilot->repeats;
	cell->entry_ticks = pilot->entry_ticks;
	cell->press = cell->repeats > 1 && run->settings->evict_kib == 0 &&
		      (double)pilot->replay[cell->repeats - 1].ticks *
				      run->clock->ns_per_tick <=
			      PRESS_NS_MAX;
	if (cell->repeats > 1 && !pilot->cut_short)
		return 0;
	cell->repeats = 1;
	return add_epoch(run, cell, pilot, diag);
}

static int run_epoch(struct bench_run *run, struct bench_cell *cell,
		     struct bench_outcome *out, struct kb_diag *diag)
{
	uint64_t budget = share_ns(run, THROUGHPUT_SHARE);
	/* The fewest epochs are enough for figures beside the figure. */
	struct bench_job job = {
		.seed = run->settings->seed,
		.repeats = cell->repeats,
		.press = cell->press &&
			 cell->epochs < effort_of(run)->epochs_min,
	};
	uint64_t spent;
	int err;

	if (!cell->planned)
		return plan_cell(run, cell, out, diag);
	if (cell->repeats == 0)
		return plan_repeats(run, cell, out, diag);
	spent = cell->throughput_spent_ns;

	/* Does not begin an epoch that would probably end too late. */
	if (spent >= budget ||
	    (cell->epochs > 0 && spent / cell->epochs > budget - spent)) {
		stop_by_budget(run, cell);
		return 0;
	}
	/* Every sampled epoch draws its windows anew; all cells get the same
	 * ones. */
	job.sampling = cell->sampling;
	if (job.sampling.period > 0)
		job.seed = kb_mix64(run->settings->seed) + cell->epochs;
	err = run_timed_worker(run, cell, &job, out, diag);
	if (err != 0)
		return err;
	err = add_epoch(run, cell, &out->result.time, diag);
	if (err == 0 && !cell->throughput_done)
		judge_epochs(run, cell);
	return err;
}

static bool has_samples(const struct replay_latency_result *l,
			enum replay_series_id series, uint64_t wanted)
{
	return l->series[series].plain.count >= wanted;
}

static bool latency_done(const struct bench_run *run,
			 const struct bench_cell *cell)
{
	const struct effort *effort = effort_of(run);
	const struct replay_latency_result *l = cell->latency;

	if (cell->latency_spent_ns >= share_ns(run, 1 - THROUGHPUT_SHARE))
		return true;
	if (cell->latency_runs >= effort->latency_runs_max)
		return true;
	/* Half the budget's rest would not hold another run. */
	if (cell->latency_runs && cell->latency_spent_ns / cell->latency_runs +
						  cell->latency_spent_ns >
					  share_ns(run, 1 - THROUGHPUT_SHARE))
		return true;
	return l && has_samples(l, REPLAY_SERIES_kfree, effort->samples) &&
	       (l->series[REPLAY_SERIES_lookup].plain.count == 0 ||
		has_samples(l, REPLAY_SERIES_lookup, effort->samples));
}

/* The frees that every run of the pass times, as found by the count pass. */
static void name_dearest(struct bench_job *job,
			 const struct replay_marks *marks)
{
	job->dearest = marks->dearest;
	for (uint32_t i = 0; i < marks->dearest; i++)
		job->dear[i] = marks->dear[i].event;
}

static int run_latency(struct bench_run *run, struct bench_cell *cell,
		       struct bench_outcome *out, struct kb_diag *diag)
{
	struct bench_job job = { .cpu = run->cpu,
				 .use_tsc = run->clock->use_tsc,
				 .samples = effort_of(run)->samples / RUNS_MIN,
				 .seed = run->settings->seed,
				 .round = cell->latency_runs,
				 .sampling = cell->sampling,
				 .clock = *run->clock };
	struct replay_latency_result *l = &out->result.latency;
	uint64_t begin = replay_tick_system();
	int err;

	job.budget_ns =
		share_ns(run, 1 - THROUGHPUT_SHARE) - cell->latency_spent_ns;
	if (cell->count)
		name_dearest(&job, &cell->count->marks);
	err = run_worker(run, cell, BENCH_PASS_LATENCY, &job, out, diag);
	cell->latency_spent_ns += replay_tick_system() - begin;
	cell->latency_runs++;
	if (err != 0)
		return err;
	cell->partial |= l->cut_short;
	if (cell->latency)
		bench_latency_merge(cell->latency, l);
	else
		err = keep(&cell->latency, l, sizeof(*l), diag);
	if (err == 0)
		cell->samples_after[cell->latency_runs - 1] =
			cell->latency->samples;
	return err;
}

/* Gives every cell that is not done one turn, in random order. Returns the
 * number of turns, or <0. */
static int run_round(struct bench_run *run, enum bench_pass pass,
		     uint64_t round, size_t *order, struct bench_outcome *out,
		     struct kb_diag *diag)
{
	int turns = 0, err;

	shuffle(order, run->count, run->settings->seed, round);
	for (size_t i = 0; i < run->count; i++) {
		struct bench_cell *cell = &run->cells[order[i]];
		bool timing = pass == BENCH_PASS_THROUGHPUT;

		if (cell->status < 0 ||
		    (timing ? cell->throughput_done : latency_done(run, cell)))
			continue;
		err = timing ? run_epoch(run, cell, out, diag)
			     : run_latency(run, cell, out, diag);
		if (err < 0)
			return err;
		tell_result(run);
		turns++;
	}
	return turns;
}

static int run_timed(struct bench_run *run, enum bench_pass pass,
		     struct bench_outcome *out, struct kb_diag *diag)
{
	size_t *order;
	int turns;

	/* Replays of no events take no time that could be measured. */
	if (run->trace->counts.events == 0)
		return 0;
	order = calloc(run->count, sizeof(*order));
	turns = order ? 1 : kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (uint64_t round = 0; turns > 0; round++)
		turns = run_round(run, pass, round, order, out, diag);
	free(order);
	return turns;
}

static int run_passes(struct bench_run *run, struct bench_outcome *out,
		      struct kb_diag *diag)
{
	unsigned passes = run->settings->passes;
	int err = 0;

	/* The counts are what a user sees first. A plugin is verified before. */
	if (passes & BENCH_PASS_COUNT)
		err = run_untimed(run, BENCH_PASS_COUNT, true, out, diag);
	if (err == 0 && (passes & BENCH_PASS_VERIFY))
		err = run_untimed(run, BENCH_PASS_VERIFY, false, out, diag);
	if (err == 0 && (passes & BENCH_PASS_COUNT))
		err = run_untimed(run, BENCH_PASS_COUNT, false, out, diag);
	if (err == 0)
		check_digests(run);
	if (err == 0 && (passes & BENCH_PASS_THROUGHPUT))
		err = run_timed(run, BENCH_PASS_THROUGHPUT, out, diag);
	if (err == 0 && (passes & BENCH_PASS_LATENCY))
		err = run_timed(run, BENCH_PASS_LATENCY, out, diag);
	return err;
}

int bench_run(struct bench_run *run, struct kb_diag *diag)
{
	struct bench_outcome *out = malloc(sizeof(*out));
	int err;

	if (!out)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	run->begin_ns = replay_tick_system();
	err = run_passes(run, out, diag);
	if (err == KB_E_STOPPED)
		for (size_t i = 0; i < run->count; i++)
			run->cells[i].partial = true;
	kb_progress_end(run->progress);
	free(out);
	return bench_trace_judge(run->trace, err, diag);
}
