#include "bench_shrink.h"

#include "trc_shrink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shrinking {
	struct bench_shrink *in;
	const char *out;
	struct bench_outcome *outcome;
	struct trc_shrink shrink;
};

static bool has_fault(const struct shrinking *s)
{
	const struct bench_outcome *out = s->outcome;

	return out->status == KB_E_WRONG && !out->by_clock &&
	       strcmp(out->fault.kind, s->in->kind) == 0;
}

/* Whether what is left still has the fault. */
static int still_fails(void *user, bool *fails, struct kb_diag *diag)
{
	struct shrinking *s = user;
	struct bench_shrink *in = s->in;
	struct bench_job job = in->job;
	int err = trc_shrink_write(&s->shrink, s->out, diag);
	int fd;

	if (err < 0)
		return err;
	fd = open(s->out, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_fail(diag, KB_E_IO, "cannot read a trace");
	in->tries = s->shrink.tries;
	in->left = s->shrink.left;
	in->objects = s->shrink.objects;
	job.trace_fd = fd;
	err = bench_worker_run(&job, in->watch, in->user, s->outcome, diag);
	close(fd);
	if (err < 0)
		return err;
	*fails = has_fault(s);
	in->replayed += s->shrink.events;
	if (in->replayed >= BENCH_SHRINK_EVENTS || s->outcome->by_clock)
		s->shrink.tries_max = s->shrink.tries;
	return 0;
}

/* Only the events up to the fault, if that shows it. */
static int cut_end(struct shrinking *s, struct kb_diag *diag)
{
	const uint64_t all = s->in->trace->counts.events;
	const uint64_t event = s->in->fault_event;
	bool fails = false;
	int err = 0;

	s->shrink.end = event < all ? event + 1 : all;
	if (s->shrink.end < all)
		err = trc_shrink_try(&s->shrink, &fails, diag);
	if (err == 0 && !fails) {
		s->shrink.end = all;
		err = trc_shrink_write(&s->shrink, s->out, diag);
	}
	return err;
}

static int shrink(struct shrinking *s, struct kb_diag *diag)
{
	int err = cut_end(s, diag);

	if (err == 0)
		err = trc_shrink_run(&s->shrink, diag);
	if (err == 0)
		err = trc_shrink_write(&s->shrink, s->out, diag);
	s->in->events = s->shrink.events;
	return err;
}

int bench_shrink(struct bench_shrink *in, const char *out, struct kb_diag *diag)
{
	struct shrinking s = { .in = in, .out = out };
	int err;

	s.shrink = (struct trc_shrink){ .in = in->path,
					.level = 1,
					.tries_max = BENCH_SHRINK_TRIES,
					.test = still_fails,
					.user = &s };
	s.outcome = malloc(sizeof(*s.outcome));
	err = s.outcome ? shrink(&s, diag)
			: kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (err < 0)
		unlink(out);
	free(s.outcome);
	trc_shrink_release(&s.shrink);
	return err;
}
