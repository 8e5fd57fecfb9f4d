/*
 * bench_report: the results, as input of the writers: the table for a person,
 * JSON for programs, TSV for the plots. Writers neither replay a trace nor
 * compute a figure.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench_analysis.h"
#include "bench_cell.h"
#include "bench_env.h"
#include "bench_settings.h"
#include "bench_spec.h"
#include "bench_summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Of the JSON that "context" names; raised when a name changes its meaning. Since 2
 * a time per event is the steady one. */
#define BENCH_SCHEMA 2

/* The heading of times over the baseline's, where only ASCII is sure to be shown
 * and elsewhere. */
#define BENCH_TIMES_ASCII "x " BENCH_BASELINE
#define BENCH_TIMES	  "× " BENCH_BASELINE

/* One trace, its cells, and everything reported about them. All borrowed. */
struct bench_report {
	const struct bench_settings *settings;
	const struct bench_env *env;
	const struct replay_clock *clock;
	const struct bench_trace *trace;
	const struct bench_cell *cells;
	size_t count;

	/* Allocators that were skipped because this machine lacks them. */
	const struct bench_skipped *skipped;
	size_t skipped_count;

	/* NULL without the pass count. */
	const struct bench_analysis *analysis;

	/* The allocator that the table compares times with; NULL for the
	 * first. */
	const char *baseline;

	/* Every figure of the cells, in their order. */
	const struct bench_run_summary *summary;
};

/* The name of the `i`-th cell's allocator as a component of a path, unlike those of all
 * other cells. `size` is at least ALLOC_NAME_SIZE + 24. */
void bench_report_component(const struct bench_report *report, size_t i,
			    char *out, size_t size);

struct json_t;

/* The report as a JSON array of one object per cell, and the context object;
 * new references, NULL if out of memory. */
struct json_t *bench_json_results(const struct bench_report *report);
struct json_t *bench_json_context(const struct bench_report *report);

/* What went wrong as a JSON object; NULL if nothing did. */
struct json_t *bench_json_failure(const struct bench_failure *failure);

/* Writes the TSV files of plots/README.md into `folder`. */
int bench_tsv_write(const struct bench_report *report, const char *folder,
		    struct kb_diag *diag);

/* The findings ("What to notice"), one per line, each after "- ": all of them, or
 * those that say what is wrong with the figures. To be freed; NULL if out of
 * memory. */
char *bench_facts_text(const struct bench_report *report, bool all);

/* Writes the same, in lines of at most `columns`; 0 means no limit. */
void bench_facts_wrap(FILE *out, const struct bench_report *report, bool all,
		      size_t columns);

/* Writes the answer as one sentence, without a newline. */
void bench_facts_verdict(FILE *out, const struct bench_report *report);

#endif /* BENCH_REPORT_H */
