/*
 * bench_grade_mark: what one submission gets for each check of a rubric.
 *
 * Nothing of it is a time: a replay is judged by what it does, counters are exact, and
 * the clock only ends what would never end, which is then not graded.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_MARK_H
#define BENCH_GRADE_MARK_H

#include "bench_grade_rubric.h"
#include "kb_status.h"

#include <stdbool.h>

struct json_t;

struct grade_marking {
	const struct grade_rubric *rubric;

	/* As given, for messages, and absolute. */
	const char *given;
	const char *submission;

	/* Why it cannot be read at all, or NULL. */
	const char *refused;

	/* The script that builds; what the grade says of the toolchain. */
	const char *script;
	const char *toolchain;

	/* A folder for what is made on the way; where the record is kept, with the
	 * shortest failing trace if that is wanted. Absolute. */
	const char *work;
	const char *folder;
	bool visible_only;
	bool wants_trace;

	/* What the record is of. */
	const char *key;
};

/*
 * Grades, and stores the record as a document of its own in `*record`, the caller's
 * reference. Returns 0, KB_E_STOPPED after a signal, or <0 with `diag` filled if that is
 * no fault of the submission. Changes the working folder.
 */
int grade_mark(const struct grade_marking *marking, struct json_t **record,
	       struct kb_diag *diag);

#endif /* BENCH_GRADE_MARK_H */
