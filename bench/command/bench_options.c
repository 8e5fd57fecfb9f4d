#include "bench_options.h"

#include "kb_args.h"
#include "kb_bits.h"
#include "kb_suggest.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCS_DEFAULT                                                  \
	"kheap,kheap:order=head,kheap:lookup=pagemap,kheap-fast,glibc," \
	"jemalloc,jemalloc:round=page,mimalloc,tcmalloc,null"

#define BUDGET_DEFAULT_S  20.0
#define BUDGET_QUICK_S	  3.0
#define SECONDS_MAX	  1e6
#define TIMEOUT_DEFAULT_S 60.0

enum option_id {
	OPT_TRACE = 256,
	OPT_ALLOC,
	OPT_PASS,
	OPT_OUT,
	OPT_NO_PLOTS,
	OPT_JSON,
	OPT_BENCHFMT,
	OPT_HEAP_PAGES,
	OPT_HEAP_BASE,
	OPT_TOUCH,
	OPT_CPU,
	OPT_SEED,
	OPT_BUDGET,
	OPT_TIMEOUT,
	OPT_QUICK,
	OPT_MICRO,
	OPT_LIST,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "alloc", required_argument, NULL, OPT_ALLOC },
	{ "pass", required_argument, NULL, OPT_PASS },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "no-plots", no_argument, NULL, OPT_NO_PLOTS },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "benchfmt", required_argument, NULL, OPT_BENCHFMT },
	{ "heap-pages", required_argument, NULL, OPT_HEAP_PAGES },
	{ "heap-base", required_argument, NULL, OPT_HEAP_BASE },
	{ "touch", required_argument, NULL, OPT_TOUCH },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "budget", required_argument, NULL, OPT_BUDGET },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "micro", no_argument, NULL, OPT_MICRO },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* clang-format off */
static const char help_text[] =
	"usage: bench --trace FILE [--trace FILE]... [options]\n"
	"\n"
	"Replays recorded kmalloc/kfree traces into kernel-heap designs and\n"
	"production allocators, and shows what each costs: time, the search\n"
	"inside kfree operation by operation, and pages.\n"
	"\n"
	"  bench --trace traces/boot.trc\n"
	"  bench --trace my.ftrace.zst --alloc kheap,jemalloc --out none\n"
	"  bench --trace traces/boot.trc --pass count --json - | jq .results\n"
	"\n"
	"What to replay\n"
	"  --trace FILE      a .trc, or whatever 'trc import' reads (imported on\n"
	"                    the fly); '-' is standard input; repeatable\n"
	"  --alloc LIST      allocators, comma-separated; repeatable; --list shows\n"
	"                    them and their options. Default:\n"
	"                    kheap,kheap:order=head,kheap:lookup=pagemap,kheap-fast,\n"
	"                    glibc,jemalloc,jemalloc:round=page,mimalloc,tcmalloc,null;\n"
	"                    of these, what is not installed is skipped\n"
	"  --pass LIST       of verify,count,throughput,latency; default: all\n"
	"  --touch MODE      touch allocations: none (default), first (byte), all\n"
	"                    (the first byte of every 4 KiB)\n"
	"  --heap-pages N    pages of the simulated heap window (default 32766)\n"
	"  --heap-base VA    its first address (default 0xF0000000)\n"
	"\n"
	"How long, and where\n"
	"  --budget SECONDS  wall time for one cell's timed passes (default 20); of a\n"
	"                    trace whose searches are too long for it windows are\n"
	"                    timed, and searches left out between them; a cell that\n"
	"                    had to stop early is marked partial\n"
	"  --timeout SECONDS an allocator that does no event for so long hangs: its\n"
	"                    result is wrong, the run goes on (default 60)\n"
	"  --quick           a rough first look: budget 3, few repetitions\n"
	"  --cpu N           pin timed work to CPU N (default: the highest allowed)\n"
	"  --seed N          order of the epochs and choice of samples (default 1)\n"
	"\n"
	"What comes out\n"
	"  --out DIR         results folder (default results/<trace's name>), or\n"
	"                    'none' to write nothing\n"
	"  --no-plots        do not run gnuplot\n"
	"  --json FILE       also write the results as JSON; '-' is stdout, and then\n"
	"                    nothing else is\n"
	"  --benchfmt FILE   also write epochs and counters in Go's benchmark format,\n"
	"                    for 'benchstat OLD NEW'; '-' is stdout, likewise\n"
	"\n"
	"Google Benchmark\n"
	"  --benchmark_*     its own options: each cell (trace x allocator) is a\n"
	"                    benchmark whose repetitions are the recorded epochs,\n"
	"                    so --benchmark_filter, --benchmark_out and\n"
	"                    --benchmark_format work as usual\n"
	"  --micro           run the micro-benchmarks instead of a replay\n"
	"\n"
	"  --list  --version  --help\n"
	"\n"
	"Exit status: 0 good, also where figures are left out because gnuplot is not\n"
	"installed; 2 usage, unreadable or corrupt input, an output that cannot be\n"
	"written; 4 the machine cannot do what was asked; 5 a wrong result (failed\n"
	"verification, crash); 130 and 143 after SIGINT and SIGTERM, with what was\n"
	"finished written.\n";
