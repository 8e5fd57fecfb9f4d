/*
 * bench_cell: one trace in one allocator, and its raw measurements as the
 * workers left them. The figures are in bench_summary.h.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include "alloc_spec.h"
#include "bench_settings.h"
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

	/* It has the most epochs that a run takes. */
	BENCH_STOP_EPOCHS,

	/* It took enough time, and it has its interval. */
	BENCH_STOP_TIME,

	/* --budget was spent before it had its interval. */
	BENCH_STOP_BUDGET
};

/* Processes of a cell's latency pass, at most. */
#define BENCH_LATENCY_RUNS_MAX 8

/* Longest call site that a failure names, with the NUL, bytes. */
#define BENCH_SITE_SIZE 256

/* The first thing that went wrong with an allocator. */
struct bench_failure {
	/* `kind` is empty if nothing did. */
	struct alloc_fault fault;

	/* The event, numbered as trc print does, and its call site, or empty. */
	bool has_event;
	uint64_t event;
	char site[BENCH_SITE_SIZE];

	/* The pass that found it, and whether that was by a clock. */
	enum bench_pass pass;
	bool by_clock;

	/* The shortest trace that shows it, a file's name in the results folder, and
	 * its events; empty and 0 for none. */
	char trace[ALLOC_NAME_SIZE + 48];
	uint64_t trace_events;
};

/* What may be said of somebody else's allocator. */
enum bench_judgement {
	/* Not asked, or the allocator is ours. */
	BENCH_JUDGED_NONE,
	BENCH_JUDGED_RIGHT,
	BENCH_JUDGED_WRONG,
	BENCH_JUDGED_NOT
};

struct bench_cell {
	/* Borrowed. */
	const struct bench_trace *trace;

	struct alloc_spec spec;

	/* 0, or the error of this cell; after one, its later passes are not
	 * run. */
	int status;
	struct kb_diag diag;
	struct bench_failure failure;

	/* A pass stopped before its end: the budget, or a signal. */
	bool partial;

	/* The kernel gave a plugin's process no namespaces of its own. */
	bool in_the_open;

	/* Results by pass; the pointers are NULL until the pass has run. Owned
	 * by the cell. */
	struct replay_verify_result *verify;
	struct replay_count_result *count;
	struct replay_exact *exact;
	struct replay_latency_result *latency;
	size_t latency_runs;

	/* How many single samples there were after each of the processes. */
	uint32_t samples_after[BENCH_LATENCY_RUNS_MAX];

	/* Throughput: the epochs, in the order in which they ran. */
	struct replay_time_result *epoch;
	size_t epochs;
	enum bench_stop stop;
	bool throughput_done;

	/* Once `planned`: which part of the trace the epochs measure; period 0:
	 * all of it. */
	bool planned;
	struct replay_sampling sampling;

	/* How often an epoch replays the trace, and whether under pressure too;
	 * 0 before the pilot has found out. What a slice costs, as it saw it. */
	uint32_t repeats;
	bool press;
	double entry_ticks;

	/* Epochs thrown away because the budget cut them short. */
	size_t epochs_cut;

	/* Wall time spent in timed passes, ns. */
	uint64_t throughput_spent_ns;
	uint64_t latency_spent_ns;
};

/* By the passes verify and count, as far as they were run. */
enum bench_judgement bench_cell_judgement(const struct bench_cell *cell);

/* Frees what a cell owns. */
void bench_cell_release(struct bench_cell *cell);

/* Adds one worker's samples to another's. */
void bench_latency_merge(struct replay_latency_result *into,
			 const struct replay_latency_result *from);

/* A counter of the count pass in `*value`; false if it does not apply. */
bool bench_cell_counter(const struct bench_cell *cell, const char *name,
			uint64_t *value);

#endif /* BENCH_CELL_H */
