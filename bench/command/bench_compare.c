/*
 * compare: two builds of bench on the same trace, in lock-step, with a verdict:
 * is the candidate slower than tolerated?
 */
#include "bench_commands.h"
#include "bench_compare_report.h"
#include "bench_elf.h"
#include "bench_format.h"
#include "bench_options.h"
#include "bench_trace_open.h"
#include "kb_json.h"
#include "bench_pair.h"
#include "bench_report.h"
#include "bench_settings.h"
#include "bench_stats.h"
#include "kb_bits.h"
#include "kb_signal.h"
#include "kb_terminal.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The allocators compared by default: the design under study without its
 * search, which would drown everything else, and the fast heap. */
#define ALLOCS_COMPARED "kheap:lookup=pagemap,kheap-fast"

/* A comparison of two builds in progress. */
struct compare {
	struct bench_options opts;
	struct bench_sequential test;
	struct replay_clock clock;
	struct bench_env env;
	const char *base;
	const char *candidate;
	const char *report;

	/* --versus, parsed; without a name if it was not given. */
	struct alloc_spec versus;

	/* --inject's share; below 0 if it was not given. */
	double inject;
	bool strict;
	bool force;
	bool no_self_check;

	/* What each side was built with. */
	char build[2][BENCH_LOCKSTEP_BUILD_SIZE];
	bool same_code;

	/* All gates, as bench_compare_report.h describes. */
	json_t *gates;
};

static int take_percent(void *field, const struct kb_option *option,
			const char *value, struct kb_diag *diag)
{
	char *end;
	double percent = strtod(value, &end);

	if (end == value || *end || !(percent >= 0) || percent >= 100)
		return kb_fail(diag, KB_E_ARG,
			       "--%s takes a percentage from 0 to below 100, "
			       "got '%s'",
			       option->name, value);
	*(double *)field = percent / 100;
	return 0;
}

static int take_versus(void *field, const struct kb_option *option,
		       const char *value, struct kb_diag *diag)
{
	int err = alloc_spec_parse(field, value, diag);

	(void)option;
	return err < 0 ? err : alloc_require(field, diag);
}

static int check(void *target, struct kb_diag *diag)
{
	struct compare *c = target;

	if (!(c->test.theta < c->test.delta) || c->test.alpha <= 0 ||
	    c->test.beta <= 0)
		return kb_fail(diag, KB_E_ARG,
			       "--theta must be below --delta, --alpha and "
			       "--beta above 0");
	return bench_options_check(&c->opts, ALLOCS_COMPARED, diag);
}

static int files(const void *target, struct kb_files *files,
		 struct kb_diag *diag)
{
	const struct compare *c = target;
	char file[ALLOC_NAME_SIZE];
	int err = bench_options_files(&c->opts, files, diag);

	if (err == 0 && c->versus.ops && alloc_spec_file(file, &c->versus))
		err = kb_files_add(files, file, KB_FILES_IN_NAMED, diag);
	return err;
}

/* A pair of programs or allocators, and what became of it. */
struct gate {
	const struct bench_pair *pair;
	const char *kind;
	const struct bench_summary *ratio;
};

static void write_gate(FILE *f, const void *user)
{
	const struct gate *gate = user;
	const struct bench_pair *p = gate->pair;
	const struct bench_summary *s = gate->ratio;
	char events[BENCH_TEXT_SIZE];

	fprintf(f, "%-12s  %s  %s/%s", bench_verdict_name(p->verdict),
		gate->kind, p->trace->file, p->alloc[0]);
	if (strcmp(p->alloc[0], p->alloc[1]) != 0)
		fprintf(f, " -> %s", p->alloc[1]);
	fprintf(f, "  %+.2f%%", 100 * expm1(s->median));
	if (s->has_interval)
		fprintf(f, " [%+.2f%%, %+.2f%%]", 100 * expm1(s->low),
			100 * expm1(s->high));
	fprintf(f, "  %zu runs, %s events per slice, %.1f s\n", p->epochs,
		bench_format_count(events, p->slice_ops), p->seconds);
}

