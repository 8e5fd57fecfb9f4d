/*
 * trc_job: one import in progress, shared by the driver and the format that
 * reads the recording.
 *
 * A format is one file import_NAME.c with one struct trc_format, and one line
 * in the list of trc_import.c.
 *
 * Private to the importer.
 */
#ifndef TRC_JOB_H
#define TRC_JOB_H

#include "kb_status.h"
#include "trc_lines.h"
#include "trc_names.h"
#include "trc_queue.h"
#include "trc_rules.h"
#include "trc_source.h"

#include <stdbool.h>
#include <stddef.h>

struct trc_job {
	/* The recording's name in errors. Borrowed. */
	const char *name;

	/* Its path, "-" for standard input; for memory, its name. Borrowed. */
	const char *path;

	/* The recording, decompressed if it was compressed. */
	struct trc_source *source;

	/* Count unreadable lines instead of failing (rule 9). */
	bool lenient;

	/* The process, and the boot from 1, to import from a recording of
	 * several; 0 if the recording must have only one. */
	uint64_t pid;
	uint64_t boot;

	/* Events of slab caches and of pages count as allocs and frees too. */
	bool takes_caches;
	bool takes_pages;

	/* Called by the reader of the source; true stops the import. */
	bool (*is_stopped)(void *user);
	void *user;

	struct trc_names names;
	struct trc_rules rules;

	/* What formats of the kernel's memory events give their records to;
	 * others give them to `rules` at once. */
	struct trc_queue queue;

	/* Read all lines by the format's plain reader. */
	bool is_plain;

	/* Set by the format: the clock of the first event. */
	enum trc_clock clock;
};

struct trc_format {
	/* As the header of a .trc records it. */
	const char *name;

	/* It is a kernel's recording: of caches and pages too, and maybe of
	 * several boots. */
	bool is_of_kernel;

	/* It may be of several processes. */
	bool has_processes;

	/* Where in a recording that begins with `head` the first thing is that
	 * only this format has: its offset, or TRC_SCAN_NOTHING. Required. */
	size_t (*detect)(const char *head, size_t size);

	/* Reads job->source to its end and gives what it finds to job->rules,
	 * or by way of job->queue.
	 * Returns 0, or <0 with `diag` filled. Required. */
	int (*import)(struct trc_job *job, struct kb_diag *diag);
};

/* The formats; each file import_NAME.c says what it reads. */
extern const struct trc_format trc_format_ftrace;
extern const struct trc_format trc_format_trace_cmd;
extern const struct trc_format trc_format_perf;
extern const struct trc_format trc_format_lttng;
extern const struct trc_format trc_format_console;
extern const struct trc_format trc_format_kheap;
extern const struct trc_format trc_format_csapp;
extern const struct trc_format trc_format_mtrace;
extern const struct trc_format trc_format_valgrind;
extern const struct trc_format trc_format_malloc_bench;
extern const struct trc_format trc_format_heaptrack;
extern const struct trc_format trc_format_android;
extern const struct trc_format trc_format_csv;
extern const struct trc_format trc_format_trace_dat;
extern const struct trc_format trc_format_perf_data;

/*
 * Handles an unreadable line by rule 9: counts it and returns 0, or fails with
 * `reason`.
 */
int trc_job_bad_line(struct trc_job *job, const struct trc_line *line,
		     const char *reason, struct kb_diag *diag);

#endif /* TRC_JOB_H */
