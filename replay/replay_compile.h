/*
 * replay_compile: turns the blocks of a trace into packed operations, and knows
 * at any time which slots are held, by objects of which size.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_COMPILE_H
#define REPLAY_COMPILE_H

#include "kb_status.h"
#include "replay_op.h"
#include "trc_reader.h"

#include <stddef.h>
#include <stdint.h>

struct replay_compiler {
	/* Borrowed. */
	struct trc_reader *reader;

	/* The block that is to be packed next. */
	struct trc_block block;

	/* By slot, as of the last block that was packed: whether it is held, and
	 * the bytes that its last alloc requested. */
	uint8_t *held;
	uint32_t *size;
	size_t slots;
};

/* Starts at the reader's first event. */
void replay_compiler_init(struct replay_compiler *compiler,
			  struct trc_reader *reader);
void replay_compiler_release(struct replay_compiler *compiler);

/* Reads the next block: `block.count` says how many operations it has. Returns
 * 0, KB_END after the last one, or <0 with `diag` filled. */
int replay_compiler_read(struct replay_compiler *compiler,
			 struct kb_diag *diag);

/* Packs the block that was read to `ops`, which has room for it. Returns 0, or
 * <0 with `diag` filled: KB_E_RANGE for a size of 4 GiB or more, KB_E_NOMEM. */
int replay_compiler_pack(struct replay_compiler *compiler,
			 struct replay_op *ops, struct kb_diag *diag);

/* Writes the frees of held slots, in their order, from slot `*slot` on: as many
 * as there are, `room` at most. Returns how many; `*slot` is where to go on. */
size_t replay_compiler_left(const struct replay_compiler *compiler,
			    size_t *slot, struct replay_op *ops, size_t room);

/* Goes back to the first event: nothing is held. Returns 0 or <0 with `diag`
 * filled. */
int replay_compiler_rewind(struct replay_compiler *compiler,
			   struct kb_diag *diag);

/* Grows an array of `width` bytes per slot from `slots` to `wanted` of them, the
 * new ones all zeros. Returns 0 or KB_E_NOMEM. */
int replay_slots_grow(void *array, size_t width, size_t slots, size_t wanted);

#endif /* REPLAY_COMPILE_H */