/* Keeps a gate for the reports and prints its verdict. */
static void tell_gate(struct compare *c, const struct bench_pair *p,
		      const char *kind)
{
	double sorted[BENCH_PAIR_EPOCHS_MAX];
	struct bench_summary s;
	const struct gate gate = { p, kind, &s };

	memcpy(sorted, p->ratio, p->epochs * sizeof(*sorted));
	bench_summarize(&s, sorted, p->epochs);
	json_array_append_new(c->gates, bench_compare_gate(p, kind, &s));
	if (c->opts.json)
		return;
	kb_terminal_print(stdout, kb_terminal_columns(0), write_gate, &gate);
	fflush(stdout);
}

static int status_of(const struct compare *c, enum bench_verdict verdict)
{
	switch (verdict) {
	case BENCH_VERDICT_PASS:
		return KB_EXIT_GOOD;
	case BENCH_VERDICT_FAIL:
		return KB_EXIT_WORSE;
	default:
		return c->strict ? KB_EXIT_WORSE : KB_EXIT_UNDECIDED;
	}
}

static int complain(const struct kb_diag *diag)
{
	return kb_complain_diag("bench", diag);
}

/* One gate of a kind: "A/A" compares the base with itself. */
static int do_gate(struct compare *c, const struct bench_trace *trace,
		   const char *alloc, bool self)
{
	size_t gates = c->opts.traces.count * c->opts.alloc_count;
	bool other = !self && c->versus.ops;
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

	/* All gates of a call share the allowed false-alarm rate
	 * (Bonferroni). */
	pair.test.alpha /= (double)gates;
	kb_diag_init(&diag);
	err = bench_pair_run(&pair, &diag);
	if (err < 0)
		return complain(&diag);
	tell_gate(c, &pair, self ? "A/A" : "A/B");
	if (!self)
		return status_of(c, pair.verdict);
	if (pair.verdict == BENCH_VERDICT_PASS)
		return KB_EXIT_GOOD;
	kb_complain("bench",
		    "the base does not pass against itself, so this machine is "
		    "too noisy now; try again when it is idle");
	return KB_EXIT_ENVIRONMENT;
}

static int do_trace(struct compare *c, const char *given)
{
	struct bench_trace trace;
	struct kb_diag diag;
	int status = KB_EXIT_GOOD;

	kb_diag_init(&diag);
	if (bench_commands_open(&trace, given, &diag) < 0)
		return complain(&diag);
	trace.beside = &c->opts.files;
	for (size_t i = 0; i < c->opts.alloc_count && !kb_signal; i++) {
		const char *alloc = c->opts.allocs[i].name;
		int own = c->no_self_check ? KB_EXIT_GOOD
					   : do_gate(c, &trace, alloc, true);

		if (own == KB_EXIT_GOOD && !kb_signal)
			own = do_gate(c, &trace, alloc, false);
		status = kb_exit_graver(status, own);
	}
	bench_trace_release(&trace);
	return status;
}

static json_t *make_document(const struct compare *c)
{
	/* Of a summary the context has only what the clock is worth. */
	const struct bench_run_summary summary = {
		.floor_ns = replay_clock_floor_ns(&c->clock),
		.error_ns = replay_clock_error_ns(&c->clock),
	};
	const struct bench_report context = { .settings = &c->opts.settings,
					      .env = &c->env,
					      .clock = &c->clock,
					      .summary = &summary };

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
		return KB_EXIT_GOOD;
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
	return err < 0 ? complain(&diag) : KB_EXIT_GOOD;
}

/* Whether the two programs can be compared at all. Returns an exit status. */
static int check_builds(struct compare *c)
{
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	err = bench_lockstep_meet(c->base, c->candidate, c->build, &diag);
	err = kb_files_judge(&c->opts.files, err, &diag);
	if (err == 0 && !c->force && strcmp(c->build[0], c->build[1]) != 0)
		err = kb_fail(
			&diag, KB_E_ENVIRONMENT,
			"'%s' was built with %s, '%s' with %s: build them "
			"the same way, or --force",
			c->base, c->build[0], c->candidate, c->build[1]);
	return err < 0 ? complain(&diag) : KB_EXIT_GOOD;
}

