/*
 * compare: two builds of bench on the same trace, in lock-step, with a verdict:
 * is the candidate slower than it may be?
 */
#include "kb_args.h"
#include "bench_commands.h"
#include "bench_compare_report.h"
#include "bench_elf.h"
#include "bench_options.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "bench_pair.h"
#include "bench_report.h"
#include "bench_settings.h"
#include "bench_stats.h"
#include "kb_bits.h"
#include "kb_signal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bench_compare_main(int argc, char **argv);

enum compare_exit {
	COMPARE_PASS = 0,
	COMPARE_FAIL = 1,
	COMPARE_USAGE = 2,
	COMPARE_INCONCLUSIVE = 3,
	COMPARE_ENVIRONMENT = 4,
	COMPARE_WRONG = 5
};

/* What is compared if --alloc names nothing: the design under study without its
 * search, which would drown everything else, and the fast heap. */
#define ALLOCS_COMPARED "kheap:lookup=pagemap,kheap-fast"

/* clang-format off */
static const char compare_help[] =
	"usage: bench compare BASE CANDIDATE --trace FILE... [--alloc LIST]\n"
	"\n"
	"BASE and CANDIDATE are two builds of this program. For each trace and\n"
	"allocator both replay the same slices in turns on one CPU, in fresh\n"
	"processes every few milliseconds, until the sign test says one of:\n"
	"\n"
	"  FAIL          slower by more than theta (sure to alpha)\n"
	"  PASS          not slower by delta (sure to beta)\n"
	"  INCONCLUSIVE  192 epochs did not tell\n"
	"\n"
	"First BASE is compared with itself; if that does not pass, the machine\n"
	"cannot be trusted now and the exit status is 4. Builds whose code is the\n"
	"same byte for byte pass without a run. Builds of different compilers, flags\n"
	"or build types are refused: the difference would be theirs.\n"
	"\n"
	"  --theta PCT  slowdown that is tolerated (1)\n"
	"  --delta PCT  slowdown that must not be missed (3)\n"
	"  --alpha PCT  false FAILs, of all gates of this call together: each gets\n"
	"               an equal part (1)\n"
	"  --beta PCT   missed slowdowns, a gate (1)\n"
	"  --strict     INCONCLUSIVE counts as FAIL\n"
	"  --report DIR also write compare.json (with every epoch's log ratio),\n"
	"               compare.md, compare.junit.xml, and base.benchfmt and\n"
	"               candidate.benchfmt for benchstat there\n"
	"  --json FILE  write the same JSON to FILE, '-' for standard output, and\n"
	"               there alone\n"
	"  --versus ALLOC  the candidate replays into ALLOC instead: two allocators\n"
	"               compared, if BASE and CANDIDATE are the same file\n"
	"  --force      compare builds of different compilers or flags\n"
	"  --no-self-check, --heap-pages, --heap-base, --touch, --cpu, --seed\n"
	"\n"
	"To test the instrument itself:\n"
	"\n"
	"  --inject PCT slow the candidate down: behind each of its slices it is\n"
	"               kept busy, on the clock, for PCT of the time that the slice\n"
	"               took. The ratio is so 1 + PCT/100 at any speed of the\n"
	"               machine, too high by 0.0002 at most. 0: the same code is\n"
	"               run, as an A/A gate\n"
	"\n"
	"Exit status: 0 pass; 1 fail; 2 usage, or a build was killed;\n"
	"3 inconclusive; 4 the machine or a build that cannot be compared; 5 a build\n"
	"crashed. Of several gates the gravest counts: 5, 1, 2, 4, 3, 0.\n";
/* clang-format on */

/* A comparison of two builds on its way. */
struct compare {
	struct bench_options opts;
	struct bench_sequential test;
	struct replay_clock clock;
	struct bench_env env;
	const char *base;
	const char *candidate;
	const char *report;

	/* --versus, as given and parsed. */
	const char *versus_text;
	struct alloc_spec versus;

	/* --inject's share; below 0 without it. */
	double inject;
	bool strict;
	bool force;
	bool no_self_check;
	bool help;

	/* What each side was built with. */
	char build[2][BENCH_LOCKSTEP_BUILD_SIZE];
	bool same_code;

	/* All gates, as bench_compare_report.h says. */
	json_t *gates;
};

