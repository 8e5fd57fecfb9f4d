/*
 * bench_tape_read: replays a trace into allocators with rows, and notes what each
 * event does (bench_tape.h). Untimed.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TAPE_READ_H
#define BENCH_TAPE_READ_H

#include "alloc_spec.h"
#include "bench_tape.h"
#include "bench_trace.h"
#include "kb_status.h"

/* The longest trace that a page can hold, events. */
#define BENCH_TAPE_EVENTS 1000000u

/*
 * Adds one more allocator's replay to the tape, which is zeroed before the first.
 * Returns 0; KB_E_UNSUPPORTED with `diag` filled if it has no rows, KB_E_RANGE if the
 * trace is too long, or another error. The tape is to be released in any case.
 */
int bench_tape_add(struct bench_tape *tape, const struct bench_trace *trace,
		   const struct alloc_config *config, struct kb_diag *diag);

#endif /* BENCH_TAPE_READ_H */
