/*
 * The cluster heap of a teaching kernel.
 *
 * Such a kernel wants kmalloc to return pages that it can use at once, and
 * kfree to need nothing but the address. For the first, the heap chooses a free
 * run of the window and has the pager back it (page_runs.c, pager.h). The
 * second needs a record: how long was the cluster that starts here? A heap with
 * a header in front of each block reads it there. This one hands out whole
 * pages and keeps its records elsewhere:
 *
 *   free_clusters[0] → [6] ↔ [7]            index   5       6       7
 *   free_clusters[1] → [5]           cluster_size   8192    4096    4096
 *   free_clusters[2]                   cluster_va   F0000   F0002   F0003 000
 *
 * A cluster's index ties the parts together: the node in its row carries it,
 * and the tracking arrays hold size and address under it. From an index,
 * anything is one load away. From an address to the index takes a search, and
 * nothing in these structures helps with that: rows are ordered by length,
 * lists by age. The seed compares every cluster of every row until it finds the
 * right one. On a young heap that is the first or second; after a boot, with
 * fifteen thousand clusters live and nearly all of them in row 0, it is
 * thousands of nodes, each somewhere else in memory, and a second walk to
 * unlink the node found.
 *
 * So the search is what this project varies. Rows, arrays and the order of the
 * steps are the same for every lookup. A lookup is told of each cluster that is
 * added or removed, so that it can keep an index of its own. One that does not
 * search lists does not need the second walk either: it finds the node by its
 * index. Which addresses are handed out never depends on the lookup.
 *
 * If a step fails, the earlier ones are undone by giving back what was taken
 * last. Runs, frames and indexes are handed out in such an order that the next
 * one is then the same as before.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

static_assert(((uint64_t)KHEAP_PAGES_MAX << KVA_PAGE_SHIFT) <= UINT32_MAX,
	      "the size of the largest cluster must fit cluster_size[]");
static_assert(KHEAP_PAGES_MAX <= RUNS_PAGES_MAX,
	      "the runs must cover the largest window");

/* The window ends at least a page below 2^32, so that its end is an address. */
#define WINDOW_END_MAX ((UINT64_C(1) << 32) - KVA_PAGE_SIZE)

/* Checks the geometry, defaults filled in, against the documented limits. */
static int check_geometry(const struct kheap_config *config,
			  struct kb_diag *diag)
{
	const kva_t base = config->base;
	const uint64_t bytes = (uint64_t)config->pages << KVA_PAGE_SHIFT;

	if (base % KVA_PAGE_SIZE != 0)
		return kb_fail(diag, KB_E_RANGE,
			       "heap base 0x%" PRIx32
			       " is not a multiple of the page size, %" PRIu32,
			       base, KVA_PAGE_SIZE);
	if (config->pages > KHEAP_PAGES_MAX)
		return kb_fail(diag, KB_E_RANGE,
			       "%" PRIu32 " heap pages: at most %" PRIu32
			       " are possible",
			       config->pages, KHEAP_PAGES_MAX);
	if (base > WINDOW_END_MAX - kb_min(bytes, WINDOW_END_MAX))
		return kb_fail(
			diag, KB_E_RANGE,
			"%" PRIu32 " heap pages from 0x%" PRIx32
			": at most %" PRIu64 " are possible from that base",
			config->pages, base,
			(WINDOW_END_MAX - kb_min(base, WINDOW_END_MAX)) >>
				KVA_PAGE_SHIFT);
	if (config->first_index >= config->pages)
		return kb_fail(diag, KB_E_RANGE,
			       "first index %" PRIu32
			       " must be below the number of heap pages, "
			       "%" PRIu32,
			       config->first_index, config->pages);
	return 0;
}

int kheap_check_window(struct kheap_config *config, struct kb_diag *diag)
{
	if (config->base == 0)
		config->base = KHEAP_BASE_DEFAULT;
	if (config->pages == 0)
		config->pages = KHEAP_PAGES_DEFAULT;
	return check_geometry(config, diag);
}

