/*
 * trc_shrink: the shortest trace that still shows a failure. Objects are removed, each
 * with its alloc and free, in ever smaller groups, as long as any can be removed (delta
 * debugging: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing
 * input", 2002).
 *
 * For the trc program and bench's own files.
 */
#ifndef TRC_SHRINK_H
#define TRC_SHRINK_H

#include "kb_files.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stdint.h>

struct trc_shrink {
	/* Set by the caller: the trace's path, borrowed; zstd's level for what is
	 * written; and how many events are kept at most. */
	const char *in;
	int level;
	uint64_t end;

	/* Runs of the test, at most. */
	uint64_t tries_max;

	/* Judges the input whenever it was read; NULL for no judgment. Borrowed. */
	struct kb_files *files;

	/* Writes a candidate (trc_shrink_write) and tests it. Returns 0 with
	 * `*fails` set, or <0 with `diag` filled. */
	int (*test)(void *user, bool *fails, struct kb_diag *diag);
	void *user;

	/* So far: objects among the first `end` events, known once a trace has been
	 * written; those left; runs of the test; events last written. */
	uint64_t objects;
	uint64_t left;
	uint64_t tries;
	uint64_t events;

	/* Per object: removed for good, removed for a try. NULL before
	 * trc_shrink_run. Owned. */
	bool *is_gone;
	bool *is_tried;
};

/* Writes the trace of what is left to `path`. Returns 0, or <0 with `diag` filled and
 * no file. */
int trc_shrink_write(struct trc_shrink *shrink, const char *path,
		     struct kb_diag *diag);

/* Runs the test on what is left. Returns as it does. */
int trc_shrink_try(struct trc_shrink *shrink, bool *fails,
		   struct kb_diag *diag);

/*
 * Removes objects as long as the test fails without them, or until it has been run
 * `tries_max` times. The trace has been written before. Returns 0, KB_E_NOMEM, or
 * what the test returns.
 */
int trc_shrink_run(struct trc_shrink *shrink, struct kb_diag *diag);

void trc_shrink_release(struct trc_shrink *shrink);

#endif /* TRC_SHRINK_H */