static int run_gates(struct compare *c)
{
	int status = check_builds(c);

	if (status != KB_EXIT_GOOD)
		return status;
	if (!c->opts.json)
		printf("seed %llu, theta %g%%, delta %g%%, alpha %g%%, beta "
		       "%g%%\n",
		       (unsigned long long)c->opts.settings.seed,
		       100 * c->test.theta, 100 * c->test.delta,
		       100 * c->test.alpha, 100 * c->test.beta);
	for (size_t i = 0; i < c->opts.traces.count && !kb_signal; i++)
		status = kb_exit_graver(status,
					do_trace(c, c->opts.traces.word[i]));
	return status;
}

static void tell_same(const struct compare *c)
{
	char *text;

	if (asprintf(&text, "PASS  '%s' and '%s' have the same code\n", c->base,
		     c->candidate) < 0)
		return;
	kb_terminal_wrap(stdout, text, kb_terminal_columns(0));
	free(text);
}

static int run(struct compare *c)
{
	struct kb_diag diag;
	int status = KB_EXIT_GOOD;

	if (access(c->base, X_OK) != 0 || access(c->candidate, X_OK) != 0) {
		kb_complain("bench", "cannot run '%s': %s",
			    access(c->base, X_OK) ? c->base : c->candidate,
			    strerror(errno));
		return KB_EXIT_USAGE;
	}
	replay_clock_qualify(&c->clock);
	kb_diag_init(&diag);
	if (replay_clock_calibrate(&c->clock, &diag) < 0)
		return complain(&diag);
	bench_env_read(&c->env);
	c->env.pinned_cpu = c->opts.settings.cpu >= 0 ? c->opts.settings.cpu
						      : bench_default_cpu();
	c->same_code = c->inject < 0 && !c->versus.ops &&
		       bench_elf_same_code(c->base, c->candidate);
	if (kb_files_judge(&c->opts.files, 0, &diag) < 0)
		return complain(&diag);
	c->gates = json_array();
	if (!c->same_code)
		status = run_gates(c);
	else if (!c->opts.json)
		tell_same(c);
	/* If the clock has drifted, the figures are invalid. */
	if (!c->same_code && !kb_signal &&
	    replay_clock_calibrate(&c->clock, &diag) < 0)
		status = kb_exit_graver(status, complain(&diag));
	if (json_array_size(c->gates) || c->same_code)
		status = kb_exit_graver(status, write_reports(c));
	json_decref(c->gates);
	return kb_signal ? kb_exit_of(KB_E_STOPPED) : status;
}

static int compare_main(int argc, char **argv)
{
	struct compare c;
	int status;

	memset(&c, 0, sizeof(c));
	bench_options_init(&c.opts);
	c.test = (struct bench_sequential){ 0.01, 0.03, 0.01, 0.01 };
	c.inject = -1;
	if (kb_options_go(&bench_compare_command, &c, argc, argv, &status)) {
		kb_signal_catch();
		status = run(&c);
	}
	bench_options_release(&c.opts);
	return status;
}

#define AT(member) .offset = offsetof(struct compare, member)

#define OPTS	   offsetof(struct compare, opts)

