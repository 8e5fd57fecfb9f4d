/*
 * blocks+kheap: the full design, blocks for requests of up to 2 KiB in front of
 * the cluster heap.
 */
#include "alloc_host.h"
#include "alloc_kheap.h"
#include "alloc_window.h"
#include "blocks.h"
#include "lookup.h"

static kb_always_inline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	return blocks_kmalloc(ctx, size);
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	blocks_kfree(ctx, (kva_t)handle);
}

static kb_always_inline void timed_touch(void *ctx, uint64_t handle,
					 uint32_t offset)
{
	blocks_touch(ctx, (kva_t)handle + offset);
}

static uint64_t blocks_usable_of(const void *ctx, uint64_t handle)
{
	return blocks_size_at(ctx, (kva_t)handle);
}

static uint64_t blocks_offset_of(const void *ctx, uint64_t handle)
{
	return handle - blocks_base(ctx);
}

/* A block's place in the area says which it is; clusters have an index. */
static int64_t blocks_lookup(const void *ctx, uint64_t handle)
{
	if (!blocks_memory(ctx, (kva_t)handle))
		return kheap_find(blocks_heap(ctx), (kva_t)handle);
	return blocks_size_at(ctx, (kva_t)handle)
		       ? (int64_t)blocks_offset_of(ctx, handle)
		       : -1;
}

static const struct replay_calls blocks_calls = {
	.alloc = timed_alloc,
	.free = timed_free,
	.touch = timed_touch,
	.lookup = blocks_lookup,
};

REPLAY_STAMP(blocks, blocks_calls)

static uint64_t counted_alloc(void *ctx, uint32_t size)
{
	return blocks_kmalloc_counted(ctx, size);
}

static int counted_free(void *ctx, uint64_t handle)
{
	return blocks_kfree_counted(ctx, (kva_t)handle);
}

static void counted_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	blocks_touch_counted(ctx, (kva_t)handle + offset);
}

/* A block's payload shares its page with other blocks' links, as in a kernel. */
static void blocks_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	char *block = blocks_memory(ctx, (kva_t)handle);

	if (block)
		alloc_host_fill(NULL, (uintptr_t)block, size, key);
	else
		alloc_window_fill(kheap_pager(blocks_heap(ctx)), (kva_t)handle,
				  size, key);
}

static bool blocks_intact(void *ctx, uint64_t handle, uint32_t size,
			  uint64_t key)
{
	char *block = blocks_memory(ctx, (kva_t)handle);

	return block ? alloc_host_intact(NULL, (uintptr_t)block, size, key)
		     : alloc_window_intact(kheap_pager(blocks_heap(ctx)),
					   (kva_t)handle, size, key);
}

/* The heap's counters; pages are those of blocks and of clusters. */
static struct kheap_counters counters_of(const void *ctx)
{
	struct kheap_counters counters;

	kheap_counters(blocks_heap(ctx), &counters);
	counters.pages_live += blocks_pages_live(ctx);
	counters.pages_peak = blocks_pages_peak(ctx);
	return counters;
}

/* Searches are the heap's, and so are the pages still to be had: the area of
 * blocks serves no large request. */
static void blocks_gauge(const void *ctx, struct alloc_gauge *out)
{
	const struct kheap *heap = blocks_heap(ctx);
	const struct kheap_counters counters = counters_of(ctx);
	const unsigned steps = kheap_lookup_ops(heap)->steps;

	out->lookups = steps & LOOKUP_NODES ? counters.lookups : 0;
	out->nodes_visited = counters.nodes_visited;
	out->rows_visited =
		steps & LOOKUP_ROWS ? counters.rows_visited : ALLOC_UNKNOWN;
	out->lines_touched =
		steps & LOOKUP_LINES ? counters.lines_touched : ALLOC_UNKNOWN;
	out->pages_live = counters.pages_live;
	out->free_pages = kheap_free_pages(heap);
	out->longest_free_run = kheap_longest_free_run(heap);
}

static void blocks_memory_of(void *ctx, struct alloc_memory *out)
{
	const struct kheap *heap = blocks_heap(ctx);
	const struct pager pager = kheap_pager(heap);
	const struct kheap_counters counters = counters_of(ctx);

	out->mapped = counters.pages_live * KVA_PAGE_SIZE;
	out->resident = out->mapped;
	if (!pager.ops->counters)
		out->resident = pager.ops->payload ? ALLOC_UNKNOWN : 0;
	out->metadata = blocks_record_bytes(ctx) +
			alloc_window_table_bytes(pager, counters.pages_live);
	out->largest = (uint64_t)kheap_longest_free_run(heap) * KVA_PAGE_SIZE;
}

static void blocks_hand_up(const void *ctx, alloc_counter_fn fn, void *user)
{
	const struct kheap *heap = blocks_heap(ctx);
	const struct kheap_counters counters = counters_of(ctx);

	blocks_counters(ctx, fn, user);
	alloc_window_heap_counters(&counters, kheap_lookup_ops(heap)->steps, fn,
				   user);
	fn(user, "lookup_bytes", kheap_lookup_bytes(heap));
	alloc_window_pager_counters(kheap_pager(heap), fn, user);
}

static uint32_t blocks_cluster_pages(const void *ctx, uint32_t size)
{
	(void)ctx;
	return size > BLOCKS_SIZE_MAX ? kva_pages_of(size) : 0;
}

static bool blocks_valid(const void *ctx)
{
	return blocks_is_valid(ctx);
}

static bool blocks_starved(const void *ctx)
{
	return kheap_is_starved(blocks_heap(ctx));
}

static void blocks_close(void *ctx)
{
	blocks_free(ctx);
}

static const struct alloc_vt blocks_vt = {
	REPLAY_STAMPED(blocks),	      .alloc = counted_alloc,
	.free = counted_free,	      .touch = counted_touch,
	.alignment = BLOCKS_SIZE_MIN, .has_memory = true,
	.lookup = blocks_lookup,      .fill = blocks_fill,
	.intact = blocks_intact,      .offset_of = blocks_offset_of,
	.gauge = blocks_gauge,	      .usable_of = blocks_usable_of,
	.memory = blocks_memory_of,   .counters = blocks_hand_up,
	.is_valid = blocks_valid,     .is_starved = blocks_starved,
	.close = blocks_close,	      .cluster_pages = blocks_cluster_pages,
};

static int blocks_open(struct alloc *out, const struct alloc_config *config,
		       struct kb_diag *diag)
{
	struct blocks *blocks;
	struct kheap *heap;
	int err = alloc_kheap_new(&heap, config, BLOCKS_SPAN, diag);

	if (err < 0)
		return err;
	err = blocks_new(&blocks, heap, diag);
	if (err == KB_E_NOMEM)
		return kb_fail(diag, err, "blocks+kheap: out of memory");
	if (err < 0)
		return err;
	out->vt = &blocks_vt;
	out->ctx = blocks;
	return 0;
}

const struct alloc_ops alloc_blocks = {
	.name = "blocks+kheap",
	.help = "the full design: blocks up to 2 KiB in front of the cluster "
		"heap",
	.keys = alloc_kheap_keys,
	.open = blocks_open,
};
