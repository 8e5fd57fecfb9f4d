/*
 * bench_sites_html: the report's table of call sites.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SITES_HTML_H
#define BENCH_SITES_HTML_H

#include "bench_report.h"

#include <stdio.h>

/* Writes the report's table of sites; nothing if there is none. */
void bench_sites_html(FILE *out, const struct bench_report *report);

#endif /* BENCH_SITES_HTML_H */
