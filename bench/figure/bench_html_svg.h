/*
 * bench_html_svg: adapts gnuplot's SVG for a page, or for a file of its own.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HTML_SVG_H
#define BENCH_HTML_SVG_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes the picture `svg`, drawn as "svg hover", as an element of a page. Its
 * ids get `number`, so that two pictures of a page share none. Hover texts,
 * which gnuplot would show by a script, become titles, which a browser shows by
 * itself. `label` describes the picture for a screen reader.
 *
 * Refuses elements that gnuplot does not use, and every handler: then it writes
 * nothing and returns false.
 */
bool bench_html_svg(FILE *out, const char *svg, unsigned number,
		    const char *label);

/* Writes the same picture as a file: gnuplot's output, with the texts as
 * titles. */
void bench_html_svg_file(FILE *out, const char *svg);

#endif /* BENCH_HTML_SVG_H */
