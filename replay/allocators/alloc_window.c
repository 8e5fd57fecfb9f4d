#include "alloc_window.h"

#include "kb_rng.h"
#include "lookup.h"
#include "pager_sim.h"

enum pager_choice { PAGER_SIM, PAGER_NONE };

const char *alloc_window_pager(size_t i)
{
	static const char *const values[] = {
		[PAGER_SIM] = "sim",
		[PAGER_NONE] = "none",
	};

	return i < KB_ARRAY_LEN(values) ? values[i] : NULL;
}

int alloc_window_pager_new(struct pager *out, unsigned choice,
			   struct kb_diag *diag)
{
	*out = pager_none();
	if (choice == PAGER_SIM && pager_sim_new(out, NULL) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return 0;
}

void alloc_window_fill(struct pager pager, kva_t va, uint32_t size,
		       uint64_t key)
{
	const uint32_t pages = pager.ops->payload ? kva_pages_of(size) : 0;

	for (uint32_t i = 0; i < pages; i++) {
		uint64_t *word = pager.ops->payload(pager.ctx,
						    va + (i << KVA_PAGE_SHIFT));

		if (word)
			*word = kb_mix64(key + i);
	}
}

bool alloc_window_intact(struct pager pager, kva_t va, uint32_t size,
			 uint64_t key)
{
	const uint32_t pages = pager.ops->payload ? kva_pages_of(size) : 0;

	for (uint32_t i = 0; i < pages; i++) {
		const uint64_t *word = pager.ops->payload(
			pager.ctx, va + (i << KVA_PAGE_SHIFT));

		if (!word || *word != kb_mix64(key + i))
			return false;
	}
	return true;
}

uint64_t alloc_window_table_bytes(struct pager pager, uint64_t pages)
{
	struct pager_counters paging;

	if (!pager.ops->counters)
		return 0;
	pager.ops->counters(pager.ctx, &paging);
	return (paging.frames_live - pages) * KVA_PAGE_SIZE;
}

void alloc_window_heap_counters(const struct kheap_counters *heap,
				unsigned steps, alloc_counter_fn fn, void *user)
{
#define X(name, unit, help, needed)         \
	if ((steps & (needed)) == (needed)) \
		fn(user, #name, heap->name);
	KHEAP_COUNTERS(X)
#undef X
}

void alloc_window_paging_counters(const struct pager_counters *paging,
				  alloc_counter_fn fn, void *user)
{
#define X(name, unit, help) fn(user, #name, paging->name);
	PAGER_COUNTERS(X)
#undef X
}

void alloc_window_pager_counters(struct pager pager, alloc_counter_fn fn,
				 void *user)
{
	struct pager_counters paging;

	if (!pager.ops->counters)
		return;
	pager.ops->counters(pager.ctx, &paging);
	alloc_window_paging_counters(&paging, fn, user);
}

void alloc_pages_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	const struct page_heap *h = ctx;

	if (h->pager.ops->touch)
		h->pager.ops->touch(h->pager.ctx, (kva_t)handle + offset);
}

void alloc_pages_touch_counted(void *ctx, uint64_t handle, uint32_t offset)
{
	const struct page_heap *h = ctx;

	if (h->pager.ops->touch_counted)
		h->pager.ops->touch_counted(h->pager.ctx,
					    (kva_t)handle + offset);
}

/* Pages requested at a handle; 0 if nothing live starts there. */
static uint32_t asked_at(const struct page_heap *h, uint64_t handle)
{
	const uint32_t page = page_heap_page_of(h, (kva_t)handle);

	return page == PAGE_HEAP_NONE ? 0 : h->ops->asked(h->state, page);
}

int64_t alloc_pages_lookup(const void *ctx, uint64_t handle)
{
	const struct page_heap *h = ctx;

	return asked_at(h, handle)
		       ? (int64_t)page_heap_page_of(h, (kva_t)handle)
		       : -1;
}

uint64_t alloc_pages_size_of(const void *ctx, uint64_t handle)
{
	return (uint64_t)asked_at(ctx, handle) * KVA_PAGE_SIZE;
}

uint64_t alloc_pages_usable_of(const void *ctx, uint64_t handle)
{
	const struct page_heap *h = ctx;
	const uint32_t asked = asked_at(h, handle);

	return (uint64_t)(asked && h->ops->occupied ? h->ops->occupied(asked)
						    : asked) *
	       KVA_PAGE_SIZE;
}

uint64_t alloc_pages_offset_of(const void *ctx, uint64_t handle)
{
	const struct page_heap *h = ctx;

	return handle - h->base;
}

void alloc_pages_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	const struct page_heap *h = ctx;

	alloc_window_fill(h->pager, (kva_t)handle, size, key);
}

bool alloc_pages_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key)
{
	const struct page_heap *h = ctx;

	return alloc_window_intact(h->pager, (kva_t)handle, size, key);
}

void alloc_pages_gauge(const void *ctx, struct alloc_gauge *out)
{
	const struct page_heap *h = ctx;

	out->lookups = 0;
	out->nodes_visited = 0;
	if (h->ops->searches)
		h->ops->searches(h->state, &out->lookups, &out->nodes_visited);
	out->pages_live = h->pages_live;
	out->free_pages = h->ops->free_pages(h->state);
	out->longest_free_run = h->ops->longest(h->state);
}

uint32_t alloc_pages_cluster_pages(const void *ctx, uint32_t size)
{
	const struct page_heap *h = ctx;
	const uint32_t asked = kva_pages_of(size);

	return h->ops->occupied ? h->ops->occupied(asked) : asked;
}

void alloc_pages_memory(void *ctx, struct alloc_memory *out)
{
	const struct page_heap *h = ctx;

	out->mapped = h->pages_live * KVA_PAGE_SIZE;
	out->resident = h->pager.ops->counters ? out->mapped : 0;
	out->metadata = h->ops->record_bytes(h->state) +
			alloc_window_table_bytes(h->pager, h->pages_live);
	out->largest = (uint64_t)h->ops->longest(h->state) * KVA_PAGE_SIZE;
}

void alloc_pages_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	const struct page_heap *h = ctx;

	fn(user, "pages_live", h->pages_live);
	fn(user, "pages_peak", h->pages_peak);
	h->ops->counters(h->state, fn, user);
	alloc_window_pager_counters(h->pager, fn, user);
}

bool alloc_pages_is_valid(const void *ctx)
{
	return page_heap_is_valid(ctx);
}

void alloc_pages_close(void *ctx)
{
	page_heap_free(ctx);
}

int alloc_pages_open(struct alloc *out, const struct alloc_config *config,
		     const struct page_ops *ops, unsigned choice,
		     unsigned pager, struct kb_diag *diag)
{
	struct page_heap_config heap = {
		.ops = ops,
		.choice = choice,
		.base = config->heap_base,
		.pages = config->heap_pages,
	};
	struct page_heap *h;
	int err;

	err = alloc_window_pager_new(&heap.pager, pager, diag);
	if (err == 0)
		err = page_heap_new(&h, &heap, diag);
	if (err == 0)
		out->ctx = h;
	return err;
}