/* clang-format on */

const char *bench_help_text(void)
{
	return help_text;
}

/* Adds one pass by its name. */
static int add_pass(unsigned *set, const char *name, struct kb_diag *diag)
{
	struct kb_suggest near = KB_SUGGEST_INIT(name);

	for (const struct bench_pass_entry *p = bench_passes; p->name; p++) {
		if (strcmp(p->name, name) == 0) {
			*set |= p->pass;
			return 0;
		}
		kb_suggest_offer(&near, p->name);
	}
	if (kb_suggest_best(&near))
		return kb_fail(diag, KB_E_ARG,
			       "unknown pass '%s'; did you mean '%s'?", name,
			       kb_suggest_best(&near));
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

static int parse_seconds(const char *option, const char *text, double *out,
			 struct kb_diag *diag)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end || !isfinite(*out) || *out <= 0 ||
	    *out > SECONDS_MAX)
		return kb_fail(diag, KB_E_ARG,
			       "%s takes seconds above 0 and at most %g, got "
			       "'%s'",
			       option, SECONDS_MAX, text);
	return 0;
}

static int parse_touch(const char *text, enum alloc_touch *out,
		       struct kb_diag *diag)
{
	for (int i = ALLOC_TOUCH_NONE; i <= ALLOC_TOUCH_ALL; i++) {
		if (strcmp(bench_touch_name((enum alloc_touch)i), text) == 0) {
			*out = (enum alloc_touch)i;
			return 0;
		}
	}
	return kb_fail(diag, KB_E_ARG,
		       "--touch takes none, first or all, got '%s'", text);
}

/* An option of ours with a value that it does not take, as in --quick=1. */
static int refuse_value(const char *text, struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_ARG,
		       "option '%.*s' takes no value; see --help",
		       (int)strcspn(text, "="), text);
}

static int unknown_option(const char *text, struct kb_diag *diag)
{
	char *name = strdup(text);
	struct kb_suggest near = KB_SUGGEST_INIT(name ? name + 2 : "");
	const char *best;

	if (!name)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	name[strcspn(name, "=")] = '\0';
	if (strncmp(name, "--", 2) == 0)
		for (const struct option *o = long_options; o->name; o++)
			kb_suggest_offer(&near, o->name);
	best = near.best ? kb_suggest_best(&near) : NULL;
	if (best)
		kb_fail(diag, KB_E_ARG,
			"unknown option '%s'; did you mean '--%s'?", name,
			best);
	else
		kb_fail(diag, KB_E_ARG, "unknown option '%s'; see --help",
			name);
	free(name);
	return KB_E_ARG;
}

