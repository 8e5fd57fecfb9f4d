#include "frames.h"

#include "kb_host.h"

/* Records made at first: the frames of one mebibyte, 4 KiB of the host. */
#define FRAMES_CAPACITY_FIRST 256

void frames_init(struct frames *frames, uint32_t limit)
{
	kb_assert(limit >= 1 && limit <= KVA_SPACE_PAGES);
	memset(frames, 0, sizeof(*frames));
	frames->free_head = FRAMES_NONE;
	frames->limit = limit;
}

void frames_release(struct frames *frames)
{
	free(frames->records);
}

/* Makes room for `capacity` records, which is more than there is. */
static int reserve(struct frames *frames, uint64_t capacity)
{
	struct frame *records =
		realloc(frames->records, capacity * sizeof(*records));

	if (!records)
		return KB_E_NOMEM;
	/* A free frame's record may be read before the frame was ever used. */
	memset(records + frames->capacity, 0,
	       (capacity - frames->capacity) * sizeof(*records));
	frames->records = records;
	frames->capacity = (uint32_t)capacity;
	return 0;
}

int frames_grow(struct frames *frames)
{
	uint64_t capacity;

	/* With none free, all below `fresh` are in use. */
	if (frames->capacity == frames->limit)
		return KB_E_NO_FRAMES;
	capacity = kb_max(FRAMES_CAPACITY_FIRST, frames->capacity * 2ull);
	return reserve(frames, kb_min(capacity, frames->limit));
}

int frames_reserve(struct frames *frames)
{
	return reserve(frames, frames->limit);
}
