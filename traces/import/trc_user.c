#include "trc_user.h"

#include <string.h>

void trc_user_init(struct trc_user *user, struct trc_job *job,
		   struct kb_diag *diag)
{
	memset(user, 0, sizeof(*user));
	user->text.job = job;
	user->text.diag = diag;
	user->now.site = TRC_NAME_NONE;
	user->now.task = TRC_NAME_NONE;
	user->text.line.is_terminated = true;
	user->counts_time = true;
	job->clock = TRC_CLOCK_TICKS;
}

static int add_alloc(struct trc_user *user, uint64_t pointer, uint64_t size)
{
	struct trc_record record = user->now;

	record.pointer = pointer;
	record.size = size;
	record.size_granted = size;
	return trc_rules_alloc(&user->text.job->rules, &record,
			       user->text.diag);
}

static int add_free(struct trc_user *user, uint64_t pointer)
{
	struct trc_record record = user->now;

	record.pointer = pointer;
	record.size = 0;
	record.size_granted = 0;
	return trc_rules_free(&user->text.job->rules, &record, user->text.diag);
}

int trc_user_malloc(struct trc_user *user, uint64_t pointer, uint64_t size)
{
	int err = add_alloc(user, pointer, size);

	user->now.time_ns += user->counts_time;
	return err;
}

/*
 * A pointer of any length may end the line of a free. If no newline follows,
 * and the object was never allocated, it is most likely a pointer that was cut
 * off.
 */
static int check_whole(struct trc_user *user, uint64_t unmatched)
{
	struct trc_counts *counts = &user->text.job->rules.counts;

	if (user->text.line.is_terminated ||
	    counts->unmatched_frees == unmatched)
		return 0;
	counts->unmatched_frees = unmatched;
	return trc_text_bad(&user->text, "the pointer is cut off");
}

int trc_user_free(struct trc_user *user, uint64_t pointer)
{
	uint64_t unmatched = user->text.job->rules.counts.unmatched_frees;
	int err = add_free(user, pointer);

	if (err == 0)
		err = check_whole(user, unmatched);
	user->now.time_ns += user->counts_time;
	return err;
}

int trc_user_realloc(struct trc_user *user, uint64_t old_pointer,
		     uint64_t pointer, uint64_t size)
{
	bool is_failed = pointer == 0 && size > 0;
	bool is_free = pointer == 0 && size == 0;
	int err = 0;

	if (old_pointer != 0 && !is_failed)
		err = add_free(user, old_pointer);
	if (err == 0 && !(old_pointer != 0 && is_free))
		err = add_alloc(user, pointer, size);
	user->now.time_ns += user->counts_time;
	return err;
}