/* The options with a number. */
static int take_number(struct bench_options *opts, int id, const char *text,
		       struct kb_diag *diag)
{
	uint64_t n = 0;
	int err;

	switch (id) {
	case OPT_HEAP_PAGES:
		err = kb_args_number("--heap-pages", text, 1, UINT32_MAX, &n,
				     diag);
		opts->settings.heap_pages = (uint32_t)n;
		return err;
	case OPT_HEAP_BASE:
		err = kb_args_number("--heap-base", text, 1, UINT32_MAX, &n,
				     diag);
		opts->settings.heap_base = (uint32_t)n;
		return err;
	case OPT_CPU:
		err = kb_args_number("--cpu", text, 0, 4095, &n, diag);
		opts->settings.cpu = (int)n;
		return err;
	default:
		return kb_args_number("--seed", text, 0, INT64_MAX,
				      &opts->settings.seed, diag);
	}
}

static int take_allocs(struct bench_options *opts, const char *text,
		       struct kb_diag *diag)
{
	if (!*text)
		return kb_fail(diag, KB_E_ARG,
			       "--alloc names no allocator; see --list");
	return alloc_spec_parse_list(&opts->allocs, &opts->alloc_count, text,
				     diag);
}

static int take_out(struct bench_options *opts, const char *text,
		    struct kb_diag *diag)
{
	if (!*text)
		return kb_fail(diag, KB_E_ARG,
			       "--out takes a folder's name, or 'none'");
	opts->no_out = strcmp(text, "none") == 0;
	opts->out = opts->no_out ? NULL : text;
	return 0;
}

static int take_option(struct bench_options *opts, int id, char *text,
		       struct kb_diag *diag)
{
	switch (id) {
	case OPT_TRACE:
		opts->traces[opts->trace_count++] = text;
		return 0;
	case OPT_ALLOC:
		return take_allocs(opts, text, diag);
	case OPT_PASS:
		return add_passes(&opts->settings.passes, text, diag);
	case OPT_OUT:
		return take_out(opts, text, diag);
	case OPT_NO_PLOTS:
		opts->no_plots = true;
		return 0;
	case OPT_JSON:
		opts->json = text;
		return 0;
	case OPT_BENCHFMT:
		opts->benchfmt = text;
		return 0;
	case OPT_TOUCH:
		return parse_touch(text, &opts->settings.touch, diag);
	case OPT_BUDGET:
		return parse_seconds("--budget", text, &opts->settings.budget_s,
				     diag);
	case OPT_TIMEOUT:
		return parse_seconds("--timeout", text,
				     &opts->settings.timeout_s, diag);
	case OPT_QUICK:
		opts->settings.quick = true;
		return 0;
	case OPT_MICRO:
		opts->command = BENCH_MICRO;
		return 0;
	case OPT_LIST:
		opts->command = BENCH_LIST;
		return 0;
	case OPT_VERSION:
		opts->command = BENCH_VERSION;
		return 0;
	case OPT_HELP:
		opts->command = BENCH_HELP;
		return 0;
	default:
		return take_number(opts, id, text, diag);
	}
}

/* Moves Google Benchmark's options to their own list, so that getopt sees only
 * ours. Returns the new argc. */
