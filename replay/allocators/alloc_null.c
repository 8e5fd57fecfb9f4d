/*
 * null: hands out numbers instead of memory. The cost of a replay into it is
 * the harness's own share of every other figure. Its two calls are out of line,
 * like every allocator's.
 */
#include "replay_loop.h"

static kb_noinline uint64_t null_alloc(void *ctx, uint32_t size)
{
	/* Keeps the call from being optimized away. Any number will do that is
	 * not 0; one kept in memory would make each call wait for the last. */
	__asm__ volatile("" : : "r"(ctx));
	return (uint64_t)size + 1;
}

static kb_noinline void null_free(void *ctx, uint64_t handle)
{
	/* Keeps the empty call from being optimized away. */
	__asm__ volatile("" : : "r"(ctx), "r"(handle));
}

static void null_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	__asm__ volatile("" : : "r"(ctx), "r"(handle), "r"(offset));
}

static const struct replay_calls null_calls = {
	.alloc = null_alloc,
	.free = null_free,
	.touch = null_touch,
};

REPLAY_STAMP(null, null_calls)

static int null_free_one(void *ctx, uint64_t handle)
{
	null_free(ctx, handle);
	return 0;
}

/* It holds nothing, and its largest request is unknown. */
static void null_memory(void *ctx, struct alloc_memory *out)
{
	(void)ctx;
	*out = (struct alloc_memory){ .largest = ALLOC_UNKNOWN };
}

static void null_close(void *ctx)
{
	(void)ctx;
}

static const struct alloc_vt null_vt = {
	REPLAY_STAMPED(null),  .alloc = null_alloc, .free = null_free_one,
	.touch = null_touch,   .alignment = 1,	    .has_memory = false,
	.memory = null_memory, .close = null_close,
};

static int null_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	(void)config;
	(void)diag;
	out->ctx = NULL;
	out->vt = &null_vt;
	return 0;
}

const struct alloc_ops alloc_null = {
	.name = "null",
	.help = "no allocator at all: measures harness overhead",
	.is_shared = true,
	.open = null_open,
};
