#include "trc_shrink.h"

#include "trc_edit.h"
#include "trc_walk.h"

#include <stdlib.h>

/* One trace being written. */
struct writing {
	struct trc_edit edit;
	struct trc_walk walk;

	/* By slot: the number of its object. Owned. */
	uint64_t *object_of;
	uint64_t objects;
};

static int begin(const struct trc_shrink *s, struct writing *w,
		 const char *path, struct kb_diag *diag)
{
	int err = trc_walk_open(&w->walk, s->in, diag);

	if (err == 0)
		err = trc_edit_open(&w->edit, path, w->walk.info, s->level,
				    diag);
	if (err < 0)
		return err;
	w->object_of = calloc(w->walk.info->counts.live_max + 1,
			      sizeof(*w->object_of));
	return w->object_of ? 0 : kb_fail(diag, KB_E_NOMEM, "out of memory");
}

static int add_event(struct trc_shrink *s, struct writing *w,
		     struct kb_diag *diag)
{
	uint64_t *of = &w->object_of[w->walk.event.slot];

	if (w->walk.event.kind == TRC_ALLOC)
		*of = w->objects++;
	/* A file that changes meanwhile may have more objects; it is judged at its
	 * end. */
	if (s->is_gone && *of < s->objects &&
	    (s->is_gone[*of] || s->is_tried[*of]))
		return 0;
	s->events++;
	return trc_edit_add(&w->edit, &w->walk, 0, diag);
}

int trc_shrink_write(struct trc_shrink *s, const char *path,
		     struct kb_diag *diag)
{
	struct writing w = { .edit = TRC_EDIT_INIT };
	int err = begin(s, &w, path, diag);

	s->events = 0;
	for (uint64_t i = 0; err == 0 && i < s->end; i++) {
		err = trc_walk_next(&w.walk, diag);
		if (err == 0)
			err = add_event(s, &w, diag);
	}
	if (err == KB_END && s->files)
		err = kb_files_judge(s->files, err, diag);
	if (err == 0 || err == KB_END)
		err = trc_edit_finish(&w.edit, w.walk.info, w.walk.info->clock,
				      diag);
	if (!s->is_gone)
		s->objects = s->left = w.objects;
	free(w.object_of);
	trc_edit_release(&w.edit);
	trc_walk_release(&w.walk);
	return err;
}

int trc_shrink_try(struct trc_shrink *s, bool *fails, struct kb_diag *diag)
{
	*fails = false;
	s->tries++;
	return s->test(s->user, fails, diag);
}

/* Tries to remove `size` remaining objects from object `*at` on, and moves
 * `*at` past them. */
static int try_run(struct trc_shrink *s, uint64_t *at, uint64_t size,
		   bool *progress, struct kb_diag *diag)
{
	const uint64_t start = *at;
	uint64_t taken = 0;
	bool fails;
	int err;

	for (; *at < s->objects && taken < size; ++*at)
		if (!s->is_gone[*at]) {
			s->is_tried[*at] = true;
			taken++;
		}
	if (taken == 0)
		return 0;
	err = trc_shrink_try(s, &fails, diag);
	for (uint64_t i = start; i < *at; i++) {
		s->is_gone[i] |= fails && s->is_tried[i];
		s->is_tried[i] = false;
	}
	if (fails)
		s->left -= taken;
	*progress |= fails;
	return err;
}

static int remove_objects(struct trc_shrink *s, struct kb_diag *diag)
{
	uint64_t size = s->left / 2 + 1;
	int err = 0;

	while (err == 0 && s->left > 0 && s->tries < s->tries_max) {
		bool progress = false;
		uint64_t at = 0;

		while (err == 0 && at < s->objects && s->tries < s->tries_max)
			err = try_run(s, &at, size, &progress, diag);
		if (size == 1 && !progress)
			break;
		if (!progress || size > s->left)
			size = size / 2 + (size == 1);
	}
	return err;
}

int trc_shrink_run(struct trc_shrink *s, struct kb_diag *diag)
{
	s->is_gone = calloc(s->objects + 1, sizeof(bool));
	s->is_tried = calloc(s->objects + 1, sizeof(bool));
	if (!s->is_gone || !s->is_tried)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	return remove_objects(s, diag);
}

void trc_shrink_release(struct trc_shrink *s)
{
	free(s->is_gone);
	free(s->is_tried);
	s->is_gone = NULL;
	s->is_tried = NULL;
}
