/*
 * replay_program: a trace as slices of packed operations, and the handles of its
 * live objects. Without a feed a slice is a block of the file, so that memory
 * follows the live objects and never the number of events.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_PROGRAM_H
#define REPLAY_PROGRAM_H

#include "alloc.h"
#include "kb_status.h"
#include "replay_compile.h"
#include "replay_feed.h"
#include "replay_op.h"
#include "replay_progress.h"
#include "trc_reader.h"

#include <stddef.h>
#include <stdint.h>

struct replay_program {
	struct replay_feed *feed;

	/* Without a feed: the compiler and the slice's operations, as many as
	 * the largest block had events. */
	struct replay_compiler compiler;
	struct replay_op *ops;
	size_t capacity;

	/* With one: the first slice of what the trace leaves live, once its
	 * operations are through. */
	struct replay_slice left;

	/* Handles by slot: of a live object, 0 if its alloc failed; stale where
	 * the slot is free. Grows with the highest slot that a slice has
	 * named. */
	uint64_t *live;
	size_t slots;

	/* Whether each slot holds an object, according to replay_program_mark,
	 * and the object's size. */
	uint8_t *held;
	uint32_t *held_size;
};

/* Makes an empty program over a feed, or, where that is NULL, over the blocks of
 * a reader. Either is borrowed and at the first event. */
void replay_program_init(struct replay_program *program,
			 struct trc_reader *reader, struct replay_feed *feed);

/* Frees what the program owns. The handles in `live` are the caller's. */
void replay_program_release(struct replay_program *program);

/*
 * Gives the next slice of operations in `*slice`, valid until the next call, and
 * makes room for its slots. Returns 0; KB_END after the last one; or <0 with
 * `diag` filled: what the reader says, KB_E_RANGE for a size of 4 GiB or more,
 * KB_E_NOMEM.
 */
int replay_program_next(struct replay_program *program,
			struct replay_slice *slice, struct kb_diag *diag);

/* Notes that operations of the current slice have been run, so that `held` says
 * what is left to free. For passes that free it. */
void replay_program_mark(struct replay_program *program,
			 const struct replay_op *ops, size_t count);

/* Frees, through `alloc`, all objects that `held` lists, and empties `held`;
 * without searches if `alloc` can fast-forward. Counts the frees in
 * `*progress`, from 0; NULL for none. */
void replay_program_free_held(struct replay_program *program,
			      const struct alloc *alloc,
			      struct replay_progress *progress);

/*
 * With a feed, and after KB_END: frees what the whole trace leaves live, in slot
 * order, nothing having been marked. Progress as above. Returns 0, or <0 with
 * `diag` filled.
 */
int replay_program_free_left(struct replay_program *program,
			     const struct alloc *alloc,
			     struct replay_progress *progress,
			     struct kb_diag *diag);

/* Goes back to the first event; nothing may be held any more. */
int replay_program_rewind(struct replay_program *program, struct kb_diag *diag);

#endif /* REPLAY_PROGRAM_H */
