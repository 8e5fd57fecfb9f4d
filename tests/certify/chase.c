/*
 * certify-chase: what the latency pass reports for work of known length.
 *
 * usage: certify-chase CPU SEED SHORT.trc LONG.trc
 *
 * The work is a chase of a given number of pointers through 4 KiB, in every
 * kfree and every lookup of an allocator that does nothing else; the latency
 * pass times it like any allocator's, over LONG.trc, or over SHORT.trc if the
 * chase is long. The truth is the mean of long batches of the same chase, each
 * depending on the previous one. Batches and short passes take turns, and the
 * passes' samples are merged, as bench merges those of its processes. The error
 * of the truth itself is half of the difference between its turns, plus a
 * turn's own spread, plus the clock's error spread over a batch.
 *
 * Prints one line of JSON per figure: the median kfree, the median lookup, the
 * lookups in frozen states.
 */
#include "bench_cell.h"
#include "bench_process.h"
#include "bench_stats.h"
#include "bench_summary.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "replay.h"
#include "replay_loop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pointers of the ring, a line each: they stay in the first-level cache. */
#define RING	   64
#define LINE_WORDS 8

/* Chases, from about 2 ns to about 50 µs. */
static const uint32_t lengths[] = { 0,	  1,	 2,	3,     4,    6,
				    8,	  12,	 16,	24,    32,   48,
				    64,	  96,	 128,	192,   256,  384,
				    512,  768,	 1024,	1536,  2048, 4096,
				    8192, 16384, 24576, 40960, 49152 };

/* Longer ones than this over the short trace. */
#define LENGTH_LONG 1024

/* The truth: batches per turn, and the shortest batch. */
#define BATCHES	      9
#define BATCH_NS      200000
#define BATCH_OPS_MIN 8

/* Passes per length, with a turn of truth before each and after the last. */
#define PASSES	  4
#define TURNS	  (PASSES + 1)
#define BUDGET_NS UINT64_C(100000000)
#define SAMPLES	  300

struct chase {
	uint64_t *ring;
	uint32_t links;
};

/* Set in every handle, for one of 0 is a failure. */
#define HANDLE (UINT64_C(1) << 32)

/* The lower half of a handle is the number of links. Where it begins hangs on the handle too, so
 * that no chase begins before the one that its handle hangs on has ended. */
static kb_always_inline uint64_t run_chase(const struct chase *c,
					   uint64_t handle)
{
	const uint64_t *at = c->ring + (handle >> 40);

	for (uint32_t n = (uint32_t)handle; n > 0; n--)
		at = (const uint64_t *)(uintptr_t)*at;
	return (uint64_t)(at - c->ring);
}

static uint64_t chase_alloc(void *ctx, uint32_t size)
{
	const struct chase *c = ctx;

	(void)size;
	return HANDLE + c->links;
}

static __attribute__((noinline)) int64_t chase_lookup(const void *ctx,
						      uint64_t handle)
{
	return (int64_t)run_chase(ctx, handle);
}

static __attribute__((noinline)) void chase_free(void *ctx, uint64_t handle)
{
	uint64_t end = run_chase(ctx, handle);

	__asm__ volatile("" : : "r"(end) : "memory");
}

static int chase_free_status(void *ctx, uint64_t handle)
{
	chase_free(ctx, handle);
	return 0;
}

static void chase_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	(void)ctx;
	(void)handle;
	(void)offset;
}

static void chase_close(void *ctx)
{
	(void)ctx;
}

static const struct replay_calls calls = {
	.alloc = chase_alloc,
	.free = chase_free,
	.touch = chase_touch,
	.lookup = chase_lookup,
};

REPLAY_STAMP(chase, calls)

static const struct alloc_vt chase_vt = {
	REPLAY_STAMPED(chase), .alloc = chase_alloc, .free = chase_free_status,
	.touch = chase_touch,  .alignment = 1,	     .lookup = chase_lookup,
	.close = chase_close,
};

