/*
 * A chained hash table, resized with the population, as illumos and FreeBSD
 * keep the allocated segments of a vmem arena: a bucket is a chain, a table
 * grows when it has more clusters than buckets and shrinks when it has less
 * than a quarter. A table that cannot be resized for lack of memory stays as it
 * is, so no insertion fails.
 *
 * A node is a link of a chain whose address is compared.
 */
#include "kheap_internal.h"

#include "kb_assert.h"
#include "kb_host.h"

#define BUCKETS_SHIFT_MIN 4

/* The link of the cluster with the index that is its place in the array. */
struct link {
	kva_t va;

	/* Index + 1 of the next one in the chain; 0 ends it. */
	uint32_t next;
};

struct hash {
	/* `pages` of them. */
	struct link *links;

	/* Index + 1 of each chain's first; 2^shift of them. */
	uint32_t *buckets;
	unsigned shift;
	uint32_t count;
};

enum { AREA_BUCKETS, AREA_LINKS };

static inline uint32_t bucket_of(const struct hash *hash, kva_t va)
{
	return lookup_place_of(va, hash->shift);
}

static int hash_init(struct kheap *h)
{
	struct hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return KB_E_NOMEM;
	hash->shift = BUCKETS_SHIFT_MIN;
	hash->links = calloc(h->pages, sizeof(*hash->links));
	hash->buckets = calloc((size_t)1 << hash->shift, sizeof(uint32_t));
	if (!hash->links || !hash->buckets) {
		free(hash->links);
		free(hash->buckets);
		free(hash);
		return KB_E_NOMEM;
	}
	h->lookup_state = hash;
	return 0;
}

static void hash_release(struct kheap *h)
{
	struct hash *hash = h->lookup_state;

	free(hash->links);
	free(hash->buckets);
	free(hash);
	h->lookup_state = NULL;
}

static inline void push(struct hash *hash, uint32_t link)
{
	uint32_t *head = &hash->buckets[bucket_of(hash, hash->links[link].va)];

	hash->links[link].next = *head;
	*head = link + 1;
}

static kb_noinline void resize(struct hash *hash, unsigned shift)
{
	const uint32_t old_count = UINT32_C(1) << hash->shift;
	uint32_t *old = hash->buckets;
	uint32_t *buckets = calloc((size_t)1 << shift, sizeof(*buckets));
	uint32_t i;

	if (!buckets)
		return;
	hash->buckets = buckets;
	hash->shift = shift;
	for (i = 0; i < old_count; i++) {
		uint32_t link = old[i];

		while (link != 0) {
			const uint32_t next = hash->links[link - 1].next;

			push(hash, link - 1);
			link = next;
		}
	}
	free(old);
}

static int hash_insert(struct kheap *h, int idx)
{
	struct hash *hash = h->lookup_state;

	hash->links[idx].va = h->cluster_va[idx];
	push(hash, (uint32_t)idx);
	if (++hash->count > UINT32_C(1) << hash->shift)
		resize(hash, hash->shift + 1);
	return 0;
}

static void hash_erase(struct kheap *h, int idx)
{
	struct hash *hash = h->lookup_state;
	uint32_t *at = &hash->buckets[bucket_of(hash, h->cluster_va[idx])];

	while (*at != (uint32_t)idx + 1) {
		kb_assert(*at != 0);
		at = &hash->links[*at - 1].next;
	}
	*at = hash->links[idx].next;
	if (--hash->count < UINT32_C(1) << hash->shift >> 2 &&
	    hash->shift > BUCKETS_SHIFT_MIN)
		resize(hash, hash->shift - 1);
}

static kb_always_inline int search(const struct kheap *h, kva_t va,
				   struct lookup_tally *tally)
{
	const struct hash *hash = h->lookup_state;
	const uint32_t bucket = bucket_of(hash, va);
	uint32_t link = hash->buckets[bucket];

	lookup_touch(tally, AREA_BUCKETS, bucket);
	for (; link != 0; link = hash->links[link - 1].next) {
		lookup_touch(tally, AREA_LINKS, link - 1);
		if (tally)
			tally->nodes++;
		if (hash->links[link - 1].va == va)
			return (int)link - 1;
	}
	return -1;
}

LOOKUP_STAMP(hash, search)

static size_t hash_bytes(const struct kheap *h)
{
	const struct hash *hash = h->lookup_state;

	return h->pages * sizeof(*hash->links) +
	       (sizeof(*hash->buckets) << hash->shift);
}

static bool hash_is_valid(const struct kheap *h, uint32_t clusters)
{
	const struct hash *hash = h->lookup_state;
	uint32_t links = 0;
	uint32_t i;

	for (i = 0; i < UINT32_C(1) << hash->shift; i++) {
		uint32_t link = hash->buckets[i];

		for (; link != 0; link = hash->links[link - 1].next)
			if (link > h->pages || ++links > h->pages ||
			    bucket_of(hash, hash->links[link - 1].va) != i)
				return false;
	}
	return links == clusters && hash->count == clusters;
}

extern const struct lookup_ops lookup_hash;
const struct lookup_ops lookup_hash = {
	.name = "hash",
	.help = "a chained hash table, resized with the population, as in vmem",
	.steps = LOOKUP_ROWS | LOOKUP_NODES | LOOKUP_LINES,
	.areas = { [AREA_BUCKETS] = { LOOKUP_INDEX_SIZE, 1 },
		   [AREA_LINKS] = { LOOKUP_VA_SIZE + LOOKUP_INDEX_SIZE, 1 } },
	.init = hash_init,
	.release = hash_release,
	.insert = hash_insert,
	.erase = hash_erase,
	.find = hash_find,
	.find_counted = hash_find_counted,
	.bytes = hash_bytes,
	.is_valid = hash_is_valid,
};
