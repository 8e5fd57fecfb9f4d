/*
 * bench_metal_result: what a comparison with a real MMU is asked, and what it finds.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_METAL_RESULT_H
#define BENCH_METAL_RESULT_H

#include "alloc_spec.h"
#include "bench_trace.h"
#include "kb_progress.h"
#include "replay_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Differences that are kept as text; all are counted. */
#define BENCH_METAL_DIFFERENCES	    64
#define BENCH_METAL_DIFFERENCE_SIZE 192

struct bench_metal_job {
	/* Borrowed. kheap or kheap-fast, over the simulated pager. */
	const struct bench_trace *trace;
	const struct alloc_spec *spec;

	/* The window; 0 means the heap's defaults. */
	uint32_t heap_base;
	uint32_t heap_pages;

	/* Memory of the machine, MiB; 0 means what the trace needs. */
	uint32_t memory_mib;

	/* Have the kernel make counted searches for real. */
	bool walk;

	/* The kernel to boot; NULL means the one that was built with bench. */
	const char *image;

	/* Where QEMU writes the trace that the kernel emits; -1 for nowhere. */
	int emit_fd;

	/* How long the kernel may say nothing, seconds. */
	double timeout_s;

	/* Polled; ends the machine. */
	bool (*stop)(void);

	struct kb_progress *progress;
};

/* A figure of both. */
struct bench_metal_pair {
	uint64_t simulated;
	uint64_t real;

	/* The kernel has told it. */
	bool has_real;
};

struct bench_metal_counter {
	char name[REPLAY_COUNTER_NAME_SIZE];
	struct bench_metal_pair pair;
};

/* Instructions of one kfree: exact, but those of this build of the kernel. */
struct bench_metal_instructions {
	uint64_t kfrees;
	uint64_t total;
	uint32_t least;
	uint32_t p50;
	uint32_t p90;
	uint32_t p99;
	uint32_t most;
};

struct bench_metal_result {
	/* Nothing differs, and nothing went wrong in the kernel. */
	bool equal;

	struct bench_metal_counter counter[REPLAY_COUNTERS_MAX];
	size_t counters;

	/* As replay_step.h and metal_replay.h say. */
	struct bench_metal_pair digest;
	struct bench_metal_pair state;

	/* Pages of freed clusters and of those that live at the end whose
	 * accessed and dirty flags were set; pages that were touched after their
	 * free and faulted. */
	struct bench_metal_pair accessed_dirty;
	struct bench_metal_pair faults;

	/* Touches after a free that did not fault. */
	uint64_t stale;

	/* Pages of the window that are mapped at the end, here or there, and
	 * whose PTEs were compared in the machine's memory. */
	uint64_t pairs;

	struct bench_metal_instructions instructions;

	/* The first ones, and how many there are. */
	char difference[BENCH_METAL_DIFFERENCES][BENCH_METAL_DIFFERENCE_SIZE];
	size_t differences;
};

/* Notes a difference: result->equal is then false. */
void bench_metal_differ(struct bench_metal_result *result, const char *format,
			...) __attribute__((format(printf, 2, 3)));

#endif /* BENCH_METAL_RESULT_H */
