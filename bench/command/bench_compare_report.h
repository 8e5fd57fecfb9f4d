/*
 * bench_compare_report: the verdicts of a comparison, for people and for CI.
 *
 * A gate is a JSON object: "kind" ("A/A" or "A/B"), "trace", "trace_sha256",
 * "allocator", "versus" (the candidate's allocator), "verdict", "alpha" (its
 * part of the call's), "slice_ops", "seconds", "inject_pct", "change_pct",
 * "low_pct" and "high_pct" (the last two absent without an interval), and one
 * number per epoch in each of "log_ratios", "base_ns" and "candidate_ns".
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_COMPARE_REPORT_H
#define BENCH_COMPARE_REPORT_H

#include "bench_pair.h"
#include "bench_stats.h"
#include "kb_status.h"

#include <stdio.h>

struct json_t;

/* A finished gate, with its log ratios summed up in `s`. A new reference. */
struct json_t *bench_compare_gate(const struct bench_pair *pair,
				  const char *kind,
				  const struct bench_summary *s);

/*
 * Writes FOLDER/compare.json (the document), compare.md (a table for a pull
 * request), compare.junit.xml, and base.benchfmt and candidate.benchfmt (an
 * epoch's ns/op a line, for `benchstat base.benchfmt candidate.benchfmt`).
 * `document` has "base", "candidate", "same_code", "context" and "gates".
 * Returns 0, or <0 with `diag` filled.
 */
int bench_compare_report(const char *folder, const struct json_t *document,
			 struct kb_diag *diag);

#endif /* BENCH_COMPARE_REPORT_H */
