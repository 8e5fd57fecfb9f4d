/*
 * bench_html: report.html, one file that holds everything about a run: of one trace,
 * or of several, with an overview and a tab for each. It needs no network and no
 * other file, reads without its scripts, and escapes all untrusted names.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include "bench_report.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes FOLDER/report.html of `count` (> 0) reports. Returns 0, or <0 with `diag`
 * filled. */
int bench_html_write(const struct bench_report *reports, size_t count,
		     const char *folder, struct kb_diag *diag);

/* Writes the page's address, file://…, without a newline. */
void bench_html_link(FILE *out, const char *folder);

/* The parts of the page. */
int bench_html_ranking(FILE *out, const struct bench_report *report,
		       struct kb_diag *diag);
void bench_html_latency(FILE *out, const struct bench_report *report);
void bench_html_memory(FILE *out, const struct bench_report *report);
void bench_html_sites(FILE *out, const struct bench_report *report);
void bench_html_tables(FILE *out, const struct bench_report *report);
bool bench_html_has_model(const struct bench_report *report);
void bench_html_model(FILE *out, const struct bench_report *report);
void bench_html_environment(FILE *out, const struct bench_report *report);

/* One of several pictures to choose from, without a script: the style shows the one of
 * class "view-WHAT". `group` names the choice, `label` is what a reader clicks. */
void bench_html_choice(FILE *out, const struct bench_report *report,
		       const char *group, const char *what, const char *label,
		       bool chosen);

/* Several traces: a map of all times, and what they come to. */
void bench_html_overview(FILE *out, const struct bench_report *reports,
			 size_t count);

/* Allocators have as many colors; the next one has the first again. */
#define BENCH_HTML_COLORS 11

/* page/report.css and page/report.js. */
extern const char bench_html_style[];
extern const char bench_html_script[];

#endif /* BENCH_HTML_H */
