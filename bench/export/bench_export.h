/*
 * bench_export: a replay in formats that other tools draw: over the recorded time
 * (Perfetto, Chrome's about:tracing), or by call site (speedscope, flame graphs).
 *
 * Sources: "Trace Event Format" (Google, 2016), the JSON that Perfetto's
 * trace_processor reads; speedscope's file-format-schema.json; the collapsed stacks
 * of Gregg's FlameGraph (stackcollapse.pl).
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_EXPORT_H
#define BENCH_EXPORT_H

#include "alloc_spec.h"
#include "bench_trace.h"
#include "kb_status.h"

#include <stdio.h>

enum bench_export_format {
	BENCH_EXPORT_PERFETTO,
	BENCH_EXPORT_SPEEDSCOPE,
	BENCH_EXPORT_COLLAPSED
};

/* What a call site weighs: the nodes that the lookups of its objects compared; what
 * they took, as the cost model of a result has it; the bytes that it requested. */
enum bench_export_weight {
	BENCH_EXPORT_NODES,
	BENCH_EXPORT_NS,
	BENCH_EXPORT_BYTES
};

struct bench_export {
	enum bench_export_format format;
	enum bench_export_weight weight;

	/* Nanoseconds per node; 0 if unknown. */
	double ns_per_node;
	struct alloc_spec spec;

	/* Borrowed. */
	const struct bench_trace *trace;
};

/* Replays the trace and writes the file's text. Returns 0 or <0 with `diag`
 * filled. */
int bench_export_write(FILE *out, const struct bench_export *e,
		       struct kb_diag *diag);

/* The parts of it. */
int bench_export_perfetto(FILE *out, const struct bench_export *e,
			  struct kb_diag *diag);
int bench_export_sites(FILE *out, const struct bench_export *e,
		       struct kb_diag *diag);

/* Writes a cleaned text as a string of JSON. */
void bench_export_string(FILE *out, const char *text);

#endif /* BENCH_EXPORT_H */
