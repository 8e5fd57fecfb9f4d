#include "replay_program.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

void replay_program_init(struct replay_program *program,
			 struct trc_reader *reader, struct replay_feed *feed)
{
	memset(program, 0, sizeof(*program));
	program->feed = feed;
	if (!feed)
		replay_compiler_init(&program->compiler, reader);
}

void replay_program_release(struct replay_program *program)
{
	replay_compiler_release(&program->compiler);
	free(program->ops);
	free(program->live);
	free(program->held);
	free(program->held_size);
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

static int reserve_slots(struct replay_program *p, size_t slots)
{
	size_t wanted;

	if (slots <= p->slots)
		return 0;
	wanted = (size_t)kb_max(slots, p->slots * 2);
	if (replay_slots_grow(&p->live, sizeof(*p->live), p->slots, wanted) <
		    0 ||
	    replay_slots_grow(&p->held, sizeof(*p->held), p->slots, wanted) <
		    0 ||
	    replay_slots_grow(&p->held_size, sizeof(*p->held_size), p->slots,
			      wanted) < 0)
		return KB_E_NOMEM;
	p->slots = wanted;
	return 0;
}

/* The next block, without a feed. */
static int next_block(struct replay_program *program,
		      struct replay_slice *slice, struct kb_diag *diag)
{
	struct replay_compiler *compiler = &program->compiler;
	int err = replay_compiler_read(compiler, diag);

	if (err != 0)
		return err;
	err = reserve_ops(program, compiler->block.count);
	if (err < 0)
		return kb_fail(diag, err, "out of memory for a slice");
	err = replay_compiler_pack(compiler, program->ops, diag);
	*slice = (struct replay_slice){
		.ops = program->ops,
		.count = compiler->block.count,
		.time_ns = compiler->block.time_ns,
		.first_event = compiler->block.first_event,
		.slots = compiler->slots,
	};
	return err;
}

int replay_program_next(struct replay_program *program,
			struct replay_slice *slice, struct kb_diag *diag)
{
	int err;

	err = program->feed ? replay_feed_next(program->feed, slice, diag)
			    : next_block(program, slice, diag);
	if (err != 0)
		return err;
	if (slice->is_left) {
		program->left = *slice;
		return KB_END;
	}
	err = reserve_slots(program, slice->slots);
	if (err < 0)
		return kb_fail(diag, err, "out of memory for live objects");
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

/* Frees one slice of what is left, in pieces that show progress. */
static void free_left_slice(struct replay_program *program,
			    const struct alloc *alloc,
			    const struct replay_slice *slice, uint64_t freed,
			    struct replay_progress *progress)
{
	const size_t most = alloc->vt->fast_forward ? slice->count : 1;

	for (size_t i = 0; i < slice->count; i += most) {
		free_some(program, alloc, slice->ops + i, most);
		replay_progress_tell(progress, freed + i + most);
	}
}

int replay_program_free_left(struct replay_program *program,
			     const struct alloc *alloc,
			     struct replay_progress *progress,
			     struct kb_diag *diag)
{
	struct replay_slice slice = program->left;
	uint64_t freed = 0;
	int err = slice.count > 0 ? 0 : KB_END;

	while (err == 0) {
		free_left_slice(program, alloc, &slice, freed, progress);
		freed += slice.count;
		err = replay_feed_next(program->feed, &slice, diag);
	}
	program->left.count = 0;
	return err < 0 ? err : 0;
}

int replay_program_rewind(struct replay_program *program, struct kb_diag *diag)
{
	program->left.count = 0;
	return program->feed ? replay_feed_rewind(program->feed, diag)
			     : replay_compiler_rewind(&program->compiler, diag);
}
