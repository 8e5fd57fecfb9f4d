#include "replay_compile.h"

#include "kb_assert.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static_assert(TRC_ALLOC == 0, "every other kind is a free");

void replay_compiler_init(struct replay_compiler *compiler,
			  struct trc_reader *reader)
{
	memset(compiler, 0, sizeof(*compiler));
	compiler->reader = reader;
}

void replay_compiler_release(struct replay_compiler *compiler)
{
	free(compiler->held);
	free(compiler->size);
	memset(compiler, 0, sizeof(*compiler));
}

int replay_slots_grow(void *array, size_t width, size_t slots, size_t wanted)
{
	char *bytes;

	memcpy(&bytes, array, sizeof(bytes));
	bytes = realloc(bytes, wanted * width);
	if (!bytes)
		return KB_E_NOMEM;
	memset(bytes + slots * width, 0, (wanted - slots) * width);
	memcpy(array, &bytes, sizeof(bytes));
	return 0;
}

static int reserve_slots(struct replay_compiler *c, size_t slots)
{
	size_t wanted;

	if (slots <= c->slots)
		return 0;
	wanted = (size_t)kb_max(slots, c->slots * 2);
	if (replay_slots_grow(&c->held, sizeof(*c->held), c->slots, wanted) <
		    0 ||
	    replay_slots_grow(&c->size, sizeof(*c->size), c->slots, wanted) < 0)
		return KB_E_NOMEM;
	c->slots = wanted;
	return 0;
}

/* Packs a block; tells the highest slot, and the bits of all sizes together. */
static void pack(struct replay_op *restrict ops, const struct trc_block *block,
		 uint32_t *slot_max, uint64_t *size_bits)
{
	const uint8_t *kind = block->kind;
	const uint32_t *slot = block->slot;
	const uint64_t *size = block->size;
	uint32_t highest = 0;
	uint64_t bits = 0;

	for (uint32_t i = 0; i < block->count; i++) {
		ops[i].slot_kind = slot[i] << 1 | (kind[i] != TRC_ALLOC);
		ops[i].size = (uint32_t)size[i];
		highest = slot[i] > highest ? slot[i] : highest;
		bits |= size[i];
	}
	*slot_max = highest;
	*size_bits = bits;
}

/* Gives each free the size of what it frees, and notes what is held. */
static void follow_slots(struct replay_compiler *c, struct replay_op *ops,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct replay_op *op = &ops[i];
		const uint32_t slot = replay_op_slot(*op);

		c->held[slot] = !replay_op_is_free(*op);
		if (c->held[slot])
			c->size[slot] = op->size;
		else
			op->size = c->size[slot];
	}
}

static int refuse_size(const struct trc_block *block, struct kb_diag *diag)
{
	uint32_t i = 0;

	/* There is one. */
	while (block->size[i] <= UINT32_MAX)
		i++;
	return kb_fail(diag, KB_E_RANGE,
		       "event %" PRIu64 " allocates %" PRIu64
		       " bytes; a replay takes sizes below 4 GiB",
		       block->first_event + i, block->size[i]);
}

int replay_compiler_read(struct replay_compiler *compiler, struct kb_diag *diag)
{
	return trc_reader_next(compiler->reader, &compiler->block, diag);
}

int replay_compiler_pack(struct replay_compiler *compiler,
			 struct replay_op *ops, struct kb_diag *diag)
{
	uint32_t slot_max;
	uint64_t size_bits;

	pack(ops, &compiler->block, &slot_max, &size_bits);
	if (size_bits > UINT32_MAX)
		return refuse_size(&compiler->block, diag);
	/* Today's reader has the same limit, so no test gets here. */
	if (slot_max >= REPLAY_SLOTS_MAX)
		return kb_fail(diag, KB_E_RANGE,
			       "slot %" PRIu32 " is over the limit of 2^31",
			       slot_max);
	if (reserve_slots(compiler, (size_t)slot_max + 1) < 0)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for live objects");
	follow_slots(compiler, ops, compiler->block.count);
	return 0;
}

size_t replay_compiler_left(const struct replay_compiler *compiler,
			    size_t *slot, struct replay_op *ops, size_t room)
{
	size_t count = 0;

	for (; *slot < compiler->slots && count < room; ++*slot)
		if (compiler->held[*slot])
			ops[count++] = replay_op_free((uint32_t)*slot,
						      compiler->size[*slot]);
	return count;
}

int replay_compiler_rewind(struct replay_compiler *compiler,
			   struct kb_diag *diag)
{
	/* NULL only if there are no slots. */
	if (compiler->slots)
		memset(compiler->held, 0, compiler->slots);
	return trc_reader_rewind(compiler->reader, diag);
}
