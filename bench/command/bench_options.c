#include "bench_options.h"

#include "bench_commands.h"
#include "bench_gbench_options.h"
#include "kb_bits.h"
#include "kb_suggest.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCS_DEFAULT                                              \
	"kheap,kheap:order=head,kheap:lookup=pagemap,blocks+kheap," \
	"kheap-fast,glibc,jemalloc,jemalloc:round=page,mimalloc,"   \
	"tcmalloc,null"

#define BUDGET_QUICK_S 3.0
#define SECONDS_MAX    1e6

/* The most that --evict takes: more than any cache. */
#define EVICT_KIB_MAX 1048576u

/* Adds one pass by its name. */
static int add_pass(unsigned *set, const char *name, struct kb_diag *diag)
{
	const char *nearest;
	unsigned pass = bench_pass_find(name, &nearest);

	*set |= pass;
	if (pass)
		return 0;
	if (nearest)
		return kb_fail(diag, KB_E_ARG,
			       "unknown pass '%s'; did you mean '%s'?", name,
			       nearest);
	return kb_fail(diag, KB_E_ARG,
		       "unknown pass '%s'; there are verify, count, "
		       "throughput and latency",
		       name);
}

static int add_passes(unsigned *set, const char *list, struct kb_diag *diag)
{
	char *copy = strdup(list);
	char *save = NULL;
	int err = 0;

	if (!copy)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	for (char *name = strtok_r(copy, ",", &save); name && err == 0;
	     name = strtok_r(NULL, ",", &save))
		err = add_pass(set, name, diag);
	free(copy);
	if (err == 0 && *set == 0)
		return kb_fail(diag, KB_E_ARG, "--pass names no pass");
	return err;
}

static int take_passes(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	(void)option;
	return add_passes(field, value, diag);
}

int bench_options_take_seconds(void *field, const struct kb_option *option,
			       const char *value, struct kb_diag *diag)
{
	double *out = field;
	char *end;

	*out = strtod(value, &end);
	if (end == value || *end || !isfinite(*out) || *out <= 0 ||
	    *out > SECONDS_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "--%s takes seconds above 0 and at most %g, got "
			       "'%s'",
			       option->name, SECONDS_MAX, value);
	return 0;
}

int bench_options_take_touch(void *field, const struct kb_option *option,
			     const char *value, struct kb_diag *diag)
{
	struct bench_options *opts = field;

	(void)option;
	for (int i = ALLOC_TOUCH_NONE; i <= ALLOC_TOUCH_ALL; i++) {
		if (strcmp(bench_touch_name((enum alloc_touch)i), value) == 0) {
			opts->settings.touch = (enum alloc_touch)i;
			return 0;
		}
	}
	return kb_fail(diag, KB_E_ARG,
		       "--touch takes none, first or all, got '%s'", value);
}

int bench_options_add_allocs(struct alloc_spec **specs, size_t *count,
			     const char *value, struct kb_diag *diag)
{
	if (!*value)
		return kb_fail(
			diag, KB_E_ARG,
			"--alloc names no allocator; see 'bench --list'");
	return alloc_spec_parse_list(specs, count, value, diag);
}

int bench_options_take_allocs(void *field, const struct kb_option *option,
			      const char *value, struct kb_diag *diag)
{
	struct bench_options *opts = field;

	(void)option;
	return bench_options_add_allocs(&opts->allocs, &opts->alloc_count,
					value, diag);
}

static int take_clock(void *field, const struct kb_option *option,
		      const char *value, struct kb_diag *diag)
{
	(void)option;
	*(bool *)field = strcmp(value, "recorded") == 0;
	if (*(bool *)field || strcmp(value, "real") == 0)
		return 0;
	return kb_fail(diag, KB_E_ARG,
		       "--clock takes real or recorded, got '%s'", value);
}

