/*
 * bench_trace_open: opens the traces of a run. What is not a .trc is imported on
 * the fly to a file without a name, which is gone when the run ends.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TRACE_OPEN_H
#define BENCH_TRACE_OPEN_H

#include "bench_trace.h"
#include "kb_status.h"

#include <stdbool.h>

/*
 * Opens a trace: reads its header, imports it first if it is not a .trc, and
 * hashes it. `stop` is asked now and then whether an import is to end. Returns
 * 0, to be released by the caller, or <0 with `diag` filled.
 */
int bench_trace_open(struct bench_trace *trace, const char *given,
		     bool (*stop)(void), struct kb_diag *diag);

void bench_trace_release(struct bench_trace *trace);

#endif /* BENCH_TRACE_OPEN_H */
