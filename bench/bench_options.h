/*
 * bench_options: the command line of bench.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "alloc_spec.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The passes, as bits of a set, in the order in which they run. */
enum bench_pass {
	BENCH_PASS_VERIFY = 1,
	BENCH_PASS_COUNT = 2,
	BENCH_PASS_THROUGHPUT = 4,
	BENCH_PASS_LATENCY = 8
};
#define BENCH_PASS_ALL 15u

/* What the user wants to see instead of a run. */
enum bench_command {
	BENCH_RUN,
	BENCH_LIST,
	BENCH_VERSION,
	BENCH_HELP,
	BENCH_MICRO
};

/* An allocator of the default list that this machine does not have. */
struct bench_skipped {
	struct alloc_spec spec;

	/* Why not, and what to do. */
	struct kb_diag why;
};

struct bench_options {
	enum bench_command command;

	/* Trace files, as given. Pointers into argv. */
	const char **traces;
	size_t trace_count;

	/* All of them can be opened on this machine. */
	struct alloc_spec *allocs;
	size_t alloc_count;

	/* Those of the default list that cannot, and so are not in `allocs`. */
	struct bench_skipped *skipped;
	size_t skipped_count;

	/* Set of enum bench_pass. */
	unsigned passes;

	/* Where results go; NULL means results/<trace's name>. */
	const char *out;

	/* --out none: nothing is written. */
	bool no_out;

	bool no_plots;

	/* --json's file, "-" for stdout; NULL without. */
	const char *json;

	/* --benchfmt's file, likewise. */
	const char *benchfmt;

	/* 0 means the heap's defaults. */
	uint32_t heap_pages;
	uint32_t heap_base;

	enum alloc_touch touch;

	/* The CPU that timed work is pinned to; -1 means the highest allowed. */
	int cpu;

	uint64_t seed;

	/* Wall seconds that the timed passes of one cell may take. */
	double budget_s;

	/* Seconds without progress after which an allocator hangs. */
	double timeout_s;

	bool quick;

	/* argv[0] and Google Benchmark's own options, to be passed on; NULL at
	 * the end. More than argv[0] alone means that its report is wanted. */
	char **gbench_argv;
	int gbench_argc;
};

/* A command that takes some of a run's options. */
struct bench_subset {
	/* Its name, for messages. */
	const char *command;

	/* The options' names without "--", ended by NULL. Each has a value. */
	const char *const *names;

	/* The allocators where --alloc names none, as a list. None of them is
	 * skipped: the command fails where one is not available. */
	const char *allocs;
};

/*
 * Parses a run's command line, or, unless `subset` is NULL, what a command takes
 * of it. Returns 0 with `*opts` filled, to be released by the caller; KB_E_ARG or
 * KB_E_NOMEM with `diag` filled; or KB_E_ENVIRONMENT, likewise, if an allocator
 * that was asked for is not available on this machine. Prints nothing.
 */
int bench_options_parse(struct bench_options *opts, int argc, char **argv,
			const struct bench_subset *subset,
			struct kb_diag *diag);

void bench_options_release(struct bench_options *opts);

/* The name of one pass: "verify". */
const char *bench_pass_name(enum bench_pass pass);

/* What --touch calls it: "first". */
const char *bench_touch_name(enum alloc_touch touch);

/* --help's text, static. */
const char *bench_help_text(void);

#endif /* BENCH_OPTIONS_H */