/* The kinds of operation, of which each is stamped once. */
enum op_kind {
	OP_PLAIN,
	OP_COUNTED,

	/* Plain, but for the search: by index_at. */
	OP_FORWARD
};

/* Allocates what a heap of h->pages pages needs. kheap_free frees it, even if
 * only part of it could be allocated. */
static int make_parts(struct kheap *h, const struct kheap_config *config)
{
	const size_t pages = h->pages;

	h->cluster_size = calloc(pages, sizeof(*h->cluster_size));
	h->cluster_va = calloc(pages, sizeof(*h->cluster_va));
	h->cluster_node = calloc(pages, sizeof(*h->cluster_node));
	h->free_clusters = calloc(pages, sizeof(*h->free_clusters));
	h->freed_indexes = calloc(pages, sizeof(*h->freed_indexes));
	if (!h->cluster_size || !h->cluster_va || !h->cluster_node ||
	    !h->free_clusters || !h->freed_indexes)
		return KB_E_NOMEM;
	if (config->nodes == KHEAP_NODES_POOL) {
		h->node_pool = calloc(pages, sizeof(*h->node_pool));
		if (!h->node_pool)
			return KB_E_NOMEM;
	}
	kheap_clusters_init(h);
	return runs_init(&h->runs, h->pages, config->fit);
}

static int make_lookup(struct kheap *h, const struct lookup_ops *lookup)
{
	int status = lookup_lines_init(&h->lines, lookup, h->pages);

	if (status == 0 && lookup->init)
		status = lookup->init(h);
	if (status == 0)
		h->lookup = lookup;
	return status;
}

int kheap_new(struct kheap **out, struct kheap_config *config,
	      struct kb_diag *diag)
{
	struct kheap_config c = *config;
	struct kheap *h = NULL;
	int status;

	memset(&config->pager, 0, sizeof(config->pager));
	if (!c.pager.ops)
		c.pager = pager_none();
	status = kheap_check_window(&c, diag);
	if (status < 0)
		goto out;
	h = calloc(1, sizeof(*h));
	if (!h) {
		status = KB_E_NOMEM;
		goto out;
	}
	h->base = c.base;
	h->pages = c.pages;
	h->first_index = c.first_index;
	h->order = c.order;
	h->count = c.count;
	status = make_parts(h, &c);
	if (status < 0)
		goto out;
	status = make_lookup(h, c.lookup ? c.lookup : lookup_list[0]);
	if (status < 0)
		goto out;
	h->pager = c.pager;
	kb_assert_slow(kheap_is_valid(h));
	*out = h;
	return 0;
out:
	pager_release(&c.pager);
	kheap_free(h);
	return status;
}

static inline struct KheapCluster *node_take(struct kheap *h, int idx)
{
	if (h->node_pool)
		return &h->node_pool[idx];
	return malloc(sizeof(struct KheapCluster));
}

/* NULL is ignored. */
static inline void node_give(struct kheap *h, struct KheapCluster *node)
{
	if (!h->node_pool)
		free(node);
}

void kheap_free(struct kheap *h)
{
	uint32_t idx;

	if (!h)
		return;
	for (idx = 0; h->cluster_node && idx < h->pages; idx++)
		node_give(h, h->cluster_node[idx]);
	if (h->lookup && h->lookup->release)
		h->lookup->release(h);
	lookup_lines_release(&h->lines);
	row_ranks_free(h->ranks);
	free(h->index_at);
	pager_release(&h->pager);
	runs_release(&h->runs);
	free(h->freed_indexes);
	free(h->free_clusters);
	free(h->node_pool);
	free(h->cluster_node);
	free(h->cluster_va);
	free(h->cluster_size);
	free(h);
}

