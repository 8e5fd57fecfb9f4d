/*
 * bench_sweep_submit: hands a sweep's jobs to what runs jobs: Slurm, GNU parallel,
 * or processes of this machine. Each job is one 'bench sweep run', which is
 * harmless to repeat, so a job may be killed at any moment and started again.
 *
 * A timed job shares its CPU with no other: Slurm gives it a node (--exclusive),
 * the others run one job at a time.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_SUBMIT_H
#define BENCH_SWEEP_SUBMIT_H

#include "kb_progress.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Tasks of a Slurm array, at most: Slurm's own default is 1,001 with task 0. A
 * task runs every 1,000th job. */
#define BENCH_SWEEP_TASKS_MAX 1000

enum bench_sweep_engine {
	BENCH_SWEEP_LOCAL,
	BENCH_SWEEP_PARALLEL,
	BENCH_SWEEP_SLURM
};

struct bench_sweep_submission {
	/* Absolute. Borrowed. */
	const char *folder;
	enum bench_sweep_engine engine;

	/* Jobs at a time; 0 for as many as there are CPUs (Slurm: no limit).
	 * Timed jobs ignore it, but for Slurm. */
	uint32_t at_a_time;

	/* Write the script for Slurm or GNU parallel, but do not start it. */
	bool only_write;

	/* Written by bench_sweep_submit: jobs, and those that failed (local). */
	uint64_t jobs;
	uint64_t failed;

	/* The script; empty without one. */
	char script[4200];
};

/*
 * Runs all jobs here and waits, or writes FOLDER/slurm.sbatch or
 * FOLDER/parallel.sh and starts it: Slurm's returns at once, GNU parallel's when
 * all jobs are done. Returns 0; KB_E_ENVIRONMENT if the program is missing or
 * fails; KB_E_STOPPED after a signal, once the running jobs have ended; or
 * another <0; with `diag` filled.
 */
int bench_sweep_submit(struct bench_sweep_submission *submission,
		       struct kb_progress *progress, struct kb_diag *diag);

#endif /* BENCH_SWEEP_SUBMIT_H */
