#include "bench_places.h"

#include "bench_failure.h"
#include "bench_page.h"
#include "bench_worker.h"
#include "kb_bits.h"
#include "kb_escape.h"
#include "kb_signal.h"
#include "trc_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the trace says of a slot. */
struct slot {
	bool is_live;
	uint64_t size;
	uint64_t event;
};

/* Places being read. */
struct reading {
	struct bench_places *places;
	struct trc_reader *reader;
	struct bench_outcome *outcome;

	/* Owned; as many as the trace's slots. */
	struct slot *slot;
	size_t slots;
};

static bool watch(uint64_t events, void *user)
{
	(void)events;
	(void)user;
	return kb_signal != 0;
}

static int out_of_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM, "out of memory");
}

/* False for an error that leaves no heap to be shown. */
static bool has_replayed(const struct bench_outcome *out)
{
	return out->fault.kind[0] && strcmp(out->fault.kind, "start") != 0 &&
	       strcmp(out->fault.kind, "overwrite") != 0;
}

/* The worker's part: addresses by slot, and the fault, if there is one. */
static int replay(struct reading *r, const struct bench_trace *trace,
		  const struct alloc_spec *spec, struct kb_diag *diag)
{
	struct bench_places *places = r->places;
	struct bench_job job = {
		.pass = BENCH_PASS_VERIFY,
		.trace_fd = trace->fd,
		.cpu = -1,
		.places = r->slots,
		.stop = places->after < places->events
				? kb_max(places->after, 1)
				: 0,
		.timeout_ms = (uint32_t)(BENCH_TIMEOUT_DEFAULT_S * 1e3),
	};
	struct bench_outcome *out = r->outcome;
	int err;

	snprintf(job.trace, sizeof(job.trace), "%s", trace->given);
	snprintf(job.alloc, sizeof(job.alloc), "%s", spec->name);
	err = bench_worker_run(&job, watch, NULL, out, diag);
	if (err < 0)
		return err;
	if (out->status < 0 && !has_replayed(out)) {
		*diag = out->diag;
		return out->status;
	}
	/* Before the first event there is nothing to go wrong. */
	if (out->status == 0 && places->after > 0)
		places->mapped = out->result.verify.mapped;
	if (!out->fault.kind[0] || places->after == 0)
		return 0;
	places->failure.pass = BENCH_PASS_VERIFY;
	bench_failure_fill(&places->failure, trace, spec->name, out);
	if (places->failure.has_event && places->failure.event < places->after)
		places->after = places->failure.event;
	return 0;
}

static void take_event(struct reading *r, const struct trc_block *b, uint32_t i)
{
	struct bench_places_event *e = &r->places->event;
	struct slot *slot = &r->slot[b->slot[i]];
	const char *module;
	const char *site = trc_reader_site(r->reader, b->site[i], &module);

	r->places->has_event = true;
	e->is_alloc = b->kind[i] == TRC_ALLOC;
	e->is_implied = b->kind[i] == TRC_FREE_IMPLIED;
	e->size = e->is_alloc ? b->size[i] : slot->size;
	e->address = r->outcome->places[b->slot[i]];
	e->site[0] = '\0';
	if (site)
		kb_escape_clean(e->site, sizeof(e->site), site);
}

/* The event that is told is the last one, or the fault's. */
static int read_events(struct reading *r, struct kb_diag *diag)
{
	const struct bench_places *places = r->places;
	const bool fails = places->failure.has_event;
	/* Of no event if there was none. */
	const uint64_t told = fails ? places->after : places->after - 1;
	struct trc_block b;
	uint64_t number = 0;
	int err;

	while ((err = trc_reader_next(r->reader, &b, diag)) == 0)
		for (uint32_t i = 0; i < b.count; i++, number++) {
			struct slot *slot;

			if (number >= places->after + fails)
				return 0;
			if (b.slot[i] >= r->slots)
				return kb_fail(diag, KB_E_FORMAT,
					       "event %" PRIu64
					       " has no such slot",
					       number);
			slot = &r->slot[b.slot[i]];
			if (number == told)
				take_event(r, &b, i);
			if (number >= places->after)
				continue;
			*slot = (struct slot){ b.kind[i] == TRC_ALLOC,
					       b.size[i], number };
		}
	return err < 0 ? err : 0;
}

