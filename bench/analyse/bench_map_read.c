#include "bench_map_read.h"

#include "bench_profile.h"
#include "kb_escape.h"
#include "bench_page.h"
#include "bench_spec.h"
#include "kb_bits.h"
#include "replay_result.h"

#include <stdlib.h>
#include <string.h>

/* A page of the window; born is 0 if the page is free. */
struct page {
	uint64_t born;
	uint32_t site;
	uint8_t group;
};

struct mapping {
	struct bench_map *out;
	struct bench_walk walk;
	struct page *page;
	size_t pages;

	/* Pages of the live object, by slot. */
	uint64_t *length;
	size_t lengths;

	/* Pages over time, then ranks, by site. */
	uint64_t *site_cost;
	size_t sites;
	uint8_t *site_rank;
};

/* Pages of the new object. */
static uint64_t pages_of(const struct bench_walk *walk)
{
	const struct alloc *alloc = &walk->alloc;
	uint64_t size = walk->event.size;

	if (alloc->vt->usable_of)
		size = alloc->vt->usable_of(alloc->ctx, walk->event.handle);
	return bench_pages(size);
}

static uint64_t first_page(const struct mapping *m)
{
	const struct alloc *alloc = &m->walk.alloc;

	return alloc->vt->offset_of(alloc->ctx, m->walk.event.handle) /
	       BENCH_PAGE;
}

/* Fills the pages of a new object, or empties those of a freed one. */
static int note_event(struct mapping *m, struct kb_diag *diag)
{
	const struct bench_walk_event *event = &m->walk.event;
	bool comes = event->kind == TRC_ALLOC;
	uint64_t *length, first;
	int err;

	if (!event->handle)
		return 0;
	err = bench_walk_grow(&m->length, &m->lengths, m->walk.slots,
			      sizeof(*m->length), diag);
	if (err < 0)
		return err;
	length = &m->length[event->slot];
	first = first_page(m);
	if (comes) {
		*length = pages_of(&m->walk);
		err = bench_walk_grow(&m->page, &m->pages,
				      (size_t)(first + *length),
				      sizeof(*m->page), diag);
	}
	for (uint64_t i = 0; err == 0 && i < *length; i++) {
		struct page *page = &m->page[first + i];

		if (!comes)
			m->site_cost[page->site] += event->number - page->born;
		*page = (struct page){
			.born = comes ? event->number : 0,
			.site = event->site,
			.group = (uint8_t)bench_profile_group(*length *
							      BENCH_PAGE),
		};
	}
	if (err == 0 && comes)
		m->out->pages = kb_max(m->out->pages, first + *length);
	return err;
}

/* Plays the next event. Returns 0, KB_END or <0. */
static int step(struct mapping *m, struct kb_diag *diag)
{
	int err = bench_walk_next(&m->walk, diag);

	if (err == 0)
		err = bench_walk_grow(&m->site_cost, &m->sites,
				      (size_t)m->walk.event.site + 1,
				      sizeof(*m->site_cost), diag);
	if (err == 0)
		err = bench_walk_play(&m->walk, diag);
	return err == 0 ? note_event(m, diag) : err;
}

/* The first replay: how far the heap reaches, and what each site holds. */
static int survey(struct mapping *m, struct kb_diag *diag)
{
	int err = 0;

	while (err == 0)
		err = step(m, diag);
	for (size_t i = 0; i < m->pages; i++)
		if (m->page[i].born)
			m->site_cost[m->page[i].site] +=
				m->walk.event.number + 1 - m->page[i].born;
	return err == KB_END ? 0 : err;
}

/* Gives the most expensive sites their ranks and names. */
static int rank_sites(struct mapping *m, struct kb_diag *diag)
{
	struct bench_map *out = m->out;

	m->site_rank = malloc(m->sites + 1);
	if (!m->site_rank)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	memset(m->site_rank, BENCH_MAP_SITES, m->sites + 1);
	for (uint32_t rank = 0; rank < BENCH_MAP_SITES; rank++) {
		const char *module = "", *name;
		size_t best = 0;
		char both[1024];

		for (size_t i = 1; i < m->sites; i++)
			if (m->site_cost[i] > (best ? m->site_cost[best] : 0))
				best = i;
		name = trc_reader_site(m->walk.reader, (uint32_t)best, &module);
		if (!best || !name)
			break;
		m->site_rank[best] = (uint8_t)rank;
		m->site_cost[best] = 0;
		snprintf(both, sizeof(both), *module ? "%s [%s]" : "%s", name,
			 module);
		kb_escape_clean(out->site[rank], sizeof(out->site[rank]), both);
		out->sites = rank + 1;
	}
	out->has_sites = out->sites > 0;
	return 0;
}

