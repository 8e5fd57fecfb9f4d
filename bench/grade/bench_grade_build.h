/*
 * bench_grade_build: a submission becomes a plugin, apart from everything else.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_BUILD_H
#define BENCH_GRADE_BUILD_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the plugin is called in the folder. */
#define GRADE_PLUGIN "heap.so"

enum grade_built {
	GRADE_BUILT,

	/* The submission is to blame, as `message` says. */
	GRADE_BUILD_REFUSED,

	/* The clock ended it. */
	GRADE_BUILD_LATE
};

struct grade_build {
	/* A folder or an archive; an absolute path. */
	const char *submission;

	/* The script, and a folder that is this build's alone; absolute. */
	const char *script;
	const char *folder;
	uint64_t memory_mb;
	uint64_t seconds;

	/* The result, and one line about it. */
	enum grade_built built;
	char message[512];
};

/* The script that builds trees, absolute. Returns 0, or KB_E_ENVIRONMENT with `diag`
 * filled. */
int grade_build_find(char *script, size_t size, struct kb_diag *diag);

/* The compiler's first line about itself, for the report; cleaned. Returns 0, or
 * KB_E_ENVIRONMENT with `diag` filled. */
int grade_build_toolchain(char *text, size_t size, struct kb_diag *diag);

/* Builds. Returns 0, KB_E_STOPPED after a signal, or KB_E_ENVIRONMENT or KB_E_IO with
 * `diag` filled if that is no fault of the submission. */
int grade_build_run(struct grade_build *build, struct kb_diag *diag);

#endif /* BENCH_GRADE_BUILD_H */
