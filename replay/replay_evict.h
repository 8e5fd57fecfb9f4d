/*
 * replay_evict: takes part of the caches for itself, as a kernel's other code
 * does between two calls of its heap.
 *
 * The replay engine includes this file.
 */
#ifndef REPLAY_EVICT_H
#define REPLAY_EVICT_H

#include <stddef.h>
#include <stdint.h>

struct replay_evict {
	/* Lines of its own; NULL if there are none yet. */
	uint64_t *words;
	uint32_t kib;
};

/* Has room for `kib` KiB. Returns 0 or KB_E_NOMEM. */
int replay_evict_reserve(struct replay_evict *evict, uint32_t kib);
void replay_evict_release(struct replay_evict *evict);

/* Reads a word of each of the first `kib` KiB's lines; no more than there is room
 * for. */
void replay_evict_touch(const struct replay_evict *evict, uint32_t kib);

#endif /* REPLAY_EVICT_H */
