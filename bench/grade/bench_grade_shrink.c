#include "bench_grade_shrink.h"

#include "kb_bits.h"
#include "trc_edit.h"
#include "trc_walk.h"

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

	/* Events that are left, and objects; of each object, whether it is out for
	 * good, or for a try. Owned. */
	uint64_t end;
	uint64_t objects;
	uint64_t left;
	bool *is_gone;
	bool *is_tried;
	struct bench_outcome *outcome;
	unsigned tries;

	/* Events of the last candidate. */
	uint64_t events;
	struct kb_diag *diag;
};

static int add_event(struct shrinking *s, struct trc_edit *edit,
		     struct trc_walk *walk, uint64_t *object_of,
		     uint64_t *objects)
{
	uint64_t *of = &object_of[walk->event.slot];

	if (walk->event.kind == TRC_ALLOC)
		*of = (*objects)++;
	if (s->is_gone && (s->is_gone[*of] || s->is_tried[*of]))
		return 0;
	s->events++;
	return trc_edit_add(edit, walk, 0, s->diag);
}

/* Writes the trace of the remaining events and objects. */
static int write_trace(struct shrinking *s, const char *path)
{
	struct trc_edit edit = TRC_EDIT_INIT;
	struct trc_walk walk;
	uint64_t *object_of = NULL, objects = 0;
	int err = trc_walk_open(&walk, s->in->path, s->diag);

	s->events = 0;
	if (err == 0)
		err = trc_edit_open(&edit, path, walk.info, 1, s->diag);
	if (err == 0) {
		object_of = calloc(walk.info->counts.live_max + 1,
				   sizeof(*object_of));
		if (!object_of)
			err = kb_fail(s->diag, KB_E_NOMEM, "out of memory");
	}
	for (uint64_t i = 0; err == 0 && i < s->end; i++) {
		err = trc_walk_next(&walk, s->diag);
		if (err == 0)
			err = add_event(s, &edit, &walk, object_of, &objects);
	}
	if (err == 0 || err == KB_END)
		err = trc_edit_finish(&edit, walk.info, walk.info->clock,
				      s->diag);
	s->objects = objects;
	free(object_of);
	trc_edit_release(&edit);
	trc_walk_release(&walk);
	return err;
}

/* Whether what is left still has the fault. */
static int still_fails(struct shrinking *s, bool *fails)
{
	struct bench_job job = s->in->job;
	int err = write_trace(s, s->candidate);
	int fd;

	*fails = false;
	if (err < 0)
		return err;
	fd = open(s->candidate, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kb_fail(s->diag, KB_E_IO, "cannot read a trace");
	job.trace_fd = fd;
	s->tries++;
	err = bench_worker_run(&job, s->in->watch, NULL, s->outcome, s->diag);
	close(fd);
	*fails = err == 0 && s->outcome->status == KB_E_WRONG &&
		 strcmp(s->outcome->fault.kind, s->kind) == 0;
	return err;
}

static int try_run(struct shrinking *s, uint64_t *at, uint64_t size,
		   bool *progress)
{
	const uint64_t start = *at, objects = s->objects;
	uint64_t taken = 0;
	bool fails;
	int err;

	for (; *at < objects && taken < size; ++*at)
		if (!s->is_gone[*at]) {
			s->is_tried[*at] = true;
			taken++;
		}
	if (taken == 0)
		return 0;
	err = still_fails(s, &fails);
	for (uint64_t i = start; i < *at; i++) {
		s->is_gone[i] |= fails && s->is_tried[i];
		s->is_tried[i] = false;
	}
	if (fails)
		s->left -= taken;
	*progress |= fails;
	return err;
}

static int leave_out(struct shrinking *s)
{
	uint64_t size = s->left / 2 + 1;
	int err = 0;

	while (err == 0 && s->left > 0 && s->tries < TRIES) {
		bool progress = false;
		uint64_t at = 0;

		while (err == 0 && at < s->objects && s->tries < TRIES)
			err = try_run(s, &at, size, &progress);
		if (size == 1 && !progress)
			break;
		if (!progress || size > s->left)
			size = size / 2 + (size == 1);
	}
	return err;
}

/* Only the events up to the fault, if that shows it. */
static int cut_end(struct shrinking *s)
{
	const uint64_t all = s->in->trace->counts.events;
	const uint64_t event = s->in->outcome->fault_event;
	bool fails = false;
	int err = 0;

	s->end = event < all ? event + 1 : all;
	if (s->end < all)
		err = still_fails(s, &fails);
	if (err == 0 && !fails) {
		s->end = all;
		err = write_trace(s, s->candidate);
	}
	s->left = s->objects;
	return err;
}

static int shrink(struct shrinking *s, const char *out)
{
	int err = cut_end(s);

	if (err < 0)
		return err;
	s->is_gone = calloc(s->objects + 1, sizeof(bool));
	s->is_tried = calloc(s->objects + 1, sizeof(bool));
	if (!s->is_gone || !s->is_tried)
		return kb_fail(s->diag, KB_E_NOMEM, "out of memory");
	err = leave_out(s);
	if (err == 0)
		err = write_trace(s, out);
	s->in->events = s->events;
	return err;
}

int grade_shrink(struct grade_shrink *in, const char *out, struct kb_diag *diag)
{
	struct shrinking s = { .in = in, .diag = diag };
	int err;

	snprintf(s.kind, sizeof(s.kind), "%s", in->outcome->fault.kind);
	s.outcome = malloc(sizeof(*s.outcome));
	if (asprintf(&s.candidate, "%s/candidate.trc", in->folder) < 0)
		s.candidate = NULL;
	if (s.outcome && s.candidate)
		err = shrink(&s, out);
	else
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (s.candidate)
		unlink(s.candidate);
	free(s.candidate);
	free(s.outcome);
	free(s.is_gone);
	free(s.is_tried);
	return err;
}
