/*
 * bench_grade_rubric: what a class's submissions are graded by, from a JSON file
 * (docs/grading.md).
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_GRADE_RUBRIC_H
#define BENCH_GRADE_RUBRIC_H

#include "bench_trace.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum grade_kind {
	/* The tree becomes a plugin. */
	GRADE_BUILDS,

	/* A trace is replayed without a fault. */
	GRADE_RIGHT,

	/* An exact counter is small enough. */
	GRADE_COUNTER
};

struct grade_trace {
	const char *name;
	struct bench_trace trace;

	/* Of the file, which `trace` borrows. Owned. */
	char *path;
};

/* One row of the rubric. Texts are the document's. */
struct grade_check {
	const char *name;
	enum grade_kind kind;
	bool is_visible;

	/* Points, hundredths. */
	uint64_t points;

	/* GRADE_RIGHT: points for the part of the trace before the first fault. */
	bool is_partial;

	/* The trace, an index; the strategy, "" for the kernel's own; the kinds of
	 * faults to look for, as the plugin takes them, "" for all. Owned. */
	size_t trace;
	const char *strategy;
	char *judge;

	/* GRADE_COUNTER: the counter, what it is divided by (a counter, or NULL),
	 * and the trace on which it is divided by itself, or -1. Where all points
	 * are given, and where none. */
	const char *counter;
	const char *per;
	int than;
	double full;
	double zero;
};

/* Zero it first. */
struct grade_rubric {
	struct json_t *document;
	const char *name;
	struct grade_trace *trace;
	size_t traces;
	struct grade_check *check;
	size_t checks;

	/* Instructions that one call and all calls of a replay may execute; memory,
	 * MB; and how long anything may take without progress, s. */
	uint64_t budget;
	uint64_t total;
	uint64_t memory_mb;
	uint64_t seconds;

	/* Of all that the grade depends on, in hexadecimal. */
	char sha256[65];
};

/* Reads a rubric, and opens its traces, whose names are relative to its own folder.
 * Returns 0, or <0 with `diag` filled; release it in any case. */
int grade_rubric_open(struct grade_rubric *rubric, const char *path,
		      struct kb_diag *diag);
void grade_rubric_release(struct grade_rubric *rubric);

#endif /* BENCH_GRADE_RUBRIC_H */
