/*
 * bench_summary: every figure in the reports of a run, computed once, after
 * measuring. Writers read it and compute nothing.
 *
 * Two results are comparable if both are numbers and cover the same events:
 * part of a trace is not compared with the whole. Only bench_summary_ratio()
 * and the cells' `ratio` and `whole` apply that rule.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include "bench_cell.h"
#include "bench_ideal.h"
#include "bench_model.h"
#include "bench_stats.h"
#include "kb_status.h"
#include "replay_clock.h"
#include "replay_exact.h"
#include "replay_feed.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The allocator that all others' times are divided by. */
#define BENCH_BASELINE "jemalloc"

/* The allocator whose time is harness overhead. */
#define BENCH_HARNESS "null"

/* A number that may be unknown; 0 then. */
struct bench_maybe {
	bool known;
	double value;
};

/* The figures of the throughput pass. */
struct bench_throughput {
	/* ns per event, of all epochs: in the steady state, or, of an epoch with
	 * one replay, of that one. */
	struct bench_summary ns;

	/* Replays of an epoch; of the first, of the second, and the medians of
	 * all, by their number. All zeros where it was sampled. */
	uint32_t repeats;
	struct bench_summary cold_ns;
	struct bench_summary second_ns;
	double curve[REPLAY_REPEATS_MAX];

	/* Under each pressure (replay_pressed_kib), where `has_pressed`. */
	bool has_pressed;
	struct bench_summary pressed_ns[REPLAY_PRESSURES];

	/* How the operations came. */
	enum replay_feed_kind feed;

	/* The share of a replay's time that entering its slices took, as far as
	 * the pilot could tell. */
	struct bench_maybe entry_share;

	/* The shortest ns per event that the clock can resolve, given the
	 * trace's length; a median below it is not a number. */
	double floor_ns;
	bool below_floor;

	/* Events of an epoch's timed replay that were measured, and all that it
	 * replayed: more if it was sampled. */
	uint64_t events;
	uint64_t covered;
	bool sampled;

	/* As struct bench_epochs has them (bench_epochs.h). */
	uint64_t windows;
	bool interval_of_windows;

	/* Noisy epochs by cause, and in total; and the summary of the clean
	 * ones: all zeros if there are none. */
	size_t preempted;
	size_t stolen;
	size_t faulted;
	size_t contaminated;
	struct bench_summary clean_ns;
};

/* What makes an epoch noisy, as bits: the process was preempted; the hypervisor
 * stole CPU time; page faults exceeded the cell's median epoch by more than a tenth
 * and by more than 16. */
enum bench_contamination {
	BENCH_PREEMPTED = 1,
	BENCH_STOLEN = 2,
	BENCH_FAULTED = 4
};

/* One epoch. */
struct bench_epoch {
	/* Per event. */
	double ns;

	/* Set of enum bench_contamination. */
	unsigned contamination;
};

/* The quantiles that reports show, in this order. */
/* clang-format off */
#define BENCH_QUANTILES(X)                                                     \
	X(p50, 0.5)                                                            \
	X(p90, 0.9)                                                            \
	X(p99, 0.99)                                                           \
	X(p999, 0.999)
/* clang-format on */

/* A quantile is a number only if at least this many samples are beyond it. */
#define BENCH_QUANTILE_TAIL 20

/* What is known about one quantile. */
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

/* Mean and standard deviation of one kind of operation, weighted by what the
 * samples represent. Readings are not cut off at the floor: the mean of many is
 * more exact than any of them. */
struct bench_moments {
	double mean_ns;
	double deviation_ns;
};

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

/* How much samples slowed the latency pass's replays down, as shares: the cost
 * of their readings; and the quickest replay with samples compared with the
 * quickest without, which alternated (noise included). */
struct bench_intrusion {
	double computed;
	struct bench_maybe measured;
};

/* Counters that are reported per lookup. */
/* clang-format off */
#define BENCH_STEPS(X)                                                         \
	X(rows_visited)                                                        \
	X(nodes_visited)                                                       \
	X(lines_touched)                                                       \
	X(remove_nodes_visited)
/* clang-format on */

struct bench_steps {
#define X(name) struct bench_maybe name;
	BENCH_STEPS(X)
#undef X
};

/* The exact distribution of one kind of step over the lookups. */
struct bench_step_quantiles {
#define X(name, q) uint32_t name;
	BENCH_QUANTILES(X)
#undef X
};

