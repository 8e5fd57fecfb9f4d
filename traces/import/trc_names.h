/*
 * trc_names: the call sites and tasks that an import has seen.
 *
 * Numbers count from 0 and are the importer's own; a name enters the output's
 * table, and gets an id there, only with the first event that is kept.
 *
 * Private to this folder.
 */
#ifndef TRC_NAMES_H
#define TRC_NAMES_H

#include "kb_bits.h"
#include "kb_status.h"
#include "trc_intern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of an unknown call site or task. */
#define TRC_NAME_NONE UINT32_MAX

/* Names in the first array, and arrays for the most that there can be. */
#define TRC_NAME_FIRST	256
#define TRC_NAME_ARRAYS 24

struct trc_name_site {
	/* "symbol+0xoff" or "0xaddress", and the module or "". */
	const char *text;
	const char *module;

	/* Its id in the output; 0 until it is used there. */
	uint32_t id;

	/* Allocations by this site are skipped (import rule 3). */
	bool is_excluded;
};

struct trc_name_task {
	const char *comm;
	int32_t pid;

	/* As above. */
	uint32_t id;
};

struct trc_names {
	/* Spellings seen in the text, and the site that each names. */
	struct trc_intern spellings;
	uint32_t *spelling_site;
	uint32_t spelling_room;

	/* "text NUL module" and "comm NUL pid", by number. */
	struct trc_intern site_keys;
	struct trc_intern task_keys;

	/* Arrays, each of twice the room of the one before: names stay where
	 * they are while others are added, for whoever looks at them from
	 * another thread. */
	struct trc_name_site *sites[TRC_NAME_ARRAYS];
	struct trc_name_task *tasks[TRC_NAME_ARRAYS];

	/* Symbols whose sites are excluded. Borrowed. */
	const char *const *exclude;
	size_t exclude_count;

	/* The recorder's own allocations are kept. */
	bool keep_recorder;
};

/* Which array a number is in, and where in it. */
static inline uint32_t trc_names_array(uint32_t number)
{
	return kb_log2(number / TRC_NAME_FIRST + 1);
}

static inline uint32_t trc_names_index(uint32_t number, uint32_t array)
{
	return number - TRC_NAME_FIRST * ((UINT32_C(1) << array) - 1);
}

/* The site or task with a number. */
static inline struct trc_name_site *
trc_names_site_at(const struct trc_names *names, uint32_t number)
{
	uint32_t array = trc_names_array(number);

	return &names->sites[array][trc_names_index(number, array)];
}

static inline struct trc_name_task *
trc_names_task_at(const struct trc_names *names, uint32_t number)
{
	uint32_t array = trc_names_array(number);

	return &names->tasks[array][trc_names_index(number, array)];
}

/*
 * Finds the site that a recorder spells `text`: "symbol+0xoff[/0xlen]
 * [ [module]]" or a hexadecimal address. Returns 0 and its number; KB_E_FORMAT
 * if it is none of these; KB_E_RANGE if it is too long; KB_E_NOMEM.
 */
int trc_names_site(struct trc_names *names, const char *text, size_t size,
		   uint32_t *number);

/* Finds a site of a .trc, whatever its name: `text`, and its module or "". Returns 0
 * and its number, KB_E_RANGE or KB_E_NOMEM. */
int trc_names_site_of(struct trc_names *names, const char *text,
		      const char *module, uint32_t *number);

/* Finds a task by comm and pid. Returns 0, KB_E_RANGE or KB_E_NOMEM. */
int trc_names_task(struct trc_names *names, const char *comm, size_t size,
		   int32_t pid, uint32_t *number);

/* Frees all; a zeroed struct is empty. */
void trc_names_release(struct trc_names *names);

#endif /* TRC_NAMES_H */
