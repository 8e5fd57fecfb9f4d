/*
 * bench_trace: a trace of a run: its name for reports, its file for workers.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "trc_event.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct bench_trace {
	/* As the user gave it. Borrowed. */
	const char *given;

	/* Base name of the file, as reports show it, cleaned: "boot.trc". */
	char file[256];

	/* The base name without its suffixes, for the results folder:
	 * "boot". */
	char name[256];

	/*
	 * What is replayed, open for reading: the .trc file itself, so that a
	 * later replacement is not mistaken for it; for any other input an
	 * unnamed .trc, which vanishes when the run ends. Owned. -1 for none.
	 */
	int fd;

	/* The .trc file's size, bytes, and modification time, both from when it
	 * was opened; not for an unnamed file. */
	bool has_name;
	off_t size;
	struct timespec written;

	/* The same file for another build's process, while this one runs. */
	char path[4096];

	/* Of the file as given; of the imported .trc for a pipe. */
	char sha256[65];

	/* From the header. */
	struct trc_counts counts;
	char kernel_release[128];
};

#endif /* BENCH_TRACE_H */