/* Shares: of the usable bytes those not requested (internal waste); of the mapped
 * bytes those not usable (external waste); of a heap window's free bytes those not
 * in its longest free run (fragmentation). */
struct bench_waste {
	struct bench_maybe inside;
	struct bench_maybe outside;
	struct bench_maybe broken_up;
};

struct bench_memory {
	/* Over all values of the trace, bytes. */
#define X(name, help) struct bench_maybe mean_##name;
	REPLAY_MEMORY(X)
#undef X

	/* At the peaks: mapped over requested. */
	struct bench_maybe mapped_ratio;

	/* On average, and after the last event. */
	struct bench_waste mean_waste;
	struct bench_waste end_waste;
};

/* What is known about one cell. */
struct bench_cell_summary {
	/* Borrowed. */
	const struct bench_cell *cell;

	bool has_throughput;
	struct bench_throughput throughput;

	/* As many as the cell has. Owned. */
	struct bench_epoch *epoch;

	/* The time per event is a number above 0, and covers the whole
	 * trace. */
	bool whole;

	/* Time divided by the baseline's, and by the harness's; ns per event
	 * less the harness's. */
	struct bench_maybe ratio;
	struct bench_maybe harness_share;
	struct bench_maybe net_ns;

	bool has_latency[REPLAY_SERIES_COUNT];
	struct bench_latency latency[REPLAY_SERIES_COUNT];
	struct bench_moments moments[REPLAY_SERIES_COUNT];

	bool has_frozen;
	struct bench_frozen frozen;
	bool has_intrusion;
	struct bench_intrusion intrusion;

	bool has_kfree_model;
	struct bench_model kfree_model;
	bool has_lookup_model;
	struct bench_model lookup_model;

	struct bench_steps steps;
	struct bench_step_quantiles quantiles[REPLAY_EXACT_COUNT];
	struct bench_memory memory;

	/* Peak bytes of the lookup's index per cluster live at the time, to a
	 * thousandth. */
	struct bench_maybe index_bytes;

	/* Peak mapped memory over the trace's peak demand. */
	struct bench_maybe mapped_ratio;
};

/* What is known about a run of one trace. */
struct bench_run_summary {
	/* One per cell, in their order. Owned. */
	struct bench_cell_summary *cell;
	size_t count;

	/* Of single readings of the clock, and of a lookup in a frozen state. */
	double floor_ns;
	double error_ns;
	double frozen_error_ns;

	/* The harness's ns per event, if above the clock's resolution. */
	struct bench_maybe harness_ns;

	/* The largest share of a cell's replays that the readings took. */
	double intrusion_max;

	/* The cells that map least and most at their peaks, of those that map at
	 * least what is usable; NULL if there is none. */
	const struct bench_cell_summary *maps_least;
	const struct bench_cell_summary *maps_most;

	/* Cells that failed; that pass verify found right; and that it can judge: all
	 * but those without memory. */
	size_t failed;
	size_t verified;
	size_t verifiable;
};

/* What to sum up. Borrowed; the cells for as long as the summary is used. */
struct bench_summary_source {
	const struct bench_cell *cells;
	size_t count;
	const struct replay_clock *clock;

	/* NULL if unknown. */
	const struct bench_ideal *ideal;
};

/* Computes all figures. Returns 0, or KB_E_NOMEM with `diag` filled; release it
 * in either case. */
int bench_summary_make(struct bench_run_summary *out,
		       const struct bench_summary_source *source,
		       struct kb_diag *diag);
void bench_summary_release(struct bench_run_summary *summary);

/* The cell of the allocator with this canonical name, or NULL. */
const struct bench_cell_summary *
bench_summary_find(const struct bench_run_summary *summary, const char *name);

/* The cell called `name`, or the first one if `name` is NULL or not there; there is at
 * least one. What others are compared with. */
const struct bench_cell_summary *
bench_summary_base(const struct bench_run_summary *summary, const char *name);

/* The allocator with the least time per event, the harness excepted; NULL if none was
 * timed over the whole trace. */
const struct bench_cell_summary *
bench_summary_fastest(const struct bench_run_summary *summary);

/* a's time per event divided by b's; unknown if they are not comparable. NULL
 * means no result. */
struct bench_maybe bench_summary_ratio(const struct bench_cell_summary *a,
				       const struct bench_cell_summary *b);

#endif /* BENCH_SUMMARY_H */
