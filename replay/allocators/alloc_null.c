/*
 * null: hands out numbers instead of memory. What a replay into it costs is the
 * harness's own share of every other figure. Its two calls are out of line, as
 * everyone's are.
 */
#include "replay_loop.h"

#include <stdlib.h>

struct null_ctx {
	uint64_t next;
};

static kb_noinline uint64_t null_alloc(void *ctx, uint32_t size)
{
	struct null_ctx *c = ctx;

	__asm__ volatile("" : : "r"(size));
	return c->next += 16;
}

static kb_noinline void null_free(void *ctx, uint64_t handle)
{
	/* Keeps the empty call from being optimised away. */
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

static const struct alloc_vt null_vt = {
	REPLAY_STAMPED(null),
	.alloc = null_alloc,
	.free = null_free_one,
	.touch = null_touch,
	.alignment = 1,
	.has_memory = false,
	.close = free,
};

static int null_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	(void)config;
	out->ctx = calloc(1, sizeof(struct null_ctx));
	if (!out->ctx)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	out->vt = &null_vt;
	return 0;
}

const struct alloc_ops alloc_null = {
	.name = "null",
	.help = "no allocator at all: the harness's own cost",
	.open = null_open,
};
