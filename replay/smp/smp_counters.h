/*
 * smp_counters: what a replay on several CPUs counts. Integers, the same on every
 * machine, compiler and optimization level.
 *
 * The engines of replay/smp, and bench, may include this file.
 */
#ifndef SMP_COUNTERS_H
#define SMP_COUNTERS_H

#include <stdint.h>

/*
 * X(name, help). Names that end in _ps are picoseconds. Percentiles of the waits
 * are over all acquisitions, those that did not wait included: the smallest wait
 * w for which at least ceil(q * acquisitions) waited w or less; 0 without any.
 */
/* clang-format off */
#define SMP_COUNTERS(X)							\
	X(makespan_ps, "when the last event is done")			\
	X(critical_path_ps, "the longest path of program and data order, "\
	  "without the lock")						\
	X(zero_cost_makespan_ps, "the makespan if nothing took time but "\
	  "thinking")							\
	X(lock_acquisitions, "times the lock was taken")		\
	X(lock_waits, "of them, those that waited")			\
	X(lock_wait_ps, "waited for the lock, all together")		\
	X(lock_wait_p50_ps, "the median wait")				\
	X(lock_wait_p99_ps, "99% of the waits were no longer")		\
	X(lock_wait_max_ps, "the longest wait")				\
	X(lock_busy_ps, "the lock was held, or handed over")		\
	X(handoffs, "times the lock came from another CPU")		\
	X(dependency_stalls, "frees that waited for their alloc")	\
	X(cross_cpu_frees, "frees on another CPU than their alloc's")	\
	X(magazine_hits, "requests that a CPU's magazines served")	\
	X(depot_exchanges, "magazines taken from the depot or put there")\
	X(cached_pages_peak, "most pages in magazines at once")		\
	X(failed_allocs, "allocations that failed")			\
	X(skipped_frees, "frees skipped because their alloc had failed")
/* clang-format on */

struct smp_counters {
#define X(name, help) uint64_t name;
	SMP_COUNTERS(X)
#undef X
};

#endif /* SMP_COUNTERS_H */