/* Leaves the default where there is no text. */
static int take_percent(const char *option, const char *text, double *out,
			struct kb_diag *diag)
{
	char *end;
	double percent;

	if (!text)
		return 0;
	percent = strtod(text, &end);
	if (end == text || *end || !(percent >= 0) || percent >= 100)
		return kb_fail(diag, KB_E_ARG,
			       "%s takes a percentage from 0 to below 100, got "
			       "'%s'",
			       option, text);
	*out = percent / 100;
	return 0;
}

/* Takes compare's own options and the two names out of argv. Returns the new
 * argc, or <0. */
static int parse_own(struct compare *c, int argc, char **argv,
		     struct kb_diag *diag)
{
	const char *theta = NULL, *delta = NULL, *alpha = NULL, *beta = NULL;
	const char *inject = NULL;
	const struct kb_arg args[] = {
		{ NULL, &c->base, NULL },
		{ NULL, &c->candidate, NULL },
		{ "--theta", &theta, NULL },
		{ "--delta", &delta, NULL },
		{ "--alpha", &alpha, NULL },
		{ "--beta", &beta, NULL },
		{ "--inject", &inject, NULL },
		{ "--versus", &c->versus_text, NULL },
		{ "--report", &c->report, NULL },
		{ "--strict", NULL, &c->strict },
		{ "--force", NULL, &c->force },
		{ "--no-self-check", NULL, &c->no_self_check },
		{ "--help", NULL, &c->help },
	};
	int err;

	argc = kb_args_take(args, KB_ARRAY_LEN(args), argc, argv, diag);
	if (argc < 0)
		return argc;
	err = take_percent("--theta", theta, &c->test.theta, diag);
	if (err == 0)
		err = take_percent("--delta", delta, &c->test.delta, diag);
	if (err == 0)
		err = take_percent("--alpha", alpha, &c->test.alpha, diag);
	if (err == 0)
		err = take_percent("--beta", beta, &c->test.beta, diag);
	if (err == 0)
		err = take_percent("--inject", inject, &c->inject, diag);
	return err < 0 ? err : argc;
}

static int parse_versus(struct compare *c, struct kb_diag *diag)
{
	int err = alloc_spec_parse(&c->versus, c->versus_text, diag);

	return err < 0 ? err : alloc_require(&c->versus, diag);
}

/* What is left of the command line: a run's options. */
static int parse_rest(struct compare *c, int argc, char **argv,
		      struct kb_diag *diag)
{
	static const char *const taken[] = { "trace",	   "alloc",	"json",
					     "heap-pages", "heap-base", "touch",
					     "cpu",	   "seed",	NULL };
	const struct bench_subset subset = { "compare", taken,
					     ALLOCS_COMPARED };
	int err;

	if (!c->candidate)
		return kb_fail(diag, KB_E_ARG,
			       "compare wants two builds, BASE and CANDIDATE; "
			       "see 'bench compare --help'");
	if (!(c->test.theta < c->test.delta) || c->test.alpha <= 0 ||
	    c->test.beta <= 0)
		return kb_fail(diag, KB_E_ARG,
			       "--theta must be below --delta, --alpha and "
			       "--beta above 0");
	err = bench_options_parse(&c->opts, argc, argv, &subset, diag);
	if (err == 0 && c->versus_text) {
		err = parse_versus(c, diag);
		if (err < 0)
			bench_options_release(&c->opts);
	}
	/* None of a run's passes takes place. */
	c->opts.settings.passes = 0;
	return err;
}

static int parse(struct compare *c, int argc, char **argv)
{
	struct kb_diag diag;

	c->test = (struct bench_sequential){ 0.01, 0.03, 0.01, 0.01 };
	c->inject = -1;
	kb_diag_init(&diag);
	argc = parse_own(c, argc, argv, &diag);
	if (argc > 0 && !c->help)
		parse_rest(c, argc, argv, &diag);
	if (diag.status == 0)
		return 0;
	fprintf(stderr, "bench: %s\n", diag.text);
	return bench_commands_status(diag.status);
}

