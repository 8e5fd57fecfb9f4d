/*
 * bench_hgrm: the latency pass's distributions as HdrHistogram writes them, for
 * its plotters: columns Value (ns), Percentile (a share), TotalCount and
 * 1/(1-Percentile), and a footer of mean, maximum and buckets. The format is that
 * of HdrHistogram's outputPercentileDistribution (Tene); lines that begin with
 * '#' are comments to its plotter.
 *
 * A line is a bucket of replay_hist.h; counts are of the operations that the
 * samples represent. All times below the timer's resolution are one line, at the
 * clock's floor.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_HGRM_H
#define BENCH_HGRM_H

#include "bench_report.h"

/* Writes FOLDER/latency/<allocator>.<series>.hgrm for every cell and kind of
 * operation with samples. Returns 0, or <0 with `diag` filled. */
int bench_hgrm_write(const struct bench_report *report, const char *folder,
		     struct kb_diag *diag);

#endif /* BENCH_HGRM_H */
