/*
 * replay_fill: fills slices with a trace's operations, block after block; then
 * with the frees of what it leaves live.
 *
 * The feeds include this file.
 */
#ifndef REPLAY_FILL_H
#define REPLAY_FILL_H

#include "replay_compile.h"
#include "replay_feed.h"

/* Room that a slice needs, operations: two blocks. */
#define REPLAY_FILL_OPS ((size_t)2 * 65536)

struct replay_fill {
	struct replay_compiler compiler;
	uint64_t events;

	/* The block that was read had no room any more, or was the last. */
	bool has_block;
	bool at_end;

	/* Where the frees of what is left go on. */
	size_t slot;
};

/* Starts at the reader's first event. */
void replay_fill_init(struct replay_fill *fill, struct trc_reader *reader);
void replay_fill_release(struct replay_fill *fill);

/* Fills `ops`, with room for REPLAY_FILL_OPS; the rest as replay_feed_next. */
int replay_fill_next(struct replay_fill *fill, struct replay_op *ops,
		     struct replay_slice *slice, struct kb_diag *diag);

int replay_fill_rewind(struct replay_fill *fill, struct kb_diag *diag);

#endif /* REPLAY_FILL_H */
