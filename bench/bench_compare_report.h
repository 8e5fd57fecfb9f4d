/*
 * bench_compare_report: the verdicts of a comparison, for people and for CI.
 *
 * A gate is a JSON object: "kind" ("A/A" or "A/B"), "trace", "allocator",
 * "versus" (the candidate's allocator), "verdict", "slice_ops", "slow_pct",
 * "change_pct", "low_pct" and "high_pct" (the last two absent without an
 * interval), and "log_ratios", one an epoch.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_COMPARE_REPORT_H
#define BENCH_COMPARE_REPORT_H

#include "kb_status.h"

struct json_t;

/*
 * Writes FOLDER/compare.json (the document itself, raw data and all),
 * compare.md (a table for a pull request) and compare.junit.xml. `document` has
 * "base", "candidate" and "gates". Returns 0, or <0 with `diag` filled.
 */
int bench_compare_report(const char *folder, const struct json_t *document,
			 struct kb_diag *diag);

#endif /* BENCH_COMPARE_REPORT_H */
