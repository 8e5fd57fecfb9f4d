/*
 * kheap: the teaching kernel's page-granular cluster heap.
 *
 * Vocabulary
 *   window    the kernel-heap range of virtual addresses: `pages` pages from
 *             `base`.
 *   cluster   a live allocation: a run of whole pages.
 *   row       row r is a linked list of the live clusters that are exactly
 *             r + 1 pages long. There are as many rows as pages. The seed
 *             calls the rows `free_clusters`, and so do we; they hold
 *             *allocated* clusters, waiting to be freed.
 *   index     names a live cluster in the two tracking arrays; the list node
 *             carries it.
 *   lookup    the part of kfree that finds a cluster from its VA alone. The
 *             seed searches row 0, row 1, … and along each list.
 *   fit       the part of kmalloc that chooses the VA (page_runs.h).
 *   pager     what backs the pages (pager.h).
 *
 *   free_clusters[0] → [6] ↔ [7]        cluster_size[5] = 8192
 *   free_clusters[1] → [5]              cluster_va[5]   = 0xF0000000
 *   free_clusters[2]                    cluster_size[6] = 4096  …
 *
 * kmalloc: choose a run, map its pages, take an index, add the cluster; if a
 * step fails the earlier ones are undone and the heap is as it was. kfree: find
 * (row, index), read the size, unmap the pages, remove the node, free it, clear
 * both array entries, give the run back.
 *
 * Indexes are handed out from `first_index` upward; a freed one is the next
 * one handed out (most recently freed first).
 *
 * Every operation that a replay times is stamped more than once from one
 * template: the plain one counts nothing at all, the `_counted` one keeps struct
 * kheap_counters, the `_forward` one does not search. All do the same to the
 * heap. A heap is counted for its whole life or never.
 *
 * Not thread-safe; several heaps may live side by side.
 *
 * Whoever uses the heap may include this file.
 */
#ifndef KHEAP_H
#define KHEAP_H

#include "kb_status.h"
#include "kb_tailq.h"
#include "kva.h"
#include "pager.h"
#include "runs_fit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KHEAP_BASE_DEFAULT UINT32_C(0xF0000000)

/* The seed's number of rows, indexes and pages. */
#define KHEAP_PAGES_DEFAULT UINT32_C(32766)

/* Windows of more pages are refused, wherever they start. */
#define KHEAP_PAGES_MAX (UINT32_C(1) << 19)

/* The list node of a live cluster. The seed writes LIST_ENTRY; appending at
 * the tail needs a TAILQ. */
struct KheapCluster {
	/* Index into cluster_size[] and cluster_va[]. */
	int cluster_index;

	TAILQ_ENTRY(KheapCluster) prev_next_info;
};

TAILQ_HEAD(KheapClusterList, KheapCluster);

/*
 * What the heap counts: X(name, unit, help, steps). Unsigned 64-bit, exact, the
 * same on every machine, compiler and optimization level.
 *
 * `steps` is 0, or the kind of step (enum lookup_steps, lookup.h) that a lookup
 * must count for the figure to mean anything. Reports omit counters that the
 * heap's lookup does not have.
 */
/* clang-format off */
#define KHEAP_COUNTERS(X)						\
	X(lookups, "lookups", "lookups of a cluster by its address", 0) \
	X(rows_visited, "rows",						\
	  "row heads examined, including the hit", LOOKUP_ROWS)	\
	X(nodes_visited, "nodes",					\
	  "nodes compared by lookups, including the hit", LOOKUP_NODES)	\
	X(nodes_visited_max, "nodes",					\
	  "most nodes that one lookup compared", LOOKUP_NODES)		\
	X(levels_walked, "levels",					\
	  "levels of a tree or table that lookups visited",	\
	  LOOKUP_LEVELS)						\
	X(lines_touched, "lines",					\
	  "distinct 64-byte lines of each lookup, in a modeled layout", \
	  LOOKUP_LINES)							\
	X(lines_touched_max, "lines",					\
	  "most distinct lines of one lookup", LOOKUP_LINES)		\
	X(remove_nodes_visited, "nodes",				\
	  "nodes compared again to unlink", 0)				\
	X(pages_live, "pages", "pages of the live clusters", 0)		\
	X(pages_peak, "pages", "most pages live at once", 0)		\
	X(clusters_live, "clusters", "live clusters", 0)		\
	X(fit_steps, "steps",						\
	  "numbers and links examined to choose and track runs", 0)	\
	X(lookup_bytes_peak, "bytes", "most bytes of the lookup's index", 0)
