/*
 * smp_costs: what an operation on a heap costs, in simulated time: a fixed part
 * for its kind, and a price for each step that the heap counted meanwhile.
 *
 * The engines of replay/smp, and bench, may include this file.
 */
#ifndef SMP_COSTS_H
#define SMP_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest cost, ps: a second. */
#define SMP_COST_MAX UINT64_C(1000000000000)

/*
 * The counters whose steps can have a cost: X(name, ps, origin). They are sums;
 * `ps` is the default. All of them were fitted or derived on the machine of the
 * README's figures (Intel Xeon, 2 virtual CPUs); --costs replaces them.
 */
/* clang-format off */
#define SMP_STEP_COSTS(X)						\
	X(nodes_visited, 1900, "the README's kheap on debian-boot.trc: "\
	  "14,073 ns per event less pagemap's 23.7, over the nodes of "	\
	  "both walks")							\
	X(remove_nodes_visited, 1900, "the same walk along a row")	\
	X(rows_visited, 330, "a row head, 16 bytes, read in order: one "\
	  "cycle at 3 GHz")						\
	X(levels_walked, 1900, "a dependent load, as a node")		\
	X(lines_touched, 0, "in the nodes' figure")			\
	X(fit_steps, 1900, "a dependent load, as a node")		\
	X(pte_writes, 330, "a store, one cycle (core/pager_sim.h)")	\
	X(pde_writes, 330, "a store, one cycle (core/pager_sim.h)")	\
	X(page_tables_made, 299000, "4 KiB zeroed (core/pager_sim.h)")	\
	X(page_tables_dropped, 0, "a list's push")			\
	X(tlb_invalidations, 140000, "invlpg (core/pager_sim.h)")	\
	X(tlb_hits, 0, "nothing is touched")				\
	X(tlb_misses, 100000, "a TLB refill (core/pager_sim.h)")	\
	X(splits, 1900, "a dependent load, as a node")			\
	X(merges, 1900, "a dependent load, as a node")			\
	X(bitmap_steps, 330, "a word, read in order")			\
	X(lookups, 0, "in the fixed part")				\
	X(maps, 0, "in the fixed part and the page-table writes")	\
	X(unmaps, 0, "in the fixed part and the invalidations")		\
	X(map_rollbacks, 0, "never happens")				\
	X(modelled_cycles, 0, "the sum of others")			\
	X(slabs_made, 0, "in the fixed part")				\
	X(slabs_returned, 0, "in the fixed part")			\
	X(cluster_allocs, 0, "in the fixed part")			\
	X(block_links, 330, "a list's push or pop: one cycle, as a row "\
	  "head")							\
	X(block_pages_taken, 0, "in the links and the page-table "	\
	  "writes")							\
	X(block_pages_returned, 0, "in the links and the "		\
	  "invalidations")						\
	X(blocks_larger, 0, "rare")					\
	X(hash_doublings, 0, "rare")					\
	X(wraps, 0, "rare")
/* clang-format on */

/* Maxima and states: X(name). Known, but without a cost whatever is said. */
/* clang-format off */
#define SMP_STATES(X)							\
	X(nodes_visited_max) X(lines_touched_max) X(pages_live)		\
	X(pages_peak) X(clusters_live) X(lookup_bytes)			\
	X(lookup_bytes_peak) X(frames_live) X(frames_peak)		\
	X(slabs_live) X(slabs_peak) X(objects_live)			\
	X(blocks_live) X(block_pages_live) X(block_pages_peak)
/* clang-format on */

enum smp_step_cost {
#define X(name, ps, origin) SMP_STEP_##name,
	SMP_STEP_COSTS(X)
#undef X
		SMP_STEP_COST_COUNT
};

/* What has one cost, whatever is counted: X(name, ps, origin). */
/* clang-format off */
#define SMP_FIXED_COSTS(X)						\
	X(kmalloc, 5000, "kheap-fast's 3.73 ns per event, and the call")	\
	X(kfree, 5000, "kheap-fast's 3.73 ns per event, and the call")	\
	X(handoff, 307000, "a ticket lock between two threads, fitted "	\
	  "on one run")							\
	X(magazine, 4000, "a load, a store and two branches on the CPU's "\
	  "own lines")							\
	X(depot, 40000, "two lines of the depot, last written by "	\
	  "another CPU")
/* clang-format on */

struct smp_costs {
#define X(name, ps, origin) uint64_t name##_ps;
	SMP_FIXED_COSTS(X)
#undef X

	/* By enum smp_step_cost. */
	uint64_t step_ps[SMP_STEP_COST_COUNT];
};

/* The tables above. */
extern const struct smp_costs smp_costs_default;

/* The name of a counter that can have a cost, by enum smp_step_cost; NULL from
 * SMP_STEP_COST_COUNT on. */
const char *smp_costs_step_name(size_t i);

/* Its place, or -1: of a state, and of what no heap counts. */
int smp_costs_step(const char *name);

/* True for a maximum or a state. */
bool smp_costs_is_state(const char *name);

#endif /* SMP_COSTS_H */
