/*
 * bench_sweep_job: one cell of a sweep, as a line of the plan's jobs.tsv: a trace,
 * an allocator, and how to measure.
 *
 * A job's key names its result. It is the SHA-256, in hexadecimal, of this text,
 * each line ended by a newline:
 *
 *   kheap-replay job 1
 *   trace SHA-256 OF THE FILE
 *   allocator NAME:KEY=VALUE,…    every key, in the allocator's own order
 *   passes count
 *   heap_pages 0
 *   seed 1
 *   repeat 1
 *   budget_ms 3000
 *   cpus 8                        only of a replay on several CPUs
 *   build VERSION REVISION COMPILER FLAGS
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_JOB_H
#define BENCH_SWEEP_JOB_H

#include "alloc_spec.h"
#include "kb_status.h"

#include <stdint.h>
#include <stdio.h>

/* A key, the terminating NUL included, bytes. */
#define BENCH_SWEEP_KEY_SIZE 65

/* The longest path of a trace, the terminating NUL included, bytes. */
#define BENCH_SWEEP_PATH_SIZE 4096

struct bench_sweep_job {
	/* From 1, in the plan's order. */
	uint64_t number;

	char key[BENCH_SWEEP_KEY_SIZE];

	/* Absolute, without control characters. */
	char trace[BENCH_SWEEP_PATH_SIZE];
	char trace_sha256[65];

	/* Canonical (alloc_spec.h). */
	char allocator[ALLOC_NAME_SIZE];

	/* Set of enum bench_pass; empty for a replay on several CPUs. */
	unsigned passes;

	/* 0 for the heap's default. */
	uint32_t heap_pages;

	uint64_t seed;

	/* From 1. */
	uint32_t repeat;

	/* Milliseconds that a timed pass may take. */
	uint32_t budget_ms;

	/* CPUs of the simulated replay that this job is (bench_smp_run.h), or 0. */
	uint32_t cpus;
};

/* Room for the names of all passes, "verify,count,…", bytes. */
#define BENCH_SWEEP_PASSES_SIZE 64

/* Writes the names of a set of passes, comma-separated, or "smp" for none; returns
 * `out`. */
char *bench_sweep_passes(char out[BENCH_SWEEP_PASSES_SIZE], unsigned passes);

/*
 * Computes the key of a job whose other members are set. Returns 0, or KB_E_ARG
 * with `diag` filled if this program has no such allocator.
 */
int bench_sweep_job_set_key(struct bench_sweep_job *job, struct kb_diag *diag);

/* The line of names that begins jobs.tsv, and a job's line. */
void bench_sweep_job_write_names(FILE *out);
void bench_sweep_job_write(FILE *out, const struct bench_sweep_job *job);

/*
 * Reads a line of jobs.tsv, with or without its newline. Returns 0, or
 * KB_E_FORMAT if it is not one. The key is taken as it is written.
 */
int bench_sweep_job_read(struct bench_sweep_job *job, const char *line);

/* What built this program, as the key's text has it. */
void bench_sweep_build(char *out, size_t size);

#endif /* BENCH_SWEEP_JOB_H */