static int by_address(const void *a, const void *b)
{
	const struct bench_place *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static int gather(struct reading *r, struct kb_diag *diag)
{
	struct bench_places *p = r->places;

	p->place = calloc(r->slots, sizeof(*p->place));
	if (!p->place)
		return out_of_memory(diag);
	for (size_t i = 0; i < r->slots; i++) {
		const uint64_t address = r->outcome->places[i];

		if (!r->slot[i].is_live)
			continue;
		if (!address) {
			p->unserved++;
			continue;
		}
		p->requested += r->slot[i].size;
		p->place[p->count++] =
			(struct bench_place){ address, r->slot[i].size,
					      r->slot[i].event };
	}
	qsort(p->place, p->count, sizeof(*p->place), by_address);
	return 0;
}

/* What an alloc that went wrong has returned, only the fault may say: the slot's
 * address may be of an earlier object. */
static void name_address(struct bench_places *p)
{
	const struct alloc_fault *fault = &p->failure.fault;

	if (fault->kind[0] && p->has_event && p->event.is_alloc)
		p->event.address = fault->has_address ? fault->address : 0;
}

int bench_places_read(struct bench_places *places,
		      const struct bench_trace *trace,
		      const struct alloc_spec *spec, uint64_t at,
		      struct kb_diag *diag)
{
	struct reading r = { .places = places };
	int err;

	places->mapped = ALLOC_UNKNOWN;
	places->events = trace->counts.events;
	places->after = at < UINT64_MAX ? at : places->events;
	if (places->after > places->events)
		return kb_fail(diag, KB_E_RANGE,
			       "%s has %" PRIu64 " events, so there is no "
			       "heap after %" PRIu64,
			       trace->given, places->events, at);
	kb_escape_clean(places->trace, sizeof(places->trace), trace->file);
	kb_escape_clean(places->alloc, sizeof(places->alloc), spec->name);
	r.slots = (size_t)trace->counts.live_max + 1;
	r.slot = calloc(r.slots, sizeof(*r.slot));
	r.outcome = calloc(1, sizeof(*r.outcome));
	err = r.slot && r.outcome ? replay(&r, trace, spec, diag)
				  : out_of_memory(diag);
	if (err == 0)
		err = trc_reader_open_fd(&r.reader, trace->fd, trace->given,
					 TRC_COLUMNS_ALL, diag);
	if (err == 0)
		err = read_events(&r, diag);
	if (err == 0)
		err = gather(&r, diag);
	if (err == 0)
		name_address(places);
	trc_reader_close(r.reader);
	if (r.outcome)
		free(r.outcome->places);
	free(r.outcome);
	free(r.slot);
	return err;
}

void bench_places_release(struct bench_places *places)
{
	free(places->place);
	places->place = NULL;
}

/* The address after an object's last byte. */
static uint64_t end_of(const struct bench_place *place)
{
	const uint64_t size = kb_max(place->size, 1);

	return place->address > UINT64_MAX - size ? UINT64_MAX
						  : place->address + size;
}

uint64_t bench_places_covered(const struct bench_places *places, uint64_t first,
			      uint64_t end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < places->count; i++) {
		const struct bench_place *p = &places->place[i];
		const uint64_t from = kb_max(p->address, first);
		const uint64_t to = kb_min(end_of(p), end);

		if (p->address >= end)
			break;
		bytes += to > from ? to - from : 0;
	}
	return kb_min(bytes, end - first);
}

bool bench_places_row(const struct bench_places *places,
		      const struct bench_places_grid *grid, uint64_t *row)
{
	const uint64_t bytes = grid->cells * grid->cell_bytes;
	bool found = false;
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < places->count; i++) {
		const struct bench_place *p = &places->place[i];
		const uint64_t last = (end_of(p) - 1) / bytes;

		if (last < *row)
			continue;
		next = kb_min(next, kb_max(p->address / bytes, *row));
		found = true;
	}
	*row = next;
	return found;
}

static size_t count_rows(const struct bench_places *places,
			 const struct bench_places_grid *grid, size_t most)
{
	uint64_t row = 0;
	size_t rows = 0;

	while (rows <= most && bench_places_row(places, grid, &row)) {
		rows++;
		row++;
	}
	return rows;
}

struct bench_places_grid bench_places_grid(const struct bench_places *places,
					   size_t cells, size_t rows_max)
{
	struct bench_places_grid grid = { cells, BENCH_PAGE };

	while (grid.cell_bytes < UINT64_C(1) << 56 &&
	       count_rows(places, &grid, rows_max) > rows_max)
		grid.cell_bytes *= 2;
	return grid;
}

void bench_places_call(const struct bench_places *p, char *text, size_t size)
{
	const struct bench_places_event *e = &p->event;
	char what[64];

	text[0] = '\0';
	if (!p->has_event)
		return;
	if (e->is_alloc)
		snprintf(what, sizeof(what), "kmalloc(%" PRIu64 ")", e->size);
	else if (e->address)
		snprintf(what, sizeof(what), "kfree(0x%08" PRIX64 ")",
			 e->address);
	else
		snprintf(what, sizeof(what), "kfree");
	snprintf(text, size, "%s%s%s%s", what,
		 e->is_implied ? ", not recorded but implied" : "",
		 e->site[0] ? " from " : "", e->site);
}

size_t bench_places_line(const char *text, size_t columns)
{
	const size_t whole = strnlen(text, columns);
	size_t length = whole;

	if (whole == columns)
		while (length > 1 && text[length] != ' ')
			length--;
	return length > 1 ? length : whole;
}
