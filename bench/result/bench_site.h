/*
 * bench_site: what a call site of the recorded kernel costs in a heap.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SITE_H
#define BENCH_SITE_H

#include "alloc.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What is counted for each site: X(name, help). All are sums over sites equal to
 * the whole replay's. An object of which the heap holds `granted` bytes and
 * which lives from event a to event b counts b - a events (one that is not
 * freed: to the end of the trace).
 */
/* clang-format off */
#define BENCH_SITE_COUNTERS(X)                                                 \
	X(allocs, "allocations, the refused ones included")                    \
	X(failed_allocs, "allocations that the heap refused")                  \
	X(lookups, "lookups by the frees of its objects")                      \
	X(nodes, "nodes that those lookups compared")                          \
	X(page_events, "pages held, times events: pages over time")            \
	X(waste_byte_events, "bytes granted less asked for, times events")     \
	X(pages_at_peak, "pages held when the heap first held most")           \
	X(waste_at_peak, "bytes of waste at that event")                       \
	X(pages_at_end, "pages still held at the end")                         \
	X(live_at_end, "objects still live at the end")                        \
	X(frees, "frees that this site called")                                \
	X(free_nodes, "nodes that the lookups of those frees compared")
/* clang-format on */

struct bench_site {
	/* For trc_reader_site; 0 means without a site. */
	uint32_t id;

#define X(name, help) uint64_t name;
	BENCH_SITE_COUNTERS(X)
#undef X
};

/* Most sites in a report's table. */
#define BENCH_SITE_ROWS 20

/* The sites whose objects' frees compare most nodes, most first. */
struct bench_site_table {
	/* 0: there is no table. */
	size_t count;

	/* The allocator whose heap it is. */
	char alloc[ALLOC_NAME_SIZE];
	struct bench_site_row {
		struct bench_site cost;

		/* Cleaned; then its module. */
		char name[256];
	} row[BENCH_SITE_ROWS];

	/* All sites, including those not in the table. */
	struct bench_site total;
};

#endif /* BENCH_SITE_H */
