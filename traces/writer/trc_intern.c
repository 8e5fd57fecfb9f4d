#include "trc_intern.h"

#include "kb_rng.h"
#include "kb_status.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE  (64ul * 1024)
#define STRING_MAX  (1u << 20)
#define STRINGS_MAX (1u << 30)

struct trc_intern_chunk {
	struct trc_intern_chunk *next;
	size_t used;
	size_t size;
	char bytes[];
};

static uint64_t load64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Eight bytes per step, the last ones overlapping: the keys are short and the
 * table never leaves this process, so neither byte order nor strength matters.
 * The factors are 2^64 over the golden ratio and MurmurHash3's first
 * (Appleby). */
static uint32_t hash_bytes(const char *p, size_t size)
{
	uint64_t h = size * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t last = 0;

	if (size < 8) {
		memcpy(&last, p, size);
	} else {
		for (size_t i = 0; i + 8 < size; i += 8)
			h = (h ^ load64(p + i)) * UINT64_C(0xff51afd7ed558ccd);
		last = load64(p + size - 8);
	}
	return (uint32_t)kb_mix64(h ^ last);
}

/* Keeps a copy of the bytes; NULL if out of memory. */
static const char *keep(struct trc_intern *table, const char *bytes,
			size_t size)
{
	struct trc_intern_chunk *chunk = table->chunks;
	char *copy;

	if (!chunk || chunk->size - chunk->used < size + 1) {
		size_t room = size + 1 > CHUNK_SIZE ? size + 1 : CHUNK_SIZE;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = table->chunks;
		chunk->used = 0;
		chunk->size = room;
		table->chunks = chunk;
	}
	copy = chunk->bytes + chunk->used;
	memcpy(copy, bytes, size);
	copy[size] = 0;
	chunk->used += size + 1;
	return copy;
}

/* Doubles the table, so that it is never more than half full. */
static int grow(struct trc_intern *table)
{
	uint32_t bucket_count =
		table->bucket_count ? table->bucket_count * 2 : 256;
	struct trc_interned *entries;
	uint32_t *buckets;

	entries = realloc(table->entries,
			  (size_t)bucket_count / 2 * sizeof(*entries));
	if (!entries)
		return KB_E_NOMEM;
	table->entries = entries;
	buckets = calloc(bucket_count, sizeof(*buckets));
	if (!buckets)
		return KB_E_NOMEM;
	for (uint32_t n = 0; n < table->count; n++) {
		uint32_t i = entries[n].hash & (bucket_count - 1);

		while (buckets[i])
			i = (i + 1) & (bucket_count - 1);
		buckets[i] = n + 1;
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = bucket_count;
	return 0;
}

static int add(struct trc_intern *table, const char *bytes, size_t size,
	       uint32_t hash)
{
	struct trc_interned *entry;
	uint32_t i;
	int err;

	if (size >= STRING_MAX || table->count >= STRINGS_MAX)
		return KB_E_RANGE;
	if (table->count >= table->bucket_count / 2) {
		err = grow(table);
		if (err < 0)
			return err;
	}
	entry = &table->entries[table->count];
	entry->bytes = keep(table, bytes, size);
	if (!entry->bytes)
		return KB_E_NOMEM;
	entry->size = (uint32_t)size;
	entry->hash = hash;
	i = hash & (table->bucket_count - 1);
	while (table->buckets[i])
		i = (i + 1) & (table->bucket_count - 1);
	table->buckets[i] = ++table->count;
	return 0;
}

int trc_intern(struct trc_intern *table, const char *bytes, size_t size,
	       uint32_t *number, bool *is_new)
{
	uint32_t hash = hash_bytes(bytes, size);
	uint32_t mask = table->bucket_count - 1;
	int err;

	*is_new = false;
	for (uint32_t i = hash & mask; table->bucket_count && table->buckets[i];
	     i = (i + 1) & mask) {
		uint32_t n = table->buckets[i] - 1;
		const struct trc_interned *entry = &table->entries[n];

		if (entry->hash == hash && entry->size == size &&
		    memcmp(entry->bytes, bytes, size) == 0) {
			*number = n;
			return 0;
		}
	}
	err = add(table, bytes, size, hash);
	if (err < 0)
		return err;
	*number = table->count - 1;
	*is_new = true;
	return 0;
}

void trc_intern_undo(struct trc_intern *table)
{
	const uint32_t mask = table->bucket_count - 1;
	const struct trc_interned *last = &table->entries[table->count - 1];
	uint32_t i = last->hash & mask;

	/* No search goes on after the last string's bucket. */
	while (table->buckets[i] != table->count)
		i = (i + 1) & mask;
	table->buckets[i] = 0;
	table->chunks->used -= last->size + 1;
	table->count--;
}

void trc_intern_release(struct trc_intern *table)
{
	while (table->chunks) {
		struct trc_intern_chunk *next = table->chunks->next;

		free(table->chunks);
		table->chunks = next;
	}
	free(table->entries);
	free(table->buckets);
	memset(table, 0, sizeof(*table));
}
