/*
 * metal_replay: runs the operations of a request on the heap, and looks at what the
 * processor makes of each.
 *
 * The kernel's files include this file.
 */
#ifndef METAL_REPLAY_H
#define METAL_REPLAY_H

#include "metal_heap.h"

/* A trace on its way. */
struct metal_replay {
	const struct metal_request *request;
	const struct metal_op *ops;
	const struct metal_heap_state *heap;
	pfn_t first_frame;

	/* The live cluster's address by slot, 0 if its kmalloc failed. */
	kva_t *live;
};

/*
 * Runs the plain operations, which nothing is counted in and no memory touched of,
 * and writes the instructions of each kfree to `ticks`, which has room for one for
 * each operation. Returns the number of frees.
 */
uint32_t metal_replay_plain(const struct metal_replay *replay, uint32_t *ticks);

/*
 * Runs the counted operations. A word is written to each page of a new cluster, and
 * read back before it is freed; after that each page must fault. Prints progress,
 * problems, sums and digests.
 *
 * The `state` digest is of 64-bit words, made like the other digest: for each page
 * of a cluster, from the first to the last, after it was written to and again before
 * its kfree, its address in the upper half and its PTE in the lower, frames numbered
 * from the heap's first.
 */
void metal_replay_counted(const struct metal_replay *replay);

#endif /* METAL_REPLAY_H */
