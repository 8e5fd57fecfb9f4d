#include "replay_program.h"

#include "kb_assert.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static_assert(TRC_ALLOC == 0, "every other kind is a free");

void replay_program_init(struct replay_program *program,
			 struct trc_reader *reader)
{
	memset(program, 0, sizeof(*program));
	program->reader = reader;
}

void replay_program_release(struct replay_program *program)
{
	free(program->ops);
	free(program->live);
	free(program->held);
	free(program->held_size);
	free(program->size);
	memset(program, 0, sizeof(*program));
}

static int reserve_ops(struct replay_program *program, size_t count)
{
	struct replay_op *ops;

	if (count <= program->capacity)
		return 0;
	ops = realloc(program->ops, count * sizeof(*ops));
	if (!ops)
		return KB_E_NOMEM;
	program->ops = ops;
	program->capacity = count;
	return 0;
}

/* Grows an array of `width` bytes per slot; new slots are zeroed. */
static int grow(void *array, size_t width, size_t slots, size_t wanted)
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

static int reserve_slots(struct replay_program *p, size_t slots)
{
	size_t wanted;

	if (slots <= p->slots)
		return 0;
	wanted = (size_t)kb_max(slots, p->slots * 2);
	if (grow(&p->live, sizeof(*p->live), p->slots, wanted) < 0 ||
	    grow(&p->held, sizeof(*p->held), p->slots, wanted) < 0 ||
	    grow(&p->held_size, sizeof(*p->held_size), p->slots, wanted) < 0 ||
	    grow(&p->size, sizeof(*p->size), p->slots, wanted) < 0)
		return KB_E_NOMEM;
	p->slots = wanted;
	return 0;
}

/* Packs a block; returns the highest slot, and all sizes or'ed together. */
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

/* Gives each free the size of what it frees. */
static void size_frees(struct replay_program *program, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct replay_op *op = &program->ops[i];
		uint32_t *size = &program->size[replay_op_slot(*op)];

		if (replay_op_is_free(*op))
			op->size = *size;
		else
			*size = op->size;
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

int replay_program_next(struct replay_program *program,
			struct replay_slice *slice, struct kb_diag *diag)
{
	struct trc_block block;
	uint32_t slot_max;
	uint64_t size_bits;
	int err;

	err = trc_reader_next(program->reader, &block, diag);
	if (err != 0)
		return err;
	err = reserve_ops(program, block.count);
	if (err < 0)
		return kb_fail(diag, err, "out of memory for a slice");
	pack(program->ops, &block, &slot_max, &size_bits);
	if (size_bits > UINT32_MAX)
		return refuse_size(&block, diag);
	/* The current reader has the same limit, so no test gets here. */
	if (slot_max >= REPLAY_SLOTS_MAX)
		return kb_fail(diag, KB_E_RANGE,
			       "slot %" PRIu32 " is over the limit of 2^31",
			       slot_max);
	err = reserve_slots(program, (size_t)slot_max + 1);
	if (err < 0)
		return kb_fail(diag, err, "out of memory for live objects");
	size_frees(program, block.count);
	slice->ops = program->ops;
	slice->count = block.count;
	slice->time_ns = block.time_ns;
	slice->first_event = block.first_event;
	return 0;
}

void replay_program_mark(struct replay_program *program,
			 const struct replay_op *ops, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t slot = replay_op_slot(ops[i]);

		program->held[slot] = !replay_op_is_free(ops[i]);
		program->held_size[slot] = ops[i].size;
	}
}

/* Uses the timed loop: a heap takes only plain or only counted calls. */
static void free_some(struct replay_program *program, const struct alloc *alloc,
		      const struct replay_op *ops, size_t count)
{
	const struct alloc_vt *vt = alloc->vt;

	if (!vt->fast_forward ||
	    vt->fast_forward(alloc->ctx, ops, count, program->live,
			     ALLOC_TOUCH_NONE) < 0)
		vt->run[ALLOC_TOUCH_NONE](alloc->ctx, ops, count,
					  program->live);
}

void replay_program_free_held(struct replay_program *program,
			      const struct alloc *alloc,
			      struct replay_progress *progress)
{
	struct replay_op ops[4096];
	const size_t most = alloc->vt->fast_forward ? KB_ARRAY_LEN(ops) : 1;
	uint64_t freed = 0;
	size_t count = 0;

	for (size_t i = 0; i < program->slots; i++) {
		if (program->held[i])
			ops[count++] = replay_op_free((uint32_t)i,
						      program->held_size[i]);
		program->held[i] = 0;
		if (count < most && i + 1 < program->slots)
			continue;
		free_some(program, alloc, ops, count);
		freed += count;
		count = 0;
		replay_progress_tell(progress, freed);
	}
}

int replay_program_rewind(struct replay_program *program, struct kb_diag *diag)
{
	return trc_reader_rewind(program->reader, diag);
}