void kheap_clusters_init(struct kheap *h)
{
	uint32_t i;

	for (i = 0; i < h->pages; i++) {
		kb_assert(!h->cluster_node[i]);
		TAILQ_INIT(&h->free_clusters[i]);
		h->cluster_size[i] = 0;
		h->cluster_va[i] = 0;
	}
	h->freed_index_count = 0;
	h->fresh_index_count = 0;
}

/* There is always one: there are as many indexes as pages, and the caller holds
 * pages that no other cluster has. */
static inline int index_take(struct kheap *h)
{
	uint32_t idx;

	if (h->freed_index_count > 0)
		return (int)h->freed_indexes[--h->freed_index_count];
	kb_assert(h->fresh_index_count < h->pages);
	idx = h->first_index + h->fresh_index_count++;
	return (int)(idx < h->pages ? idx : idx - h->pages);
}

static inline void index_give(struct kheap *h, int idx)
{
	kb_assert(h->freed_index_count < h->fresh_index_count);
	h->freed_indexes[h->freed_index_count++] = (uint32_t)idx;
}

static inline void clear_entries(struct kheap *h, int idx)
{
	h->cluster_size[idx] = 0;
	h->cluster_va[idx] = 0;
}

static kb_always_inline int add_cluster(struct kheap *h, uint32_t row, int idx,
					uint32_t size, kva_t va)
{
	struct KheapCluster *node = node_take(h, idx);

	kb_assert(row < h->pages && idx >= 0 && (uint32_t)idx < h->pages);
	kb_assert((uint64_t)size == ((uint64_t)row + 1) << KVA_PAGE_SHIFT);
	kb_assert(va != 0 && h->cluster_va[idx] == 0);
	if (kb_unlikely(!node))
		return KB_E_NOMEM;
	h->cluster_size[idx] = size;
	h->cluster_va[idx] = va;
	h->cluster_node[idx] = node;
	node->cluster_index = idx;
	if (h->order == KHEAP_ORDER_TAIL)
		TAILQ_INSERT_TAIL(&h->free_clusters[row], node, prev_next_info);
	else
		TAILQ_INSERT_HEAD(&h->free_clusters[row], node, prev_next_info);
	return 0;
}

/* Allocates what counting without walks takes. Returns 0 or KB_E_NOMEM, to be
 * tried again. */
static int make_ranks(struct kheap *h)
{
	kb_assert(h->fresh_index_count == 0);
	if (!h->index_at)
		h->index_at = calloc(h->pages, sizeof(*h->index_at));
	if (!h->ranks && h->lookup->walks_to_remove)
		h->ranks = row_ranks_new(h->pages, h->order);
	if (!h->index_at || (!h->ranks && h->lookup->walks_to_remove))
		return KB_E_NOMEM;
	h->ranked = true;
	return 0;
}

/* Prepares for counted operations. */
static inline int begin_counting(struct kheap *h)
{
	if (kb_likely(h->ranked) || h->count != KHEAP_COUNT_RANKED ||
	    !h->lookup->find_ranked)
		return 0;
	return make_ranks(h);
}

/* Notes that cluster `idx` was added, or is about to be removed. */
static inline void rank_cluster(struct kheap *h, int idx)
{
	h->index_at[kheap_page_of(h, idx)] = (uint32_t)idx + 1;
	if (h->ranks)
		row_ranks_insert(h->ranks, idx, kheap_row_of(h, idx));
}

static inline void unrank_cluster(struct kheap *h, int idx)
{
	h->index_at[kheap_page_of(h, idx)] = 0;
	if (h->ranks)
		row_ranks_erase(h->ranks, idx);
}

/* The nodes that a walk along `row` compares to find cluster `idx`. */
static inline uint64_t rank_in_row(const struct kheap *h, uint32_t row, int idx)
{
	const int first = TAILQ_FIRST(&h->free_clusters[row])->cluster_index;

	return row_ranks_upto(h->ranks, idx).nodes -
	       row_ranks_upto(h->ranks, first).nodes + 1;
}

