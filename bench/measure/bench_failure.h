/*
 * bench_failure: what went wrong with an allocator, at which event of the trace.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FAILURE_H
#define BENCH_FAILURE_H

#include "bench_cell.h"
#include "bench_outcome.h"
#include "bench_trace.h"

/* Fills `*failure` from an outcome that has a fault: the event's call, size and call
 * site are read from the trace. Where the fault's line is known, `out`'s diagnosis
 * becomes a sentence with all of it. */
void bench_failure_fill(struct bench_failure *failure,
			const struct bench_trace *trace, const char *alloc,
			struct bench_outcome *out);

#endif /* BENCH_FAILURE_H */
