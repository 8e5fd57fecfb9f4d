/*
 * bench_failing: after a run, the shortest trace that shows what pass verify found wrong
 * with an allocator, as a file in the results folder.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FAILING_H
#define BENCH_FAILING_H

#include "bench_cell.h"
#include "bench_report.h"
#include "bench_settings.h"
#include "kb_progress.h"
#include "kb_status.h"

#include <stddef.h>
#include <stdio.h>

/* A run that is over. Borrowed. */
struct bench_failing {
	const struct bench_report *report;

	/* The report's cells. */
	struct bench_cell *cells;

	/* The results folder, which exists; NULL for none. */
	const char *folder;
	struct kb_progress *progress;
};

/*
 * Writes FOLDER/failing-NAME.trc for every allocator with a fault that pass verify
 * found, and notes it in the cell's failure. Not where a clock found it, nor where
 * no event can be omitted. Returns 0, KB_E_STOPPED after a signal, or another error
 * with `diag` filled; files that were written by then stay.
 */
int bench_failing_write(const struct bench_failing *failing,
			struct kb_diag *diag);

/* A line for each such allocator: its file and the command that shows the fault again,
 * or, without a file, the command that makes one. */
void bench_failing_tell(FILE *out, const struct bench_failing *failing);

#endif /* BENCH_FAILING_H */
