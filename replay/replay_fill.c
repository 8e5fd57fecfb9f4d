#include "replay_fill.h"

#include <string.h>

void replay_fill_init(struct replay_fill *fill, struct trc_reader *reader)
{
	memset(fill, 0, sizeof(*fill));
	replay_compiler_init(&fill->compiler, reader);
}

void replay_fill_release(struct replay_fill *fill)
{
	replay_compiler_release(&fill->compiler);
}

/* Packs blocks as long as there is room. */
static int fill_ops(struct replay_fill *fill, struct replay_op *ops,
		    struct replay_slice *slice, struct kb_diag *diag)
{
	struct replay_compiler *compiler = &fill->compiler;
	int err = 0;

	while (err == 0 && !fill->at_end) {
		if (!fill->has_block)
			err = replay_compiler_read(compiler, diag);
		fill->at_end = err == KB_END;
		fill->has_block = err == 0;
		if (err != 0 ||
		    compiler->block.count > REPLAY_FILL_OPS - slice->count)
			break;
		err = replay_compiler_pack(compiler, ops + slice->count, diag);
		slice->count += compiler->block.count;
		fill->has_block = false;
	}
	return err < 0 ? err : 0;
}

int replay_fill_next(struct replay_fill *fill, struct replay_op *ops,
		     struct replay_slice *slice, struct kb_diag *diag)
{
	int err;

	*slice = (struct replay_slice){ .ops = ops,
					.first_event = fill->events };
	err = fill_ops(fill, ops, slice, diag);
	if (err < 0)
		return err;
	if (slice->count == 0) {
		slice->is_left = true;
		slice->count = replay_compiler_left(
			&fill->compiler, &fill->slot, ops, REPLAY_FILL_OPS);
	}
	slice->slots = fill->compiler.slots;
	fill->events += slice->count;
	return slice->count > 0 ? 0 : KB_END;
}

int replay_fill_rewind(struct replay_fill *fill, struct kb_diag *diag)
{
	fill->events = 0;
	fill->slot = 0;
	fill->has_block = fill->at_end = false;
	return replay_compiler_rewind(&fill->compiler, diag);
}
