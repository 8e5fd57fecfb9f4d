/*
 * A sorted array of (address, index) and binary search, as early kernels kept
 * their maps. Adding and removing moves every later entry.
 *
 * A node is an entry compared. The search halves until one candidate is left,
 * so a hit costs as much as a miss.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

#define FIRST_CAPACITY 64

struct entry {
	kva_t va;
	int idx;
};

struct sorted {
	/* Ascending; `count` of `capacity` entries, at most `pages`. */
	struct entry *entries;
	uint32_t count;
	uint32_t capacity;
};

static int sorted_init(struct kheap *h)
{
	h->lookup_state = calloc(1, sizeof(struct sorted));
	return h->lookup_state ? 0 : KB_E_NOMEM;
}

static void sorted_release(struct kheap *h)
{
	struct sorted *s = h->lookup_state;

	free(s->entries);
	free(s);
	h->lookup_state = NULL;
}

/* The number of entries below `va`. */
static kb_always_inline uint32_t position(const struct sorted *s, kva_t va,
					  struct lookup_tally *tally)
{
	uint32_t low = 0;
	uint32_t high = s->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		lookup_touch(tally, 0, middle);
		if (tally)
			tally->nodes++;
		if (s->entries[middle].va < va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve(struct sorted *s)
{
	const size_t capacity =
		s->capacity ? s->capacity * (size_t)2 : FIRST_CAPACITY;
	struct entry *grown;

	if (s->count < s->capacity)
		return 0;
	grown = realloc(s->entries, capacity * sizeof(*grown));
	if (!grown)
		return KB_E_NOMEM;
	s->entries = grown;
	s->capacity = (uint32_t)capacity;
	return 0;
}

static int sorted_insert(struct kheap *h, int idx)
{
	struct sorted *s = h->lookup_state;
	const kva_t va = h->cluster_va[idx];
	uint32_t at;

	if (reserve(s) < 0)
		return KB_E_NOMEM;
	at = position(s, va, NULL);
	memmove(&s->entries[at + 1], &s->entries[at],
		(s->count - at) * sizeof(*s->entries));
	s->entries[at] = (struct entry){ va, idx };
	s->count++;
	return 0;
}

static void sorted_erase(struct kheap *h, int idx)
{
	struct sorted *s = h->lookup_state;
	const uint32_t at = position(s, h->cluster_va[idx], NULL);

	kb_assert(at < s->count && s->entries[at].idx == idx);
	s->count--;
	memmove(&s->entries[at], &s->entries[at + 1],
		(s->count - at) * sizeof(*s->entries));
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct sorted *s = h->lookup_state;
	const uint32_t at = position(s, va, tally);

	if (at == s->count)
		return -1;
	return s->entries[at].va == va ? s->entries[at].idx : -1;
}

LOOKUP_STAMP(sorted, search)

static size_t sorted_bytes(const struct kheap *h)
{
	const struct sorted *s = h->lookup_state;

	return s->capacity * sizeof(*s->entries);
}

static bool sorted_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct sorted *s = h->lookup_state;
	uint32_t i;

	for (i = 1; i < s->count; i++)
		if (s->entries[i - 1].va >= s->entries[i].va)
			return false;
	return s->count == clusters && s->count <= s->capacity;
}

extern const struct lookup_ops lookup_sorted;
const struct lookup_ops lookup_sorted = {
	.name = "sorted",
	.help = "a sorted array and binary search",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { { LOOKUP_VA_SIZE + LOOKUP_INDEX_SIZE, 1 } },
	.init = sorted_init,
	.release = sorted_release,
	.insert = sorted_insert,
	.erase = sorted_erase,
	.find = sorted_find,
	.find_counted = sorted_find_counted,
	.bytes = sorted_bytes,
	.is_valid = sorted_is_valid,
};