/* clang-format on */

struct kheap_counters {
#define X(name, unit, help, steps) uint64_t name;
	KHEAP_COUNTERS(X)
#undef X
};

/* Where a new node goes in its row. */
enum kheap_order {
	/* At the end, as the seed draws it. */
	KHEAP_ORDER_TAIL = 0,
	KHEAP_ORDER_HEAD = 1
};

/* Where list nodes come from. */
enum kheap_nodes {
	/* Each from malloc, and back to it: the seed's. */
	KHEAP_NODES_MALLOC = 0,

	/* From an array made with the heap, one for each index: nothing is
	 * allocated later, and no kmalloc fails for lack of a node. */
	KHEAP_NODES_POOL = 1
};

/* How the counted operations find the steps of a search. All figures are the
 * same either way. */
enum kheap_count {
	/* By searching, as the plain operations do: a search is counted while
	 * it is made. */
	KHEAP_COUNT_WALKED = 0,

	/* If the lookup supports it (find_ranked, lookup.h), by each cluster's
	 * rank in the order of the search, in O(log n): nothing is walked, so
	 * traces with long searches can be counted too. The first counted
	 * kmalloc allocates what this needs. */
	KHEAP_COUNT_RANKED = 1
};

struct kheap;
struct lookup_ops;

struct kheap_config {
	/* First address of the window, page aligned, not 0; 0 means
	 * KHEAP_BASE_DEFAULT. */
	kva_t base;

	/* Pages of the window, and so rows and indexes; 0 means
	 * KHEAP_PAGES_DEFAULT. */
	uint32_t pages;

	/* The first index handed out, below `pages`; the golden example of the
	 * seed starts at 5. Indexes below it are used only once those above
	 * are all taken, lowest first. */
	uint32_t first_index;

	enum kheap_order order;

	/* Which free run kmalloc takes. */
	enum runs_fit fit;

	enum kheap_nodes nodes;

	enum kheap_count count;

	/* Of lookup_list (lookup.h); NULL means its first, which in the programs is
	 * the seed's, `rows`. */
	const struct lookup_ops *lookup;

	/* Moved into the heap, which releases it; an empty one means
	 * pager_none(). */
	struct pager pager;
};

/*
 * Makes an empty heap.
 *
 * Returns 0 and the heap in `*out`, which the caller frees with kheap_free; or
 * KB_E_RANGE with `diag`, which may be NULL, naming the limit that `base`, `pages` or
 * `first_index` breaks, or KB_E_NOMEM. On error the pager is released too; either way
 * `config->pager` is empty afterwards.
 */
int kheap_new(struct kheap **out, struct kheap_config *config,
	      struct kb_diag *diag);

/* Frees a heap, its live clusters and its pager; NULL is ignored. */
void kheap_free(struct kheap *h);

/*
 * Empties the rows and the tracking arrays: the seed's once-at-boot step.
 * kheap_new has called it; live clusters must be freed before it is called
 * again. Indexes then start over from first_index.
 */
void kheap_clusters_init(struct kheap *h);

/*
 * Stores size and VA under `idx` and links a new node for it into row `row`,
 * at the end that the order says. A step of kmalloc: pages, the choice of an
 * index and the lookup's own index are other steps, and are not touched here.
 *
 * `size` is in bytes, a whole number of pages, row + 1 of them; `idx` is free.
 * Returns 0, or KB_E_NOMEM with nothing changed.
 */
int kheap_add_cluster(struct kheap *h, uint32_t row, int idx, uint32_t size,
		      kva_t va);

/*
 * Unlinks the node with index `idx` from row `row` and returns it; the caller
 * frees it with kheap_free_node. NULL if the row does not hold it. The arrays
 * are not changed. A step of kfree.
 *
 * With a list search for lookup this walks the row from its head, comparing
 * indexes, as the seed does; any other lookup knows the node.
 */
struct KheapCluster *kheap_remove_cluster(struct kheap *h, uint32_t row,
					  int idx);

/* Frees a node that kheap_remove_cluster returned. */
void kheap_free_node(struct kheap *h, struct KheapCluster *node);

