/*
 * trc_user: allocs, frees and reallocs of a program's heap, for recorders
 * without cpus, and mostly without times and call sites.
 *
 * The rule for reallocs is in traces/FORMAT.md, "Import rules".
 *
 * Private to the importer.
 */
#ifndef TRC_USER_H
#define TRC_USER_H

#include "trc_rules.h"
#include "trc_text.h"

/* The pointer for an object that a recorder identifies by a number below 2^62
 * instead of an address; it is above everything that rule 1 drops. */
#define TRC_USER_ID_POINTER(id) ((id) + 4096)
#define TRC_USER_ID_MAX		(UINT64_C(1) << 62)

struct trc_user {
	struct trc_text text;

	/* cpu, site, task and time of the next call; trc_user_init says which
	 * are unknown. */
	struct trc_record now;

	/* The recorder has no clock: time is the number of the call. */
	bool counts_time;
};

/* Starts with no site and no task, cpu 0 and time counted in calls. */
void trc_user_init(struct trc_user *user, struct trc_job *job,
		   struct kb_diag *diag);

/* malloc and the like; a pointer of 0 is a failed one. Return 0, the rules'
 * error, or as trc_text_bad if the current line was cut off. */
int trc_user_malloc(struct trc_user *user, uint64_t pointer, uint64_t size);

int trc_user_free(struct trc_user *user, uint64_t pointer);

/* realloc(old_pointer, size), which returned `pointer`. */
int trc_user_realloc(struct trc_user *user, uint64_t old_pointer,
		     uint64_t pointer, uint64_t size);

#endif /* TRC_USER_H */
