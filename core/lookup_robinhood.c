/*
 * Open addressing by Robin Hood's rule (Celis, Larson, Munro: "Robin Hood
 * hashing", FOCS 1985): an entry that is farther from its home slot displaces
 * one that is nearer to its own. So a search may end at the first entry that is
 * nearer to its home than the search is to its own. A removed entry leaves no
 * tombstone: those after it move back by one, up to the first that is at home.
 *
 * A table grows when it would be more than three quarters full, and never
 * shrinks. A node is a slot that a search examines, including the one that ends
 * it.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

#define SLOTS_SHIFT_MIN 6

struct slot {
	/* 0: the slot is empty. */
	kva_t va;
	int idx;
};

struct robinhood {
	/* 2^shift of them. */
	struct slot *slots;
	unsigned shift;
	uint32_t count;
};

static inline uint32_t mask_of(const struct robinhood *table)
{
	return (UINT32_C(1) << table->shift) - 1;
}

static inline uint32_t home_of(const struct robinhood *table, kva_t va)
{
	return lookup_place_of(va, table->shift);
}

/* How far the entry in slot `at` is from home. */
static inline uint32_t distance_of(const struct robinhood *table, uint32_t at)
{
	return (at - home_of(table, table->slots[at].va)) & mask_of(table);
}

static int robinhood_init(struct kheap *h)
{
	struct robinhood *table = calloc(1, sizeof(*table));

	if (!table)
		return KB_E_NOMEM;
	table->shift = SLOTS_SHIFT_MIN;
	table->slots = calloc((size_t)1 << table->shift, sizeof(struct slot));
	if (!table->slots) {
		free(table);
		return KB_E_NOMEM;
	}
	h->lookup_state = table;
	return 0;
}

static void robinhood_release(struct kheap *h)
{
	struct robinhood *table = h->lookup_state;

	free(table->slots);
	free(table);
	h->lookup_state = NULL;
}

/* Puts an entry into a table that has an empty slot. */
static void place(struct robinhood *table, struct slot entry)
{
	const uint32_t mask = mask_of(table);
	uint32_t at = home_of(table, entry.va);
	uint32_t distance = 0;

	for (; table->slots[at].va != 0; at = (at + 1) & mask, distance++) {
		const uint32_t other = distance_of(table, at);

		if (other < distance) {
			const struct slot evicted = table->slots[at];

			table->slots[at] = entry;
			entry = evicted;
			distance = other;
		}
	}
	table->slots[at] = entry;
}

static int grow(struct robinhood *table)
{
	const uint32_t old_count = UINT32_C(1) << table->shift;
	struct slot *old = table->slots;
	struct slot *slots = calloc((size_t)old_count * 2, sizeof(*slots));
	uint32_t i;

	if (!slots)
		return KB_E_NOMEM;
	table->slots = slots;
	table->shift++;
	for (i = 0; i < old_count; i++)
		if (old[i].va != 0)
			place(table, old[i]);
	free(old);
	return 0;
}

static int robinhood_insert(struct kheap *h, int idx)
{
	struct robinhood *table = h->lookup_state;
	const uint32_t slots = UINT32_C(1) << table->shift;

	if (table->count + 1 > slots - slots / 4 && grow(table) < 0)
		return KB_E_NOMEM;
	place(table, (struct slot){ h->cluster_va[idx], idx });
	table->count++;
	return 0;
}

/* The slot that holds `va`, or UINT32_MAX. */
static kb_always_inline uint32_t slot_of(const struct robinhood *table,
					 kva_t va, struct lookup_tally *tally)
{
	uint32_t at = home_of(table, va);
	uint32_t distance = 0;

	for (;; at = (at + 1) & mask_of(table), distance++) {
		lookup_touch(tally, 0, at);
		if (tally)
			tally->nodes++;
		if (table->slots[at].va == va)
			return at;
		if (table->slots[at].va == 0 ||
		    distance_of(table, at) < distance)
			return UINT32_MAX;
	}
}

static void robinhood_erase(struct kheap *h, int idx)
{
	struct robinhood *table = h->lookup_state;
	const uint32_t mask = mask_of(table);
	uint32_t at = slot_of(table, h->cluster_va[idx], NULL);
	uint32_t next;

	kb_assert(at != UINT32_MAX && table->slots[at].idx == idx);
	for (;; at = next) {
		next = (at + 1) & mask;
		if (table->slots[next].va == 0 || distance_of(table, next) == 0)
			break;
		table->slots[at] = table->slots[next];
	}
	table->slots[at] = (struct slot){ 0, 0 };
	table->count--;
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct robinhood *table = h->lookup_state;
	uint32_t at;

	/* Empty slots hold 0. */
	if (va == 0)
		return -1;
	at = slot_of(table, va, tally);
	return at != UINT32_MAX ? table->slots[at].idx : -1;
}

LOOKUP_STAMP(robinhood, search)

static size_t robinhood_bytes(const struct kheap *h)
{
	const struct robinhood *table = h->lookup_state;

	return sizeof(*table->slots) << table->shift;
}

/* The rule, for each two neighbors: the second is at most one farther from
 * home than the first, and at home after an empty slot. */
static bool robinhood_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct robinhood *table = h->lookup_state;
	uint32_t entries = 0;
	uint32_t i;

	for (i = 0; i <= mask_of(table); i++) {
		const uint32_t next = (i + 1) & mask_of(table);
		const bool empty = table->slots[i].va == 0;

		entries += !empty;
		/* No test can put an entry where insert would not put it. */
		if (table->slots[next].va != 0 &&
		    distance_of(table, next) >
			    (empty ? 0 : distance_of(table, i) + 1))
			return false;
	}
	return entries == clusters && table->count == clusters;
}

extern const struct lookup_ops lookup_robinhood;
const struct lookup_ops lookup_robinhood = {
	.name = "robinhood",
	.help = "open addressing by Robin Hood's rule, backward-shift deletion",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { { LOOKUP_VA_SIZE + LOOKUP_INDEX_SIZE, 2 } },
	.init = robinhood_init,
	.release = robinhood_release,
	.insert = robinhood_insert,
	.erase = robinhood_erase,
	.find = robinhood_find,
	.find_counted = robinhood_find_counted,
	.bytes = robinhood_bytes,
	.is_valid = robinhood_is_valid,
};
