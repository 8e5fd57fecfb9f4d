/*
 * trc_intern: numbers distinct byte strings from 0 up, and keeps one copy of
 * each.
 *
 * Private to this folder.
 */
#ifndef TRC_INTERN_H
#define TRC_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trc_interned {
	/* The bytes, followed by a NUL that does not count. */
	const char *bytes;
	uint32_t size;
	uint32_t hash;
};

struct trc_intern_chunk;

struct trc_intern {
	/* The strings, by number. count <= bucket_count / 2. */
	struct trc_interned *entries;
	uint32_t count;

	/* Open-addressed table of number + 1; 0 is an empty bucket. Its size
	 * is a power of two, or 0 before the first string. */
	uint32_t *buckets;
	uint32_t bucket_count;

	struct trc_intern_chunk *chunks;
};

/*
 * Finds the string of `size` bytes, or adds it. Returns 0 and its number in
 * `*number`, with `*is_new` telling whether it was added; KB_E_RANGE beyond
 * 2^30 strings or a string of 2^20 bytes; KB_E_NOMEM. A zeroed struct is an
 * empty table.
 */
int trc_intern(struct trc_intern *table, const char *bytes, size_t size,
	       uint32_t *number, bool *is_new);

/* Takes the string that was added last out again; its number is the next new
 * one's. At most once after an addition. */
void trc_intern_undo(struct trc_intern *table);

/* Frees all. */
void trc_intern_release(struct trc_intern *table);

#endif /* TRC_INTERN_H */
