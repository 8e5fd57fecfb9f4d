#include "bench_pair.h"

#include "bench_settings.h"
#include "bench_trace_open.h"
#include "kb_rng.h"
#include "replay_tick.h"

#include <string.h>

/* The shortest turn, ns. */
#define SLICE_NS 300000.0

/* Operations of a slice, at least, and while their cost is unknown. */
#define SLICE_OPS_MIN 256

/* Untimed operations at the start of a turn, as a share of the timed ones. */
#define WARM_SHARE 8

static void set_order(struct bench_lockstep_job *job, uint64_t seed)
{
	static const uint8_t abba[2][4] = { { 0, 1, 1, 0 }, { 1, 0, 0, 1 } };
	struct kb_rng rng = kb_rng_init(seed);

	for (size_t b = 0; b < BENCH_LOCKSTEP_BLOCKS; b++)
		memcpy(&job->order[4 * b], abba[kb_rng_below(&rng, 2)], 4);
}

static void make_job(const struct bench_pair *p, struct bench_lockstep_job *job)
{
	const struct bench_settings *settings = p->settings;

	memset(job, 0, sizeof(*job));
	strcpy(job->trace, p->trace->path);
	strcpy(job->alloc[0], p->alloc[0]);
	strcpy(job->alloc[1], p->alloc[1]);
	job->heap_pages = settings->heap_pages;
	job->heap_base = settings->heap_base;
	job->touch = settings->touch;
	job->cpu = settings->cpu >= 0 ? settings->cpu : bench_default_cpu();
	job->use_tsc = p->clock->use_tsc;
	job->inject_ppm = p->inject_ppm;
	job->slice_ops = p->slice_ops;
	job->warm_ops = p->slice_ops / WARM_SHARE;
	set_order(job, kb_mix64(settings->seed) + p->epochs);
}

/* The time per operation of one side in an epoch, ns. */
static double mean_ns(const struct bench_pair *p,
		      const struct bench_lockstep_epoch *epoch, unsigned side)
{
	const size_t turns = BENCH_LOCKSTEP_TURNS / 2;
	double ticks = 0;

	for (size_t i = 0; i < turns; i++)
		ticks += (double)epoch->ticks[side][i] -
			 p->clock->cost.mean * (double)epoch->readings[side][i];
	return ticks * p->clock->ns_per_tick /
	       ((double)turns * (double)p->slice_ops);
}

/* Determines how many operations make a slice: the same number for both sides,
 * for different ones would favor one side. */
static int size_slices(struct bench_pair *p, struct kb_diag *diag)
{
	struct bench_lockstep_epoch epoch;
	struct bench_lockstep_job job;
	double ns;
	int err;

	p->slice_ops = SLICE_OPS_MIN;
	make_job(p, &job);
	job.inject_ppm = 0;
	strcpy(job.alloc[1], p->alloc[0]);
	err = bench_lockstep_run(&job, p->exe[0], p->exe[0], &epoch, diag);
	if (err < 0)
		return err;
	ns = mean_ns(p, &epoch, 0);
	p->slice_ops += (uint64_t)(SLICE_NS / (ns > 0.1 ? ns : 0.1));
	return 0;
}

static int run_epochs(struct bench_pair *p, struct kb_diag *diag)
{
	struct bench_lockstep_epoch epoch;
	struct bench_lockstep_job job;
	double sorted[BENCH_PAIR_EPOCHS_MAX];
	int err = 0;

	while (err == 0 && p->verdict == BENCH_VERDICT_GO_ON) {
		make_job(p, &job);
		err = bench_lockstep_run(&job, p->exe[0], p->exe[1], &epoch,
					 diag);
		if (err < 0)
			break;
		for (unsigned side = 0; side < 2; side++)
			p->ns[side][p->epochs] = mean_ns(p, &epoch, side);
		p->ratio[p->epochs++] =
			bench_lockstep_ratio(&epoch, p->clock->cost.mean);
		memcpy(sorted, p->ratio, p->epochs * sizeof(*sorted));
		p->verdict =
			bench_sequential_judge(&p->test, sorted, p->epochs);
	}
	return err;
}

int bench_pair_run(struct bench_pair *pair, struct kb_diag *diag)
{
	uint64_t start_ns = replay_tick_system();
	int err = size_slices(pair, diag);

	if (err == 0)
		err = run_epochs(pair, diag);
	pair->seconds = (double)(replay_tick_system() - start_ns) / 1e9;
	return bench_trace_judge(pair->trace, err, diag);
}
