/*
 * trc_user: allocs, frees and reallocs of a program's heap, for the recorders
 * that know of no cpu and mostly of no time and no call site.
 *
 * The rule for reallocs stands in traces/FORMAT.md, "Import rules".
 *
 * Private to the importer.
 */
#ifndef TRC_USER_H
#define TRC_USER_H

#include "trc_rules.h"
#include "trc_text.h"

/* The pointer of an object that a recorder gives a number below 2^62, not an
 * address: above all that rule 1 drops. */
#define TRC_USER_ID_POINTER(id) ((id) + 4096)
#define TRC_USER_ID_MAX		(UINT64_C(1) << 62)

struct trc_user {
	struct trc_text text;

	/* cpu, site, task and time of what comes next; trc_user_init says
	 * which are not known. */
	struct trc_record now;

	/* The recorder has no clock: time is the number of the call. */
	bool counts_time;
};

/* Starts with no site and no task, cpu 0 and time counted in calls. */
void trc_user_init(struct trc_user *user, struct trc_job *job,
		   struct kb_diag *diag);

/* malloc and its like; 0 is a failed one. Return 0, the rules' error, or as
 * trc_text_bad where the line at hand was cut off. */
int trc_user_malloc(struct trc_user *user, uint64_t pointer, uint64_t size);

int trc_user_free(struct trc_user *user, uint64_t pointer);

/* realloc(old_pointer, size), which gave `pointer`. */
int trc_user_realloc(struct trc_user *user, uint64_t old_pointer,
		     uint64_t pointer, uint64_t size);

#endif /* TRC_USER_H */