/* One cycle through all lines, in random order: no prefetcher guesses it. */
static int make_ring(struct chase *c, uint64_t seed)
{
	struct kb_rng rng = kb_rng_init(seed);
	uint32_t order[RING];

	c->ring = aligned_alloc(4096, RING * LINE_WORDS * sizeof(*c->ring));
	if (!c->ring)
		return KB_E_NOMEM;
	for (uint32_t i = 0; i < RING; i++)
		order[i] = i;
	for (uint32_t i = RING - 1; i > 0; i--) {
		uint32_t j = (uint32_t)kb_rng_below(&rng, i);
		uint32_t t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < RING; i++)
		c->ring[order[i] * LINE_WORDS] =
			(uintptr_t)(&c->ring[order[(i + 1) % RING] *
					     LINE_WORDS]);
	return 0;
}

/* Ticks of a batch of chases, each hanging on the one before. */
static uint64_t time_batch(const struct chase *c, bool use_tsc, uint64_t count)
{
	uint64_t nothing = 0, link = 0, begin;

	/* The compiler must not know that it is 0. */
	__asm__ volatile("" : "+r"(nothing));
	begin = replay_tick_begin(use_tsc);
	for (uint64_t i = 0; i < count; i++)
		link = (uint64_t)chase_vt.lookup(c, HANDLE + c->links + link) &
		       nothing;
	__asm__ volatile("" : : "r"(link) : "memory");
	return replay_tick_end(use_tsc) - begin;
}

/* What the truth is, ns, and how far it may be off. */
struct truth {
	double ns;
	double error_ns;
};

static void find_truth(const struct chase *c, const struct replay_clock *clock,
		       struct truth *out)
{
	uint64_t count = BATCH_OPS_MIN;
	double ns[BATCHES];
	struct bench_summary s;

	while (replay_clock_ns(clock, time_batch(c, clock->use_tsc, count)) <
	       BATCH_NS)
		count *= 2;
	for (size_t i = 0; i < BATCHES; i++)
		ns[i] = replay_clock_ns(clock,
					time_batch(c, clock->use_tsc, count)) /
			(double)count;
	bench_summarize(&s, ns, BATCHES);
	out->ns = s.median;
	out->error_ns = s.spread + replay_clock_error_ns(clock) / (double)count;
}

/* What the turns say together. */
static struct truth join_turns(const struct truth *turn)
{
	struct truth low = turn[0], high = turn[0];
	double error_ns = 0;

	for (size_t i = 0; i < TURNS; i++) {
		low = turn[i].ns < low.ns ? turn[i] : low;
		high = turn[i].ns > high.ns ? turn[i] : high;
		error_ns = fmax(error_ns, turn[i].error_ns);
	}
	return (struct truth){ (low.ns + high.ns) / 2,
			       (high.ns - low.ns) / 2 + error_ns };
}

/* One figure against the truth. A quantile is also known only to half of its
 * bucket of the histogram. */
static void tell(const struct chase *c, const char *kind, struct bench_figure f,
		 double error_ns, double bucket_ns, const struct truth *truth)
{
	printf("{\"links\": %u, \"kind\": \"%s\", \"truth_ns\": %.4f, "
	       "\"truth_error_ns\": %.4f, \"figure_ns\": ",
	       c->links, kind, truth->ns, truth->error_ns);
	if (f.state == BENCH_FIGURE_NUMBER)
		printf("%.4f", f.ns);
	else
		printf("null");
	printf(", \"error_ns\": %.4f}\n", error_ns + bucket_ns / 2);
}

static double bucket_ns(const struct replay_clock *clock, double ns, double of)
{
	uint64_t ticks =
		(uint64_t)(ns * of / clock->ns_per_tick + clock->cost.mean);
	uint64_t width = replay_hist_bucket_width(replay_hist_bucket_of(ticks));

	return (double)width * clock->ns_per_tick / of;
}

static int tell_all(const struct chase *c, const struct bench_cell *cell,
		    const struct replay_clock *clock, const struct truth *truth,
		    struct kb_diag *diag)
{
	static const struct {
		enum replay_series_id id;
		const char *kind;
	} series[] = { { REPLAY_SERIES_kfree, "kfree p50" },
		       { REPLAY_SERIES_lookup, "lookup p50" } };
	const struct bench_summary_source source = { .cells = cell,
						     .count = 1,
						     .clock = clock };
	struct bench_run_summary summary;
	int err = bench_summary_make(&summary, &source, diag);

