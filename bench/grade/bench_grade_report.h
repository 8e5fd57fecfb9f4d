/*
 * bench_grade_report: the grades of a class, for a person or for another program.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_REPORT_H
#define BENCH_GRADE_REPORT_H

#include "bench_grade_class.h"
#include "kb_status.h"

#include <stdio.h>

/* A paragraph for each submission. */
void grade_report_text(FILE *out, const struct grade_class *course);

/* A header and one line for each submission, RFC 4180 but for the ends of lines. */
void grade_report_csv(FILE *out, const struct grade_class *course);

/* Of the one submission of the class: Gradescope's results.json; and text whose last line
 * is Autolab's. Each returns 0, or KB_E_NOMEM with `diag` filled. */
int grade_report_gradescope(const struct grade_class *course,
			    struct kb_diag *diag);
int grade_report_autolab(FILE *out, const struct grade_class *course,
			 struct kb_diag *diag);

#endif /* BENCH_GRADE_REPORT_H */
