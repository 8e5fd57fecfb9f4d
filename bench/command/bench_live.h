/*
 * bench_live: what a run shows before it is over: the trace and the first counts as
 * soon as they are known; on a terminal the table, drawn anew as its rows settle.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include "bench_report.h"
#include "bench_run.h"

#include <stdbool.h>
#include <stdint.h>

struct bench_live {
	/* The report that the run will make, as far as it is known: everything
	 * but the analysis and the summary. Borrowed. */
	const struct bench_report *report;

	/* Standard output is a terminal of this many columns and lines, 0 lines if
	 * its cursor cannot be moved; else 0. */
	size_t columns;
	size_t rows;
	bool color;

	/* System clock, ns: as the run began, and as the table was last drawn; at
	 * first, as it began. */
	uint64_t begin_ns;
	uint64_t drawn_ns;

	/* The title and the counts are on the screen. */
	bool titled;
	bool counted;

	/* Lines of the table that is on the screen; 0 for none. */
	size_t lines;
};

/* Before the run. */
void bench_live_begin(struct bench_live *live,
		      const struct bench_report *report);

/* After one result of the run; `user` is the struct bench_live. */
void bench_live_tell(const struct bench_run *run, void *user);

/* After the run: takes the table off the screen. */
void bench_live_wipe(struct bench_live *live);

/* Once everything is known: writes the lines that were not told yet. */
void bench_live_end(struct bench_live *live);

#endif /* BENCH_LIVE_H */
