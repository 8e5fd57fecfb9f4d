/*
 * replay_memory: tracks an allocator's memory during a count pass.
 *
 * Bytes requested and bytes granted are known after every event, and so are
 * mapped bytes and the largest request of an allocator with a heap window, by
 * its gauge. The allocator reports everything else at the end of each bin.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_MEMORY_H
#define REPLAY_MEMORY_H

#include "alloc.h"
#include "replay_result.h"

#include <stddef.h>
#include <stdint.h>

struct replay_memory_watch {
	struct alloc alloc;

	/* Receives the figures. Borrowed. */
	struct replay_memory *out;

	/* Bytes granted, by slot of a live object. */
	uint64_t *granted_to;
	size_t slots;

	/* False once the allocator could not report a usable size. */
	bool knows_granted;

	/* As of now. */
	uint64_t granted;

	/* Bytes of this process in physical memory when the pass began, if the
	 * growth counts as the allocator's. */
	uint64_t resident_before;
};

/* Begin and end the tracking of a freshly opened allocator; replay_memory_end
 * frees what it owns. */
void replay_memory_begin(struct replay_memory_watch *watch, struct alloc alloc,
			 struct replay_memory *out);
void replay_memory_end(struct replay_memory_watch *watch);

/* Makes room for objects in slots below `slots`. Returns 0 or KB_E_NOMEM. */
int replay_memory_reserve(struct replay_memory_watch *watch, size_t slots);

/* Note that `handle` was handed out for `size` bytes, and that the object in
 * `slot` was freed. */
void replay_memory_alloc(struct replay_memory_watch *watch, uint32_t slot,
			 uint64_t handle, uint32_t size);
void replay_memory_free(struct replay_memory_watch *watch, uint32_t slot);

/* Records the figures of one event. `gauge` is the current one, NULL if there
 * is none. */
void replay_memory_event(struct replay_memory_watch *watch, uint64_t requested,
			 const struct alloc_gauge *gauge);

/* Stores the figures at the end of a bin in it. */
void replay_memory_bin(struct replay_memory_watch *watch,
		       struct replay_bin *bin, const struct alloc_gauge *gauge);

#endif /* REPLAY_MEMORY_H */
