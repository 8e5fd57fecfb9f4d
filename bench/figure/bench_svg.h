/*
 * bench_svg: gnuplot's SVG as a file that any browser shows whole.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <stdio.h>

/*
 * Writes the picture `svg`, text that gnuplot drew as "svg hover" and that ends with a
 * NUL. Hover texts, which gnuplot would show by a script, become titles, which a browser
 * shows by itself; everything else is copied. Never fails; the stream keeps its own
 * errors.
 */
void bench_svg_write(FILE *out, const char *svg);

#endif /* BENCH_SVG_H */
