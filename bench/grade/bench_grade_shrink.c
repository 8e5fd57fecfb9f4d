#include "bench_grade_shrink.h"

#include "trc_shrink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Replays at most. */
#define TRIES 150

struct shrinking {
	struct grade_shrink *in;
	char *candidate;
	char kind[ALLOC_FAULT_WORD_SIZE];
	struct bench_outcome *outcome;
	struct trc_shrink shrink;
};

/* Whether what is left still has the fault. */
static int still_fails(void *user, bool *fails, struct kb_diag *diag)
{
	struct shrinking *s = user;
	struct bench_job job = s->in->job;
	int err = trc_shrink_write(&s->shrink, s->candidate, diag);
	int fd;

	if (err < 0)
		return err;
	fd = open(s->candidate, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_fail(diag, KB_E_IO, "cannot read a trace");
	job.trace_fd = fd;
	err = bench_worker_run(&job, s->in->watch, NULL, s->outcome, diag);
	close(fd);
	*fails = err == 0 && s->outcome->status == KB_E_WRONG &&
		 strcmp(s->outcome->fault.kind, s->kind) == 0;
	return err;
}

/* Only the events up to the fault, if that shows it. */
static int cut_end(struct shrinking *s, struct kb_diag *diag)
{
	const uint64_t all = s->in->trace->counts.events;
	const uint64_t event = s->in->outcome->fault_event;
	bool fails = false;
	int err = 0;

	s->shrink.end = event < all ? event + 1 : all;
	if (s->shrink.end < all)
		err = trc_shrink_try(&s->shrink, &fails, diag);
	if (err == 0 && !fails) {
		s->shrink.end = all;
		err = trc_shrink_write(&s->shrink, s->candidate, diag);
	}
	return err;
}

static int shrink(struct shrinking *s, const char *out, struct kb_diag *diag)
{
	int err = cut_end(s, diag);

	if (err == 0)
		err = trc_shrink_run(&s->shrink, diag);
	if (err == 0)
		err = trc_shrink_write(&s->shrink, out, diag);
	s->in->events = s->shrink.events;
	return err;
}

int grade_shrink(struct grade_shrink *in, const char *out, struct kb_diag *diag)
{
	struct shrinking s = { .in = in };
	int err;

	s.shrink = (struct trc_shrink){ .in = in->path,
					.level = 1,
					.tries_max = TRIES,
					.test = still_fails,
					.user = &s };
	snprintf(s.kind, sizeof(s.kind), "%s", in->outcome->fault.kind);
	s.outcome = malloc(sizeof(*s.outcome));
	if (asprintf(&s.candidate, "%s/candidate.trc", in->folder) < 0)
		s.candidate = NULL;
	if (s.outcome && s.candidate)
		err = shrink(&s, out, diag);
	else
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (s.candidate)
		unlink(s.candidate);
	free(s.candidate);
	free(s.outcome);
	trc_shrink_release(&s.shrink);
	return err;
}
