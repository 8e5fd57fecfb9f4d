/*
 * alloc_window: what the allocators of a simulated window of pages have in
 * common: the pager that backs them, payload, counters, and the glue to an
 * algorithm over pages (page_heap.h).
 *
 * By default pages are mapped and unmapped one by one in the simulated pager, as
 * the cluster heap's are, so times include the same paging; with pager=none they
 * are the algorithm's alone.
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_WINDOW_H
#define ALLOC_WINDOW_H

#include "kheap.h"
#include "page_heap.h"
#include "replay_loop.h"

/* The key pager=sim|none: its help and values. */
#define ALLOC_WINDOW_PAGER "pager", "what backs the pages", alloc_window_pager
const char *alloc_window_pager(size_t i);

/* Makes the pager that value `choice` names. Returns 0; or KB_E_NOMEM with
 * `diag` filled. */
int alloc_window_pager_new(struct pager *out, unsigned choice,
			   struct kb_diag *diag);

/* alloc_vt's fill and intact for an allocation of whole pages at `va`: a word in
 * each page's frame, made from `key`, found by translation. It survives only if
 * every page keeps a frame of its own. */
void alloc_window_fill(struct pager pager, kva_t va, uint32_t size,
		       uint64_t key);
bool alloc_window_intact(struct pager pager, kva_t va, uint32_t size,
			 uint64_t key);

/* Bytes of the page tables that a pager has made for `pages` mapped pages; 0 if it
 * does not count them. */
uint64_t alloc_window_table_bytes(struct pager pager, uint64_t pages);

/* Hand up counters by name: a cluster heap's, if its lookup counts the `steps`
 * (enum lookup_steps) that they need, since what is not counted is absent and
 * not 0; those of paging; and a pager's, if it has any. */
void alloc_window_heap_counters(const struct kheap_counters *heap,
				unsigned steps, alloc_counter_fn fn,
				void *user);
void alloc_window_paging_counters(const struct pager_counters *paging,
				  alloc_counter_fn fn, void *user);
void alloc_window_pager_counters(struct pager pager, alloc_counter_fn fn,
				 void *user);

/* alloc_vt's functions for a struct page_heap. */
void alloc_pages_touch(void *ctx, uint64_t handle, uint32_t offset);
void alloc_pages_touch_counted(void *ctx, uint64_t handle, uint32_t offset);
int64_t alloc_pages_lookup(const void *ctx, uint64_t handle);
uint64_t alloc_pages_size_of(const void *ctx, uint64_t handle);
uint64_t alloc_pages_usable_of(const void *ctx, uint64_t handle);
uint64_t alloc_pages_offset_of(const void *ctx, uint64_t handle);
void alloc_pages_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key);
bool alloc_pages_intact(void *ctx, uint64_t handle, uint32_t size,
			uint64_t key);
void alloc_pages_gauge(const void *ctx, struct alloc_gauge *out);
uint32_t alloc_pages_cluster_pages(const void *ctx, uint32_t size);
void alloc_pages_memory(void *ctx, struct alloc_memory *out);
void alloc_pages_counters(const void *ctx, alloc_counter_fn fn, void *user);
bool alloc_pages_is_valid(const void *ctx);
void alloc_pages_close(void *ctx);

/* Opens a page_heap of `ops`, with its `choice` and the pager's, as `out`'s
 * context. Returns 0; KB_E_RANGE or KB_E_NOMEM, with `diag` filled. */
int alloc_pages_open(struct alloc *out, const struct alloc_config *config,
		     const struct page_ops *ops, unsigned choice,
		     unsigned pager, struct kb_diag *diag);

/*
 * Defines `prefix_vt` for the algorithm whose struct page_ops is `ops`. The
 * timed boundary is one plain out-of-line call; below it the algorithm and the
 * pager are called through tables, as in the cluster heap.
 */
#define ALLOC_PAGES_STAMP(prefix, ops)                                       \
	static kb_noinline uint64_t prefix##_alloc(void *ctx, uint32_t size) \
	{                                                                    \
		return page_heap_alloc(ctx, ops, size, false);               \
	}                                                                    \
	static kb_noinline void prefix##_free(void *ctx, uint64_t handle)    \
	{                                                                    \
		page_heap_release(ctx, ops, (kva_t)handle, false);           \
	}                                                                    \
	static uint64_t prefix##_alloc_counted(void *ctx, uint32_t size)     \
	{                                                                    \
		return page_heap_alloc(ctx, ops, size, true);                \
	}                                                                    \
	static int prefix##_free_counted(void *ctx, uint64_t handle)         \
	{                                                                    \
		return page_heap_release(ctx, ops, (kva_t)handle, true);     \
	}                                                                    \
	static const struct replay_calls prefix##_calls = {                  \
		.alloc = prefix##_alloc,                                     \
		.free = prefix##_free,                                       \
		.touch = alloc_pages_touch,                                  \
		.lookup = alloc_pages_lookup,                                \
	};                                                                   \
	REPLAY_STAMP(prefix, prefix##_calls)                                 \
	static const struct alloc_vt prefix##_vt = {                         \
		REPLAY_STAMPED(prefix),                                      \
		.alloc = prefix##_alloc_counted,                             \
		.free = prefix##_free_counted,                               \
		.touch = alloc_pages_touch_counted,                          \
		.alignment = KVA_PAGE_SIZE,                                  \
		.has_memory = true,                                          \
		.lookup = alloc_pages_lookup,                                \
		.size_of = alloc_pages_size_of,                              \
		.granule = KVA_PAGE_SIZE,                                    \
		.fill = alloc_pages_fill,                                    \
		.intact = alloc_pages_intact,                                \
		.offset_of = alloc_pages_offset_of,                          \
		.gauge = alloc_pages_gauge,                                  \
		.usable_of = alloc_pages_usable_of,                          \
		.cluster_pages = alloc_pages_cluster_pages,                  \
		.memory = alloc_pages_memory,                                \
		.counters = alloc_pages_counters,                            \
		.is_valid = alloc_pages_is_valid,                            \
		.close = alloc_pages_close,                                  \
	};

#endif /* ALLOC_WINDOW_H */
