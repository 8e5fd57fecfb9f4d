/*
 * slab+kheap: size classes in slabs over the cluster heap.
 */
#include "alloc_host.h"
#include "alloc_window.h"
#include "kheap.h"
#include "lookup.h"
#include "slabs.h"

#include <stdlib.h>

enum slab_key { KEY_LOOKUP, KEY_FIT, KEY_PAGER };

/* The slabs; and, for verification, the simulated memory's bytes, because
 * objects share a frame: a host page per frame, made when payload is first
 * written there. */
struct slab_heap {
	struct slabs *slabs;
	char **memory;
};

static kb_always_inline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	const struct slab_heap *h = ctx;

	return slabs_kmalloc(h->slabs, size);
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	const struct slab_heap *h = ctx;

	slabs_kfree(h->slabs, (kva_t)handle);
}

static kb_always_inline void timed_touch(void *ctx, uint64_t handle,
					 uint32_t offset)
{
	const struct slab_heap *h = ctx;

	slabs_touch(h->slabs, (kva_t)handle + offset);
}

static uint64_t slab_usable_of(const void *ctx, uint64_t handle)
{
	const struct slab_heap *h = ctx;

	return slabs_size_at(h->slabs, (kva_t)handle);
}

/* The caller only needs to know that there is one: this is its offset. */
static int64_t slab_lookup(const void *ctx, uint64_t handle)
{
	const struct slab_heap *h = ctx;

	return slab_usable_of(ctx, handle)
		       ? (int64_t)(handle - kheap_base(slabs_heap(h->slabs)))
		       : -1;
}

static const struct replay_calls slab_calls = {
	.alloc = timed_alloc,
	.free = timed_free,
	.touch = timed_touch,
	.lookup = slab_lookup,
};

REPLAY_STAMP(slab, slab_calls)

static uint64_t counted_alloc(void *ctx, uint32_t size)
{
	const struct slab_heap *h = ctx;

	return slabs_kmalloc_counted(h->slabs, size);
}

static int counted_free(void *ctx, uint64_t handle)
{
	const struct slab_heap *h = ctx;

	return slabs_kfree_counted(h->slabs, (kva_t)handle);
}

static void counted_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	const struct slab_heap *h = ctx;

	slabs_touch_counted(h->slabs, (kva_t)handle + offset);
}

static uint64_t slab_offset_of(const void *ctx, uint64_t handle)
{
	const struct slab_heap *h = ctx;

	return handle - kheap_base(slabs_heap(h->slabs));
}

/* The host's page for the frame that backs `va`, or without frames for its page;
 * NULL if the page is not mapped or the host has no memory. */
static char *memory_at(struct slab_heap *h, kva_t va)
{
	const struct pager pager = kheap_pager(slabs_heap(h->slabs));
	uint64_t pa = va;

	if (pager.ops->translate && !pager.ops->translate(pager.ctx, va, &pa))
		return NULL;
	if (!h->memory)
		h->memory = calloc(KVA_SPACE_PAGES, sizeof(*h->memory));
	if (!h->memory)
		return NULL;
	pa >>= KVA_PAGE_SHIFT;
	if (!h->memory[pa])
		h->memory[pa] = calloc(1, KVA_PAGE_SIZE);
	return h->memory[pa];
}

/* Bytes of an allocation that are in the same page as its byte at `va`. */
static uint32_t in_page(kva_t va, uint32_t left)
{
	return (uint32_t)kb_min(left, KVA_PAGE_SIZE - va % KVA_PAGE_SIZE);
}

static void slab_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	kva_t va = (kva_t)handle;

	for (uint32_t some; size > 0; size -= some, va += some) {
		char *page = memory_at(ctx, va);

		some = in_page(va, size);
		if (page)
			alloc_host_fill(NULL,
					(uintptr_t)(page + va % KVA_PAGE_SIZE),
					some, key + size);
	}
}

static bool slab_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	kva_t va = (kva_t)handle;

	for (uint32_t some; size > 0; size -= some, va += some) {
		char *page = memory_at(ctx, va);

		some = in_page(va, size);
		if (!page ||
		    !alloc_host_intact(NULL,
				       (uintptr_t)(page + va % KVA_PAGE_SIZE),
				       some, key + size))
			return false;
	}
	return true;
}