/* "KIB" or "KIB/EVENTS". */
static int take_evict(void *field, const struct kb_option *option,
		      const char *value, struct kb_diag *diag)
{
	struct bench_options *opts = field;
	unsigned long long kib, events = 0;
	char *end;

	errno = 0;
	kib = strtoull(value, &end, 10);
	if (*end == '/' && isdigit((unsigned char)end[1]))
		events = strtoull(end + 1, &end, 10);
	if (errno || !isdigit((unsigned char)*value) || *end || kib == 0 ||
	    kib > EVICT_KIB_MAX || events > UINT32_MAX ||
	    (events == 0 && strchr(value, '/')))
		return kb_fail(diag, KB_E_ARG,
			       "--%s takes KIB or KIB/EVENTS, such as 1024 or "
			       "32/1000, with at most %u KiB; got '%s'",
			       option->name, EVICT_KIB_MAX, value);
	opts->settings.evict_kib = (uint32_t)kib;
	opts->settings.evict_events = (uint32_t)events;
	return 0;
}

static int take_out(void *field, const struct kb_option *option,
		    const char *value, struct kb_diag *diag)
{
	struct bench_options *opts = field;

	(void)option;
	if (!*value)
		return kb_fail(diag, KB_E_ARG,
			       "--out takes a folder's name, or 'none'");
	opts->no_out = strcmp(value, "none") == 0;
	opts->out = opts->no_out ? NULL : value;
	return 0;
}

/* The option's `low` is the enum bench_command. */
static int take_command(void *field, const struct kb_option *option,
			const char *value, struct kb_diag *diag)
{
	(void)value;
	(void)diag;
	*(enum bench_command *)field = (enum bench_command)option->low;
	return 0;
}

static int skip(struct bench_options *opts, const struct alloc_spec *spec,
		const struct kb_diag *why, struct kb_diag *diag)
{
	const size_t count = opts->skipped_count + 1;
	struct bench_skipped *grown =
		realloc(opts->skipped, count * sizeof(*grown));

	if (!grown)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	grown[count - 1] = (struct bench_skipped){ *spec, *why };
	opts->skipped = grown;
	opts->skipped_count = count;
	return 0;
}

/* Looks for allocators that this machine lacks: sets them apart if they may be
 * `skipped`, or else fails. */
static int check_available(struct bench_options *opts, bool skipped,
			   struct kb_diag *diag)
{
	size_t kept = 0;

	for (size_t i = 0; i < opts->alloc_count; i++) {
		const struct alloc_spec *spec = &opts->allocs[i];
		struct kb_diag why = { 0 };

		if (!skipped && alloc_require(spec, diag) < 0)
			return diag->status;
		if (alloc_available(spec->ops, &why) == 0)
			opts->allocs[kept++] = *spec;
		else if (skip(opts, spec, &why, diag) < 0)
			return diag->status;
	}
	opts->alloc_count = kept;
	return 0;
}

/* The allocators: if none was named, those of the list, of which unavailable
 * ones may be `skipped`. */
static int choose_allocs(struct bench_options *opts, const char *allocs,
			 bool skipped, struct kb_diag *diag)
{
	const bool by_default = opts->alloc_count == 0;
	int err = 0;

	if (by_default)
		err = alloc_spec_parse_list(&opts->allocs, &opts->alloc_count,
					    allocs, diag);
	return err < 0 ? err
		       : check_available(opts, by_default && skipped, diag);
}

static void choose_budget(struct bench_options *opts)
{
	if (opts->settings.budget_s == 0)
		opts->settings.budget_s = opts->settings.quick
						  ? BUDGET_QUICK_S
						  : BENCH_BUDGET_DEFAULT_S;
}

int bench_options_check(struct bench_options *opts, const char *allocs,
			struct kb_diag *diag)
{
	choose_budget(opts);
	return choose_allocs(opts, allocs, false, diag);
}

int bench_options_files(const struct bench_options *opts,
			struct kb_files *files, struct kb_diag *diag)
{
	char file[ALLOC_NAME_SIZE];
	int err = 0;

	for (size_t i = 0; i < opts->alloc_count && err == 0; i++)
		if (alloc_spec_file(file, &opts->allocs[i]))
			err = kb_files_add(files, file, KB_FILES_IN_NAMED,
					   diag);
	return err;
}

