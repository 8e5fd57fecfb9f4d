/*
 * bench_micro: the micro-benchmarks under Google Benchmark's own loop: importing
 * and decoding of traces, lookups against live clusters.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "bench_micro_job.h"

/* Runs them. Returns the exit status; errors go to stderr. */
int bench_micro(const struct bench_micro_job *job);

#endif /* BENCH_MICRO_H */
