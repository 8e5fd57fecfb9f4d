/*
 * pager: what backs the heap's pages.
 *
 * A pager is an interface: struct pager { ops, ctx }. The heap maps each
 * cluster's pages when it hands the cluster out and unmaps them when it takes
 * it back; both are eager, page by page, as a kernel's kmalloc and kfree would.
 *
 *   pager_sim_new   a two-level x86 structure with page frames and a TLB
 *                   model (pager_sim.h): the default;
 *   pager_mmap_new  pages of the host, mapped and unmapped for real
 *                   (pager_mmap.h);
 *   pager_none      nothing backs the pages: what the heap itself costs.
 *
 * Preconditions of map and unmap: `va` is page aligned and not 0, `pages` >= 1,
 * and va + pages * KVA_PAGE_SIZE stays within 2^32. map is called for pages that
 * are not mapped, unmap and touch for pages that are; breaking that is a
 * programmer error and asserted. The others accept any address.
 *
 * Each timed operation exists twice, stamped from one template: the plain one
 * counts nothing at all, the `_counted` one keeps struct pager_counters.
 *
 * core/ and whoever makes a heap may include this file.
 */
#ifndef PAGER_H
#define PAGER_H

#include "kb_status.h"
#include "kva.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a pager counts: X(name, unit, help). Unsigned 64-bit, exact, the same
 * on every machine. The `_peak` and `_live` ones are states, the others sums.
 */
#define PAGER_COUNTERS(X)                                                     \
	X(maps, "pages", "pages mapped")                                      \
	X(unmaps, "pages", "pages unmapped")                                  \
	X(pte_writes, "writes", "page-table entries written, set or cleared") \
	X(pde_writes, "writes", "page-directory entries written")             \
	X(page_tables_made, "tables", "page tables allocated and zeroed")     \
	X(page_tables_dropped, "tables", "page tables freed when empty")      \
	X(frames_live, "frames", "page frames in use, page tables included")  \
	X(frames_peak, "frames", "most page frames in use at once")           \
	X(tlb_invalidations, "invlpg", "single-page invalidations issued")    \
	X(tlb_hits, "touches", "touches that hit in the modeled TLB")         \
	X(tlb_misses, "touches", "touches that walked the page tables")       \
	X(map_rollbacks, "maps", "multi-page maps undone: no frames left")    \
	X(modelled_cycles, "cycles", "modeled, not measured: pager_sim.h")

struct pager_counters {
#define X(name, unit, help) uint64_t name;
	PAGER_COUNTERS(X)
#undef X
};

struct pager_ops {
	/* The name on a command line: pager=NAME. */
	const char *name;

	/*
	 * Maps `pages` pages from `va`, each to a frame of its own. Returns 0;
	 * or, with nothing changed, KB_E_NO_FRAMES, or KB_E_NOMEM if the host
	 * has no memory, or what the pager's header names. Required.
	 */
	int (*map)(void *ctx, kva_t va, uint32_t pages);
	int (*map_counted)(void *ctx, kva_t va, uint32_t pages);

	/* Unmaps `pages` pages from `va` and gives their frames back.
	 * Never fails. Required. */
	void (*unmap)(void *ctx, kva_t va, uint32_t pages);
	void (*unmap_counted)(void *ctx, kva_t va, uint32_t pages);

	/* One memory access to the page that holds `va` (any byte of it),
	 * through the TLB model. Optional: NULL does nothing. */
	void (*touch)(void *ctx, kva_t va);
	void (*touch_counted)(void *ctx, kva_t va);

	/* The physical address of `va` (any byte) in `*pa`. Returns false if
	 * the page is not mapped. Optional: NULL if nothing backs the pages. */
	bool (*translate)(const void *ctx, kva_t va, uint64_t *pa);

	/* The virtual address of `pa`, from the frame's reverse map, in `*va`.
	 * Returns false if the frame backs no page. Optional. */
	bool (*reverse)(const void *ctx, uint64_t pa, kva_t *va);

	/*
	 * The word of payload that each frame of the simulation carries, found
	 * through translation: verification writes it at kmalloc and finds it
	 * at kfree. NULL if the page is not mapped. Valid until the next map.
	 * Optional.
	 */
	uint64_t *(*payload)(void *ctx, kva_t va);

	/* The counters so far. Optional: NULL has none. */
	void (*counters)(const void *ctx, struct pager_counters *out);

	/* True if every structure agrees with every other; slow. Optional. */
	bool (*is_valid)(const void *ctx);

	/* Frees the pager. Optional. */
	void (*free)(void *ctx);

	/* The page-table entry of the page that holds `va` (any byte), as the
	 * machine would read it; 0 if the page is not mapped. Optional: NULL if
	 * there are no page tables. */
	uint32_t (*entry)(const void *ctx, kva_t va);
};

struct pager {
	const struct pager_ops *ops;
	void *ctx;
};

/* The pager that does nothing; owns nothing. */
struct pager pager_none(void);

/* Frees what a pager owns and empties it; an empty one is ignored. */
void pager_release(struct pager *pager);

#endif /* PAGER_H */