/* The node with index `idx`, by the seed's walk along the row, or NULL. */
static kb_always_inline struct KheapCluster *
find_in_row(struct kheap *h, uint32_t row, int idx, const enum op_kind kind)
{
	struct KheapCluster *node;

	TAILQ_FOREACH(node, &h->free_clusters[row], prev_next_info) {
		if (kind == OP_COUNTED)
			h->counters.remove_nodes_visited++;
		if (node->cluster_index == idx)
			break;
	}
	return node;
}

/* Unlinks a node that is in `row`, or is NULL. */
static inline void unlink_node(struct kheap *h, uint32_t row,
			       struct KheapCluster *node)
{
	if (!node)
		return;
	TAILQ_REMOVE(&h->free_clusters[row], node, prev_next_info);
	h->cluster_node[node->cluster_index] = NULL;
}

static kb_always_inline struct KheapCluster *
remove_cluster(struct kheap *h, uint32_t row, int idx, const enum op_kind kind)
{
	const bool walks = kind != OP_FORWARD && h->lookup->walks_to_remove;
	const bool ranked = kind == OP_COUNTED && h->ranked;
	struct KheapCluster *node;

	if (walks && !ranked)
		node = find_in_row(h, row, idx, kind);
	else
		node = h->cluster_node[idx];
	if (walks && ranked)
		h->counters.remove_nodes_visited += rank_in_row(h, row, idx);
	if (ranked)
		unrank_cluster(h, idx);
	unlink_node(h, row, node);
	return node;
}

int kheap_add_cluster(struct kheap *h, uint32_t row, int idx, uint32_t size,
		      kva_t va)
{
	return add_cluster(h, row, idx, size, va);
}

struct KheapCluster *kheap_remove_cluster(struct kheap *h, uint32_t row,
					  int idx)
{
	if (row >= h->pages || idx < 0 || (uint32_t)idx >= h->pages ||
	    h->cluster_size[idx] >> KVA_PAGE_SHIFT != row + 1)
		return NULL;
	return remove_cluster(h, row, idx, OP_PLAIN);
}

void kheap_free_node(struct kheap *h, struct KheapCluster *node)
{
	node_give(h, node);
}

/* Takes index and node for pages that are mapped, and tells the lookup. Returns
 * the index, or KB_E_NOMEM with nothing changed. */
static kb_always_inline int register_cluster(struct kheap *h, uint32_t pages,
					     kva_t va)
{
	const uint32_t row = pages - 1;
	const int idx = index_take(h);
	struct KheapCluster *node;
	int status;

	status = add_cluster(h, row, idx, pages << KVA_PAGE_SHIFT, va);
	if (kb_unlikely(status < 0))
		goto give_index;
	if (!h->lookup->insert)
		return idx;
	status = h->lookup->insert(h, idx);
	if (kb_likely(status == 0))
		return idx;
	node = h->cluster_node[idx];
	unlink_node(h, row, node);
	node_give(h, node);
	clear_entries(h, idx);
give_index:
	index_give(h, idx);
	return status;
}

/* Notes the new cluster at `va`. */
static inline void count_cluster(struct kheap *h, uint32_t pages, int idx)
{
	struct kheap_counters *c = &h->counters;

	if (h->ranked)
		rank_cluster(h, idx);
	c->clusters_live++;
	c->pages_live += pages;
	c->pages_peak = kb_max(c->pages_peak, c->pages_live);
	c->lookup_bytes_peak =
		kb_max(c->lookup_bytes_peak, kheap_lookup_bytes(h));
}

