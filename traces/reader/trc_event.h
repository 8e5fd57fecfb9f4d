/*
 * trc_event: what a trace is made of.
 *
 * Vocabulary
 *   object     one allocation, from its alloc to its free.
 *   slot       a small number that names an object while it lives: taken at
 *              the alloc and reused after the free, most recently freed first,
 *              else the lowest never used. Slots run from 0 to live_max - 1,
 *              so a table over slots follows the live objects, never the
 *              events.
 *   event      one alloc or one free. events = allocs + frees,
 *              objects = allocs.
 *   call site  `symbol+0xoff`, or a bare hexadecimal address, of the code that
 *              called kmalloc or kfree, and the module it is in, if any.
 *   task       the comm and pid that was running.
 *   context    whether the cpu ran that task or served an interrupt meanwhile.
 *
 * Whoever reads or replays traces may include this file.
 */
#ifndef TRC_EVENT_H
#define TRC_EVENT_H

#include <stdint.h>

enum trc_kind {
	TRC_ALLOC = 0,

	/* A free that was recorded. */
	TRC_FREE = 1,

	/* A free that was not recorded but must have happened, since its
	 * address was handed out again (import rule 2). Time, cpu, call site
	 * and task are those of the alloc that proves it. */
	TRC_FREE_IMPLIED = 2
};

/* "No string": the call site or the task is unknown. */
#define TRC_STRING_NONE UINT32_C(0)

/*
 * The counts that a trace's header carries: X(name, help). This is the one
 * place that lists them: struct, header encoding, `trc info` and its JSON all
 * expand it, in this order. New ones go to the end: files of older writers lack
 * them, which reads as 0. All are unsigned 64-bit.
 */
/* clang-format off */
#define TRC_COUNTS(X)                                                          \
	X(events, "allocs + frees")                                            \
	X(objects, "allocations, each a new object")                           \
	X(allocs, "allocations")                                               \
	X(frees, "frees, including implied ones")                              \
	X(implied_frees, "frees implied by reuse of the address")              \
	X(null_frees, "frees of NULL or ZERO_SIZE_PTR, dropped")               \
	X(null_allocs, "allocs of NULL or ZERO_SIZE_PTR, dropped")             \
	X(unmatched_frees, "frees of unknown addresses, dropped")              \
	X(excluded_allocs, "allocs by excluded call sites, skipped")           \
	X(excluded_frees, "frees of excluded allocs, skipped")                 \
	X(lost_events, "events lost, as the recorder reports")                 \
	X(other_events, "events of other kinds, skipped")                      \
	X(bad_lines, "unreadable lines, skipped (--lenient)")                  \
	X(live_max, "most objects live at once")                               \
	X(live_at_end, "objects still live at the end")                        \
	X(duplicate_allocs, "allocs recorded twice, counted once")             \
	X(dropped_fields, "fields that could not be read, skipped")
/* clang-format on */

struct trc_counts {
#define X(name, help) uint64_t name;
	TRC_COUNTS(X)
#undef X
};

/* What the cpu was doing when it made an event. */
enum trc_context {
	/* Not known. */
	TRC_CONTEXT_NONE = 0,

	TRC_CONTEXT_TASK = 1,
	TRC_CONTEXT_SOFTIRQ = 2,
	TRC_CONTEXT_HARDIRQ = 3,
	TRC_CONTEXT_NMI = 4,

	/* One more than the highest. */
	TRC_CONTEXT_END = 5
};

/* Which clock the recorder stamped events with. */
enum trc_clock {
	/* Seconds with a fraction: time_ns is nanoseconds. */
	TRC_CLOCK_NS = 0,

	/* A bare counter (trace_clock counter, uptime, x86-tsc): time_ns holds
	 * its ticks, of no known length. */
	TRC_CLOCK_TICKS = 1
};

/* One event, whole: for tools that look at events one by one. */
struct trc_event {
	/* Recording clock, ns (or ticks, see enum trc_clock). */
	uint64_t time_ns;

	/* Allocs: bytes requested (bytes_req). Frees: 0. */
	uint64_t size;

	/* Allocs: bytes granted by the recorded kernel (bytes_alloc); equal to
	 * size if the recorder does not say. Frees: 0. */
	uint64_t size_granted;

	uint32_t slot;

	/* Ids for trc_reader_site and trc_reader_task; TRC_STRING_NONE if
	 * unknown. */
	uint32_t site;
	uint32_t task;

	uint16_t cpu;

	/* enum trc_kind. */
	uint8_t kind;

	/* enum trc_context. */
	uint8_t context;
};

#endif /* TRC_EVENT_H */
