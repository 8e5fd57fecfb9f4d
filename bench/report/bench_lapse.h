/*
 * bench_lapse: the heap's time-lapse, as a section of a page or as a page of its own
 * (page/lapse.js, page/lapse.css). The tape is in the page, deflated.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_LAPSE_H
#define BENCH_LAPSE_H

#include "bench_tape.h"
#include "kb_status.h"

#include <stdio.h>

/* Writes a section of a page for the trace named `trace`, cleaned. The page needs
 * bench_lapse_style before it and bench_lapse_script after its last one. Returns 0,
 * or KB_E_NOMEM with `diag` filled. */
int bench_lapse_section(FILE *out, const struct bench_tape *tape,
			const char *trace, struct kb_diag *diag);

/* Writes a page with one section. Returns as above. */
int bench_lapse_page(FILE *out, const struct bench_tape *tape,
		     const char *trace, struct kb_diag *diag);

/* page/base.css, page/lapse.css and page/lapse.js. */
extern const char bench_base_style[];
extern const char bench_lapse_style[];
extern const char bench_lapse_script[];

/* The beginning of every page, up to and including <style>: it loads and sends
 * nothing, whatever a name contains. */
void bench_lapse_head(FILE *out, const char *title);

#endif /* BENCH_LAPSE_H */
