/*
 * bench_table: the results as a table for a person: the short one, which fits 80
 * columns; the wide one, with every figure; and the same as Markdown and CSV.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "bench_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns that the short table fits, if it is not told otherwise. */
#define BENCH_TABLE_COLUMNS 80

/* Writes the line about the trace; needs nothing but the trace and, for the bytes
 * requested, one cell that was counted. */
void bench_table_title(FILE *out, const struct bench_report *report);

/* Writes the line about the first allocator whose lookup was counted, or nothing.
 * Needs the cells only. */
void bench_table_counts(FILE *out, const struct bench_report *report);

/*
 * Writes the short table, in at most `width` columns, and what is wrong with its
 * figures: rows sorted by time, slowest first; the harness last. More width shows
 * more columns. Names that are too long are cut. Returns 0 or KB_E_NOMEM.
 */
int bench_table_write(FILE *out, const struct bench_report *report,
		      size_t width, bool color);

/* The lines that bench_table_write writes before the notes. */
size_t bench_table_lines(const struct bench_report *report);

/* Writes the same rows as a table of Markdown, with the trace as its first line.
 * Returns as bench_table_write. */
int bench_table_markdown(FILE *out, const struct bench_report *report);

/* Writes the table with every figure, in parts of `width` columns (0 for no limit),
 * and all findings. Returns as bench_table_write. */
int bench_wide_write(FILE *out, const struct bench_report *report, size_t width,
		     bool color);

/* Writes the main figures of all reports as CSV, a line per allocator: numbers without units or
 * grouping, empty if unknown or below the timer's resolution. */
void bench_csv_write(FILE *out, const struct bench_report *reports,
		     size_t count);

#endif /* BENCH_TABLE_H */
