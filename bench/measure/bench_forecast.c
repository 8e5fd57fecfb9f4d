#include "bench_forecast.h"

#include "bench_run.h"
#include "kb_bits.h"

#include <math.h>

/* A worker's start and end, ns, which in a timed pass holds the calibration of the
 * clock; and an event of an untimed pass, of a replay and of the latency pass's laps,
 * before any has run. */
#define WORKER_NS   2e7
#define TIMED_NS    3e8
#define UNTIMED_NS  400.0
#define REPEATED_NS 200.0
#define LAPS_NS	    1000.0

static unsigned place_of(enum bench_pass pass)
{
	return (unsigned)__builtin_ctz((unsigned)pass);
}

void bench_forecast_note(struct bench_forecast *f, enum bench_pass pass,
			 uint64_t ns)
{
	f->steps[place_of(pass)]++;
	f->spent_ns[place_of(pass)] += ns;
}

/* What a worker of a pass takes: the mean so far, or else a guess. */
static double step_ns(const struct bench_forecast *f,
		      const struct bench_run *run, enum bench_pass pass)
{
	static const double event_ns[] = { UNTIMED_NS, UNTIMED_NS, REPEATED_NS,
					   LAPS_NS };
	const unsigned k = place_of(pass);

	if (f->steps[k] > 0)
		return (double)f->spent_ns[k] / (double)f->steps[k];
	return (pass & BENCH_PASS_TIMED ? TIMED_NS : WORKER_NS) +
	       event_ns[k] * (double)run->trace->counts.events;
}

static double untimed_ns(const struct bench_forecast *f,
			 const struct bench_run *run, enum bench_pass pass)
{
	const uint64_t done = f->steps[place_of(pass)];

	if (!(run->settings->passes & pass) || done >= run->count)
		return 0;
	return (double)(run->count - done) * step_ns(f, run, pass);
}

/* One cell's epochs: its own have told how long they take, if there were any. */
static double epochs_ns(const struct bench_cell *cell, double mean_ns,
			const struct bench_forecast_effort *effort)
{
	const double spent = (double)cell->throughput_spent_ns;
	const double epoch =
		cell->epochs ? spent / (double)(cell->epochs + 1) : mean_ns;
	const double least =
		epoch * (double)(effort->epochs_min -
				 kb_min(cell->epochs, effort->epochs_min));
	const double usual =
		epoch *
		(double)(effort->epochs - kb_min(cell->epochs, effort->epochs));

	return fmax(least, fmin(usual, fmax((double)effort->enough_ns - spent,
					    epoch)));
}

/* The runs after which a series has its samples, as many coming per run as so far. */
static double runs_for(const struct bench_cell *cell, enum replay_series_id id,
		       const struct bench_forecast_effort *effort)
{
	const uint64_t count = cell->latency->series[id].plain.count;

	return ceil((double)effort->samples * (double)cell->latency_runs /
		    (double)count);
}

/* All runs that a cell will have. */
static double runs_of(const struct bench_cell *cell,
		      const struct bench_forecast_effort *effort)
{
	const struct replay_latency_result *l = cell->latency;
	double runs;

	if (cell->latency_runs == 0 || !l)
		return (double)effort->latency_runs;
	/* Without any, that is the most. */
	runs = runs_for(cell, REPLAY_SERIES_kfree, effort);
	if (l->series[REPLAY_SERIES_lookup].plain.count > 0)
		runs = fmax(runs, runs_for(cell, REPLAY_SERIES_lookup, effort));
	return fmin(runs, (double)effort->latency_runs_max);
}

static double laps_ns(const struct bench_cell *cell, double mean_ns,
		      const struct bench_forecast_effort *effort)
{
	const double run = cell->latency_runs
				   ? (double)cell->latency_spent_ns /
					     (double)cell->latency_runs
				   : mean_ns;
	const double left = fmax(0, (double)effort->latency_ns -
					    (double)cell->latency_spent_ns);

	return fmin(run * fmax(0, runs_of(cell, effort) -
					  (double)cell->latency_runs),
		    left);
}

double bench_forecast_rest(const struct bench_forecast *f,
			   const struct bench_run *run,
			   const struct bench_forecast_effort *effort)
{
	double rest = untimed_ns(f, run, BENCH_PASS_VERIFY) +
		      untimed_ns(f, run, BENCH_PASS_COUNT);

	for (size_t i = 0; i < run->count; i++) {
		const struct bench_cell *cell = &run->cells[i];

		if (cell->status < 0)
			continue;
		if ((run->settings->passes & BENCH_PASS_THROUGHPUT) &&
		    !cell->throughput_done)
			rest += epochs_ns(
				cell, step_ns(f, run, BENCH_PASS_THROUGHPUT),
				effort);
		if (run->settings->passes & BENCH_PASS_LATENCY)
			rest += laps_ns(cell,
					step_ns(f, run, BENCH_PASS_LATENCY),
					effort);
	}
	return rest;
}
