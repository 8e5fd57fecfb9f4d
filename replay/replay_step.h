/*
 * replay_step: one operation at a time, for the untimed passes: the same loop
 * that is timed, stamped over an allocator's single operations, with the digest
 * kept along the way.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_STEP_H
#define REPLAY_STEP_H

#include "alloc.h"

#include <stdbool.h>
#include <stdint.h>

struct XXH64_state_s;

struct replay_step {
	struct alloc alloc;
	enum alloc_touch touch;

	/* Before a free, find the size as the free would, by the allocator's
	 * search; else in the quickest way. */
	bool search;

	/* What the last free returned; 0 after an alloc or a skipped free. */
	int free_status;

	/* The size that the allocator's records had for the object that the
	 * last step freed; 0 if it was not found or is unknown. */
	uint64_t size_found;

	/* The digest so far; NULL for an allocator that has none. */
	struct XXH64_state_s *digest;
};

/* Prepares steps into an allocator; replay_step_release frees what they own.
 * Returns 0 or KB_E_NOMEM; release it in both cases. */
int replay_step_init(struct replay_step *step, struct alloc alloc,
		     enum alloc_touch touch);
void replay_step_release(struct replay_step *step);

/*
 * Runs one operation; `live` maps slots to handles.
 *
 * The digest of a replay is the xxHash64, seed 0, of a sequence of 64-bit
 * little-endian words, in event order: for an alloc its handle less the heap's
 * base, or 2^64 - 1 if it failed; for a free the live allocation's size in
 * bytes as the heap records it (whole pages), if it does. A skipped free adds
 * nothing.
 */
void replay_step_run(struct replay_step *step, struct replay_op op,
		     uint64_t *live);

/* The digest so far, or 0 for an allocator that has none. */
uint64_t replay_step_digest(const struct replay_step *step);

#endif /* REPLAY_STEP_H */
