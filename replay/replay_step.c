#include "replay_step.h"

#include "replay_loop.h"

#include <string.h>
#include <xxhash.h>

#define DIGEST_FAILED UINT64_MAX

static uint64_t step_alloc(void *ctx, uint32_t size)
{
	struct replay_step *step = ctx;

	return step->alloc.vt->alloc(step->alloc.ctx, size);
}

/* Has free_sized's signature, for allocators that want the size. */
static void step_free(void *ctx, uint64_t handle, uint32_t size)
{
	struct replay_step *step = ctx;
	const struct alloc *alloc = &step->alloc;

	step->free_status =
		alloc->vt->free_sized
			? alloc->vt->free_sized(alloc->ctx, handle, size)
			: alloc->vt->free(alloc->ctx, handle);
}

static void step_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	struct replay_step *step = ctx;

	step->alloc.vt->touch(step->alloc.ctx, handle, offset);
}

static const struct replay_calls step_calls = {
	.alloc = step_alloc,
	.free_sized = step_free,
	.touch = step_touch,
};

int replay_step_init(struct replay_step *step, struct alloc alloc,
		     enum alloc_touch touch)
{
	memset(step, 0, sizeof(*step));
	step->alloc = alloc;
	step->touch = touch;
	if (!alloc.vt->offset_of)
		return 0;
	step->digest = XXH64_createState();
	if (!step->digest)
		return KB_E_NOMEM;
	XXH64_reset(step->digest, 0);
	return 0;
}

void replay_step_release(struct replay_step *step)
{
	XXH64_freeState(step->digest);
	step->digest = NULL;
}

static void add_word(struct replay_step *step, uint64_t word)
{
	unsigned char bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(word >> (8 * i));
	XXH64_update(step->digest, bytes, sizeof(bytes));
}

static void before_free(struct replay_step *step, uint64_t handle)
{
	const struct alloc_vt *vt = step->alloc.vt;
	const bool search = step->search || !vt->size_at;

	if (!handle || !vt->size_of)
		return;
	step->size_found =
		(search ? vt->size_of : vt->size_at)(step->alloc.ctx, handle);
	if (step->digest)
		add_word(step, step->size_found);
}

static void after_alloc(struct replay_step *step, uint64_t handle)
{
	const struct alloc *alloc = &step->alloc;

	if (!step->digest)
		return;
	add_word(step, handle ? alloc->vt->offset_of(alloc->ctx, handle)
			      : DIGEST_FAILED);
}

void replay_step_run(struct replay_step *step, struct replay_op op,
		     uint64_t *live)
{
	const uint64_t *handle = &live[replay_op_slot(op)];

	step->free_status = 0;
	step->size_found = 0;
	if (replay_op_is_free(op))
		before_free(step, *handle);
	replay_loop(step_calls, step, &op, 1, live, step->touch);
	if (!replay_op_is_free(op))
		after_alloc(step, *handle);
}

uint64_t replay_step_digest(const struct replay_step *step)
{
	return step->digest ? XXH64_digest(step->digest) : 0;
}
