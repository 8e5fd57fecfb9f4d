#include "bench_sites.h"

#include "kb_escape.h"
#include "bench_page.h"
#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

/* A live object. */
struct object {
	uint64_t born;
	uint64_t pages;
	uint64_t waste;
	uint32_t site;
};

/* What a site holds now, and held at the latest peak. The latter is updated
 * when the site changes, so that a new peak costs nothing. */
struct holding {
	uint64_t pages;
	uint64_t waste;
	uint64_t pages_at_peak;
	uint64_t waste_at_peak;
	uint64_t peak_seen;
};

struct reading {
	struct bench_sites *out;
	struct object *object;
	size_t objects;
	struct holding *holding;
	size_t holdings;

	/* Pages held now and at most; how often there was a new peak. */
	uint64_t pages;
	uint64_t pages_peak;
	uint64_t peaks;
};

/* Makes room for a site. */
static int reserve_site(struct reading *r, uint32_t id, struct kb_diag *diag)
{
	size_t count = r->out->count;
	int err = bench_walk_grow(&r->out->site, &r->out->count, (size_t)id + 1,
				  sizeof(*r->out->site), diag);

	if (err == 0)
		err = bench_walk_grow(&r->holding, &r->holdings, r->out->count,
				      sizeof(*r->holding), diag);
	for (size_t i = count; err == 0 && i < r->out->count; i++)
		r->out->site[i].id = (uint32_t)i;
	return err;
}

static struct holding *hold(struct reading *r, uint32_t id)
{
	struct holding *h = &r->holding[id];