static void slab_gauge(const void *ctx, struct alloc_gauge *out)
{
	const struct slab_heap *h = ctx;
	const struct kheap *heap = slabs_heap(h->slabs);
	struct kheap_counters counters;

	kheap_counters(heap, &counters);
	out->lookups = 0;
	if (kheap_lookup_ops(heap)->steps & LOOKUP_NODES)
		out->lookups = counters.lookups;
	out->nodes_visited = counters.nodes_visited;
	out->pages_live = counters.pages_live;
	out->free_pages = kheap_free_pages(heap);
	out->longest_free_run = kheap_longest_free_run(heap);
}

/* The slabs' records and their heap's; page tables too. */
static void slab_memory(void *ctx, struct alloc_memory *out)
{
	const struct slab_heap *h = ctx;
	const struct kheap *heap = slabs_heap(h->slabs);
	const struct pager pager = kheap_pager(heap);
	struct kheap_counters counters;

	kheap_counters(heap, &counters);
	out->mapped = counters.pages_live * KVA_PAGE_SIZE;
	out->resident = pager.ops->counters ? out->mapped : 0;
	out->metadata = slabs_record_bytes(h->slabs) +
			alloc_window_table_bytes(pager, counters.pages_live);
	out->largest = (uint64_t)kheap_longest_free_run(heap) * KVA_PAGE_SIZE;
}

static void slab_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	const struct slab_heap *h = ctx;
	const struct kheap *heap = slabs_heap(h->slabs);
	struct kheap_counters counters;

	kheap_counters(heap, &counters);
	slabs_counters(h->slabs, fn, user);
	alloc_window_heap_counters(&counters, kheap_lookup_ops(heap)->steps, fn,
				   user);
	alloc_window_pager_counters(kheap_pager(heap), fn, user);
}

static uint32_t slab_cluster_pages(const void *ctx, uint32_t size)
{
	(void)ctx;
	return size > SLABS_SIZE_MAX ? kva_pages_of(size) : 0;
}

static bool slab_is_valid(const void *ctx)
{
	const struct slab_heap *h = ctx;

	return slabs_is_valid(h->slabs);
}

static bool slab_is_starved(const void *ctx)
{
	const struct slab_heap *h = ctx;

	return kheap_is_starved(slabs_heap(h->slabs));
}

static void slab_close(void *ctx)
{
	struct slab_heap *h = ctx;

	for (size_t i = 0; h->memory && i < KVA_SPACE_PAGES; i++)
		free(h->memory[i]);
	free(h->memory);
	slabs_free(h->slabs);
	free(h);
}

static const struct alloc_vt slab_vt = {
	REPLAY_STAMPED(slab),
	.alloc = counted_alloc,
	.free = counted_free,
	.touch = counted_touch,
	.alignment = 8,
	.has_memory = true,
	.lookup = slab_lookup,
	.fill = slab_fill,
	.intact = slab_intact,
	.offset_of = slab_offset_of,
	.gauge = slab_gauge,
	.usable_of = slab_usable_of,
	.cluster_pages = slab_cluster_pages,
	.memory = slab_memory,
	.counters = slab_counters,
	.is_valid = slab_is_valid,
	.is_starved = slab_is_starved,
	.close = slab_close,
};

static const struct alloc_key slab_keys[] = {
	[KEY_LOOKUP] = { "lookup", "how the heap below finds a cluster",
			 lookup_name },
	[KEY_FIT] = { "fit", "which free run the heap below takes",
		      runs_fit_name },
	[KEY_PAGER] = { ALLOC_WINDOW_PAGER },
	{ NULL, NULL, NULL },
};

static int open_heap(struct kheap **out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	const uint32_t *choice = config->spec->choice;
	struct kheap_config heap = {
		.base = config->heap_base,
		.pages = config->heap_pages,
		.fit = choice[KEY_FIT],
		.lookup = lookup_list[choice[KEY_LOOKUP]],
	};
	int err = alloc_window_pager_new(&heap.pager, choice[KEY_PAGER], diag);

	return err < 0 ? err : kheap_new(out, &heap, diag);
}

static int slab_open(struct alloc *out, const struct alloc_config *config,
		     struct kb_diag *diag)
{
	struct slab_heap *h = calloc(1, sizeof(*h));
	struct kheap *heap;
	int err;

	if (!h)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	err = open_heap(&heap, config, diag);
	if (err == 0)
		err = slabs_new(&h->slabs, heap);
	if (err < 0) {
		free(h);
		return kb_fail(diag, err, "slab+kheap: %s", kb_status_str(err));
	}
	out->vt = &slab_vt;
	out->ctx = h;
	return 0;
}

const struct alloc_ops alloc_slab = {
	.name = "slab+kheap",
	.help = "kmalloc's size classes in slabs on top of the cluster heap",
	.keys = slab_keys,
	.open = slab_open,
};
