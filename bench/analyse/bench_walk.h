/*
 * bench_walk: replays a trace into an allocator event by event, for code that
 * needs each event and its effect on the heap. Untimed and counted.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_WALK_H
#define BENCH_WALK_H

#include "alloc_spec.h"
#include "bench_trace.h"
#include "kb_status.h"
#include "trc_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One event, and its effect on the heap. */
struct bench_walk_event {
	/* From 1. */
	uint64_t number;

	/* enum trc_kind. */
	uint8_t kind;

	uint32_t slot;

	/* For trc_reader_site. */
	uint32_t site;

	/* Allocs: bytes requested. */
	uint64_t size;

	/* Allocs: the allocator's answer, 0 if it refused. Frees: what it gets
	 * back, 0 if the alloc had failed, so that nothing is done. */
	uint64_t handle;

	/* Nodes that this event's lookup compared. */
	uint64_t nodes;
};

struct bench_walk {
	/* Borrowed. */
	const struct bench_trace *trace;

	struct trc_reader *reader;
	struct alloc alloc;

	/* The reader's current block, and how much of it has been played. */
	struct trc_block block;
	uint32_t played;

	/* Handles by slot; 0 if the alloc failed. */
	uint64_t *live;
	size_t slots;

	/* The current event; its handle and nodes once it has been played. */
	struct bench_walk_event event;

	/* After the last event played; zeros for an allocator without a
	 * heap window. */
	struct alloc_gauge gauge;
};

/* Opens the trace and makes the allocator. Returns 0 or <0 with `diag` filled;
 * close it in any case. */
int bench_walk_open(struct bench_walk *walk, const struct bench_trace *trace,
		    const struct alloc_config *config, struct kb_diag *diag);

/* Reads the next event without playing it. Returns 0, KB_END after the last
 * one, KB_E_STOPPED after a signal, or <0 with `diag` filled. */
int bench_walk_next(struct bench_walk *walk, struct kb_diag *diag);

/* Plays the event that bench_walk_next has read. Returns 0, or KB_E_WRONG with
 * `diag` filled if the allocator does not know an address that it returned. */
int bench_walk_play(struct bench_walk *walk, struct kb_diag *diag);

/* Makes `*table`, of `*count` elements of `size` bytes, hold at least `wanted`;
 * new ones are zeros. Returns 0 or KB_E_NOMEM with `diag` filled. */
int bench_walk_grow(void *table, size_t *count, size_t wanted, size_t size,
		    struct kb_diag *diag);

void bench_walk_close(struct bench_walk *walk);

#endif /* BENCH_WALK_H */
