/*
 * replay_op: one operation of a compiled program, packed into 8 bytes so that
 * a replay streams through them.
 *
 * Every allocator's file and the replay engine include this file.
 */
#ifndef REPLAY_OP_H
#define REPLAY_OP_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* Slots are below this: the slot shares a word with the kind. */
#define REPLAY_SLOTS_MAX (UINT32_C(1) << 31)

struct replay_op {
	/* slot * 2, + 1 for a free. */
	uint32_t slot_kind;

	/* Bytes requested; for a free, those that its alloc requested. */
	uint32_t size;
};

static_assert(sizeof(struct replay_op) == 8, "operations are packed");

static inline struct replay_op replay_op_alloc(uint32_t slot, uint32_t size)
{
	return (struct replay_op){ slot << 1, size };
}

static inline struct replay_op replay_op_free(uint32_t slot, uint32_t size)
{
	return (struct replay_op){ slot << 1 | 1u, size };
}

static inline bool replay_op_is_free(struct replay_op op)
{
	return op.slot_kind & 1u;
}

static inline uint32_t replay_op_slot(struct replay_op op)
{
	return op.slot_kind >> 1;
}

#endif /* REPLAY_OP_H */