static kb_always_inline kva_t kmalloc(struct kheap *h, uint32_t size,
				      const enum op_kind kind)
{
	const bool counted = kind == OP_COUNTED;
	const uint32_t pages = kva_pages_of(size);
	const struct pager pager = h->pager;
	uint64_t *fit_steps = &h->counters.fit_steps;
	uint32_t page;
	int status;
	kva_t va;
	int idx;

	kb_assert_slow(kheap_is_valid(h));
	if (counted && kb_unlikely(begin_counting(h) < 0)) {
		h->is_starved = true;
		return 0;
	}
	page = counted ? runs_take_counted(&h->runs, pages, fit_steps)
		       : runs_take(&h->runs, pages);
	if (kb_unlikely(page == RUNS_NONE))
		return 0;
	va = h->base + (page << KVA_PAGE_SHIFT);
	status = (counted ? pager.ops->map_counted : pager.ops->map)(pager.ctx,
								     va, pages);
	if (kb_unlikely(status < 0))
		goto give_run;
	idx = register_cluster(h, pages, va);
	if (kb_unlikely(idx < 0)) {
		status = idx;
		goto unmap;
	}
	if (counted)
		count_cluster(h, pages, idx);
	if (kind == OP_FORWARD)
		h->index_at[page] = (uint32_t)idx + 1;
	kb_assert_slow(kheap_is_valid(h));
	return va;
unmap:
	(counted ? pager.ops->unmap_counted : pager.ops->unmap)(pager.ctx, va,
								pages);
give_run:
	if (counted)
		runs_undo_counted(&h->runs, page, pages, fit_steps);
	else
		runs_undo(&h->runs, page, pages);
	h->is_starved |= status == KB_E_NOMEM;
	kb_assert_slow(kheap_is_valid(h));
	return 0;
}

bool kheap_is_starved(const struct kheap *h)
{
	return h->is_starved;
}

/* A free whose steps are not observed. */
static inline void no_step(void *user)
{
	(void)user;
}

/* What a kfree of this kind finds at `va`. */
static kb_always_inline int find_to_free(struct kheap *h, kva_t va,
					 const enum op_kind kind)
{
	if (kind == OP_FORWARD)
		return kheap_index_at(h, va);
	if (kind == OP_PLAIN)
		return h->lookup->find(h, va);
	return h->ranked ? h->lookup->find_ranked(h, va)
			 : h->lookup->find_counted(h, va);
}

static kb_always_inline int kfree(struct kheap *h, kva_t va,
				  const enum op_kind kind,
				  const kheap_step_fn done, void *user)
{
	const bool counted = kind == OP_COUNTED;
	const struct pager pager = h->pager;
	uint32_t pages;
	uint32_t page;
	int idx;

	if (va == 0)
		return 0;
	kb_assert_slow(kheap_is_valid(h));
	idx = find_to_free(h, va, kind);
	if (kb_unlikely(idx < 0))
		return KB_E_NOT_LIVE;
	done(user);
	/* The row follows from the size. */
	pages = h->cluster_size[idx] >> KVA_PAGE_SHIFT;
	(counted ? pager.ops->unmap_counted : pager.ops->unmap)(pager.ctx, va,
								pages);
	done(user);
	node_give(h, remove_cluster(h, pages - 1, idx, kind));
	if (h->lookup->erase)
		h->lookup->erase(h, idx);
	clear_entries(h, idx);
	done(user);
	page = (va - h->base) >> KVA_PAGE_SHIFT;
	if (kind == OP_FORWARD)
		h->index_at[page] = 0;
	if (counted) {
		runs_give_counted(&h->runs, page, pages,
				  &h->counters.fit_steps);
		h->counters.clusters_live--;
		h->counters.pages_live -= pages;
	} else {
		runs_give(&h->runs, page, pages);
	}
	index_give(h, idx);
	done(user);
	kb_assert_slow(kheap_is_valid(h));
	return 0;
}

kva_t kheap_kmalloc(struct kheap *h, uint32_t size)
{
	return kmalloc(h, size, OP_PLAIN);
}

kva_t kheap_kmalloc_counted(struct kheap *h, uint32_t size)
{
	return kmalloc(h, size, OP_COUNTED);
}