/* Keeps a gate for the reports, and says what came of it. */
static void tell_gate(struct compare *c, const struct bench_pair *p,
		      const char *kind)
{
	double sorted[BENCH_PAIR_EPOCHS_MAX];
	struct bench_summary s;

	memcpy(sorted, p->ratio, p->epochs * sizeof(*sorted));
	bench_summarize(&s, sorted, p->epochs);
	json_array_append_new(c->gates, bench_compare_gate(p, kind, &s));
	if (c->opts.json)
		return;
	printf("%-12s  %s  %s/%s", bench_verdict_name(p->verdict), kind,
	       p->trace->file, p->alloc[0]);
	if (strcmp(p->alloc[0], p->alloc[1]) != 0)
		printf(" -> %s", p->alloc[1]);
	printf("  %+.2f %%", 100 * expm1(s.median));
	if (s.has_interval)
		printf(" [%+.2f, %+.2f]", 100 * expm1(s.low),
		       100 * expm1(s.high));
	printf("  %zu epochs of %llu operations a slice, %.1f s\n", p->epochs,
	       (unsigned long long)p->slice_ops, p->seconds);
	fflush(stdout);
}

static int status_of(const struct compare *c, enum bench_verdict verdict)
{
	switch (verdict) {
	case BENCH_VERDICT_PASS:
		return COMPARE_PASS;
	case BENCH_VERDICT_FAIL:
		return COMPARE_FAIL;
	default:
		return c->strict ? COMPARE_FAIL : COMPARE_INCONCLUSIVE;
	}
}

static int complain(int err, const struct kb_diag *diag)
{
	/* The signal itself is the status. */
	if (err == KB_E_STOPPED)
		return COMPARE_PASS;
	fprintf(stderr, "bench: %s\n", diag->text);
	if (err == KB_E_UNSUPPORTED || err == KB_E_ENVIRONMENT)
		return COMPARE_ENVIRONMENT;
	return err == KB_E_WRONG ? COMPARE_WRONG : COMPARE_USAGE;
}

/* One gate of a kind: "A/A" compares the base with itself. */
static int do_gate(struct compare *c, const struct bench_trace *trace,
		   const char *alloc, bool self)
{
	size_t gates = c->opts.trace_count * c->opts.alloc_count;
	bool other = !self && c->versus_text;
	struct bench_pair pair = {
		.settings = &c->opts.settings,
		.clock = &c->clock,
		.trace = trace,
		.exe = { c->base, self ? c->base : c->candidate },
		.alloc = { alloc, other ? c->versus.name : alloc },
		.inject_ppm = self || c->inject < 0
				      ? 0
				      : (uint32_t)lround(c->inject * 1e6),
		.test = c->test,
	};
	struct kb_diag diag;
	int err;

	/* All gates of a call share the false alarms allowed (Bonferroni). */
	pair.test.alpha /= (double)gates;
	kb_diag_init(&diag);
	err = bench_pair_run(&pair, &diag);
	if (err < 0)
		return complain(err, &diag);
	tell_gate(c, &pair, self ? "A/A" : "A/B");
	if (!self)
		return status_of(c, pair.verdict);
	if (pair.verdict == BENCH_VERDICT_PASS)
		return COMPARE_PASS;
	fprintf(stderr, "bench: the base does not even pass against itself; "
			"this machine cannot tell now\n");
	return COMPARE_ENVIRONMENT;
}

static int do_trace(struct compare *c, const char *given)
{
	struct bench_trace trace;
	struct kb_diag diag;
	int status = COMPARE_PASS;

	kb_diag_init(&diag);
	if (bench_trace_open(&trace, given, kb_signal_came, &diag) < 0)
		return complain(KB_E_IO, &diag);
	for (size_t i = 0; i < c->opts.alloc_count && !kb_signal; i++) {
		const char *alloc = c->opts.allocs[i].name;
		int own = c->no_self_check ? COMPARE_PASS
					   : do_gate(c, &trace, alloc, true);

		if (own == COMPARE_PASS && !kb_signal)
			own = do_gate(c, &trace, alloc, false);
		status = bench_commands_graver(status, own);
	}
	bench_trace_release(&trace);
	return status;
}

static json_t *make_document(const struct compare *c)
{
	const struct bench_report context = { .settings = &c->opts.settings,
					      .env = &c->env,
					      .clock = &c->clock };

	return json_pack(
		"{s:o, s:s, s:s, s:[s, s], s:b, s:{s:f, s:f, s:f, s:f}, s:I, "
		"s:O}",
		"context", bench_json_context(&context), "base", c->base,
		"candidate", c->candidate, "builds", c->build[0], c->build[1],
		"same_code", (int)c->same_code, "test", "theta", c->test.theta,
		"delta", c->test.delta, "alpha", c->test.alpha, "beta",
		c->test.beta, "seed", (json_int_t)c->opts.settings.seed,
		"gates", c->gates);
}

