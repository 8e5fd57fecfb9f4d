/*
 * bench_format: numbers as people read them.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_FORMAT_H
#define BENCH_FORMAT_H

#include "bench_summary.h"

#include <stddef.h>
#include <stdint.h>

/* Room for any number that this file formats, bytes. */
#define BENCH_TEXT_SIZE 48

/* A count with its digits grouped: "31,619". Returns `out`. */
char *bench_format_count(char out[BENCH_TEXT_SIZE], uint64_t n);

/* A time with three significant digits and its unit: "812 ns", "13.4 µs",
 * "1.20 ms"; "0 ns". */
char *bench_format_ns(char out[BENCH_TEXT_SIZE], double ns);

/* Three significant digits: "0.00", "7.25", "31.6", "3,771". */
char *bench_format_number(char out[BENCH_TEXT_SIZE], double x);

/* Events per second from ns per event: "12.3 M/s". */
char *bench_format_rate(char out[BENCH_TEXT_SIZE], double ns_per_event);

/* Bytes with three significant digits, in powers of ten: "4.09 MB"; "0 B". */
char *bench_format_bytes(char out[BENCH_TEXT_SIZE], double bytes);

/* A quantile: its time, "<60 ns" below the floor, "-" without samples. */
char *bench_format_figure(char out[BENCH_TEXT_SIZE], struct bench_figure f,
			  double floor_ns);

/* The width for printf's `%*s`, which counts bytes, that pads `text` to this many
 * columns. */
int bench_format_width(const char *text, size_t columns);

#endif /* BENCH_FORMAT_H */
