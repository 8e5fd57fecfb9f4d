/*
 * bench_show_box: boxes that a terminal shows, line by line.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SHOW_BOX_H
#define BENCH_SHOW_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the longest line: a column takes up to four. */
#define SHOW_LINE_SIZE 1024

/* Boxes being written to a terminal. */
struct show_page {
	FILE *f;

	/* Columns between the two sides. */
	size_t inner;
	bool color;
};

/* Boxes for a terminal of `width` columns. */
struct show_page bench_show_page(FILE *out, size_t width, bool color);

/* A box begins with its title, has lines, each cut off where the box ends, and
 * ends. */
void bench_show_title(const struct show_page *page, const char *text);
void bench_show_line(const struct show_page *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void bench_show_end(const struct show_page *page);

#endif /* BENCH_SHOW_BOX_H */
