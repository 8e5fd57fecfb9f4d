#include "alloc_gated.h"

#include "heap_gate.h"
#include "kb_bits.h"
#include "replay_loop.h"

#include <stdlib.h>

struct gated {
	struct alloc heap;

	/* One of plain calls, one of counted ones; only one of them is used. */
	struct heap_gate gate;
	struct heap_gate counted;
	struct heap_gate_cpu cpu;
};

static const struct {
	uint32_t rounds;
	const char *name;
} sizes[] = {
	{ 0, "0" },   { 1, "1" },   { 2, "2" },	  { 3, "3" },
	{ 4, "4" },   { 5, "5" },   { 6, "6" },	  { 7, "7" },
	{ 8, "8" },   { 10, "10" }, { 12, "12" }, { 16, "16" },
	{ 24, "24" }, { 32, "32" }, { 64, "64" }, { 128, "128" },
};

const char *alloc_gated_magazines(size_t i)
{
	return i < KB_ARRAY_LEN(sizes) ? sizes[i].name : NULL;
}

/* --- The heap below, called as it would be without a gate ------------------------- */

static kva_t plain_kmalloc(void *heap, uint32_t size)
{
	const struct alloc *alloc = heap;
	const struct replay_op op = replay_op_alloc(0, size);
	uint64_t handle = 0;

	alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, &op, 1, &handle);
	return (kva_t)handle;
}

static int plain_kfree(void *heap, kva_t va)
{
	const struct alloc *alloc = heap;
	const struct replay_op op = replay_op_free(0, 0);
	uint64_t handle = va;

	alloc->vt->run[ALLOC_TOUCH_NONE](alloc->ctx, &op, 1, &handle);
	return 0;
}

static kva_t counted_kmalloc(void *heap, uint32_t size)
{
	const struct alloc *alloc = heap;

	return (kva_t)alloc->vt->alloc(alloc->ctx, size);
}

static int counted_kfree(void *heap, kva_t va)
{
	const struct alloc *alloc = heap;

	return alloc->vt->free(alloc->ctx, va);
}

static const struct heap_gate_ops plain_ops = { plain_kmalloc, plain_kfree };
static const struct heap_gate_ops counted_ops = { counted_kmalloc,
						  counted_kfree };

/* --- The gate ---------------------------------------------------------------------- */

static kb_noinline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	struct gated *g = ctx;

	return heap_gate_kmalloc(&g->gate, &g->cpu, size, kva_pages_of(size));
}

static kb_noinline void timed_free(void *ctx, uint64_t handle, uint32_t size)
{
	struct gated *g = ctx;

	heap_gate_kfree(&g->gate, &g->cpu, (kva_t)handle, kva_pages_of(size));
}

static void timed_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	const struct gated *g = ctx;

	g->heap.vt->touch(g->heap.ctx, handle, offset);
}

static const struct replay_calls gated_calls = {
	.alloc = timed_alloc,
	.free_sized = timed_free,
	.touch = timed_touch,
};

REPLAY_STAMP(gated, gated_calls)

static uint64_t single_alloc(void *ctx, uint32_t size)
{
	struct gated *g = ctx;

	return heap_gate_kmalloc(&g->counted, &g->cpu, size,
				 kva_pages_of(size));
}

static int single_free_sized(void *ctx, uint64_t handle, uint32_t size)
{
	struct gated *g = ctx;

	return heap_gate_kfree(&g->counted, &g->cpu, (kva_t)handle,
			       kva_pages_of(size));
}

static uint64_t gated_size_of(const void *ctx, uint64_t handle)
{
	const struct gated *g = ctx;

	return g->heap.vt->size_of(g->heap.ctx, handle);
}

static uint64_t gated_size_at(const void *ctx, uint64_t handle)
{
	const struct gated *g = ctx;

	return g->heap.vt->size_at ? g->heap.vt->size_at(g->heap.ctx, handle)
				   : gated_size_of(ctx, handle);
}

static int single_free(void *ctx, uint64_t handle)
{
	const uint64_t size = gated_size_at(ctx, handle);

	return size ? single_free_sized(ctx, handle, (uint32_t)size)
		    : KB_E_NOT_LIVE;
}

static void gated_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	const struct gated *g = ctx;

	g->heap.vt->fill(g->heap.ctx, handle, size, key);
}

static bool gated_intact(void *ctx, uint64_t handle, uint32_t size,
			 uint64_t key)
{
	const struct gated *g = ctx;

	return g->heap.vt->intact(g->heap.ctx, handle, size, key);
}

static uint64_t gated_offset_of(const void *ctx, uint64_t handle)
{
	const struct gated *g = ctx;

	return g->heap.vt->offset_of(g->heap.ctx, handle);
}

static void gated_gauge(const void *ctx, struct alloc_gauge *out)
{
	const struct gated *g = ctx;

	g->heap.vt->gauge(g->heap.ctx, out);
}

static void gated_memory(void *ctx, struct alloc_memory *out)
{
	const struct gated *g = ctx;

	g->heap.vt->memory(g->heap.ctx, out);
}

static void gated_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	const struct gated *g = ctx;

	fn(user, "lock_acquisitions", g->cpu.acquisitions);
	fn(user, "magazine_hits", g->cpu.hits);
	fn(user, "depot_exchanges", g->cpu.exchanges);
	g->heap.vt->counters(g->heap.ctx, fn, user);
}

static bool gated_is_starved(const void *ctx)
{
	const struct gated *g = ctx;

	return g->heap.vt->is_starved && g->heap.vt->is_starved(g->heap.ctx);
}

static bool gated_is_valid(const void *ctx)
{
	const struct gated *g = ctx;

	return g->heap.vt->is_valid(g->heap.ctx);
}

static void gated_close(void *ctx)
{
	struct gated *g = ctx;

	g->heap.vt->close(g->heap.ctx);
	heap_gate_release(&g->gate);
	heap_gate_release(&g->counted);
	free(g);
}

static const struct alloc_vt gated_vt = {
	REPLAY_STAMPED(gated),	      .alloc = single_alloc,
	.free = single_free,	      .free_sized = single_free_sized,
	.touch = timed_touch,	      .alignment = KVA_PAGE_SIZE,
	.has_memory = true,	      .size_of = gated_size_of,
	.granule = KVA_PAGE_SIZE,     .size_at = gated_size_at,
	.fill = gated_fill,	      .intact = gated_intact,
	.offset_of = gated_offset_of, .gauge = gated_gauge,
	.memory = gated_memory,	      .counters = gated_counters,
	.is_valid = gated_is_valid,   .is_starved = gated_is_starved,
	.close = gated_close,
};

int alloc_gated_wrap(struct alloc *alloc, unsigned lock, unsigned magazines,
		     struct kb_diag *diag)
{
	const uint32_t rounds = sizes[magazines].rounds;
	struct gated *g;

	if (lock == HEAP_LOCK_NONE && rounds == 0)
		return 0;
	g = calloc(1, sizeof(*g));
	if (g) {
		g->heap = *alloc;
		if (heap_gate_init(&g->gate, &plain_ops, &g->heap,
				   (enum heap_lock_kind)lock, rounds, 1) == 0 &&
		    heap_gate_init(&g->counted, &counted_ops, &g->heap,
				   (enum heap_lock_kind)lock, rounds, 1) == 0) {
			*alloc = (struct alloc){ &gated_vt, g };
			return 0;
		}
		magazines_free(g->gate.magazines);
	}
	free(g);
	alloc->vt->close(alloc->ctx);
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}