const char *bench_options_gbench(const struct bench_options *opts,
				 const char *name)
{
	return bench_gbench_options_value(&opts->gbench, name);
}

static bool is_stdout(const char *file)
{
	return file && strcmp(file, "-") == 0;
}

bool bench_options_use_stdout(const struct bench_options *opts)
{
	return is_stdout(opts->json) || is_stdout(opts->benchfmt);
}

bool bench_options_stdout_is_taken(const struct bench_options *opts)
{
	const char *format = bench_options_gbench(opts, "format");

	return bench_options_use_stdout(opts) ||
	       (format && strcmp(format, "console") != 0);
}

/* Told before the run: options without an effect on it. */
static int check_effects(const struct bench_options *opts, struct kb_diag *diag)
{
	const struct bench_settings *set = &opts->settings;

	if (set->evict_kib && !(set->passes & BENCH_PASS_THROUGHPUT))
		return kb_fail(diag, KB_E_ARG,
			       "--evict has no effect without the pass "
			       "throughput");
	if (set->recorded_clock && !(set->passes & BENCH_PASS_COUNT))
		return kb_fail(diag, KB_E_ARG,
			       "--clock has no effect without the pass count");
	return 0;
}

/* Makes sure that --baseline names one of the allocators. */
static int check_baseline(struct bench_options *opts, struct kb_diag *diag)
{
	struct alloc_spec spec;

	if (!opts->baseline_given)
		return 0;
	if (alloc_spec_parse(&spec, opts->baseline_given, diag) < 0)
		return diag->status;
	for (size_t i = 0; i < opts->alloc_count; i++)
		if (strcmp(opts->allocs[i].name, spec.name) == 0) {
			strcpy(opts->baseline, spec.name);
			return 0;
		}
	return kb_fail(diag, KB_E_ARG,
		       "--baseline %s is not one of the allocators; add it to "
		       "--alloc",
		       opts->baseline_given);
}

/* Standard output takes one of them. */
static int check_outputs(const struct bench_options *opts, struct kb_diag *diag)
{
	if (opts->csv && opts->markdown)
		return kb_fail(diag, KB_E_ARG,
			       "--csv and --markdown exclude each other");
	if ((opts->csv || opts->markdown) &&
	    bench_options_stdout_is_taken(opts))
		return kb_fail(diag, KB_E_ARG,
			       "--%s writes to standard output, which another "
			       "option has taken; give that one a file",
			       opts->csv ? "csv" : "markdown");
	return 0;
}

static int check_run(void *target, struct kb_diag *diag)
{
	struct bench_options *opts = target;

	if (opts->settings.passes == 0)
		opts->settings.passes = BENCH_PASS_ALL;
	choose_budget(opts);
	if (bench_gbench_options_check(
		    &opts->gbench, opts->command == BENCH_MICRO,
		    bench_options_use_stdout(opts), diag) < 0 ||
	    (opts->command == BENCH_RUN && check_effects(opts, diag) < 0))
		return KB_E_ARG;
	if (opts->command == BENCH_MICRO)
		return check_available(opts, false, diag);
	if (opts->command != BENCH_RUN)
		return 0;
	if (opts->traces.count == 0)
		return kb_fail(diag, KB_E_ARG,
			       "no trace given; try 'bench --trace "
			       "traces/boot.trc', or --help");
	if (check_outputs(opts, diag) < 0 ||
	    choose_allocs(opts, ALLOCS_DEFAULT, true, diag) < 0)
		return diag->status;
	return check_baseline(opts, diag);
}

static int files_of_run(const void *target, struct kb_files *files,
			struct kb_diag *diag)
{
	const struct bench_options *opts = target;
	const char *out = bench_options_gbench(opts, "out");
	int err = bench_options_files(opts, files, diag);

	if (err == 0)
		err = kb_files_add(files, out && *out ? out : NULL,
				   KB_FILES_OUT, diag);
	if (err == 0)
		err = kb_files_add(files, opts->out, KB_FILES_OUT_FOLDER, diag);
	return err;
}

void bench_options_init(struct bench_options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->settings.cpu = -1;
	opts->settings.seed = 1;
	opts->settings.timeout_s = BENCH_TIMEOUT_DEFAULT_S;
}

