/*
 * bench_target: opens and closes a job's trace and allocator, in a child
 * process.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include "alloc.h"
#include "replay.h"

/* What to open. Borrowed for the call. */
struct bench_target {
	const char *trace;

	/* The trace as an open file, called `trace`; 0 if it is to be opened. */
	int trace_fd;

	/* An allocator's name, as on a command line. */
	const char *alloc;

	/* For a timed pass: its operations are decoded before or beside it
	 * (replay_feed.h), on the CPU `ahead_cpu` if that is not -1. */
	bool timed;
	int ahead_cpu;

	/* 0 means the heap's defaults. */
	uint32_t heap_base;
	uint32_t heap_pages;

	/* As alloc_config's. */
	bool walk;
	uint32_t checked;

	/* The reader decodes every column. */
	bool all_columns;
	struct alloc_report report;
};

/*
 * If the allocator is not ours, first limits the process's memory to half of
 * the machine's: the kernel refuses more.
 *
 * Fills in the job's reader, feed and allocator. Returns 0, or <0 with `diag` filled;
 * bench_target_close is owed either way.
 */
int bench_target_open(struct replay_job *job, const struct bench_target *target,
		      struct kb_diag *diag);

/* Closes what is open of them. */
void bench_target_close(struct replay_job *job);

#endif /* BENCH_TARGET_H */