/* The key that a page counts for in one of the maps. */
static uint8_t key_of(const struct mapping *m, const struct page *page,
		      enum bench_map_kind kind)
{
	switch (kind) {
	case BENCH_MAP_AGE:
		return (uint8_t)kb_log2(m->walk.event.number + 1 - page->born);
	case BENCH_MAP_ROW:
		return page->group;
	default:
		return m->site_rank[page->site];
	}
}

/* The key of most pages in an address bin; the lowest of equals. */
static uint8_t dominant(const struct mapping *m, uint64_t from, uint64_t to,
			enum bench_map_kind kind)
{
	uint64_t count[64] = { 0 };
	uint8_t best = BENCH_MAP_NOTHING;

	for (uint64_t i = from; i < to; i++)
		if (m->page[i].born)
			count[key_of(m, &m->page[i], kind)]++;
	for (size_t key = 0; key < KB_ARRAY_LEN(count); key++)
		if (count[key] &&
		    (best == BENCH_MAP_NOTHING || count[key] > count[best]))
			best = (uint8_t)key;
	return best;
}

static void close_bin(struct mapping *m)
{
	struct bench_map *out = m->out;
	struct bench_map_bin *bin = &out->bin[out->bins++];

	bin->event = m->walk.event.number;
	for (uint32_t a = 0; a < out->addresses; a++) {
		uint64_t from = a * out->bin_pages;
		uint64_t to = kb_min(from + out->bin_pages, out->pages);

		for (unsigned k = 0; k < BENCH_MAP_KINDS; k++)
			bin->cell[k][a] =
				dominant(m, from, to, (enum bench_map_kind)k);
	}
}

/* The second replay: the map. */
static int draw(struct mapping *m, struct kb_diag *diag)
{
	uint64_t events = m->walk.trace->counts.events;
	uint64_t end = replay_bin_end(events, BENCH_MAP_BINS, 0);
	int err = 0;

	while (err == 0) {
		err = step(m, diag);
		if (err == 0 && m->walk.event.number == end) {
			close_bin(m);
			end = replay_bin_end(events, BENCH_MAP_BINS,
					     m->out->bins);
		}
	}
	if (err == KB_END && m->walk.event.number > 0)
		close_bin(m);
	return err == KB_END ? 0 : err;
}

/* If objects share pages, a page has no single age, row or site. */
static bool has_window(const struct alloc_vt *vt)
{
	return vt->offset_of && vt->granule && vt->granule % BENCH_PAGE == 0;
}

/* One replay, by `play`, from an empty heap. */
static int replay(struct mapping *m, const struct bench_trace *trace,
		  const struct alloc_config *config,
		  int (*play)(struct mapping *m, struct kb_diag *diag),
		  struct kb_diag *diag)
{
	int err = bench_walk_open(&m->walk, trace, config, diag);

	if (err == 0 && !has_window(m->walk.alloc.vt))
		err = kb_fail(diag, KB_E_UNSUPPORTED,
			      "%s has no heap window to map",
			      config->spec->name);
	if (m->pages)
		memset(m->page, 0, m->pages * sizeof(*m->page));
	return err == 0 ? play(m, diag) : err;
}

static int survey_and_rank(struct mapping *m, struct kb_diag *diag)
{
	int err = survey(m, diag);

	return err == 0 ? rank_sites(m, diag) : err;
}

int bench_map_read(struct bench_map *out, const struct bench_trace *trace,
		   const struct alloc_config *config, struct kb_diag *diag)
{
	struct alloc_spec spec = *config->spec;
	struct alloc_config quick = *config;
	struct mapping m = { .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	bench_spec_choose(&spec, "lookup", "pagemap");
	quick.spec = &spec;
	err = replay(&m, trace, &quick, survey_and_rank, diag);
	bench_walk_close(&m.walk);
	out->bin_pages = kb_max(kb_div_up(out->pages, BENCH_MAP_ADDRESSES), 1);
	out->addresses = (uint32_t)kb_div_up(out->pages, out->bin_pages);
	if (err == 0)
		err = replay(&m, trace, &quick, draw, diag);
	bench_walk_close(&m.walk);
	free(m.page);
	free(m.length);
	free(m.site_cost);
	free(m.site_rank);
	return err;
}
