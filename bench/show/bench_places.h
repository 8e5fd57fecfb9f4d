/*
 * bench_places: where the live objects of a foreign allocator are after some events of
 * a trace. A worker of its own replays the trace in pass verify and hands up addresses;
 * all else is read from the trace here. bench_places_text.c draws them for a terminal,
 * bench_places_svg.c as a picture, bench_places_json.c for programs.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_PLACES_H
#define BENCH_PLACES_H

#include "bench_cell.h"
#include "bench_trace.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A live object. */
struct bench_place {
	/* As the allocator said; not 0. */
	uint64_t address;

	/* As requested, bytes; the number of its alloc, as trc print gives it. */
	uint64_t size;
	uint64_t event;
};

/* An event of the trace. */
struct bench_places_event {
	bool is_alloc;
	bool is_implied;
	uint64_t size;

	/* Its address; 0 if it is not known, or if the alloc failed. */
	uint64_t address;

	/* Its call site, cleaned; "" if the trace does not say. */
	char site[BENCH_SITE_SIZE];
};

struct bench_places {
	/* Cleaned. */
	char trace[256];
	char alloc[ALLOC_NAME_SIZE];

	/* How many of the trace's events the heap has taken. */
	uint64_t after;
	uint64_t events;

	/* By address. Owned. Their sizes together; live objects without an
	 * address, because their kmalloc returned 0. */
	struct bench_place *place;
	size_t count;
	uint64_t requested;
	uint64_t unserved;

	/* Bytes that have pages, as the allocator said; ALLOC_UNKNOWN if it did not,
	 * or with a fault. */
	uint64_t mapped;

	/* The last event of those; or, with a fault, the event that it is at. */
	bool has_event;
	struct bench_places_event event;

	/* Its fault, if its kind is not empty; then the heap is the one before
	 * the fault's event. */
	struct bench_failure failure;
};

/*
 * Replays the first `at` events, UINT64_MAX for all. Returns 0, also with a fault of
 * the allocator; KB_E_STOPPED after a signal; or another error with `diag` filled.
 * To be released in any case; zero it first.
 */
int bench_places_read(struct bench_places *places,
		      const struct bench_trace *trace,
		      const struct alloc_spec *spec, uint64_t at,
		      struct kb_diag *diag);
void bench_places_release(struct bench_places *places);

/* Bytes of [first, end) that objects take, at most all. */
uint64_t bench_places_covered(const struct bench_places *places, uint64_t first,
			      uint64_t end);

/* The map's rows of `cells` cells, each of `cell_bytes`, a power of two from a page
 * on. */
struct bench_places_grid {
	size_t cells;
	uint64_t cell_bytes;
};

/* A grid in which at most `rows_max` rows have objects. */
struct bench_places_grid bench_places_grid(const struct bench_places *places,
					   size_t cells, size_t rows_max);

/* The next row that has an object, from row `row` on; false if there is none. A row's
 * number is its first address divided by its bytes. */
bool bench_places_row(const struct bench_places *places,
		      const struct bench_places_grid *grid, uint64_t *row);

/* What the last event, or the one that has the fault, was: "kmalloc(4096) from site",
 * in `text`. Empty if there was none. */
void bench_places_call(const struct bench_places *places, char *text,
		       size_t size);

/* The bytes of a text's next line: at most `columns`, up to a space if there is one. */
size_t bench_places_line(const char *text, size_t columns);

/* Draws them for a terminal of `width` columns. */
void bench_places_text(FILE *out, const struct bench_places *places,
		       size_t width, bool color);

/* Draws them as an SVG document. Returns 0, or KB_E_NOMEM with `diag` filled. */
int bench_places_svg(FILE *out, const struct bench_places *places,
		     struct kb_diag *diag);

struct json_t;

/* The same as a JSON object. A new reference; NULL if out of memory. */
struct json_t *bench_places_json(const struct bench_places *places);

#endif /* BENCH_PLACES_H */
