/*
 * bench_ideal: the minimum that a trace needs, whatever the allocator: what the
 * recorded kernel itself spent, the pages that must be live at once, and a
 * packing that knows the whole trace in advance.
 *
 * Exact; cut into the bins of the count pass.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_IDEAL_H
#define BENCH_IDEAL_H

#include "bench_page.h"
#include "replay_packing.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stdint.h>

struct bench_ideal {
	/* After every event, bytes: requested; used by the recorded kernel (its
	 * bytes_alloc); and in pages that no two objects share, the lower bound
	 * for any allocator of whole pages. */
	struct replay_span requested;
	struct replay_span kernel;
	struct replay_span pages;

	/* Ends of the bins, bytes. `packed`: up to the highest page in use, in
	 * the packing; 0 without one. */
	uint32_t bins;
	struct bench_ideal_bin {
		uint64_t event;
		uint64_t requested;
		uint64_t kernel;
		uint64_t pages;
		uint64_t packed;
	} bin[REPLAY_BINS];

	/* The trace is within the limits of replay_packing.h. */
	bool has_packing;
	struct replay_packing packing;
};

#endif /* BENCH_IDEAL_H */