	/* note_event() has made room. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (h->peak_seen != r->peaks) {
		h->peak_seen = r->peaks;
		h->pages_at_peak = h->pages;
		h->waste_at_peak = h->waste;
	}
	return h;
}

/* Bytes that the heap grants: what it reports, or else whole granules, at least
 * one. */
static uint64_t granted(const struct alloc *alloc, uint64_t handle,
			uint64_t size)
{
	uint64_t granule = alloc->vt->granule;

	if (alloc->vt->usable_of)
		return alloc->vt->usable_of(alloc->ctx, handle);
	return granule * (size ? kb_div_up(size, granule) : 1);
}

static void note_alloc(struct reading *r, const struct bench_walk_event *event)
{
	const struct alloc *alloc = &r->out->walk.alloc;
	struct bench_site *site = &r->out->site[event->site];
	struct object *object = &r->object[event->slot];
	struct holding *h;
	uint64_t bytes;

	site->allocs++;
	r->out->has_sites |= event->site != TRC_STRING_NONE;
	if (!event->handle) {
		site->failed_allocs++;
		return;
	}
	bytes = granted(alloc, event->handle, event->size);
	/* note_event() has made room. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	*object = (struct object){ .born = event->number,
				   .pages = kb_div_up(bytes, BENCH_PAGE),
				   .waste = bytes - event->size,
				   .site = event->site };
	h = hold(r, event->site);
	h->pages += object->pages;
	h->waste += object->waste;
	r->pages += object->pages;
	site->live_at_end++;
	if (r->pages > r->pages_peak) {
		r->pages_peak = r->pages;
		r->out->peak_event = event->number;
		r->peaks++;
	}
}

/* Ends an object's life at event `end`. */
static void charge_life(struct reading *r, const struct object *object,
			uint64_t end)
{
	struct bench_site *site = &r->out->site[object->site];

	site->page_events += object->pages * (end - object->born);
	site->waste_byte_events += object->waste * (end - object->born);
}

static void note_free(struct reading *r, const struct bench_walk_event *event)
{
	const struct object *object = &r->object[event->slot];
	bool known = event->kind == TRC_FREE;
	struct bench_site *freer = &r->out->site[known ? event->site : 0];
	/* note_event() has made room. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	struct bench_site *site = &r->out->site[object->site];
	struct holding *h;

	r->out->has_free_sites |= known && event->site != TRC_STRING_NONE;
	if (!event->handle)
		return;
	freer->frees++;
	freer->free_nodes += event->nodes;
	site->lookups++;
	site->nodes += event->nodes;
	site->live_at_end--;
	h = hold(r, object->site);
	h->pages -= object->pages;
	h->waste -= object->waste;
	r->pages -= object->pages;
	charge_life(r, object, event->number);
}

static int note_event(struct reading *r, struct kb_diag *diag)
{
	struct bench_walk *walk = &r->out->walk;
	int err;

	err = reserve_site(r, walk->event.site, diag);
	if (err == 0)
		err = bench_walk_grow(&r->object, &r->objects, walk->slots,
				      sizeof(*r->object), diag);
	if (err == 0)
		err = bench_walk_play(walk, diag);
	if (err < 0)
		return err;
	if (walk->event.kind == TRC_ALLOC)
		note_alloc(r, &walk->event);
	else
		note_free(r, &walk->event);
	/* A live object has a birth; a freed one has none. */
	if (walk->event.kind != TRC_ALLOC || !walk->event.handle)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		r->object[walk->event.slot].born = 0;
	return 0;
}

static void sum_up(struct reading *r)
{
	struct bench_sites *out = r->out;
	uint64_t behind = out->walk.event.number + 1;

	for (size_t i = 0; i < r->objects; i++)
		if (r->object[i].born)
			charge_life(r, &r->object[i], behind);
	for (size_t i = 0; i < out->count; i++) {
		struct bench_site *site = &out->site[i];
		const struct holding *h = hold(r, (uint32_t)i);

		site->pages_at_peak = h->pages_at_peak;
		site->waste_at_peak = h->waste_at_peak;
		site->pages_at_end = h->pages;
#define X(name, help) out->total.name += site->name;
		BENCH_SITE_COUNTERS(X)
#undef X
	}
	out->has_nodes = out->walk.gauge.lookups > 0;
}

/* If objects share pages, no page belongs to one site. */
static bool has_pages(const struct alloc_vt *vt)
{
	return vt->gauge && vt->granule && vt->granule % BENCH_PAGE == 0;
}

int bench_sites_read(struct bench_sites *out, const struct bench_trace *trace,
		     const struct alloc_config *config, struct kb_diag *diag)
{
	struct reading r = { .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	err = bench_walk_open(&out->walk, trace, config, diag);
	if (err == 0 && !has_pages(out->walk.alloc.vt))
		err = kb_fail(diag, KB_E_UNSUPPORTED,
			      "bench sites needs an allocator that gives each "
			      "object its own pages; %s does not. Try --alloc "
			      "kheap",
			      config->spec->name);
	while (err == 0) {
		err = bench_walk_next(&out->walk, diag);
		if (err == 0)
			err = note_event(&r, diag);
	}
	if (err == KB_END)
		sum_up(&r);
	free(r.object);
	free(r.holding);
	return err == KB_END ? 0 : err;
}

void bench_sites_release(struct bench_sites *sites)
{
	bench_walk_close(&sites->walk);
	free(sites->site);
	sites->site = NULL;
	sites->count = 0;
}

struct ranking {
	enum bench_sites_by by;
	bool frees;
};

static uint64_t cost_of(const struct bench_site *site, const struct ranking *r)
{
	switch (r->by) {
	case BENCH_SITES_PAGES:
		return site->page_events;
	case BENCH_SITES_WASTE:
		return site->waste_byte_events;
	case BENCH_SITES_LOOKUPS:
		return r->frees ? site->frees : site->lookups;
	case BENCH_SITES_NODES:
		break;
	}
	return r->frees ? site->free_nodes : site->nodes;
}

static int by_cost(const void *a, const void *b, void *user)
{
	const struct bench_site *x = a, *y = b;
	uint64_t p = cost_of(x, user), q = cost_of(y, user);

	if (p != q)
		return p < q ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void bench_sites_sort(struct bench_sites *sites, enum bench_sites_by by,
		      bool frees)
{
	struct ranking ranking = { by, frees };

	/* Without sites there is no array, which qsort does not take. */
	if (sites->count)
		qsort_r(sites->site, sites->count, sizeof(*sites->site),
			by_cost, &ranking);
}

char *bench_sites_name(char *out, size_t size, const struct bench_sites *sites,
		       uint32_t id)
{
	const char *module = "";
	const char *name = trc_reader_site(sites->walk.reader, id, &module);
	char both[1024];

	if (!name)
		return strcpy(out, "not recorded");
	snprintf(both, sizeof(both), *module ? "%s [%s]" : "%s", name, module);
	return kb_escape_clean(out, size, both);
}
