/*
 * bench_smp_report: what a replay on several CPUs has found, in words, JSON and TSV.
 * Nothing here computes what was not counted, and nothing depends on the machine.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SMP_REPORT_H
#define BENCH_SMP_REPORT_H

#include "bench_smp.h"
#include "kb_status.h"

#include <stdio.h>

struct json_t;

/* The whole document; NULL without memory. */
struct json_t *bench_smp_json(const struct bench_smp *smp);

/* The table, in `columns`: a narrow one lacks some figures. 0 means no limit. */
void bench_smp_table(FILE *out, const struct bench_smp *smp, size_t columns);

/* What it means: a sentence a line. */
void bench_smp_facts(FILE *out, const struct bench_smp *smp);

/* Writes smp.tsv and the figures' data to a folder; nothing of threads. Returns 0, or
 * <0 with `diag` filled. */
int bench_smp_tsv(const char *folder, const struct bench_smp *smp,
		  struct kb_diag *diag);

#endif /* BENCH_SMP_REPORT_H */
