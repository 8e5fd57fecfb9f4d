/*
 * bench_sweep_plan: a sweep's folder:
 *
 *   plan.json      the build that planned it, and how many jobs there are
 *   jobs.tsv       a line per job (bench_sweep_job.h), after a line of names
 *   results/       KEY.json for each job that is done (bench_sweep_result.h)
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_PLAN_H
#define BENCH_SWEEP_PLAN_H

#include "bench_sweep_job.h"
#include "bench_sweep_spec.h"

#include <stdbool.h>
#include <stdio.h>

/* How much work a plan is. */
struct bench_sweep_size {
	uint64_t jobs;
	uint64_t traces;
	uint64_t allocs;

	/* Events to be replayed, all jobs and passes together. */
	uint64_t events;

	/* What the jobs may take, one after the other, seconds: an estimate. */
	double seconds;
};

/*
 * Plans every combination of the specification's traces, allocators, windows,
 * seeds and repeats. The traces are opened and hashed, and one that has another
 * one's content is skipped. Writes `folder`, unless that is NULL; a folder that
 * holds anything but a sweep is refused; results that are there stay, and serve the
 * jobs of the same keys. `stop` is polled while traces are read. Returns 0 with
 * `*size` filled, or <0 with `diag` filled.
 */
int bench_sweep_plan_write(const struct bench_sweep_spec *spec,
			   const char *folder, bool (*stop)(void),
			   struct bench_sweep_size *size, struct kb_diag *diag);

/* A plan that is being read. Zero it first. */
struct bench_sweep_plan {
	/* As given. Borrowed. */
	const char *folder;

	/* From plan.json. */
	char build[512];
	uint64_t jobs;

	/* Of jobs.tsv: the stream, the line read last, and its buffer. Owned. */
	FILE *stream;
	uint64_t line;
	char *text;
	size_t room;
};

/* Opens a folder's plan. Returns 0, or KB_E_IO or KB_E_FORMAT with `diag` filled.
 * To be released in any case. */
int bench_sweep_plan_open(struct bench_sweep_plan *plan, const char *folder,
			  struct kb_diag *diag);
void bench_sweep_plan_release(struct bench_sweep_plan *plan);

/* Reads the next job. Returns 0, KB_END after the last, or KB_E_FORMAT with
 * `diag` filled if a line is damaged or jobs are missing at the end. */
int bench_sweep_plan_next(struct bench_sweep_plan *plan,
			  struct bench_sweep_job *job, struct kb_diag *diag);

/* Reads job `number` of a folder's plan. Returns 0, or <0 with `diag` filled. */
int bench_sweep_plan_find(const char *folder, uint64_t number,
			  struct bench_sweep_job *job, struct kb_diag *diag);

#endif /* BENCH_SWEEP_PLAN_H */