	for (size_t i = 0; err == 0 && i < KB_ARRAY_LEN(series); i++) {
		const struct bench_latency *f =
			&summary.cell[0].latency[series[i].id];

		if (f->p50.state != BENCH_FIGURE_NONE)
			tell(c, series[i].kind, f->p50, f->error_ns,
			     bucket_ns(clock, f->p50.ns, 1), truth);
	}
	if (err == 0 &&
	    summary.cell[0].frozen.warm.state != BENCH_FIGURE_NONE) {
		const struct bench_frozen *f = &summary.cell[0].frozen;

		tell(c, "frozen lookup", f->warm, f->error_ns,
		     bucket_ns(clock, f->warm.ns, REPLAY_FROZEN_BATCH), truth);
	}
	bench_summary_release(&summary);
	return err;
}

static int run_pass(const struct chase *c, struct replay_clock *clock,
		    const char *trace, uint64_t seed,
		    struct replay_latency_result *out, struct kb_diag *diag)
{
	struct replay_job job = { .alloc = { &chase_vt, (void *)c },
				  .use_tsc = clock->use_tsc,
				  .budget_ns = BUDGET_NS,
				  .samples = SAMPLES,
				  .seed = seed,
				  .clock = clock };
	struct replay_clock_cost cost;
	int err;

	err = trc_reader_open(&job.reader, trace, TRC_COLUMNS_REPLAY, diag);
	if (err < 0)
		return err;
	/* As a worker does. */
	replay_clock_measure_cost(&cost, clock->use_tsc);
	replay_clock_recalibrate(clock, &cost);
	err = replay_latency(&job, out, diag);
	trc_reader_close(job.reader);
	return err;
}

/* The chase as it is now: passes and truth in turns, into `cell`. `part` is for
 * one pass's samples. */
static int run_length(const struct chase *c, struct replay_clock *clock,
		      const char *trace, uint64_t seed, struct bench_cell *cell,
		      struct replay_latency_result *part, struct kb_diag *diag)
{
	struct truth turn[TURNS], truth;
	int err = 0;

	memset(cell->latency, 0, sizeof(*cell->latency));
	for (size_t i = 0; i < PASSES && err == 0; i++) {
		find_truth(c, clock, &turn[i]);
		err = run_pass(c, clock, trace, seed + i, part, diag);
		bench_latency_merge(cell->latency, part);
	}
	find_truth(c, clock, &turn[PASSES]);
	truth = join_turns(turn);
	if (err == 0)
		err = tell_all(c, cell, clock, &truth, diag);
	return err;
}

static int run_lengths(struct chase *c, struct replay_clock *clock,
		       uint64_t seed, char **traces, struct kb_diag *diag)
{
	struct replay_latency_result *results = calloc(2, sizeof(*results));
	struct bench_cell cell = { .latency = results, .latency_runs = PASSES };
	int err = results ? 0 : kb_fail(diag, KB_E_NOMEM, "out of memory");

	for (size_t i = 0; i < KB_ARRAY_LEN(lengths) && err == 0; i++) {
		c->links = lengths[i];
		err = run_length(c, clock, traces[c->links <= LENGTH_LONG],
				 seed + i * PASSES, &cell, &results[1], diag);
	}
	free(results);
	return err;
}

int main(int argc, char **argv)
{
	struct replay_clock clock;
	struct chase c = { .ring = NULL };
	struct kb_diag diag;
	int err;

	if (argc != 5) {
		fprintf(stderr, "usage: certify-chase CPU SEED SHORT.trc "
				"LONG.trc\n");
		return 2;
	}
	kb_diag_init(&diag);
	err = bench_process_pin(atoi(argv[1]), &diag);
	replay_clock_qualify(&clock);
	if (err == 0)
		err = replay_clock_calibrate(&clock, &diag);
	if (err == 0)
		err = make_ring(&c, strtoull(argv[2], NULL, 10));
	if (err == 0)
		err = run_lengths(&c, &clock, strtoull(argv[2], NULL, 10),
				  argv + 3, &diag);
	free(c.ring);
	if (err < 0)
		fprintf(stderr, "certify-chase: %s\n", diag.text);
	return err < 0 ? 4 : 0;
}