kva_t kheap_kmalloc_forward(struct kheap *h, uint32_t size)
{
	return kmalloc(h, size, OP_FORWARD);
}

int kheap_kfree(struct kheap *h, kva_t va)
{
	return kfree(h, va, OP_PLAIN, no_step, NULL);
}

int kheap_kfree_steps(struct kheap *h, kva_t va, kheap_step_fn done, void *user)
{
	return kfree(h, va, OP_PLAIN, done, user);
}

int kheap_kfree_counted(struct kheap *h, kva_t va)
{
	return kfree(h, va, OP_COUNTED, no_step, NULL);
}

int kheap_kfree_forward(struct kheap *h, kva_t va)
{
	return kfree(h, va, OP_FORWARD, no_step, NULL);
}

int kheap_forward(struct kheap *h)
{
	uint32_t idx;

	kb_assert(!h->ranked);
	if (!h->index_at)
		h->index_at = calloc(h->pages, sizeof(*h->index_at));
	if (!h->index_at)
		return KB_E_NOMEM;
	memset(h->index_at, 0, h->pages * sizeof(*h->index_at));
	for (idx = 0; idx < h->pages; idx++)
		if (h->cluster_va[idx] != 0)
			h->index_at[kheap_page_of(h, (int)idx)] = idx + 1;
	return 0;
}

int kheap_find(const struct kheap *h, kva_t va)
{
	return h->lookup->find(h, va);
}

void kheap_touch(struct kheap *h, kva_t va)
{
	if (h->pager.ops->touch)
		h->pager.ops->touch(h->pager.ctx, va);
}

void kheap_touch_counted(struct kheap *h, kva_t va)
{
	if (h->pager.ops->touch_counted)
		h->pager.ops->touch_counted(h->pager.ctx, va);
}

uint32_t kheap_cluster_size(const struct kheap *h, int idx)
{
	return idx >= 0 && (uint32_t)idx < h->pages ? h->cluster_size[idx] : 0;
}

uint32_t kheap_size_at(const struct kheap *h, kva_t va)
{
	const int idx = h->ranked ? kheap_index_at(h, va) : kheap_find(h, va);

	return kheap_cluster_size(h, idx);
}

kva_t kheap_cluster_va(const struct kheap *h, int idx)
{
	return idx >= 0 && (uint32_t)idx < h->pages ? h->cluster_va[idx] : 0;
}

const struct KheapClusterList *kheap_row(const struct kheap *h, uint32_t row)
{
	kb_assert(row < h->pages);
	return &h->free_clusters[row];
}

kva_t kheap_base(const struct kheap *h)
{
	return h->base;
}

uint32_t kheap_pages(const struct kheap *h)
{
	return h->pages;
}

uint32_t kheap_free_pages(const struct kheap *h)
{
	return runs_free_pages(&h->runs);
}

uint32_t kheap_longest_free_run(const struct kheap *h)
{
	return runs_longest(&h->runs);
}

const struct lookup_ops *kheap_lookup_ops(const struct kheap *h)
{
	return h->lookup;
}

size_t kheap_lookup_bytes(const struct kheap *h)
{
	return h->lookup->bytes ? h->lookup->bytes(h) : 0;
}

size_t kheap_record_bytes(const struct kheap *h)
{
	const size_t a_page =
		sizeof(*h->cluster_size) + sizeof(*h->cluster_va) +
		sizeof(*h->cluster_node) + sizeof(*h->free_clusters) +
		sizeof(*h->freed_indexes);
	const size_t nodes =
		h->node_pool ? h->pages : (size_t)h->counters.clusters_live;

	return h->pages * a_page + nodes * sizeof(struct KheapCluster) +
	       runs_bytes(&h->runs) + kheap_lookup_bytes(h);
}

struct pager kheap_pager(const struct kheap *h)
{
	return h->pager;
}

void kheap_counters(const struct kheap *h, struct kheap_counters *out)
{
	*out = h->counters;
}
