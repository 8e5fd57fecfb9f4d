#include "replay_marks.h"

#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

uint32_t replay_marks_bits(uint64_t frees)
{
	uint32_t bits = 0;

	/* Chance may choose more than expected: leaves room for an eighth
	 * more. */
	while (frees >> bits > REPLAY_MARKS_MAX - REPLAY_MARKS_MAX / 8)
		bits++;
	return bits;
}

void replay_marks_init(struct replay_marks *marks, uint64_t frees,
		       uint64_t seed)
{
	marks->seed = seed;
	marks->bits = replay_marks_bits(frees);
	marks->dearest_max = (uint32_t)kb_min(frees / REPLAY_DEAREST_SHARE,
					      REPLAY_DEAREST_MAX);
	marks->has = 0;
	marks->count = 0;
	marks->dearest = 0;
}

/* The counters so far, less what was in `mark` before. */
struct taking {
	struct replay_marks *marks;
	struct replay_mark *mark;
};

static void take_counter(void *user, const char *name, uint64_t value)
{
	struct taking *t = user;
	uint32_t bit = 1;

	/* Unsigned: differences come out right whatever the sums are. */
#define X(counter)                                                     \
	if (strcmp(name, #counter) == 0) {                             \
		t->mark->counter = (uint32_t)value - t->mark->counter; \
		t->marks->has |= bit;                                  \
	}                                                              \
	bit <<= 1;
	REPLAY_MARK_COUNTERS(X)
#undef X
}

void replay_marks_before(struct replay_marks *marks, uint64_t event,
			 const struct alloc *alloc)
{
	struct taking t = { marks, &marks->mark[marks->count] };

	if (!alloc->vt->counters || marks->count == REPLAY_MARKS_MAX)
		return;
	memset(t.mark, 0, sizeof(*t.mark));
	t.mark->event = event;
	alloc->vt->counters(alloc->ctx, take_counter, &t);
}

void replay_marks_after(struct replay_marks *marks, const struct alloc *alloc)
{
	struct taking t = { marks, &marks->mark[marks->count] };

	if (!alloc->vt->counters || marks->count == REPLAY_MARKS_MAX)
		return;
	alloc->vt->counters(alloc->ctx, take_counter, &t);
	marks->count++;
}

/* Of two frees with equal cost the later one counts as cheaper. */
static bool is_cheaper(const struct replay_dear *a, const struct replay_dear *b)
{
	if (a->nodes != b->nodes)
		return a->nodes < b->nodes;
	return a->event > b->event;
}

static void swap(struct replay_dear *a, struct replay_dear *b)
{
	struct replay_dear t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct replay_dear *heap, size_t i)
{
	while (i > 0 && is_cheaper(&heap[i], &heap[(i - 1) / 2])) {
		swap(&heap[i], &heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct replay_dear *heap, size_t count)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    is_cheaper(&heap[child + 1], &heap[child]))
			child++;
		if (!is_cheaper(&heap[child], &heap[i]))
			return;
		swap(&heap[child], &heap[i]);
		i = child;
	}
}

void replay_marks_offer(struct replay_marks *marks, uint64_t event,
			uint64_t nodes)
{
	const struct replay_dear offered = { nodes, event };

	if (marks->dearest < marks->dearest_max) {
		marks->dear[marks->dearest] = offered;
		sift_up(marks->dear, marks->dearest++);
	} else if (marks->dearest && is_cheaper(&marks->dear[0], &offered)) {
		marks->dear[0] = offered;
		sift_down(marks->dear, marks->dearest);
	}
}

static int compare_events(const void *a, const void *b)
{
	const struct replay_dear *x = a, *y = b;

	return (x->event > y->event) - (x->event < y->event);
}

void replay_marks_end(struct replay_marks *marks, uint64_t usual)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < marks->dearest; i++)
		if (marks->dear[i].nodes > usual)
			marks->dear[kept++] = marks->dear[i];
	marks->dearest = kept;
	qsort(marks->dear, kept, sizeof(*marks->dear), compare_events);
}

const struct replay_mark *replay_marks_find(const struct replay_marks *marks,
					    uint64_t event)
{
	size_t low = 0, high = marks->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (marks->mark[middle].event < event)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < marks->count && marks->mark[low].event == event)
		return &marks->mark[low];
	return NULL;
}