/*
 * Allocates `size` bytes, rounded up to whole pages (0 takes one page).
 *
 * Returns the cluster's address, a multiple of the page size; or 0, with
 * nothing changed, if there is no free run, frame, index or node.
 */
kva_t kheap_kmalloc(struct kheap *h, uint32_t size);
kva_t kheap_kmalloc_counted(struct kheap *h, uint32_t size);

/*
 * Frees the cluster that starts at `va`; 0 is ignored.
 *
 * Returns 0; or KB_E_NOT_LIVE, with nothing changed, if no live cluster starts
 * there (a double, wild or interior free).
 */
int kheap_kfree(struct kheap *h, kva_t va);
int kheap_kfree_counted(struct kheap *h, kva_t va);

/*
 * Plain operations that do the same to the heap without the search, for parts
 * of a replay that are not timed: kfree finds cluster and node by a map of the
 * window's pages, whatever the lookup. kheap_forward brings the map up to date,
 * in time proportional to the window. Call it before the first of them and
 * after each stretch of plain operations. It returns 0, or KB_E_NOMEM.
 */
int kheap_forward(struct kheap *h);
kva_t kheap_kmalloc_forward(struct kheap *h, uint32_t size);
int kheap_kfree_forward(struct kheap *h, kva_t va);

/*
 * The same as kheap_kfree, and calls `done` at the end of each of its steps, in
 * this order: the cluster is found; its pages are unmapped; its node and the
 * arrays' entries are removed; its run of pages and its index may be handed out
 * again. No call if nothing was freed.
 */
typedef void (*kheap_step_fn)(void *user);
int kheap_kfree_steps(struct kheap *h, kva_t va, kheap_step_fn done,
		      void *user);

/*
 * Looks up the cluster that starts at `va`, as kfree does, and changes nothing.
 * Returns its index, or -1 if there is none.
 */
int kheap_find(const struct kheap *h, kva_t va);

/* One access to the byte at `va` of a live cluster, through the pager. */
void kheap_touch(struct kheap *h, kva_t va);
void kheap_touch_counted(struct kheap *h, kva_t va);

/* Bytes of the live cluster with index `idx`, a whole number of pages; 0 if
 * none has it. cluster_size[] of the seed. */
uint32_t kheap_cluster_size(const struct kheap *h, int idx);

/* Bytes of the live cluster that starts at `va`; 0 if there is none. Found
 * without a search if ranked counting keeps what that needs (kheap_count), else
 * by the lookup. */
uint32_t kheap_size_at(const struct kheap *h, kva_t va);

/* First address of the live cluster with index `idx`; 0 if none has it.
 * cluster_va[] of the seed. */
kva_t kheap_cluster_va(const struct kheap *h, int idx);

/* Row `row` (below `pages`), for reading only. */
const struct KheapClusterList *kheap_row(const struct kheap *h, uint32_t row);

/* The window, as it was configured. */
kva_t kheap_base(const struct kheap *h);
uint32_t kheap_pages(const struct kheap *h);

/* The pages that no live cluster holds, and the longest run of them: what
 * external fragmentation is computed from. */
uint32_t kheap_free_pages(const struct kheap *h);
uint32_t kheap_longest_free_run(const struct kheap *h);

/* The lookup that the heap was made with. */
const struct lookup_ops *kheap_lookup_ops(const struct kheap *h);

/* Bytes of the index that the lookup keeps beside rows and arrays, as of now,
 * including what it allocates once for all. */
size_t kheap_lookup_bytes(const struct kheap *h);

/* Bytes of all the heap's records, as of now: rows, nodes in use, arrays, free
 * indexes, free runs, and the lookup's index; without the pager's. */
size_t kheap_record_bytes(const struct kheap *h);

/* The heap's pager, for translation, payload and the pager's counters. */
struct pager kheap_pager(const struct kheap *h);

/* The counters so far. */
void kheap_counters(const struct kheap *h, struct kheap_counters *out);

/*
 * True if rows, arrays, indexes, runs, lookup and pager all agree. Walks
 * everything, with a byte of scratch per page; if the host lacks even that, it
 * checks only rows, arrays and runs.
 */
bool kheap_is_valid(const struct kheap *h);

/* True once a kmalloc has returned 0 because the host had no memory for the heap's or
 * the pager's own records. A full window or too few page frames do not count: those are
 * the heap's results, but what follows this one says nothing about the heap. */
bool kheap_is_starved(const struct kheap *h);

#endif /* KHEAP_H */
