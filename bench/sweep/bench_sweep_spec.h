/*
 * bench_sweep_spec: what a sweep is asked to try: a JSON object.
 *
 *   traces      file patterns, as the shell's; required
 *   allocators  names as for --alloc; KEY=[A,B] stands for one name per value;
 *               required
 *   passes      names as for --pass; default ["count"]
 *   heap_pages  window sizes, pages; 0 is the heap's default; default [0]
 *   seeds       default [1]
 *   repeats     runs of each timed cell; default 1
 *   budget_s    seconds per timed pass of a cell; default 20
 *   cpus        numbers of CPUs of simulated replays on several (bench_smp_run.h),
 *               a job each beside those of the passes; default none. If they are
 *               given, the passes' default is none
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_SWEEP_SPEC_H
#define BENCH_SWEEP_SPEC_H

#include "alloc_spec.h"
#include "kb_status.h"

#include <stddef.h>
#include <stdint.h>

/* Names, window sizes or seeds that a specification may list or expand to. */
#define BENCH_SWEEP_LIST_MAX 10000

struct bench_sweep_spec {
	/* Absolute paths, each once, in the order of their patterns. Owned. */
	char **trace;
	size_t traces;

	/* Each once. Owned. */
	struct alloc_spec *alloc;
	size_t allocs;

	/* Set of enum bench_pass; may be empty if there are CPUs. */
	unsigned passes;

	/* Owned. */
	uint64_t *heap_pages;
	size_t windows;
	uint64_t *seed;
	size_t seeds;

	uint32_t repeats;
	uint32_t budget_ms;

	/* Owned. */
	uint64_t *cpus;
	size_t cpu_counts;
};

/*
 * Reads a specification. Relative patterns are those of the working folder.
 * Returns 0; KB_E_IO, KB_E_FORMAT (not JSON), KB_E_ARG (an unknown name, a
 * pattern that matches nothing) or KB_E_NOMEM with `diag` filled. To be released
 * in any case.
 */
int bench_sweep_spec_read(struct bench_sweep_spec *spec, const char *path,
			  struct kb_diag *diag);
void bench_sweep_spec_release(struct bench_sweep_spec *spec);

/*
 * Writes the names that `pattern` means into a new array of new strings, the
 * last list varying fastest. Returns 0; KB_E_ARG for brackets that do not match,
 * an empty list, or more than BENCH_SWEEP_LIST_MAX names; or KB_E_NOMEM; with
 * `diag` filled. The caller frees the strings and the array, in any case.
 */
int bench_sweep_expand(char ***name, size_t *count, const char *pattern,
		       struct kb_diag *diag);

#endif /* BENCH_SWEEP_SPEC_H */
