/*
 * frames: the page frames of a machine, simulated or real, and which one comes next.
 *
 * Frames are numbered from 0. The next one handed out is the most recently
 * freed; if there is none, the lowest never used. A frame has a record only
 * once it has been used, so that memory follows the frames in use, not the
 * limit; unless frames_reserve has made all records.
 *
 * Giving frames back in the reverse order of taking them restores the order in
 * which later ones come. For frames from the list that is obvious. New ones are
 * taken only when the list is empty, so they go to its bottom, lowest first, in
 * the order in which they would have been taken.
 *
 * Only pagers and the tests of frames may include this file.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "kb_assert.h"
#include "kb_bits.h"
#include "kb_status.h"
#include "kva.h"

#include <stdint.h>

#define FRAMES_NONE UINT32_MAX

/* What is known of a frame. */
struct frame {
	/* The word that the frame carries: of a page, whoever owns the page;
	 * of a page table, its directory slot. A frame that is handed out has
	 * what its last owner left. */
	uint64_t payload;

	/* The reverse map: the address of the page it backs; 0 for a page
	 * table's frame and for a free one. */
	kva_t va;

	/* The next free one, or FRAMES_NONE. Only for free frames. */
	pfn_t next_free;
};

struct frames {
	/* `capacity` of them; those below `fresh` have been used. */
	struct frame *records;

	/* The most recently freed; FRAMES_NONE if none is free. */
	pfn_t free_head;

	/* The lowest never used. */
	uint32_t fresh;

	/* fresh <= capacity <= limit. */
	uint32_t capacity;
	uint32_t limit;
};

/* A machine with `limit` >= 1 frames, all free. Cannot fail. */
void frames_init(struct frames *frames, uint32_t limit);

/* Frees the records. */
void frames_release(struct frames *frames);

/* Makes room for all records, before any is in use: then nothing is asked of the host
 * later. Returns 0 or KB_E_NOMEM. */
int frames_reserve(struct frames *frames);

/* Makes room for more records. Returns 0, KB_E_NO_FRAMES where the limit is
 * reached, or KB_E_NOMEM. */
int frames_grow(struct frames *frames);

/* The record of a frame that has been used. Valid until the next take. */
static inline struct frame *frames_at(const struct frames *frames, pfn_t pfn)
{
	kb_assert(pfn < frames->fresh);
	return &frames->records[pfn];
}

/*
 * Takes a frame for the page at `va` (0: for a page table). Returns 0 and its
 * number in `*pfn`; or KB_E_NO_FRAMES or KB_E_NOMEM with nothing changed.
 */
static inline int frames_take(struct frames *frames, kva_t va, pfn_t *pfn)
{
	if (kb_likely(frames->free_head != FRAMES_NONE)) {
		*pfn = frames->free_head;
		frames->free_head = frames->records[*pfn].next_free;
	} else {
		if (frames->fresh == frames->capacity) {
			int status = frames_grow(frames);

			if (status < 0)
				return status;
		}
		*pfn = frames->fresh++;
	}
	frames->records[*pfn].va = va;
	return 0;
}

/* Gives back a frame that was taken. */
static inline void frames_give(struct frames *frames, pfn_t pfn)
{
	struct frame *frame = frames_at(frames, pfn);

	frame->va = 0;
	frame->next_free = frames->free_head;
	frames->free_head = pfn;
}

#endif /* FRAMES_H */
