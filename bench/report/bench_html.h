/*
 * bench_html: report.html, one file that holds everything: facts, tables,
 * figures, methods and environment of one trace's run. It needs no network and
 * no other file, and escapes all untrusted names.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include "bench_plot.h"
#include "bench_report.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes FOLDER/report.html with the figures' pictures `svgs`, NULL if nothing
 * was drawn. If a picture is missing that the folder has data for, a sentence
 * says so. Returns 0, or <0 with `diag` filled.
 */
int bench_html_write(const struct bench_report *report, const char *folder,
		     const struct bench_plot_svgs *svgs, struct kb_diag *diag);

/* Writes the page's address, file://…, without a newline. */
void bench_html_link(FILE *out, const char *folder);

/* The parts of the page. */
void bench_html_tables(FILE *out, const struct bench_report *report);
void bench_html_environment(FILE *out, const struct bench_report *report);

/* page/report.css and page/report.js. */
extern const char bench_html_style[];
extern const char bench_html_script[];

#endif /* BENCH_HTML_H */
