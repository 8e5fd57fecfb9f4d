/*
 * bench_sweep_result: a job's result, FOLDER/results/KEY.json: what bench itself
 * writes with --json for the one cell, and a member "sweep":
 *
 *   schema, key, number, repeat    whose result it is
 *   trace, passes, heap_pages, seed, budget_ms
 *   build                          as in the key's text
 *   host                           the machine's name
 *   cpus                           of a replay on several CPUs: what bench smp
 *                                  writes is then the rest
 *
 * A file is whole under its name or not there.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_RESULT_H
#define BENCH_SWEEP_RESULT_H

#include "bench_sweep_job.h"

#include <stdbool.h>

struct json_t;

/* The path of a result; a new string, NULL without memory. */
char *bench_sweep_result_path(const char *folder, const char *key);

/*
 * Reads a result whole. Returns 0 with a new reference in `*document` and, unless
 * it is NULL, the file's SHA-256 in `sha256`; KB_E_IO if there is no file;
 * KB_E_FORMAT if it is no result of the job called `key`; with `diag` filled.
 */
int bench_sweep_result_read(struct json_t **document, char sha256[65],
			    const char *path, const char *key,
			    struct kb_diag *diag);

/*
 * Runs a job, unless its result is there, and writes its result. `*ran` says
 * whether it ran. A failure of the allocator is a result. Returns 0;
 * KB_E_ENVIRONMENT if the plan is another build's, or the allocator is not
 * available here; KB_E_CORRUPT if the trace is no longer what was planned;
 * KB_E_STOPPED after a signal, with nothing written; or another <0; with `diag`
 * filled.
 */
int bench_sweep_result_make(const char *folder,
			    const struct bench_sweep_job *job, bool *ran,
			    struct kb_diag *diag);

#endif /* BENCH_SWEEP_RESULT_H */