/* Returns an exit status. */
static int write_reports(const struct compare *c)
{
	struct kb_diag diag;
	json_t *document;
	int err = 0;

	if (!c->report && !c->opts.json)
		return COMPARE_PASS;
	kb_diag_init(&diag);
	document = make_document(c);
	if (!document)
		err = kb_fail(&diag, KB_E_NOMEM,
			      "out of memory for the report");
	if (err == 0 && c->report)
		err = bench_compare_report(c->report, document, &diag);
	if (err == 0 && c->opts.json)
		err = kb_json_write(NULL, c->opts.json, document, 0, &diag);
	json_decref(document);
	return err < 0 ? complain(err, &diag) : COMPARE_PASS;
}

/* Whether the two programs can be compared at all. Returns an exit status. */
static int check_builds(struct compare *c)
{
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = bench_lockstep_meet(c->base, c->candidate, c->build, &diag);
	if (err == 0 && !c->force && strcmp(c->build[0], c->build[1]) != 0)
		err = kb_fail(
			&diag, KB_E_ENVIRONMENT,
			"'%s' was built with %s, '%s' with %s: build them "
			"the same way, or --force",
			c->base, c->build[0], c->candidate, c->build[1]);
	return err < 0 ? complain(err, &diag) : COMPARE_PASS;
}

static int run_gates(struct compare *c)
{
	int status = check_builds(c);

	if (status != COMPARE_PASS)
		return status;
	if (!c->opts.json)
		printf("seed %llu, theta %g %%, delta %g %%, alpha %g %%, "
		       "beta %g %%\n",
		       (unsigned long long)c->opts.settings.seed,
		       100 * c->test.theta, 100 * c->test.delta,
		       100 * c->test.alpha, 100 * c->test.beta);
	for (size_t i = 0; i < c->opts.trace_count && !kb_signal; i++)
		status = bench_commands_graver(status,
					       do_trace(c, c->opts.traces[i]));
	return status;
}

static int run(struct compare *c)
{
	struct kb_diag diag;
	int status = COMPARE_PASS;

	if (access(c->base, X_OK) != 0 || access(c->candidate, X_OK) != 0) {
		fprintf(stderr, "bench: cannot run '%s': %s\n",
			access(c->base, X_OK) ? c->base : c->candidate,
			strerror(errno));
		return COMPARE_USAGE;
	}
	replay_clock_qualify(&c->clock);
	kb_diag_init(&diag);
	if (replay_clock_calibrate(&c->clock, &diag) < 0)
		return complain(KB_E_ENVIRONMENT, &diag);
	bench_env_read(&c->env);
	c->env.pinned_cpu = c->opts.settings.cpu >= 0 ? c->opts.settings.cpu
						      : bench_default_cpu();
	c->gates = json_array();
	c->same_code = c->inject < 0 && !c->versus_text &&
		       bench_elf_same_code(c->base, c->candidate);
	if (!c->same_code)
		status = run_gates(c);
	else if (!c->opts.json)
		printf("PASS  '%s' and '%s' have the same code\n", c->base,
		       c->candidate);
	/* A clock that has drifted meanwhile makes the figures void. */
	if (!c->same_code && !kb_signal &&
	    replay_clock_calibrate(&c->clock, &diag) < 0)
		status = bench_commands_graver(
			status, complain(KB_E_ENVIRONMENT, &diag));
	if (json_array_size(c->gates) || c->same_code)
		status = bench_commands_graver(status, write_reports(c));
	json_decref(c->gates);
	return kb_signal ? 128 + kb_signal : status;
}

int bench_compare_main(int argc, char **argv)
{
	struct compare c;
	int status;

	memset(&c, 0, sizeof(c));
	status = parse(&c, argc, argv);
	if (status == 0 && c.help) {
		fputs(compare_help, stdout);
		return 0;
	}
	if (status == 0) {
		kb_signal_catch();
		status = run(&c);
		bench_options_release(&c.opts);
	}
	return status;
}
