/*
 * smp_program: a whole trace in memory, as replays on many CPUs need it: CPUs
 * reach their events in an order of their own, so that a slot, which is reused in
 * the trace's order, cannot name an object here.
 *
 * The engines of replay/smp, and bench, may include this file.
 */
#ifndef SMP_PROGRAM_H
#define SMP_PROGRAM_H

#include "kb_status.h"
#include "trc_reader.h"

#include <stdbool.h>
#include <stdint.h>

/* Longer traces are refused: events are numbered with 32 bits. */
#define SMP_EVENTS_MAX (UINT32_C(1) << 31)

struct smp_event {
	/* The recording's clock. Ticks of unknown length count as ns. */
	uint64_t time_ns;

	/* Number of the object, in the order of their allocs, times 2; + 1 for a
	 * free. */
	uint32_t object_kind;

	/* Bytes requested; of a free, what its alloc requested. */
	uint32_t size;
};

/* What a trace says of its CPUs: X(name, help). */
/* clang-format off */
#define SMP_TRACE_FIGURES(X)						\
	X(equal_stamps, "events with the stamp of the event before")	\
	X(clock_steps_back, "events with an earlier stamp than the event "\
	  "before")
/* clang-format on */

struct smp_program {
	/* Owned. */
	struct smp_event *event;

	/* Of each event, the place of its CPU in `cpu_number`. Owned. */
	uint16_t *cpu;

	/* The trace's CPUs, rising. Owned. */
	uint16_t *cpu_number;

	/* Each CPU's first event. Owned. */
	uint32_t *first_event;

	uint32_t events;
	uint32_t objects;
	uint32_t cpus;

	/* The stamps are ticks. */
	bool ticks;

#define X(name, help) uint64_t name;
	SMP_TRACE_FIGURES(X)
#undef X
};

static inline bool smp_event_is_free(const struct smp_event *event)
{
	return event->object_kind & 1u;
}

static inline uint32_t smp_event_object(const struct smp_event *event)
{
	return event->object_kind >> 1;
}

/*
 * Reads the whole trace; the reader has all columns and is at the first event.
 * Returns 0, to be released; or <0 with `diag` filled: what the reader says,
 * KB_E_RANGE for more events than SMP_EVENTS_MAX or a size of 4 GiB or more,
 * KB_E_NOMEM.
 */
int smp_program_read(struct smp_program *program, struct trc_reader *reader,
		     struct kb_diag *diag);

/* Harmless on an empty one. */
void smp_program_release(struct smp_program *program);

#endif /* SMP_PROGRAM_H */
