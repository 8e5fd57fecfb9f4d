/*
 * bench_outcome: a worker's result, and whether it can be valid.
 *
 * An allocator may write anywhere in its worker, including the result. Readers
 * rely on the checks made here: counts within their arrays, terminated strings,
 * valid booleans. Whether the figures are right cannot be checked.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_OUTCOME_H
#define BENCH_OUTCOME_H

#include "bench_settings.h"
#include "kb_status.h"
#include "replay_clock.h"
#include "replay_exact.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stddef.h>

/* The result of the pass that a worker ran. */
struct bench_outcome {
	/* 0, or <0 with `diag` filled. KB_E_WRONG also where it crashed, ended
	 * its process, hung or panicked. */
	int status;
	struct kb_diag diag;

	/* What is known of a fault of the allocator, if its kind is not empty:
	 * then status is KB_E_WRONG, or KB_E_UNSUPPORTED if it could not be
	 * judged. The number of its event, or REPLAY_NO_EVENT. */
	struct alloc_fault fault;
	uint64_t fault_event;

	/* It was ended because the clock said so, not for what it did. */
	bool by_clock;

	/* A foreign allocator's process had no namespaces of its own. */
	bool in_the_open;

	/* Pass count, if wanted and if all went well: owned by whoever asked.
	 * NULL otherwise. */
	struct replay_exact *exact;

	/* Pass verify, if wanted, also with a fault: by slot, the last address
	 * that it got; 0 for none. Any number: they are the allocator's words.
	 * Owned by whoever asked. NULL otherwise. */
	uint64_t *places;

	/* Timed passes: the cost of reading the clock on their CPU, measured
	 * right before they ran. */
	struct replay_clock_cost clock_cost;

	union {
		struct replay_verify_result verify;
		struct replay_count_result count;
		struct replay_time_result time;
		struct replay_latency_result latency;
	} result;
};

/* Bytes of an outcome up to the end of the result of `pass`: only these are used. The
 * largest result takes a megabyte, and to copy one costs a process of 3 ms another
 * ten. */
size_t bench_outcome_size(enum bench_pass pass);

/* True if this can be the result of a worker that ran `pass`. */
bool bench_outcome_is_whole(const struct bench_outcome *out,
			    enum bench_pass pass);

#endif /* BENCH_OUTCOME_H */
