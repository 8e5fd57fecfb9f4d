/*
 * replay_loop: the replay loops, as inline templates.
 *
 * An allocator's file describes its calls in a struct replay_calls of constant
 * function pointers and stamps the loops with REPLAY_STAMP. The arguments are
 * constants, so the compiler turns them into direct calls: a call through a
 * pointer for every event costs about 2 ns, when malloc and free cost 10.
 *
 * Every allocator's file includes this file; so does the engine, which stamps
 * the same loop over a struct alloc_vt's single operations.
 */
#ifndef REPLAY_LOOP_H
#define REPLAY_LOOP_H

#include "alloc.h"
#include "kb_bits.h"
#include "replay_op.h"
#include "replay_tick.h"

struct replay_calls {
	uint64_t (*alloc)(void *ctx, uint32_t size);

	/* One or the other: with free_sized the loops also pass the requested
	 * size. */
	void (*free)(void *ctx, uint64_t handle);
	void (*free_sized)(void *ctx, uint64_t handle, uint32_t size);

	void (*touch)(void *ctx, uint64_t handle, uint32_t offset);

	/* NULL if the allocator has no separate lookup. */
	int64_t (*lookup)(const void *ctx, uint64_t handle);
};

static kb_always_inline void replay_touch(const struct replay_calls calls,
					  void *ctx, uint64_t handle,
					  uint32_t size, enum alloc_touch touch)
{
	uint32_t offset = 0;

	if (touch == ALLOC_TOUCH_NONE || handle == 0 || size == 0)
		return;
	calls.touch(ctx, handle, 0);
	if (touch == ALLOC_TOUCH_FIRST)
		return;
	while (size - offset > ALLOC_TOUCH_STRIDE) {
		offset += ALLOC_TOUCH_STRIDE;
		calls.touch(ctx, handle, offset);
	}
}

static kb_always_inline void replay_alloc_one(const struct replay_calls calls,
					      void *ctx, struct replay_op op,
					      uint64_t *live,
					      enum alloc_touch touch)
{
	uint64_t handle = calls.alloc(ctx, op.size);

	live[replay_op_slot(op)] = handle;
	replay_touch(calls, ctx, handle, op.size, touch);
}

static kb_always_inline void replay_release(const struct replay_calls calls,
					    void *ctx, uint64_t handle,
					    uint32_t size)
{
	if (calls.free_sized)
		calls.free_sized(ctx, handle, size);
	else /* Without free_sized there is a free. */
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		calls.free(ctx, handle);
}

static kb_always_inline void replay_free_one(const struct replay_calls calls,
					     void *ctx, struct replay_op op,
					     const uint64_t *live)
{
	uint64_t handle = live[replay_op_slot(op)];

	if (kb_likely(handle))
		replay_release(calls, ctx, handle, op.size);
}

/*
 * Runs operations; what a timed pass measures.
 *
 * Here a processor can mispredict only which kind comes next, and that is half
 * of null's cost. So the loop alternates between runs of allocs and of frees:
 * two branches, each with its own history, instead of one for both.
 *
 * A free whose alloc failed is skipped. A freed slot keeps its stale handle:
 * the store would cost a fifth of an event of null's, and nobody reads it before
 * the slot's next alloc.
 */
static kb_always_inline void replay_loop(const struct replay_calls calls,
					 void *ctx, const struct replay_op *op,
					 size_t count, uint64_t *live,
					 enum alloc_touch touch)
{
	const struct replay_op *const end = op + count;

	while (op != end && replay_op_is_free(*op))
		replay_free_one(calls, ctx, *op++, live);
	while (op != end) {
		do
			replay_alloc_one(calls, ctx, *op, live, touch);
		while (++op != end && !replay_op_is_free(*op));
		if (op == end)
			return;
		do
			replay_free_one(calls, ctx, *op, live);
		while (++op != end && replay_op_is_free(*op));
	}
}

static kb_always_inline void replay_probe_kfree(const struct replay_calls calls,
						void *ctx, uint64_t handle,
						uint32_t size,
						struct replay_probe *probe)
{
	uint64_t begin = replay_tick_begin(probe->use_tsc);

	replay_release(calls, ctx, handle, size);
	probe->ticks = replay_tick_end(probe->use_tsc) - begin;
}

static kb_always_inline void
replay_probe_lookup(const struct replay_calls calls, void *ctx, uint64_t handle,
		    struct replay_probe *probe)
{
	uint64_t begin = replay_tick_begin(probe->use_tsc);
	int64_t index = calls.lookup(ctx, handle);

	/* The search has ended only when its answer is known. */
	__asm__ volatile("" : : "r"(index) : "memory");
	probe->ticks = replay_tick_end(probe->use_tsc) - begin;
}

static kb_always_inline void replay_probe_free(const struct replay_calls calls,
					       void *ctx, uint64_t handle,
					       uint32_t size,
					       struct replay_probe *probe)
{
	if (!calls.lookup || probe->kind == ALLOC_PROBE_FREE) {
		replay_probe_kfree(calls, ctx, handle, size, probe);
		return;
	}
	replay_probe_lookup(calls, ctx, handle, probe);
	replay_release(calls, ctx, handle, size);
}

/* Runs operations and times the frees among them. */
static kb_always_inline void replay_loop_probed(const struct replay_calls calls,
						void *ctx,
						const struct replay_op *ops,
						size_t count, uint64_t *live,
						struct replay_probe *probe)
{
	for (size_t i = 0; i < count; i++) {
		const struct replay_op op = ops[i];
		uint64_t *handle = &live[replay_op_slot(op)];

		if (!replay_op_is_free(op))
			*handle = calls.alloc(ctx, op.size);
		else if (*handle)
			replay_probe_free(calls, ctx, *handle, op.size, probe);
	}
}

/*
 * Stamps an allocator's loops from its calls: functions PREFIX_run_none,
 * _first, _all and PREFIX_run_probed, which REPLAY_STAMPED(PREFIX) puts into
 * its alloc_vt.
 */
/* clang-format off */
#define REPLAY_STAMP_RUN(name, calls, touch)                                   \
	static void name(void *ctx, const struct replay_op *ops, size_t count, \
			 uint64_t *live)                                       \
	{                                                                      \
		replay_loop(calls, ctx, ops, count, live, touch);              \
	}

#define REPLAY_STAMP(prefix, calls)                                            \
	REPLAY_STAMP_RUN(prefix##_run_none, calls, ALLOC_TOUCH_NONE)           \
	REPLAY_STAMP_RUN(prefix##_run_first, calls, ALLOC_TOUCH_FIRST)         \
	REPLAY_STAMP_RUN(prefix##_run_all, calls, ALLOC_TOUCH_ALL)             \
	static void prefix##_run_probed(                                       \
		void *ctx, const struct replay_op *ops, size_t count,          \
		uint64_t *live, struct replay_probe *probe)                    \
	{                                                                      \
		replay_loop_probed(calls, ctx, ops, count, live, probe);       \
	}

#define REPLAY_STAMPED(prefix)                                                 \
	.run = { prefix##_run_none, prefix##_run_first, prefix##_run_all },    \
	.run_probed = prefix##_run_probed
/* clang-format on */

#endif /* REPLAY_LOOP_H */
