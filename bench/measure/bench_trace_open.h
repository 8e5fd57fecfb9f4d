/*
 * bench_trace_open: opens the traces of a run, each once: header, hash and
 * every replay read the same open file. Recordings are imported on the fly to
 * an unnamed file, which vanishes when the run ends.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TRACE_OPEN_H
#define BENCH_TRACE_OPEN_H

#include "bench_trace.h"
#include "kb_status.h"

#include <stdbool.h>

/* Sets a trace's names, and nothing else: what it will be called once it is open.
 * Its name is one safe component of a path (kb_escape_component). */
void bench_trace_set_names(struct bench_trace *trace, const char *given);

/*
 * Opens a trace: reads its header, imports it first if it is not a .trc, and
 * hashes it. `stop` is polled during an import and ends it. Returns
 * 0, to be released by the caller, or <0 with `diag` filled.
 */
int bench_trace_open(struct bench_trace *trace, const char *given,
		     bool (*stop)(void), struct kb_diag *diag);

void bench_trace_release(struct bench_trace *trace);

/*
 * What became of a run that ended with `err`: passed on, unless the trace's size or
 * time of writing is no longer what it was when it was opened: then KB_E_IO, with
 * `diag` saying so and no more. So it is of the inputs beside it. An error of another build's that names
 * `trace->path` is made to name what the user gave.
 */
int bench_trace_judge(const struct bench_trace *trace, int err,
		      struct kb_diag *diag);

#endif /* BENCH_TRACE_OPEN_H */
