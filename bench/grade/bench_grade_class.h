/*
 * bench_grade_class: grades submissions side by side, each in a process of its own, and
 * keeps a record of each, so that a class can be gone on with.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_CLASS_H
#define BENCH_GRADE_CLASS_H

#include "bench_grade_rubric.h"
#include "kb_progress.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;

struct grade_class {
	/* The rubric's file, the submissions, and the folder for records. */
	const char *rubric_path;
	const char *const *submission;
	size_t count;
	const char *folder;

	/* Submissions at a time, at least 1. */
	unsigned jobs;

	/* Also without namespaces; visible checks alone; with the shortest failing
	 * traces. */
	bool is_unsafe;
	bool visible_only;
	bool wants_trace;

	/* Told of what there is to know; NULL drops it. */
	void (*note)(const char *text);

	/* Results. */
	struct grade_rubric rubric;
	char toolchain[320];
	struct json_t **record;
	bool any_not_graded;
	struct kb_progress progress;
};

/* Returns 0 with a record for each submission, KB_E_STOPPED after a signal, or <0 with
 * `diag` filled. Release it in any case. */
int grade_class_run(struct grade_class *course, struct kb_diag *diag);
void grade_class_release(struct grade_class *course);

#endif /* BENCH_GRADE_CLASS_H */
