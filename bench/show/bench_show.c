#include "bench_show.h"

#include "bench_trace_open.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_cluster(void *user, const struct alloc_cluster *cluster)
{
	struct show_heap *heap = user;

	if (heap->count < heap->capacity)
		heap->cluster[heap->count] = *cluster;
	heap->count++;
}

/* Copies the heap's state, with a second attempt if there was not enough
 * room. */
static int take(const struct alloc *alloc, struct show_heap *heap)
{
	for (;;) {
		struct alloc_cluster *grown;

		heap->count = 0;
		heap->rows = alloc->vt->inspect(alloc->ctx, add_cluster, heap);
		if (heap->count <= heap->capacity)
			return 0;
		grown = realloc(heap->cluster,
				2 * heap->count * sizeof(*grown));
		if (!grown)
			return KB_E_NOMEM;
		heap->cluster = grown;
		heap->capacity = 2 * heap->count;
	}
}

static const struct alloc_cluster *find_handle(const struct show_heap *heap,
					       uint64_t handle)
{
	for (size_t i = 0; i < heap->count; i++)
		if (heap->cluster[i].handle == handle)
			return &heap->cluster[i];
	return NULL;
}

size_t bench_show_row_length(const struct show_heap *heap, size_t first)
{
	size_t end = first;

	while (end < heap->count &&
	       heap->cluster[end].row == heap->cluster[first].row)
		end++;
	return end - first;
}

static int add_step(struct show_scene *s, struct show_step step)
{
	struct show_step *grown;

	if (s->steps == s->steps_capacity) {
		size_t capacity = s->steps_capacity * 2 + 64;

		grown = realloc(s->step, capacity * sizeof(*grown));
		if (!grown)
			return KB_E_NOMEM;
		s->step = grown;
		s->steps_capacity = capacity;
	}
	s->step[s->steps++] = step;
	return 0;
}

/* Walks the rows as kfree's search does, up to the subject. */
static int search(struct show_scene *s)
{
	const struct alloc_cluster *node = s->before.cluster;
	uint32_t row = 0;
	int err = 0;

	s->steps = 0;
	if (s->search == SHOW_INDEX)
		return 0;
	for (size_t i = 0; i < s->before.count && err == 0; i++, node++) {
		struct show_step step = { node, node->row, node->row };
		struct show_step empty = { NULL, row, node->row - 1 };

		if (node->row > row && s->search == SHOW_ROWS)
			err = add_step(s, empty);
		row = node->row + 1;
		if (err == 0)
			err = add_step(s, step);
		if (node->handle == s->subject.handle)
			break;
	}
	return err;
}

void bench_show_totals(const struct show_scene *scene, uint64_t *nodes,
		       uint64_t *rows)
{
	*nodes = 0;
	*rows = 0;
	for (size_t i = 0; i < scene->steps; i++) {
		const struct show_step *step = &scene->step[i];

		*nodes += step->node != NULL;
		/* A row counts once, at its first node. */
		if (i == 0 || !step->node || !scene->step[i - 1].node ||
		    scene->step[i - 1].row != step->row)
			*rows += step->row_last - step->row + 1;
	}
}

uint64_t bench_show_removal(const struct show_scene *scene)
{
	uint64_t nodes = 0;

	for (size_t i = 0; i < scene->before.count; i++) {
		const struct alloc_cluster *node = &scene->before.cluster[i];

		if (node->row == scene->subject.row)
			nodes++;
		if (node->handle == scene->subject.handle)
			break;
	}
	return nodes;
}