static const struct kb_option options[] = {
	BENCH_OPTION_TRACE(OPTS),
	BENCH_OPTION_ALLOC(OPTS, "Default: kheap:lookup=pagemap, kheap-fast"),
	{ .name = "versus",
	  .value = "ALLOC",
	  .help = "have the candidate replay into ALLOC instead: with one "
		  "file as BASE and CANDIDATE this compares two allocators",
	  .is_single = true,
	  .kind = KB_OPTION_CALL,
	  .take = take_versus,
	  AT(versus) },
	BENCH_OPTION_HEAP_PAGES(OPTS),
	BENCH_OPTION_HEAP_BASE(OPTS),
	BENCH_OPTION_TOUCH(OPTS),
	BENCH_OPTION_CPU(OPTS),
	BENCH_OPTION_SEED(OPTS),
	{ .name = "theta",
	  .value = "PCT",
	  .heading = "The test",
	  .help = "tolerated slowdown, in percent (default 1)",
	  .kind = KB_OPTION_CALL,
	  .take = take_percent,
	  AT(test.theta) },
	{ .name = "delta",
	  .value = "PCT",
	  .help = "slowdown that must not be missed (default 3)",
	  .kind = KB_OPTION_CALL,
	  .take = take_percent,
	  AT(test.delta) },
	{ .name = "alpha",
	  .value = "PCT",
	  .help = "false-alarm rate of all gates of this call together; each "
		  "gets an equal part (default 1)",
	  .kind = KB_OPTION_CALL,
	  .take = take_percent,
	  AT(test.alpha) },
	{ .name = "beta",
	  .value = "PCT",
	  .help = "rate of missed slowdowns, per gate (default 1)",
	  .kind = KB_OPTION_CALL,
	  .take = take_percent,
	  AT(test.beta) },
	{ .name = "strict",
	  .help = "count INCONCLUSIVE as FAIL",
	  .kind = KB_OPTION_SWITCH,
	  AT(strict) },
	{ .name = "force",
	  .help = "compare builds of different compilers or flags",
	  .kind = KB_OPTION_SWITCH,
	  AT(force) },
	{ .name = "no-self-check",
	  .help = "do not compare BASE with itself first",
	  .kind = KB_OPTION_SWITCH,
	  AT(no_self_check) },
	{ .name = "inject",
	  .value = "PCT",
	  .help = "to test the instrument: slow the candidate down by PCT "
		  "percent. After each slice, busy-wait for PCT percent of "
		  "the slice's time. The resulting ratio is 1 + PCT/100, "
		  "accurate to 0.0002 on any machine. With 0 the same code "
		  "runs on both sides, as an A/A gate",
	  .kind = KB_OPTION_CALL,
	  .take = take_percent,
	  AT(inject) },
	{ .name = "report",
	  .value = "DIR",
	  .heading = "Results",
	  .help = "write compare.json (with each run's log ratio), compare.md "
		  "and compare.junit.xml to DIR, and base.benchfmt and "
		  "candidate.benchfmt for benchstat",
	  .kind = KB_OPTION_TEXT,
	  .file = KB_FILES_OUT_FOLDER,
	  AT(report) },
	BENCH_OPTION_JSON(OPTS),
	{ .name = NULL },
};

static const struct kb_operand operands[] = {
	{ "BASE", 1, 1, offsetof(struct compare, base), KB_FILES_IN_NAMED },
	{ "CANDIDATE", 1, 1, offsetof(struct compare, candidate),
	  KB_FILES_IN_NAMED },
	{ NULL, 0, 0, 0, KB_FILES_NONE },
};

const struct kb_command bench_compare_command = {
	.program = "bench",
	.name = "compare",
	.summary = "two builds in lock-step: is one slower?",
	.about = "BASE and CANDIDATE are two builds of this program. For each "
		 "trace and allocator both replay the same slices in turn on "
		 "one CPU, in fresh processes every few milliseconds, until "
		 "the sign test gives a verdict:\n"
		 "\n"
		 "  FAIL          slower by more than --theta (false-alarm "
		 "rate --alpha)\n"
		 "  PASS          not slower by --delta or more (miss rate "
		 "--beta)\n"
		 "  INCONCLUSIVE  no verdict after 192 runs\n"
		 "\n"
		 "First BASE is compared with itself; if that does not pass, "
		 "the machine is too noisy and the exit status is 4. Builds "
		 "with identical code pass without a run. Builds of different "
		 "compilers, flags or build types are refused: the difference "
		 "would be theirs.\n"
		 "\n"
		 "Of several gates the gravest exit status counts: 5, 1, 2, 4, "
		 "3, 0.",
	.options = options,
	.operands = operands,
	.stray = "trace",
	.examples = "bench compare old/bench new/bench --trace traces/boot.trc",
	.exits = "0 pass\n"
		 "1 fail\n"
		 "2 usage, or a build was killed\n"
		 "3 inconclusive\n"
		 "4 the machine is too noisy, or a build cannot be compared\n"
		 "5 a build crashed",
	.check = check,
	.files = files,
	BENCH_KEEPS_FILES(OPTS),
	.main = compare_main,
};
