/*
 * bench_trace: a trace of a run, as reports name it and as workers find it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "trc_event.h"

#include <stdint.h>

struct bench_trace {
	/* As the user gave it. Borrowed. */
	const char *given;

	/* Base name of the file, as reports show it, cleaned: "boot.trc". */
	char file[256];

	/* The base name without its endings, for the results folder: "boot". */
	char name[256];

	/* What a worker opens. */
	char path[4096];

	/* The unnamed file of an imported trace; -1 for a .trc. */
	int fd;

	/* Of the file as given; of the imported .trc for a pipe. */
	char sha256[65];

	/* From the header. */
	struct trc_counts counts;
	char kernel_release[128];
};

#endif /* BENCH_TRACE_H */