static int by_index(const void *a, const void *b)
{
	const struct alloc_cluster *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

void bench_show_entries(const struct show_scene *scene,
			struct alloc_cluster *entry, size_t room, size_t *count,
			size_t *more)
{
	bool has_subject = scene->op == SHOW_ALLOC || scene->op == SHOW_FREE;
	struct alloc_cluster subject = scene->subject;
	size_t total = scene->now.count, n = 0;

	if (scene->op == SHOW_FREE) {
		subject.size = 0;
		subject.handle = 0;
		total++;
	}
	if (has_subject && room > 0)
		entry[n++] = subject;
	/* The lowest indexes, by insertion: `room` is small. */
	for (size_t i = 0; i < scene->now.count; i++) {
		const struct alloc_cluster *c = &scene->now.cluster[i];
		size_t at;

		if (has_subject && c->index == subject.index)
			continue;
		if (n == room) {
			at = n - 1;
			if (at < (size_t)has_subject ||
			    entry[at].index < c->index)
				continue;
		} else {
			at = n++;
		}
		while (at > has_subject && entry[at - 1].index > c->index) {
			entry[at] = entry[at - 1];
			at--;
		}
		entry[at] = *c;
	}
	qsort(entry, n, sizeof(*entry), by_index);
	*count = n;
	*more = total - n;
}

/* What the trace says about the event to be played next. */
static void describe(struct bench_player *p)
{
	const struct bench_walk_event *event = &p->walk.event;
	struct show_scene *s = &p->scene;
	const char *module;
	const char *site =
		trc_reader_site(p->walk.reader, event->site, &module);

	s->site[0] = '\0';
	if (site)
		kb_escape_clean(s->site, sizeof(s->site), site);
	s->size = event->size;
	s->implied = event->kind == TRC_FREE_IMPLIED;
}

static void set_subject(struct show_scene *s, const struct show_heap *heap,
			uint64_t handle)
{
	const struct alloc_cluster *found = find_handle(heap, handle);

	if (found)
		s->subject = *found;
}

/* Plays one event and keeps everything about it for drawing. */
static int play_shown(struct bench_player *p, struct kb_diag *diag)
{
	struct show_scene *s = &p->scene;
	struct bench_walk *w = &p->walk;
	bool is_alloc = w->event.kind == TRC_ALLOC;
	uint64_t held = w->live[w->event.slot];
	uint64_t lookups = w->gauge.lookups;
	int err;

	describe(p);
	if (take(&w->alloc, &s->before) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	s->op = held ? SHOW_FREE : SHOW_SKIPPED;
	memset(&s->subject, 0, sizeof(s->subject));
	if (!is_alloc && held)
		set_subject(s, &s->before, held);
	err = bench_walk_play(w, diag);
	if (err < 0)
		return err;
	s->nodes = w->event.nodes;
	s->has_nodes = w->gauge.lookups > lookups;
	if (take(&w->alloc, &s->now) < 0 || (!is_alloc && search(s) < 0))
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	if (is_alloc) {
		s->op = w->event.handle ? SHOW_ALLOC : SHOW_FAILED;
		set_subject(s, &s->now, w->event.handle);
	}
	return 0;
}

static void set_search(struct bench_player *p)
{
	const char *lookup = alloc_spec_value(&p->spec, "lookup");

	p->scene.search = SHOW_INDEX;
	if (lookup && strcmp(lookup, "rows") == 0)
		p->scene.search = SHOW_ROWS;
	if (lookup && strcmp(lookup, "rowmap") == 0)
		p->scene.search = SHOW_ROWMAP;
}

int bench_player_open(struct bench_player *p, const char *trace,
		      const char *alloc, struct kb_diag *diag)
{
	struct alloc_config config = { .spec = &p->spec };
	int err;

	err = alloc_spec_parse(&p->spec, alloc, diag);
	if (err == 0)
		err = bench_trace_open(&p->trace, trace, kb_signal_came, diag);
	if (err == 0)
		err = bench_walk_open(&p->walk, &p->trace, &config, diag);
	if (err < 0)
		return err;
	if (!p->walk.alloc.vt->inspect)
		return kb_fail(diag, KB_E_ARG,
			       "%s has no rows to show; try --alloc kheap",
			       p->spec.name);
	p->scene.events = p->trace.counts.events;
	kb_escape_clean(p->scene.trace, sizeof(p->scene.trace), p->trace.file);
	kb_escape_clean(p->scene.alloc, sizeof(p->scene.alloc), p->spec.name);
	set_search(p);
	return 0;
}

void bench_player_close(struct bench_player *p)
{
	bench_walk_close(&p->walk);
	bench_trace_release(&p->trace);
	free(p->scene.before.cluster);
	free(p->scene.now.cluster);
	free(p->scene.step);
}

int bench_player_play_to(struct bench_player *p, uint64_t at,
			 struct kb_diag *diag)
{
	int err = 0;

	if (at > p->scene.events)
		return kb_fail(diag, KB_E_RANGE,
			       "%s has %" PRIu64 " events, so there is no "
			       "heap after %" PRIu64,
			       p->trace.given, p->scene.events, at);
	if (at == 0 && take(&p->walk.alloc, &p->scene.now) < 0)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	while (p->scene.event < at && err == 0) {
		err = bench_walk_next(&p->walk, diag);
		if (err == 0)
			err = p->scene.event + 1 == at
				      ? play_shown(p, diag)
				      : bench_walk_play(&p->walk, diag);
		p->scene.event += err == 0;
	}
	/* The header's count has been checked by the reader. */
	return err == KB_END ? 0 : err;
}