/* Google Benchmark's own command line. */
static int make_gbench(struct bench_options *opts, char *program,
		       struct kb_diag *diag)
{
	const size_t count = opts->gbench.count;

	opts->gbench_argv = calloc(count + 2, sizeof(*opts->gbench_argv));
	if (!opts->gbench_argv)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	opts->gbench_argv[0] = program;
	for (size_t i = 0; i < count; i++)
		opts->gbench_argv[i + 1] =
			(char *)(uintptr_t)opts->gbench.word[i];
	opts->gbench_argc = (int)count + 1;
	return 0;
}

int bench_options_parse(struct bench_options *opts, int argc, char **argv,
			struct kb_diag *diag)
{
	int err;

	bench_options_init(opts);
	err = kb_options_parse(&bench_itself, opts, argc, argv, diag);
	return err == 0 ? make_gbench(opts, argv[0], diag) : err;
}

void bench_options_release(struct bench_options *opts)
{
	kb_files_release(&opts->files);
	kb_words_release(&opts->traces);
	kb_words_release(&opts->gbench);
	free(opts->gbench_argv);
	free(opts->allocs);
	free(opts->skipped);
	memset(opts, 0, sizeof(*opts));
}

#define AT(member) .offset = offsetof(struct bench_options, member)

#define COMMAND(which)                                                \
	.kind = KB_OPTION_CALL, .take = take_command, .low = (which), \
	AT(command)

