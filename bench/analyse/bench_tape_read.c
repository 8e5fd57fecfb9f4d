#include "bench_tape_read.h"

#include "bench_page.h"
#include "kb_escape.h"
#include "bench_walk.h"
#include "kb_bits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The longest number, bytes: seven bits each. */
#define NUMBER_MAX 10

struct taping {
	struct bench_tape_trace *trace;
	struct bench_tape_alloc *alloc;
	bool first;

	struct bench_walk walk;

	/* The number of the object in each slot, from 1. */
	uint64_t *object;
	size_t objects_room;
	uint64_t allocs;

	/* The page of the last alloc. */
	uint64_t last_page;

	/* By the trace's site: the tape's, from 1. */
	uint32_t *site;
	size_t sites_room;

	struct kb_diag *diag;
};

static int no_memory(struct taping *t)
{
	return kb_fail(t->diag, KB_E_NOMEM, "out of memory");
}

static int reserve(struct taping *t, struct bench_bytes *bytes, size_t more)
{
	size_t capacity = 2 * bytes->capacity + more + 4096;
	unsigned char *grown;

	if (bytes->size + more <= bytes->capacity)
		return 0;
	grown = realloc(bytes->data, capacity);
	if (!grown)
		return no_memory(t);
	bytes->data = grown;
	bytes->capacity = capacity;
	return 0;
}

static int put(struct taping *t, struct bench_bytes *bytes, uint64_t n)
{
	if (reserve(t, bytes, NUMBER_MAX) < 0)
		return KB_E_NOMEM;
	for (; n >= 0x80; n >>= 7)
		bytes->data[bytes->size++] = (unsigned char)(n | 0x80);
	bytes->data[bytes->size++] = (unsigned char)n;
	return 0;
}

