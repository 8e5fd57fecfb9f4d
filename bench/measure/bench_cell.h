/*
 * bench_cell: one trace in one allocator, and all that was measured of it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include "alloc_spec.h"
#include "bench_stats.h"
#include "bench_trace.h"
#include "kb_status.h"
#include "replay_clock.h"
#include "replay_exact.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a cell's throughput pass stopped. */
enum bench_stop {
	/* Its interval is narrow enough. */
	BENCH_STOP_NARROW,

	/* It ran the most epochs that a run takes. */
	BENCH_STOP_EPOCHS,

	/* Enough time went into it, and it has its interval. */
	BENCH_STOP_TIME,

	/* --budget was spent before it had its interval. */
	BENCH_STOP_BUDGET
};

struct bench_cell {
	/* Borrowed. */
	const struct bench_trace *trace;

	struct alloc_spec spec;

	/* 0, or what went wrong with this cell, once something did: its later
	 * passes are not run. */
	int status;
	struct kb_diag diag;

	/* A pass stopped before its end: the budget, or a signal. */
	bool partial;

	/* Results by pass; the pointers are NULL until the pass has run. Owned
	 * by the cell. */
	struct replay_verify_result *verify;
	struct replay_count_result *count;
	struct replay_exact *exact;
	struct replay_latency_result *latency;
	size_t latency_runs;

	/* Throughput: the epochs, in the order in which they ran. */
	struct replay_time_result *epoch;
	size_t epochs;
	enum bench_stop stop;
	bool throughput_done;

	/* Once `planned`: what the epochs measure of the trace; period 0: all
	 * of it. */
	bool planned;
	struct replay_sampling sampling;

	/* Epochs thrown away because the budget cut them short. */
	size_t epochs_cut;

	/* Wall time spent in timed passes, ns. */
	uint64_t throughput_spent_ns;
	uint64_t latency_spent_ns;
};

/* Frees what a cell owns. */
void bench_cell_release(struct bench_cell *cell);

/* ns per event of one epoch, its slices' clock readings taken off. */
double bench_epoch_ns(const struct replay_time_result *epoch,
		      const struct replay_clock *clock);

/* The figures of the throughput pass. */
struct bench_throughput {
	/* ns per event. */
	struct bench_summary ns;
	struct bench_summary cold_ns;

	/* The shortest ns per event that the clock can tell, given the trace's
	 * length; a median below it is no number. */
	double floor_ns;
	bool below_floor;

	/* Events of the timed replay of an epoch that were measured, and that it
	 * went through: more where it was sampled. */
	uint64_t events;
	uint64_t covered;
	bool sampled;

	/* Sampled: windows of all epochs; and true if there were too few epochs
	 * for an interval of their median, so that it is one of the windows'
	 * mean: 1.96 standard errors to either side. */
	uint64_t windows;
	bool interval_of_windows;

	/* Epochs by what contaminated them, and of any kind; and what the clean
	 * ones say: all zeros if there is none. All epochs are in `ns`. */
	size_t preempted;
	size_t stolen;
	size_t faulted;
	size_t contaminated;
	struct bench_summary clean_ns;
};

/* What may contaminate an epoch, as bits: the process lost its CPU against its
 * will; the hypervisor kept the CPU from us; there were more page faults than in
 * the cell's median epoch by over a tenth and by over 16. */
enum bench_contamination {
	BENCH_PREEMPTED = 1,
	BENCH_STOLEN = 2,
	BENCH_FAULTED = 4
};

/* Which of them an epoch has. */
unsigned bench_epoch_contamination(const struct bench_cell *cell, size_t epoch);

/* Sums up a cell's epochs. Returns false if it has none. */
bool bench_cell_throughput(const struct bench_cell *cell,
			   const struct replay_clock *clock,
			   struct bench_throughput *out);

/* The quantiles that reports show, in this order. */
/* clang-format off */
#define BENCH_QUANTILES(X)                                                     \
	X(p50, 0.5)                                                            \
	X(p90, 0.9)                                                            \
	X(p99, 0.99)                                                           \
	X(p999, 0.999)
/* clang-format on */

/* A quantile is a number only if at least so many samples lie beyond it. */
#define BENCH_QUANTILE_TAIL 20

/* What is known of one quantile. */
enum bench_figure_state {
	/* Too few samples. */
	BENCH_FIGURE_NONE,

	/* Below what the clock resolves. */
	BENCH_FIGURE_BELOW_FLOOR,
	BENCH_FIGURE_NUMBER
};

struct bench_figure {
	enum bench_figure_state state;
	double ns;
};

/* The figures of one kind of single operation. */
struct bench_latency {
#define X(name, q) struct bench_figure name;
	BENCH_QUANTILES(X)
#undef X
	struct bench_figure max;
	double floor_ns;
	double error_ns;
	uint64_t samples;
	uint64_t preempted;
};

/* Sums up the readings of one kind of operation in a cell. Returns false if
 * there are none. */
bool bench_cell_latency(const struct bench_cell *cell,
			enum replay_series_id series,
			const struct replay_clock *clock,
			struct bench_latency *out);

/* Lookups in frozen states: the median over windows of REPLAY_FROZEN_BATCH of
 * them, ns each; the first pass over a window and the repeated ones. */
struct bench_frozen {
	struct bench_figure cold;
	struct bench_figure warm;
	double floor_ns;
	double error_ns;
	uint64_t places;
	uint64_t cold_windows;
	uint64_t warm_windows;
};

/* Returns false if there was no window. */
bool bench_cell_frozen(const struct bench_cell *cell,
		       const struct replay_clock *clock,
		       struct bench_frozen *out);

/* By how much its samples slowed the latency pass's replays down, as shares: what
 * their readings cost; and the quickest replay with samples against the quickest
 * without, which took turns with them (what noise there is included). */
struct bench_intrusion {
	double computed;
	bool has_measured;
	double measured;
};
bool bench_cell_intrusion(const struct bench_cell *cell,
			  const struct replay_clock *clock,
			  struct bench_intrusion *out);

/* Adds one worker's samples to another's. */
void bench_latency_merge(struct replay_latency_result *into,
			 const struct replay_latency_result *from);

/* The cell of the allocator with this canonical name, or NULL. */
const struct bench_cell *bench_find_cell(const struct bench_cell *cells,
					 size_t count, const char *name);

/* A counter of the count pass in `*value`; false if it does not apply. */
bool bench_cell_counter(const struct bench_cell *cell, const char *name,
			uint64_t *value);

#endif /* BENCH_CELL_H */
