/*
 * bench_outcome: whether what a worker left behind can be a result at all.
 *
 * An allocator in a worker may write anywhere, so also over its worker's result.
 * Whoever reads the result relies on what is checked here: counts within their
 * arrays, strings that end, truth values that are ones. That the figures are
 * right nobody can check.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_OUTCOME_H
#define BENCH_OUTCOME_H

#include "bench_worker.h"

/* True if a worker that ran `pass` may have left this. */
bool bench_outcome_is_whole(const struct bench_outcome *out,
			    enum bench_pass pass);

#endif /* BENCH_OUTCOME_H */
