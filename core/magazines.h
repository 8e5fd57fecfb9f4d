/*
 * magazines: per-CPU caches of clusters above a heap (Bonwick and Adams, "Magazines
 * and Vmem: Extending the Slab Allocator to Many CPUs and Arbitrary Resources",
 * USENIX 2001, section 3).
 *
 * For each CPU and each row (clusters of row + 1 pages) up to MAGAZINES_ROWS
 * there are a *loaded* and a *previous* magazine of up to `rounds` clusters, last in
 * first out. The previous one is full or empty. A *depot* has the full magazines
 * that no CPU holds, a list per row, the last one in front.
 *
 *   CPU 0:  loaded [a b c .]  previous [d e f g]      served without a lock
 *   CPU 1:  loaded [h . . .]  previous [. . . .]
 *   depot:  [i j k l] [m n o p]                       under the heap's lock
 *
 * A cluster in a magazine stays mapped and is a live cluster to its heap.
 * The depot is unbounded, and nothing goes from it to the heap.
 *
 * magazines_take and magazines_put are for the CPU's own thread; magazines_load and
 * magazines_store for whoever holds the heap's lock, for its own CPU. Then several
 * threads may use them, each with a CPU of its own.
 *
 * core/ and whoever makes a heap may include this file.
 */
#ifndef MAGAZINES_H
#define MAGAZINES_H

#include "kb_status.h"
#include "kva.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that have magazines: clusters of up to this many pages. */
#define MAGAZINES_ROWS 16u

/* Most clusters of a magazine: as many as the largest window has pages. */
#define MAGAZINES_ROUNDS_MAX (UINT32_C(1) << 19)

struct magazines;

/* Makes empty magazines of `rounds` clusters, 1 … MAGAZINES_ROUNDS_MAX, for `cpus`
 * CPUs. NULL if the host is out of memory. Freed with magazines_free, which
 * ignores NULL and gives no cluster back. */
struct magazines *magazines_new(uint32_t cpus, uint32_t rounds);
void magazines_free(struct magazines *m);

/* True if clusters of `pages` have magazines. */
static inline bool magazines_have(uint32_t pages)
{
	return pages <= MAGAZINES_ROWS;
}

/* A cluster of `pages` pages from the magazines of `cpu`; 0 if both are empty. */
kva_t magazines_take(struct magazines *m, uint32_t cpu, uint32_t pages);

/* Puts one there. Returns 0; KB_END if neither has room; KB_E_NOMEM if the host has
 * none. */
int magazines_put(struct magazines *m, uint32_t cpu, uint32_t pages, kva_t va);

/* After a take that failed: loads a full magazine from the depot and takes from it;
 * 0, with nothing changed, if the depot has none for the row. */
kva_t magazines_load(struct magazines *m, uint32_t cpu, uint32_t pages);

/* After a put that failed: stores a full magazine in the depot and puts `va` into an
 * empty one. Returns 0, or KB_E_NOMEM with nothing changed. */
int magazines_store(struct magazines *m, uint32_t cpu, uint32_t pages,
		    kva_t va);

#endif /* MAGAZINES_H */
