/*
 * bench_sites: what the recorded kernel's call sites cost in a heap: the
 * counted replay's totals, split among them without remainder.
 *
 * A site is charged for the objects that it allocates: their pages and waste
 * while they live, and the lookups of their frees, whoever frees them. In
 * addition, lookups are split by the sites that free; if a free was not
 * recorded, its site is unknown.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SITES_H
#define BENCH_SITES_H

#include "bench_site.h"
#include "bench_walk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_sites_by {
	BENCH_SITES_NODES,
	BENCH_SITES_PAGES,
	BENCH_SITES_WASTE,
	BENCH_SITES_LOOKUPS
};

struct bench_sites {
	/* The replay, at its end: its reader knows the sites' names. */
	struct bench_walk walk;

	/* By id until sorted; owned. */
	struct bench_site *site;
	size_t count;

	/* Sums over all. Its id means nothing. */
	struct bench_site total;

	/* The event at which the heap first held most pages. */
	uint64_t peak_event;

	/* Whether the trace names sites of allocs, and of frees. */
	bool has_sites;
	bool has_free_sites;

	/* The allocator's lookup counts nodes. */
	bool has_nodes;
};

/* Replays the trace, counted. Returns 0; KB_E_UNSUPPORTED for an allocator that
 * has no heap of pages; or <0 as bench_walk does. `diag` is filled. To be
 * released in any case. */
int bench_sites_read(struct bench_sites *out, const struct bench_trace *trace,
		     const struct alloc_config *config, struct kb_diag *diag);
void bench_sites_release(struct bench_sites *sites);

/* Sorts the most expensive first, by what their objects cost, or with `frees` by
 * what their own frees cost; sites without any cost follow, by id. */
void bench_sites_sort(struct bench_sites *sites, enum bench_sites_by by,
		      bool frees);

/* A site's name, then its module, cleaned. Returns `out`. */
char *bench_sites_name(char *out, size_t size, const struct bench_sites *sites,
		       uint32_t id);

#endif /* BENCH_SITES_H */
