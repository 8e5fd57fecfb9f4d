/*
 * bench_trace: the traces of a run. What is not a .trc is imported on the fly
 * to a file without a name, which is gone when the run ends.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "kb_status.h"
#include "trc_event.h"

#include <stdbool.h>
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

/*
 * Opens a trace: reads its header, imports it first if it is not a .trc, and
 * hashes it. `stop` is asked now and then whether an import is to end. Returns
 * 0, to be released by the caller, or <0 with `diag` filled.
 */
int bench_trace_open(struct bench_trace *trace, const char *given,
		     bool (*stop)(void), struct kb_diag *diag);

void bench_trace_release(struct bench_trace *trace);

#endif /* BENCH_TRACE_H */