static const struct kb_option options[] = {
	{ .name = "trace",
	  .value = "FILE",
	  .heading = "What to replay",
	  .help = "a .trc, or any recording 'trc import' reads, which is "
		  "imported on the fly; '-' is standard input; repeatable",
	  .kind = KB_OPTION_WORDS,
	  .file = KB_FILES_IN,
	  AT(traces) },
	BENCH_OPTION_ALLOC(
		0, "Default: kheap, kheap:order=head, kheap:lookup=pagemap, "
		   "blocks+kheap, kheap-fast, glibc, jemalloc, "
		   "jemalloc:round=page, mimalloc, tcmalloc, null; those "
		   "not installed are skipped"),
	{ .name = "pass",
	  .value = "LIST",
	  .help = "of verify, count, throughput, latency; comma-separated; "
		  "default: all",
	  .kind = KB_OPTION_CALL,
	  .take = take_passes,
	  AT(settings.passes) },
	BENCH_OPTION_TOUCH(0),
	BENCH_OPTION_HEAP_PAGES(0),
	BENCH_OPTION_HEAP_BASE(0),
	{ .name = "clock",
	  .value = "CLOCK",
	  .help = "the clock by which the count pass's jemalloc returns "
		  "memory: "
		  "real (default), or recorded, the trace's, so that memory "
		  "over the trace is what a running system would see. "
		  "mimalloc's and tcmalloc's clocks cannot be set",
	  .kind = KB_OPTION_CALL,
	  .take = take_clock,
	  AT(settings.recorded_clock) },
	{ .name = "budget",
	  .value = "SECONDS",
	  .heading = "How long, and where",
	  .help = "time limit per allocator for the timed passes (default "
		  "20). If a full replay would not fit, bench times sampled "
		  "windows and skips the searches in between. Allocators cut "
		  "short are marked partial",
	  .kind = KB_OPTION_CALL,
	  .take = bench_options_take_seconds,
	  AT(settings.budget_s) },
	{ .name = "timeout",
	  .value = "SECONDS",
	  .help = "treat an allocator as hung after SECONDS without progress; "
		  "mark it failed and continue (default 60)",
	  .kind = KB_OPTION_CALL,
	  .take = bench_options_take_seconds,
	  AT(settings.timeout_s) },
	{ .name = "quick",
	  .help = "a rough first look: --budget 3, few repetitions",
	  .kind = KB_OPTION_SWITCH,
	  AT(settings.quick) },
	{ .name = "evict",
	  .value = "KIB[/EVENTS]",
	  .help = "touch KIB KiB, untimed, before each slice that the "
		  "throughput pass times, or before every EVENTS events: cache "
		  "pressure, as from a kernel's other code (default: none; the "
		  "report also shows 32, 1024 and 4096)",
	  .kind = KB_OPTION_CALL,
	  .take = take_evict },
	BENCH_OPTION_CPU(0),
	BENCH_OPTION_SEED(0),
	{ .name = "out",
	  .value = "DIR",
	  .heading = "Results",
	  .help = "results folder (default results/NAME, after the trace's "
		  "name), or 'none' to write nothing",
	  .kind = KB_OPTION_CALL,
	  .take = take_out },
	{ .name = "no-plots",
	  .help = "do not run gnuplot",
	  .kind = KB_OPTION_SWITCH,
	  AT(no_plots) },
	BENCH_OPTION_JSON(0),
	{ .name = "baseline",
	  .value = "ALLOC",
	  .heading = "The table",
	  .help = "the allocator that the table compares times with (default: "
		  "the first)",
	  .kind = KB_OPTION_TEXT,
	  AT(baseline_given) },
	{ .name = "verbose",
	  .letter = 'v',
	  .help = "print every figure, and how it came about",
	  .kind = KB_OPTION_SWITCH,
	  AT(verbose) },
	{ .name = "csv",
	  .help = "print CSV, a line per allocator, and nothing else",
	  .kind = KB_OPTION_SWITCH,
	  AT(csv) },
	{ .name = "markdown",
	  .help = "print the table as Markdown, and nothing else",
	  .kind = KB_OPTION_SWITCH,
	  AT(markdown) },
	{ .name = "benchfmt",
	  .heading = "For other tools",
	  .value = "FILE",
	  .help = "also write every run's time and the counters in Go's "
		  "benchmark format, for 'benchstat OLD NEW'; '-' is "
		  "standard output, which then gets nothing else",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT,
	  AT(benchfmt) },
	{ .name = "benchmark_",
	  .heading = "Google Benchmark",
	  .help = "its own options: each allocator on each trace is a "
		  "benchmark whose repetitions are the recorded runs, so "
		  "--benchmark_filter, --benchmark_out and "
		  "--benchmark_format work as usual",
	  .kind = KB_OPTION_FOREIGN,
	  AT(gbench) },
	{ .name = "micro",
	  .help = "run the micro-benchmarks instead of a replay",
	  .excludes = "pass touch heap-pages heap-base clock budget timeout "
		      "quick evict cpu seed json benchfmt list version",
	  COMMAND(BENCH_MICRO) },
	{ .name = "list",
	  .heading = "Information",
	  .help = "list the allocators with their options, the passes, and "
		  "the sample traces",
	  .excludes = "*",
	  COMMAND(BENCH_LIST) },
	{ .name = "version",
	  .help = "show the version and the revision",
	  .excludes = "*",
	  COMMAND(BENCH_VERSION) },
	{ .name = NULL },
};

const struct kb_command bench_itself = {
	.program = "bench",
	.about = "Replays recorded kmalloc/kfree traces into kernel-heap "
		 "designs and production allocators, and shows what each "
		 "costs: time, the search inside kfree operation by "
		 "operation, and pages.",
	.options = options,
	.stray = "trace",
	.examples = "bench --trace traces/boot.trc\n"
		    "bench --trace my.ftrace.zst --alloc kheap,jemalloc --out "
		    "none\n"
		    "bench --trace traces/boot.trc --pass count --json - | jq "
		    ".results",
	.exits = "0 good, also if figures are skipped because gnuplot is not "
		 "installed\n"
		 "2 usage, unreadable or corrupt input, an output that cannot "
		 "be written\n"
		 "4 the machine cannot do what was asked; an allocator could "
		 "not be judged\n"
		 "5 a wrong result: a failed verification, an allocator that "
		 "crashed\n"
		 "130 after SIGINT, with finished results written\n"
		 "143 after SIGTERM, likewise",
	.commands = bench_commands,
	.check = check_run,
	.files = files_of_run,
	BENCH_KEEPS_FILES(0),
	.main = bench_run_main,
};
