/*
 * bench_benchfmt: timings in Go's benchmark format, which benchstat reads:
 * lines `key: value` that hold for all that follow, `Unit` lines, and one line
 * per sample: a name without blanks whose parts are /key=value, how many times
 * the work was done, and pairs of value and unit. (golang.org/design/14313, and
 * its extension in golang.org/x/perf/benchfmt.)
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_BENCHFMT_H
#define BENCH_BENCHFMT_H

#include "bench_report.h"

#include <stdio.h>

/* "key: text", in one line; nothing if the text is NULL or "". */
void bench_benchfmt_key(FILE *f, const char *key, const char *text);

/* The sample's name: "BenchmarkReplay/trace=…/alloc=…". A blank would end it
 * and a slash would end a part of it: both become underscores. */
void bench_benchfmt_name(FILE *f, const char *trace, const char *alloc);

/* Writes all cells with epochs, one line per epoch: ns/event, and the counters that
 * have been counted. */
void bench_benchfmt_write(FILE *f, const struct bench_report *reports,
			  size_t count);

#endif /* BENCH_BENCHFMT_H */
