/*
 * bench_ideal_read: finds the minimum that a trace needs, in one pass over it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_IDEAL_READ_H
#define BENCH_IDEAL_READ_H

#include "bench_ideal.h"
#include "bench_trace.h"
#include "kb_status.h"

/* Reads the trace. Returns 0 with `*out` filled, or <0 with `diag` filled. */
int bench_ideal_read(struct bench_ideal *out, const struct bench_trace *trace,
		     struct kb_diag *diag);

#endif /* BENCH_IDEAL_READ_H */
