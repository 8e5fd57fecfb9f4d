/*
 * bench_options: the command line of bench.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "alloc_spec.h"
#include "bench_commands.h"
#include "bench_settings.h"
#include "bench_spec.h"
#include "kb_options.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the user wants instead of a run. */
enum bench_command { BENCH_RUN, BENCH_LIST, BENCH_VERSION, BENCH_MICRO };

struct bench_options {
	enum bench_command command;

	/* All files of the command line (kb_options.h). */
	struct kb_files files;

	/* How to measure. */
	struct bench_settings settings;

	/* Trace files, as given. */
	struct kb_words traces;

	/* The allocators; all can be opened on this machine. */
	struct alloc_spec *allocs;
	size_t alloc_count;

	/* Those of the default list that cannot be opened, and so are not in
	 * `allocs`. */
	struct bench_skipped *skipped;
	size_t skipped_count;

	/* Where results go; NULL means results/<trace's name>. */
	const char *out;

	/* --out none: nothing is written. */
	bool no_out;

	bool no_plots;

	/* How the table is printed: with every figure, as CSV, as Markdown. */
	bool verbose;
	bool csv;
	bool markdown;

	/* The allocator that times are compared with: its canonical name, as
	 * given in `baseline_given`; empty for the first. */
	const char *baseline_given;
	char baseline[ALLOC_NAME_SIZE];

	/* --json's file, "-" for stdout; NULL if not given. */
	const char *json;

	/* --benchfmt's file, likewise. */
	const char *benchfmt;

	/* Google Benchmark's own options. */
	struct kb_words gbench;

	/* argv[0] and Google Benchmark's own options, to pass on; NULL at the
	 * end. More than argv[0] means that its report is wanted. */
	char **gbench_argv;
	int gbench_argc;
};

/* Rows of a command's table, for a target that has a struct bench_options at
 * offset `at`. */
#define BENCH_OPTION(at, member) \
	.offset = (at) + offsetof(struct bench_options, member)

#define BENCH_OPTION_TRACE(at)                                                \
	{                                                                     \
		.name = "trace", .value = "FILE",                             \
		.help = "a .trc, or any recording 'trc import' reads, which " \
			"is "                                                 \
			"imported on the fly; '-' is standard input; "        \
			"repeatable",                                         \
		.is_required = true, .kind = KB_OPTION_WORDS,                 \
		.file = KB_FILES_IN, BENCH_OPTION(at, traces)                 \
	}

#define BENCH_OPTION_ALLOC(at, by_default)                                   \
	{                                                                    \
		.name = "alloc", .value = "LIST",                            \
		.help = "allocators, comma-separated; repeatable; 'bench "   \
			"--list' shows them and their options. " by_default, \
		.kind = KB_OPTION_CALL, .take = bench_options_take_allocs,   \
		.offset = (at)                                               \
	}

#define BENCH_OPTION_JSON(at) \
	BENCH_OPTION_JSON_AT((at) + offsetof(struct bench_options, json))

#define BENCH_OPTION_HEAP_PAGES(at)                                            \
	{                                                                      \
		.name = "heap-pages", .value = "N",                            \
		.help = "pages of the simulated heap window (default 32,766)", \
		.kind = KB_OPTION_NUMBER32, .low = 1, .high = UINT32_MAX,      \
		BENCH_OPTION(at, settings.heap_pages)                          \
	}

#define BENCH_OPTION_HEAP_BASE(at)                                          \
	{                                                                   \
		.name = "heap-base", .value = "VA",                         \
		.help = "first address of the window (default 0xF0000000)", \
		.kind = KB_OPTION_NUMBER32, .low = 1, .high = UINT32_MAX,   \
		BENCH_OPTION(at, settings.heap_base)                        \
	}

#define BENCH_OPTION_TOUCH(at)                                                 \
	{                                                                      \
		.name = "touch", .value = "MODE",                              \
		.help = "touch allocations: none (default), first (the first " \
			"byte), all (the first byte of every 4 KiB)",          \
		.kind = KB_OPTION_CALL, .take = bench_options_take_touch,      \
		.offset = (at)                                                 \
	}

#define BENCH_OPTION_CPU(at)                                             \
	{                                                                \
		.name = "cpu", .value = "N",                             \
		.help = "pin timed work to CPU N (default: the highest " \
			"allowed)",                                      \
		.kind = KB_OPTION_NUMBER32, .high = BENCH_CPU_MAX,       \
		BENCH_OPTION(at, settings.cpu)                           \
	}

#define BENCH_OPTION_SEED(at)                                           \
	{                                                               \
		.name = "seed", .value = "N",                           \
		.help = "seed for the order of runs and the choice of " \
			"samples "                                      \
			"(default 1)",                                  \
		.kind = KB_OPTION_NUMBER, .high = INT64_MAX,            \
		BENCH_OPTION(at, settings.seed)                         \
	}

/* The highest CPU number. */
#define BENCH_CPU_MAX 4095

/* Adds the allocators that --alloc names. Returns as alloc_spec_parse_list; an
 * empty list is KB_E_ARG. */
int bench_options_add_allocs(struct alloc_spec **specs, size_t *count,
			     const char *value, struct kb_diag *diag);

/* For the rows above: `field` is the struct bench_options; of take_seconds, which is
 * for seconds above 0, a double. */
int bench_options_take_allocs(void *field, const struct kb_option *option,
			      const char *value, struct kb_diag *diag);
int bench_options_take_seconds(void *field, const struct kb_option *option,
			       const char *value, struct kb_diag *diag);
int bench_options_take_touch(void *field, const struct kb_option *option,
			     const char *value, struct kb_diag *diag);

/* Sets the defaults; call it before a table's options are stored. */
void bench_options_init(struct bench_options *opts);

/*
 * Completes a command's options: the budget that a report states, and the
 * allocators of the list `allocs` if --alloc named none. Returns 0, KB_E_ARG, KB_E_NOMEM, or KB_E_ENVIRONMENT if one of them is not
 * available on this machine; with `diag` filled.
 */
int bench_options_check(struct bench_options *opts, const char *allocs,
			struct kb_diag *diag);

/* Adds the plugins' files. Returns 0, or KB_E_NOMEM with `diag` filled. */
int bench_options_files(const struct bench_options *opts,
			struct kb_files *files, struct kb_diag *diag);

/* Rows of a struct kb_command: keeps the list of files in the struct bench_options at
 * offset `at` of the target, to be released with it. */
#define BENCH_KEEPS_FILES(at) \
	.keeps_files = true,  \
	.files_offset = (at) + offsetof(struct bench_options, files)

/* Whether results for a program go to standard output: --json - or --benchfmt -. */
bool bench_options_use_stdout(const struct bench_options *opts);

/* The same, or in a format of Google Benchmark's for programs: --benchmark_format. */
bool bench_options_stdout_is_taken(const struct bench_options *opts);

/* The value of Google Benchmark's option --benchmark_`name`, of several the last;
 * NULL if there is none. */
const char *bench_options_gbench(const struct bench_options *opts,
				 const char *name);

/*
 * Parses a run's command line. Allocators of the default list that are not
 * available are set apart. Returns as kb_options_parse, or KB_E_ENVIRONMENT if
 * an allocator that the user named is not available. Release it in any case.
 * Prints nothing.
 */
int bench_options_parse(struct bench_options *opts, int argc, char **argv,
			struct kb_diag *diag);

void bench_options_release(struct bench_options *opts);

#endif /* BENCH_OPTIONS_H */
