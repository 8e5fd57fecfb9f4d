/*
 * bench_lockstep: two builds of bench run the same slices of the same trace in
 * turns, on one CPU, a fraction of a millisecond each.
 *
 * The machine's drift is then the same for both, to within a slice. The two
 * processes hand each other the turn through a word in shared memory (futex).
 * Each first replays the trace until it is in its steady state.
 * Blocks of four slices go ABBA or BAAB, as a seeded generator says: A runs two
 * slices, B the same two. Each epoch has two fresh processes.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_LOCKSTEP_H
#define BENCH_LOCKSTEP_H

#include "alloc.h"
#include "bench_worker.h"
#include "kb_status.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* argv[0] of a runner. */
#define BENCH_LOCKSTEP_NAME "kheap-replay-lockstep"

/* What the two builds must agree on: raised with any change of the shared
 * struct or of what a slice is. */
#define BENCH_LOCKSTEP_VERSION 4

/* Room for a build's description of itself, including the terminating NUL,
 * bytes. */
#define BENCH_LOCKSTEP_BUILD_SIZE 512

/* Blocks of an epoch; each is two slices of either side. */
#define BENCH_LOCKSTEP_BLOCKS 12
#define BENCH_LOCKSTEP_TURNS  (4 * BENCH_LOCKSTEP_BLOCKS)

struct bench_lockstep_job {
	char trace[BENCH_PATH_SIZE];
	/* Base's and candidate's. */
	char alloc[2][ALLOC_NAME_SIZE];
	uint32_t heap_pages;
	uint32_t heap_base;
	enum alloc_touch touch;
	int cpu;
	bool use_tsc;

	/* Operations of a timed slice, and untimed ones that come first in each
	 * turn, to warm the caches that the other side has used. */
	uint64_t slice_ops;
	uint64_t warm_ops;

	/* Who runs each turn: 0 base, 1 candidate. */
	uint8_t order[BENCH_LOCKSTEP_TURNS];

	/*
	 * For testing the instrument: after each of its slices the candidate
	 * reads the clock repeatedly for this many millionths of the slice's
	 * time, and that counts as part of the slice. So the ratio is exact on
	 * a machine of any speed: it is too high by at most one reading, about
	 * 50 ns of a slice of 0.3 ms or 0.02%, and by preemptions during the
	 * readings.
	 */
	uint32_t inject_ppm;
};

/* An epoch: what each side's turns took, ticks net of the clock's own cost. */
struct bench_lockstep_epoch {
	uint64_t ticks[2][BENCH_LOCKSTEP_TURNS / 2];
	uint64_t readings[2][BENCH_LOCKSTEP_TURNS / 2];
};

/*
 * Asks each of two program files what it was built with: compiler, flags, build
 * type. Returns 0, or as bench_lockstep_run.
 */
int bench_lockstep_meet(const char *base, const char *candidate,
			char (*build)[BENCH_LOCKSTEP_BUILD_SIZE],
			struct kb_diag *diag);

/*
 * Runs one epoch of the program files base and candidate. Returns 0; KB_E_STOPPED
 * after a signal; KB_E_UNSUPPORTED if one of them does not speak this protocol,
 * KB_E_IO if one was killed, KB_E_WRONG if one crashed, with `diag` naming it;
 * or another error of the job's.
 */
int bench_lockstep_run(const struct bench_lockstep_job *job, const char *base,
		       const char *candidate, struct bench_lockstep_epoch *out,
		       struct kb_diag *diag);

/*
 * The epoch's figure: the median over its blocks of ln(candidate / base), less
 * `reading_ticks` for each reading.
 */
double bench_lockstep_ratio(const struct bench_lockstep_epoch *epoch,
			    double reading_ticks);

/* main() of a runner. Returns its exit status. */
int bench_lockstep_main(void);

#endif /* BENCH_LOCKSTEP_H */