static int split_gbench(struct bench_options *opts, int argc, char **argv)
{
	int kept = 1;

	opts->gbench_argv[opts->gbench_argc++] = argv[0];
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--benchmark_", 12) == 0)
			opts->gbench_argv[opts->gbench_argc++] = argv[i];
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static const char *option_name(int id)
{
	const struct option *o = long_options;

	while (o->val != id)
		o++;
	return o->name;
}

static bool takes(const struct bench_subset *subset, int id)
{
	for (const char *const *name = subset->names; *name; name++)
		if (strcmp(*name, option_name(id)) == 0)
			return true;
	return false;
}

/* What getopt has just refused: a letter that it knows not, or else the word
 * that it has passed, for it sorts other words behind the options. */
static const char *refused_word(char **argv, char letter[3])
{
	if (optopt <= 0 || optopt >= OPT_TRACE)
		return argv[optind - 1];
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}

static int parse_all(struct bench_options *opts, int argc, char **argv,
		     const struct bench_subset *subset, struct kb_diag *diag)
{
	char letter[3];
	int err = 0;

	opterr = 0;
	/* Not 1: only 0 makes getopt forget an earlier command line. */
	optind = 0;
	while (err == 0) {
		int id = getopt_long(argc, argv, ":h", long_options, NULL);

		if (id == -1)
			break;
		if (id == 'h')
			id = OPT_HELP;
		if (id == ':')
			err = kb_fail(diag, KB_E_ARG,
				      "option '%s' needs a value; see --help",
				      refused_word(argv, letter));
		else if (id == '?' && optopt >= OPT_TRACE)
			err = refuse_value(refused_word(argv, letter), diag);
		else if (id == '?')
			err = unknown_option(refused_word(argv, letter), diag);
		else if (subset && !takes(subset, id))
			err = kb_fail(diag, KB_E_ARG,
				      "%s does not take --%s; see 'bench %s "
				      "--help'",
				      subset->command, option_name(id),
				      subset->command);
		else
			err = take_option(opts, id, optarg, diag);
	}
	if (err == 0 && optind < argc)
		return kb_fail(diag, KB_E_ARG,
			       "'%s' is not an option; a trace is given as "
			       "'--trace %s'",
			       argv[optind], argv[optind]);
	return err;
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

/* Looks for allocators that this machine does not have: sets them apart if they
 * may be `skipped`, or else fails. */
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

static int complete(struct bench_options *opts,
		    const struct bench_subset *subset, struct kb_diag *diag)
{
	const bool by_default = opts->alloc_count == 0;
	int err = 0;

	if (opts->command == BENCH_MICRO)
		return check_available(opts, false, diag);
	if (opts->command != BENCH_RUN)
		return 0;
	if (opts->trace_count == 0)
		return kb_fail(diag, KB_E_ARG,
			       "no trace given; try 'bench --trace "
			       "traces/boot.trc', or --help");
	if (by_default)
		err = alloc_spec_parse_list(
			&opts->allocs, &opts->alloc_count,
			subset ? subset->allocs : ALLOCS_DEFAULT, diag);
	return err < 0 ? err
		       : check_available(opts, by_default && !subset, diag);
}

int bench_options_parse(struct bench_options *opts, int argc, char **argv,
			const struct bench_subset *subset, struct kb_diag *diag)
{
	size_t room = (size_t)argc + 1;
	int err;

	memset(opts, 0, sizeof(*opts));
	opts->settings.cpu = -1;
	opts->settings.seed = 1;
	opts->settings.timeout_s = TIMEOUT_DEFAULT_S;
	opts->traces = calloc(room, sizeof(*opts->traces));
	opts->gbench_argv = calloc(room, sizeof(*opts->gbench_argv));
	if (!opts->traces || !opts->gbench_argv) {
		err = kb_fail(diag, KB_E_NOMEM, "out of memory");
		goto out;
	}
	if (!subset)
		argc = split_gbench(opts, argc, argv);
	err = parse_all(opts, argc, argv, subset, diag);
	if (err == 0)
		err = complete(opts, subset, diag);
	if (opts->settings.passes == 0)
		opts->settings.passes = BENCH_PASS_ALL;
	if (opts->settings.budget_s == 0)
		opts->settings.budget_s = opts->settings.quick
						  ? BUDGET_QUICK_S
						  : BUDGET_DEFAULT_S;
out:
	if (err < 0)
		bench_options_release(opts);
	return err;
}

void bench_options_release(struct bench_options *opts)
{
	free(opts->traces);
	free(opts->gbench_argv);
	free(opts->allocs);
	free(opts->skipped);
	memset(opts, 0, sizeof(*opts));
}