static uint64_t zigzag(int64_t n)
{
	return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static int add_name(struct taping *t, const char *name)
{
	struct bench_bytes *names = &t->trace->names;
	const size_t size = strlen(name) + 1;

	if (reserve(t, names, size) < 0)
		return KB_E_NOMEM;
	memcpy(names->data + names->size, name, size);
	names->size += size;
	t->trace->sites++;
	return 0;
}

/* The tape's number of a site, with its name the first time. Returns below 0 on an
 * error. */
static int64_t site_number(struct taping *t, uint32_t site)
{
	char name[256];
	const char *module;
	const char *text = trc_reader_site(t->walk.reader, site, &module);

	if (!text)
		return 0;
	if (bench_walk_grow(&t->site, &t->sites_room, (size_t)site + 1,
			    sizeof(*t->site), t->diag) < 0)
		return KB_E_NOMEM;
	if (t->site[site] == 0) {
		if (add_name(t, kb_escape_clean(name, sizeof(name), text)) < 0)
			return KB_E_NOMEM;
		t->site[site] = (uint32_t)t->trace->sites;
	}
	return t->site[site] - 1;
}

/* What the trace says of the event, and which object it is about. */
static int note_event(struct taping *t)
{
	const struct bench_walk_event *e = &t->walk.event;
	struct bench_tape_trace *trace = t->trace;
	int64_t site;
	int err;

	err = bench_walk_grow(&t->object, &t->objects_room, (size_t)e->slot + 1,
			      sizeof(*t->object), t->diag);
	if (err < 0)
		return err;
	if (e->kind == TRC_ALLOC)
		t->object[e->slot] = ++t->allocs;
	if (!t->first)
		return 0;
	site = site_number(t, e->site);
	if (site < 0)
		return (int)site;
	trace->events++;
	trace->allocs = t->allocs;
	err = put(t, &trace->kind,
		  e->kind == TRC_ALLOC	? 0
		  : e->kind == TRC_FREE ? 1
					: 2);
	if (err == 0)
		err = put(t, &trace->site, (uint64_t)site);
	if (err == 0 && e->kind == TRC_ALLOC)
		return put(t, &trace->size, e->size);
	return err < 0 ? err
		       : put(t, &trace->back, t->allocs - t->object[e->slot]);
}

static void take_index(void *user, const struct alloc_cluster *cluster)
{
	*(uint32_t *)user = cluster->index;
}

/* What an alloc did to the heap, whose pages were `before`. */
static int note_alloc(struct taping *t, uint64_t before)
{
	struct bench_tape_alloc *a = t->alloc;
	const uint64_t pages = t->walk.gauge.pages_live - before;
	const uint64_t page = t->walk.event.handle / BENCH_PAGE;
	int err;

	if (t->walk.event.handle == 0)
		return put(t, &a->page, 0);
	if (pages == 0 || t->walk.event.handle % BENCH_PAGE != 0)
		return kb_fail(t->diag, KB_E_UNSUPPORTED,
			       "%s does not give each object pages of its own",
			       a->name);
	err = put(t, &a->page, 1 + zigzag((int64_t)(page - t->last_page)));
	t->last_page = page;
	/* The first cluster of all has the first index. */
	if (!a->page_high)
		t->walk.alloc.vt->inspect(t->walk.alloc.ctx, take_index,
					  &a->first_index);
	a->page_low = a->page_high ? kb_min(a->page_low, page) : page;
	a->page_high = kb_max(a->page_high, page + pages);
	return err < 0 ? err : put(t, &a->pages, pages);
}

static int tape_event(struct taping *t)
{
	const uint64_t before = t->walk.gauge.pages_live;
	const struct bench_walk_event *e = &t->walk.event;
	int err = note_event(t);

	if (err == 0)
		err = bench_walk_play(&t->walk, t->diag);
	if (err < 0)
		return err;
	if (e->kind == TRC_ALLOC)
		return note_alloc(t, before);
	return e->handle ? put(t, &t->alloc->nodes, e->nodes) : 0;
}

/* What the allocator's name says of its lists. */
static int describe(struct taping *t, const struct alloc_spec *spec)
{
	const struct alloc *alloc = &t->walk.alloc;
	const char *lookup = alloc_spec_value(spec, "lookup");
	const char *order = alloc_spec_value(spec, "order");
	struct bench_tape_alloc *a = t->alloc;

	strcpy(a->name, spec->name);
	if (!alloc->vt->inspect || !alloc->vt->gauge)
		return kb_fail(t->diag, KB_E_UNSUPPORTED,
			       "%s has no rows to show; try --alloc kheap",
			       spec->name);
	a->search = "index";
	if (lookup && strcmp(lookup, "rows") == 0)
		a->search = "rows";
	if (lookup && strcmp(lookup, "rowmap") == 0)
		a->search = "rowmap";
	a->at_head = order && strcmp(order, "head") == 0;
	a->rows = alloc->vt->inspect(alloc->ctx, take_index, &a->first_index);
	return 0;
}

static int tape_trace(struct taping *t, const struct bench_trace *trace,
		      const struct alloc_config *config)
{
	int err = 0;

	if (trace->counts.events > BENCH_TAPE_EVENTS)
		return kb_fail(t->diag, KB_E_RANGE,
			       "%s has %" PRIu64 " events, and a page holds "
			       "%u; cut it with 'trc cut'",
			       trace->given, trace->counts.events,
			       BENCH_TAPE_EVENTS);
	err = bench_walk_open(&t->walk, trace, config, t->diag);
	if (err == 0)
		err = describe(t, config->spec);
	if (err == 0 && t->first)
		err = add_name(t, "");
	while (err == 0) {
		err = bench_walk_next(&t->walk, t->diag);
		if (err == 0)
			err = tape_event(t);
	}
	return err == KB_END ? 0 : err;
}

int bench_tape_add(struct bench_tape *tape, const struct bench_trace *trace,
		   const struct alloc_config *config, struct kb_diag *diag)
{
	struct taping t = { .trace = &tape->trace,
			    .alloc = &tape->alloc[tape->count],
			    .first = tape->count == 0,
			    .diag = diag };
	int err = tape_trace(&t, trace, config);

	bench_walk_close(&t.walk);
	free(t.object);
	free(t.site);
	if (err == 0)
		tape->count++;
	return err;
}
