/*
 * bench_sweep_gather: finds the results of sweeps' folders, and what is wrong with
 * them. Two folders may be copies of one sweep that ran on two machines. It keeps
 * a few hundred bytes per result, however large the results are.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_GATHER_H
#define BENCH_SWEEP_GATHER_H

#include "bench_sweep_job.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

/* One result's file. */
struct bench_sweep_found {
	char key[BENCH_SWEEP_KEY_SIZE];

	/* Of the file. */
	char sha256[65];

	/* Of what must be equal wherever the job runs. */
	char exact[65];

	/* Which of the folders; which of the machines. */
	unsigned folder;
	unsigned machine;

	bool timed;

	/* The allocator failed. */
	bool failed;

	/* What sorts the merged results: trace, allocator, options, repeat; the
	 * options alone are the same for all repeats. Owned. */
	char *label;
	size_t label_group;
};

struct bench_sweep_gather {
	/* Borrowed. */
	const char *const *folder;
	size_t folders;

	/* Sorted by label, key, machine, SHA-256. */
	struct bench_sweep_found *found;
	size_t count;

	/* "CPU model, CPUs, kernel, host" of each machine. Owned. */
	char **machine;
	size_t machines;

	/* Sorted keys of planned jobs that have no result in any folder. */
	char (*missing)[BENCH_SWEEP_KEY_SIZE];
	size_t missings;

	/* Jobs of all plans, each once. */
	size_t jobs;

	/* Files that are no result of their job, or of no job. */
	size_t damaged;
	size_t strays;
};

/* Called for each file that is damaged or belongs to no job. */
typedef void (*bench_sweep_tell)(void *user, const char *line);

/*
 * Reads all results of all folders. Damaged files are told and skipped. `stop`
 * is polled. Returns 0; KB_E_WRONG if two results of one job differ in what must
 * be equal, with `diag` naming both; KB_E_STOPPED; or another <0. To be released
 * in any case. `gather` is zeroed but for its folders.
 */
int bench_sweep_gather(struct bench_sweep_gather *gather, bench_sweep_tell tell,
		       void *user, bool (*stop)(void), struct kb_diag *diag);
void bench_sweep_gather_release(struct bench_sweep_gather *gather);

#endif /* BENCH_SWEEP_GATHER_H */
