/*
 * bench_options: the command line of bench.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "alloc_spec.h"
#include "bench_settings.h"
#include "bench_spec.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the user wants to see instead of a run. */
enum bench_command {
	BENCH_RUN,
	BENCH_LIST,
	BENCH_VERSION,
	BENCH_HELP,
	BENCH_MICRO
};

struct bench_options {
	enum bench_command command;

	/* How to measure. */
	struct bench_settings settings;

	/* Trace files, as given. Pointers into argv. */
	const char **traces;
	size_t trace_count;

	/* All of them can be opened on this machine. */
	struct alloc_spec *allocs;
	size_t alloc_count;

	/* Those of the default list that cannot, and so are not in `allocs`. */
	struct bench_skipped *skipped;
	size_t skipped_count;

	/* Where results go; NULL means results/<trace's name>. */
	const char *out;

	/* --out none: nothing is written. */
	bool no_out;

	bool no_plots;

	/* --json's file, "-" for stdout; NULL without. */
	const char *json;

	/* --benchfmt's file, likewise. */
	const char *benchfmt;

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

/* --help's text, static. */
const char *bench_help_text(void);

#endif /* BENCH_OPTIONS_H */
