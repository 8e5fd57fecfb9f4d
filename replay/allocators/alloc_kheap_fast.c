/*
 * kheap-fast: the cluster heap made for speed, with simulated paging built in.
 */
#include "alloc_gated.h"
#include "alloc_window.h"
#include "heap_lock.h"
#include "kb_rng.h"
#include "kheap_fast.h"
#include "replay_loop.h"

/* The timed boundary: one plain out-of-line call into the heap. */
static kb_always_inline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	return kheap_fast_kmalloc(ctx, size);
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	kheap_fast_kfree(ctx, (kva_t)handle);
}

static kb_always_inline void timed_touch(void *ctx, uint64_t handle,
					 uint32_t offset)
{
	kheap_fast_touch(ctx, (kva_t)handle + offset);
}

static kb_always_inline int64_t fast_lookup(const void *ctx, uint64_t handle)
{
	return kheap_fast_find(ctx, (kva_t)handle);
}

static const struct replay_calls fast_calls = {
	.alloc = timed_alloc,
	.free = timed_free,
	.touch = timed_touch,
	.lookup = fast_lookup,
};

REPLAY_STAMP(fast, fast_calls)

static uint64_t counted_alloc(void *ctx, uint32_t size)
{
	return kheap_fast_kmalloc_counted(ctx, size);
}

static int counted_free(void *ctx, uint64_t handle)
{
	return kheap_fast_kfree_counted(ctx, (kva_t)handle);
}

static void counted_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	kheap_fast_touch_counted(ctx, (kva_t)handle + offset);
}

static uint64_t fast_size_of(const void *ctx, uint64_t handle)
{
	return kheap_fast_size_at(ctx, (kva_t)handle);
}

/* As kheap's: one word per frame, reached by translation. */
static void fast_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	for (uint32_t i = 0; i < kva_pages_of(size); i++) {
		kva_t va = (kva_t)handle + (i << KVA_PAGE_SHIFT);
		uint64_t *word = kheap_fast_payload(ctx, va);

		if (word)
			*word = kb_mix64(key + i);
	}
}

static bool fast_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	for (uint32_t i = 0; i < kva_pages_of(size); i++) {
		kva_t va = (kva_t)handle + (i << KVA_PAGE_SHIFT);
		const uint64_t *word = kheap_fast_payload(ctx, va);

		if (!word || *word != kb_mix64(key + i))
			return false;
	}
	return true;
}

static uint64_t fast_offset_of(const void *ctx, uint64_t handle)
{
	return handle - kheap_fast_base(ctx);
}

static void fast_gauge(const void *ctx, struct alloc_gauge *out)
{
	struct kheap_counters heap;
	struct pager_counters paging;

	kheap_fast_counters(ctx, &heap, &paging);
	out->lookups = heap.lookups;
	out->nodes_visited = heap.nodes_visited;
	out->rows_visited = heap.rows_visited;
	out->lines_touched = heap.lines_touched;
	out->pages_live = heap.pages_live;
	out->free_pages = kheap_fast_free_pages(ctx);
	out->longest_free_run = kheap_fast_longest_free_run(ctx);
}

static void fast_memory(void *ctx, struct alloc_memory *out)
{
	struct kheap_counters heap;
	struct pager_counters paging;

	kheap_fast_counters(ctx, &heap, &paging);
	out->mapped = heap.pages_live * KVA_PAGE_SIZE;
	out->resident = out->mapped;
	out->metadata = kheap_fast_record_bytes(ctx) +
			(paging.frames_live - heap.pages_live) * KVA_PAGE_SIZE;
	out->largest =
		(uint64_t)kheap_fast_longest_free_run(ctx) * KVA_PAGE_SIZE;
}

static void fast_hand_up(const void *ctx, alloc_counter_fn fn, void *user)
{
	struct kheap_counters heap;
	struct pager_counters paging;

	kheap_fast_counters(ctx, &heap, &paging);
	alloc_window_heap_counters(&heap, kheap_fast_steps(), fn, user);
	alloc_window_paging_counters(&paging, fn, user);
}

static uint32_t fast_cluster_pages(const void *ctx, uint32_t size)
{
	(void)ctx;
	return kva_pages_of(size);
}

static bool fast_valid(const void *ctx)
{
	return kheap_fast_is_valid(ctx);
}

static void fast_close(void *ctx)
{
	kheap_fast_free(ctx);
}

static const struct alloc_vt fast_vt = {
	REPLAY_STAMPED(fast),	    .alloc = counted_alloc,
	.free = counted_free,	    .touch = counted_touch,
	.alignment = KVA_PAGE_SIZE, .has_memory = true,
	.lookup = fast_lookup,	    .size_of = fast_size_of,
	.granule = KVA_PAGE_SIZE,   .fill = fast_fill,
	.intact = fast_intact,	    .offset_of = fast_offset_of,
	.gauge = fast_gauge,	    .memory = fast_memory,
	.counters = fast_hand_up,   .is_valid = fast_valid,
	.close = fast_close,	    .cluster_pages = fast_cluster_pages,
};

enum fast_key { KEY_LOCK, KEY_MAGAZINES };

static const struct alloc_key fast_keys[] = {
	[KEY_LOCK] = { ALLOC_GATED_LOCK },
	[KEY_MAGAZINES] = { ALLOC_GATED_MAGAZINES },
	{ NULL, NULL, NULL },
};

static int fast_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	const struct kheap_fast_config heap = {
		.base = config->heap_base,
		.pages = config->heap_pages,
	};
	struct kheap_fast *f;
	int err = kheap_fast_new(&f, &heap, diag);

	if (err < 0)
		return kb_fail(diag, err, "kheap-fast: %s", kb_status_str(err));
	out->vt = &fast_vt;
	out->ctx = f;
	return alloc_gated_wrap(out, config->spec->choice[KEY_LOCK],
				config->spec->choice[KEY_MAGAZINES], diag);
}

const struct alloc_ops alloc_kheap_fast = {
	.name = "kheap-fast",
	.help = "the cluster heap, optimized for speed, still with eager "
		"paging",
	.keys = fast_keys,
	.open = fast_open,
};
