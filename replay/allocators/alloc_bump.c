/*
 * bump: addresses that only rise and are never reused. The speed limit: an
 * allocation is an addition, a free does nothing, and nothing backs the pages.
 * It keeps no record of any allocation, so no lookup is possible, and freed
 * pages stay taken.
 *
 * The window must hold all pages that a trace ever requests: by default it has
 * 2^32 of them, 16 TiB of simulated addresses of more than 32 bits.
 * --heap-pages makes it shorter; at its end every request is refused.
 */
#include "kheap.h"
#include "replay_loop.h"

#include <stdlib.h>

#define PAGES_DEFAULT (UINT64_C(1) << 32)

struct bump {
	uint64_t base;

	/* First address that was never handed out, and the window's end. */
	uint64_t next;
	uint64_t end;
};

static kb_noinline uint64_t bump_alloc(void *ctx, uint32_t size)
{
	struct bump *b = ctx;
	const uint64_t handle = b->next;
	const uint64_t bytes =
		((uint64_t)size + (size == 0) + KVA_PAGE_SIZE - 1) &
		~(uint64_t)(KVA_PAGE_SIZE - 1);

	if (kb_unlikely(bytes > b->end - handle))
		return 0;
	b->next = handle + bytes;
	return handle;
}

static kb_noinline void bump_free(void *ctx, uint64_t handle)
{
	/* Keeps the empty call from being optimized away. */
	__asm__ volatile("" : : "r"(ctx), "r"(handle));
}

static void bump_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	__asm__ volatile("" : : "r"(ctx), "r"(handle), "r"(offset));
}

static const struct replay_calls bump_calls = {
	.alloc = bump_alloc,
	.free = bump_free,
	.touch = bump_touch,
};

REPLAY_STAMP(bump, bump_calls)

/* It knows only whether it has ever handed the address out. */
static int bump_free_one(void *ctx, uint64_t handle)
{
	const struct bump *b = ctx;

	if (handle < b->base || handle >= b->next)
		return KB_E_NOT_LIVE;
	bump_free(ctx, handle);
	return 0;
}

static uint64_t bump_offset_of(const void *ctx, uint64_t handle)
{
	const struct bump *b = ctx;

	return handle - b->base;
}

static void bump_gauge(const void *ctx, struct alloc_gauge *out)
{
	const struct bump *b = ctx;

	out->lookups = 0;
	out->nodes_visited = 0;
	out->pages_live = (b->next - b->base) / KVA_PAGE_SIZE;
	out->free_pages = (b->end - b->next) / KVA_PAGE_SIZE;
	out->longest_free_run = out->free_pages;
}

static void bump_memory(void *ctx, struct alloc_memory *out)
{
	const struct bump *b = ctx;

	out->mapped = b->next - b->base;
	out->resident = 0;
	out->metadata = sizeof(*b);
	out->largest = b->end - b->next;
}

static void bump_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	struct alloc_gauge gauge;

	/* Whatever is never given back is live, so the peak is now. */
	bump_gauge(ctx, &gauge);
	fn(user, "pages_live", gauge.pages_live);
	fn(user, "pages_peak", gauge.pages_live);
}

static bool bump_is_valid(const void *ctx)
{
	const struct bump *b = ctx;

	return b->base <= b->next && b->next <= b->end &&
	       b->next % KVA_PAGE_SIZE == 0;
}

static void bump_close(void *ctx)
{
	free(ctx);
}

static const struct alloc_vt bump_vt = {
	REPLAY_STAMPED(bump),	     .alloc = bump_alloc,
	.free = bump_free_one,	     .touch = bump_touch,
	.alignment = KVA_PAGE_SIZE,  .has_memory = true,
	.offset_of = bump_offset_of, .gauge = bump_gauge,
	.memory = bump_memory,	     .counters = bump_counters,
	.is_valid = bump_is_valid,   .close = bump_close,
};

static int bump_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	const uint64_t base =
		config->heap_base ? config->heap_base : KHEAP_BASE_DEFAULT;
	const uint64_t pages =
		config->heap_pages ? config->heap_pages : PAGES_DEFAULT;
	struct bump *b = malloc(sizeof(*b));

	if (!b)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	b->base = base;
	b->next = base;
	b->end = base + pages * KVA_PAGE_SIZE;
	out->vt = &bump_vt;
	out->ctx = b;
	return 0;
}

const struct alloc_ops alloc_bump = {
	.name = "bump",
	.help = "a bump pointer that never reuses an address: the speed limit",
	.open = bump_open,
};
