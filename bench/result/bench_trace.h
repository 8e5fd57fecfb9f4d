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

struct kb_files;

struct bench_trace {
	/* As the user gave it. Borrowed. */
	const char *given;

	/* The shipped sample's path that is read instead, because there is no
	 * file of that name; "" if there is. */
	char sample[4096];

	/* Base name of the file, as reports show it, cleaned: "boot.trc". */
	char file[256];

	/* The base name without its endings, as one safe component of a path, for
	 * the results folder: "boot". */
	char name[256];

	/*
	 * What is replayed, open for reading: the .trc file itself, so that a
	 * later replacement is not mistaken for it; for any other input an
	 * unnamed .trc, which vanishes when the run ends. Owned. -1 for none.
	 */
	int fd;

	/* The recording that this was imported from, kept open as long as it is
	 * in use, so that no output takes its place (kb_out.h). Owned. -1 for
	 * none, and of no meaning if fd is -1. */
	int source_fd;

	/* The .trc file's size, bytes, and when it was last written to, as they
	 * were when it was opened; not of a file without a name. */
	bool has_name;
	off_t size;
	struct timespec written;

	/* The other inputs of the run, which are judged with this one
	 * (bench_trace_open.h). Borrowed; NULL for none. */
	const struct kb_files *beside;

	/* The same file for another build's process, while this one runs. */
	char path[4096];

	/* Of the file as given; of the imported .trc for a pipe. */
	char sha256[65];

	/* From the header. */
	struct trc_counts counts;
	char kernel_release[128];
};

#endif /* BENCH_TRACE_H */
