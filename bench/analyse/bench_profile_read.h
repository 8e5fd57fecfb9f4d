/*
 * bench_profile_read: collects a trace's sizes, lifetimes and rows, in one pass
 * over it.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PROFILE_READ_H
#define BENCH_PROFILE_READ_H

#include "bench_profile.h"
#include "bench_trace.h"
#include "kb_status.h"

/* Reads the trace. Returns 0 with `*out` filled, or <0 with `diag` filled. */
int bench_profile_read(struct bench_profile *out,
		       const struct bench_trace *trace, struct kb_diag *diag);

#endif /* BENCH_PROFILE_READ_H */
