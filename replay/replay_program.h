/*
 * replay_program: compiles a trace into slices of packed operations, one block
 * of the file at a time, so that memory grows with the live objects, never with
 * the number of events.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_PROGRAM_H
#define REPLAY_PROGRAM_H

#include "alloc.h"
#include "kb_status.h"
#include "replay_op.h"
#include "replay_progress.h"
#include "trc_reader.h"

#include <stddef.h>
#include <stdint.h>

struct replay_program {
	/* Borrowed. */
	struct trc_reader *reader;

	/* The slice's operations; as many as the largest block had events. */
	struct replay_op *ops;
	size_t capacity;

	/* Handles by slot: of a live object, 0 if its alloc failed; stale where
	 * the slot is free. Grows with the highest slot that a slice has
	 * named. */
	uint64_t *live;
	size_t slots;

	/* Whether each slot holds an object, according to replay_program_mark,
	 * and the object's size. */
	uint8_t *held;
	uint32_t *held_size;

	/* Bytes requested by each slot's last alloc that was compiled. */
	uint32_t *size;
};

struct replay_slice {
	/* Owned by the program; valid until its next call. */
	const struct replay_op *ops;
	size_t count;

	/* The recording's time of each operation; NULL if the reader does not
	 * decode it. Owned by the reader. */
	const uint64_t *time_ns;

	/* Number of the first event, from 0. */
	uint64_t first_event;
};

/* Makes an empty program over a reader that is at the first event. */
void replay_program_init(struct replay_program *program,
			 struct trc_reader *reader);

/* Frees what the program owns. The handles in `live` are the caller's. */
void replay_program_release(struct replay_program *program);

/*
 * Compiles the next block into `*slice` and makes room for its slots. Returns
 * 0; KB_END after the last block; or <0 with `diag` filled: the reader's error,
 * KB_E_RANGE for a size of 4 GiB or more, KB_E_NOMEM.
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

/* Goes back to the first event; nothing may be held any more. */
int replay_program_rewind(struct replay_program *program, struct kb_diag *diag);

#endif /* REPLAY_PROGRAM_H */
