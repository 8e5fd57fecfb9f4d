/*
 * trc_strings: the call sites and tasks that the blocks read so far have
 * brought. Ids count from 1 in the order of arrival; 0 is TRC_STRING_NONE.
 *
 * Private to the reader.
 */
#ifndef TRC_STRINGS_H
#define TRC_STRINGS_H

#include <stddef.h>
#include <stdint.h>

struct trc_site_entry {
	const char *text;
	const char *module;
};

struct trc_task_entry {
	const char *comm;
	int32_t pid;
};

struct trc_string_chunk;

struct trc_strings {
	struct trc_site_entry *sites;
	struct trc_task_entry *tasks;

	/* Entries held, and room for. An entry's id is its index + 1. */
	uint32_t site_count;
	uint32_t site_room;
	uint32_t task_count;
	uint32_t task_room;

	/* How many of them the blocks since the last rewind have brought:
	 * sites_seen <= site_count, tasks_seen <= task_count. */
	uint32_t sites_seen;
	uint32_t tasks_seen;

	/* Bytes of the strings held. */
	uint64_t bytes;

	struct trc_string_chunk *chunks;
};

/*
 * Adds `count` sites from `size` bytes of "text NUL module NUL" at `data`.
 * Those that are already known, from before a rewind, are only skipped. Returns
 * 0; KB_E_CORRUPT if the bytes are not exactly that; KB_E_RANGE beyond the
 * limits of the format; KB_E_NOMEM.
 */
int trc_strings_add_sites(struct trc_strings *strings, const uint8_t *data,
			  size_t size, uint32_t count);

/* As above for tasks: "comm NUL" each, and their pids in `pids`. */
int trc_strings_add_tasks(struct trc_strings *strings, const uint8_t *data,
			  size_t size, const int32_t *pids, uint32_t count);

/* Restarts the count of what blocks bring; keeps everything held. */
void trc_strings_rewind(struct trc_strings *strings);

/* Frees all; a zeroed struct is an empty table. */
void trc_strings_release(struct trc_strings *strings);

#endif /* TRC_STRINGS_H */
