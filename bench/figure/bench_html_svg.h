/*
 * bench_html_svg: gnuplot's SVG, made fit to stand inside a page.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HTML_SVG_H
#define BENCH_HTML_SVG_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes the picture `svg` as an element of a page, where it is the `number`-th:
 * its ids get that number, so that pictures do not meet; the texts that gnuplot
 * would show by a script under the pointer become titles, which a browser shows
 * by itself. `label` names it for who cannot see it.
 *
 * Elements that gnuplot does not draw with, and every handler, are not let
 * through: then nothing is written and it returns false.
 */
bool bench_html_svg(FILE *out, const char *svg, unsigned number,
		    const char *label);

#endif /* BENCH_HTML_SVG_H */
