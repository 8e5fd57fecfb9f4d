/*
 * compare: two builds of bench on the same trace, in lock-step, with a verdict:
 * is the candidate slower than it may be?
 */
#include "bench_commands.h"
#include "bench_compare_report.h"
#include "bench_elf.h"
#include "bench_format.h"
#include "bench_lockstep.h"
#include "bench_options.h"
#include "bench_run.h"
#include "bench_sequential.h"
#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_clock.h"

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

/* A turn is to last at least so long, ns. */
#define SLICE_NS 300000.0

/* Untimed operations at the start of a turn: this share of the timed ones. */
#define WARM_SHARE 8

static const char help[] =
	"usage: bench compare BASE CANDIDATE --trace FILE... [--alloc LIST]\n"
	"\n"
	"BASE and CANDIDATE are two builds of this program. For each trace "
	"and\n"
	"allocator both replay the same slices in turns on one CPU, in fresh\n"
	"processes every few milliseconds, until the sign test says one of:\n"
	"\n"
	"  FAIL          slower by more than theta (sure to alpha)\n"
	"  PASS          not slower by delta (sure to beta)\n"
	"  INCONCLUSIVE  192 epochs did not tell\n"
	"\n"
	"First BASE is compared with itself; if that does not pass, the "
	"machine\n"
	"cannot be trusted now and the exit status is 4. Builds whose code is "
	"the\n"
	"same byte for byte pass without a run.\n"
	"\n"
	"  --theta PCT  slowdown that is tolerated (1)\n"
	"  --delta PCT  slowdown that must not be missed (3)\n"
	"  --alpha PCT  false FAILs, of all gates of this call together (1)\n"
	"  --beta PCT   missed slowdowns, a gate (5)\n"
	"  --strict     INCONCLUSIVE counts as FAIL\n"
	"  --report DIR also write compare.json (with every epoch's log "
	"ratio),\n"
	"               compare.md and compare.junit.xml there\n"
	"  --versus ALLOC  the candidate replays into ALLOC instead: two "
	"allocators\n"
	"               compared, if BASE and CANDIDATE are the same file\n"
	"  --slow PCT   slow the candidate down by so much: to test the gate\n"
	"  --no-self-check, --heap-pages, --heap-base, --touch, --cpu, --seed\n"
	"\n"
	"Exit status: 0 pass; 1 fail; 2 usage; 3 inconclusive; 4 the machine "
	"or a\n"
	"build that cannot be compared; 5 a build crashed.\n";

/* A comparison of two builds on its way. */
struct compare {
	struct bench_options opts;
	struct bench_sequential test;
	struct replay_clock clock;
	const char *base;
	const char *candidate;
	const char *report;

	/* --versus, as given and parsed. */
	const char *versus_text;
	struct alloc_spec versus;
	double slow_pct;
	bool strict;
	bool no_self_check;
	bool help;

	/* All gates, as bench_compare_report.h says. */
	json_t *gates;
};

/* One gate: a trace in an allocator. */
struct gate {
	struct compare *compare;
	const struct bench_trace *trace;
	const char *alloc;
	const char *versus;
	const char *base;
	const char *candidate;
	uint32_t slow_ppm;

	/* Of this one gate's verdict. */
	struct bench_sequential test;
	double ratio[192];
	size_t epochs;
	enum bench_verdict verdict;
	uint64_t slice_ops;
};

static bool take_percent(const char *text, double *out)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || *end || !(percent >= 0) || percent >= 100)
		return false;
	*out = percent / 100;
	return true;
}

/* Takes one of compare's own options. Returns how many words it took, 0 if it
 * is none, -1 if its value is wrong. */
static int take_own(struct compare *c, char **argv)
{
	static const char *const names[] = { "--theta", "--delta", "--alpha",
					     "--beta", "--slow" };
	double *const values[] = { &c->test.theta, &c->test.delta,
				   &c->test.alpha, &c->test.beta,
				   &c->slow_pct };

	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		if (strcmp(argv[0], names[i]) == 0)
			return argv[1] && take_percent(argv[1], values[i]) ? 2
									   : -1;
	if (strcmp(argv[0], "--versus") == 0) {
		c->versus_text = argv[1];
		return argv[1] ? 2 : -1;
	}
	if (strcmp(argv[0], "--report") == 0) {
		c->report = argv[1];
		return argv[1] ? 2 : -1;
	}
	if (strcmp(argv[0], "--strict") == 0)
		c->strict = true;
	else if (strcmp(argv[0], "--no-self-check") == 0)
		c->no_self_check = true;
	else if (strcmp(argv[0], "--help") == 0)
		c->help = true;
	else
		return 0;
	return 1;
}

/* Takes compare's options and the two names out of argv. Returns the new argc,
 * or -1 behind a message. */
static int split_options(struct compare *c, int argc, char **argv)
{
	bool value_follows = false;
	int kept = 1;

	for (int i = 1; i < argc;) {
		int taken = value_follows ? 0 : take_own(c, &argv[i]);

		if (taken < 0) {
			fprintf(stderr,
				"bench: %s needs a value of its kind; see "
				"'bench compare --help'\n",
				argv[i]);
			return -1;
		}
		if (taken == 0 && !value_follows && argv[i][0] != '-' &&
		    !c->candidate) {
			if (c->base)
				c->candidate = argv[i];
			else
				c->base = argv[i];
			taken = 1;
		}
		if (taken == 0) {
			/* All of a run's options with -- take a value. */
			value_follows = !value_follows &&
					strncmp(argv[i], "--", 2) == 0 &&
					!strchr(argv[i], '=');
			argv[kept++] = argv[i++];
		}
		i += taken;
	}
	argv[kept] = NULL;
	return kept;
}

static int parse(struct compare *c, int argc, char **argv)
{
	struct kb_diag diag;

	c->test = (struct bench_sequential){ 0.01, 0.03, 0.01, 0.05 };
	kb_diag_init(&diag);
	argc = split_options(c, argc, argv);
	if (argc < 0)
		return COMPARE_USAGE;
	if (c->help)
		return 0;
	if (!c->candidate) {
		fprintf(stderr, "bench: compare wants two builds, BASE and "
				"CANDIDATE; see 'bench compare --help'\n");
		return COMPARE_USAGE;
	}
	if (!(c->test.theta < c->test.delta) || c->test.alpha <= 0 ||
	    c->test.beta <= 0) {
		fprintf(stderr, "bench: --theta must be below --delta, --alpha "
				"and --beta above 0\n");
		return COMPARE_USAGE;
	}
	if (bench_options_parse(&c->opts, argc, argv, ALLOCS_COMPARED, &diag) <
	    0) {
		fprintf(stderr, "bench: %s\n", diag.text);
		return COMPARE_USAGE;
	}
	if (c->versus_text &&
	    alloc_spec_parse(&c->versus, c->versus_text, &diag) < 0) {
		fprintf(stderr, "bench: %s\n", diag.text);
		bench_options_release(&c->opts);
		return COMPARE_USAGE;
	}
	return 0;
}

static void set_order(struct bench_lockstep_job *job, uint64_t seed)
{
	static const uint8_t abba[2][4] = { { 0, 1, 1, 0 }, { 1, 0, 0, 1 } };
	struct kb_rng rng = kb_rng_init(seed);

	for (size_t b = 0; b < BENCH_LOCKSTEP_BLOCKS; b++)
		memcpy(&job->order[4 * b], abba[kb_rng_below(&rng, 2)], 4);
}

static void make_job(const struct gate *g, struct bench_lockstep_job *job)
{
	const struct bench_options *opts = &g->compare->opts;

	memset(job, 0, sizeof(*job));
	strcpy(job->trace, g->trace->path);
	strcpy(job->alloc[0], g->alloc);
	strcpy(job->alloc[1], g->versus);
	job->heap_pages = opts->heap_pages;
	job->heap_base = opts->heap_base;
	job->touch = opts->touch;
	job->cpu = opts->cpu >= 0 ? opts->cpu : bench_default_cpu();
	job->use_tsc = g->compare->clock.use_tsc;
	job->slow_ppm = g->slow_ppm;
	job->slice_ops = g->slice_ops;
	job->warm_ops = g->slice_ops / WARM_SHARE;
	set_order(job, kb_mix64(opts->seed) + g->epochs);
}

/* Finds out how many operations make a slice: the same for both sides, for a
 * count of its own would favour one. */
static int size_slices(struct gate *g, struct kb_diag *diag)
{
	const struct replay_clock *clock = &g->compare->clock;
	struct bench_lockstep_epoch epoch;
	struct bench_lockstep_job job;
	double ns = 0;
	int err;

	g->slice_ops = 256;
	make_job(g, &job);
	err = bench_lockstep_run(&job, g->base, g->base, &epoch, diag);
	if (err < 0)
		return err;
	for (size_t i = 0; i < BENCH_LOCKSTEP_TURNS / 2; i++)
		ns += (double)epoch.ticks[0][i] * clock->ns_per_tick;
	ns /= BENCH_LOCKSTEP_TURNS / 2 * 256.0;
	g->slice_ops = 256 + (uint64_t)(SLICE_NS / (ns > 0.1 ? ns : 0.1));
	return 0;
}

static int run_gate(struct gate *g, struct kb_diag *diag)
{
	struct bench_lockstep_epoch epoch;
	struct bench_lockstep_job job;
	double sorted[192];
	int err = size_slices(g, diag);

	while (err == 0 && g->verdict == BENCH_VERDICT_GO_ON) {
		make_job(g, &job);
		err = bench_lockstep_run(&job, g->base, g->candidate, &epoch,
					 diag);
		if (err < 0)
			break;
		g->ratio[g->epochs++] = bench_lockstep_ratio(
			&epoch, g->compare->clock.cost.mean);
		memcpy(sorted, g->ratio, g->epochs * sizeof(*sorted));
		g->verdict =
			bench_sequential_judge(&g->test, sorted, g->epochs);
	}
	return err;
}

static const char *verdict_name(enum bench_verdict verdict)
{
	static const char *const names[] = {
		[BENCH_VERDICT_GO_ON] = "stopped",
		[BENCH_VERDICT_PASS] = "PASS",
		[BENCH_VERDICT_FAIL] = "FAIL",
		[BENCH_VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
	};

	return names[verdict];
}

/* Keeps a gate for the reports. */
static void note_gate(struct gate *g, const char *kind,
		      const struct bench_summary *s)
{
	json_t *ratios = json_array();
	json_t *gate;

	for (size_t i = 0; i < g->epochs; i++)
		json_array_append_new(ratios, json_real(g->ratio[i]));
	gate = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I, s:f, s:f, s:o}", "kind", kind,
		"trace", g->trace->file, "allocator", g->alloc, "versus",
		g->versus, "verdict", verdict_name(g->verdict), "slice_ops",
		(json_int_t)g->slice_ops, "slow_pct", g->slow_ppm / 1e4,
		"change_pct", 100 * expm1(s->median), "log_ratios", ratios);
	if (s->has_interval) {
		json_object_set_new(gate, "low_pct",
				    json_real(100 * expm1(s->low)));
		json_object_set_new(gate, "high_pct",
				    json_real(100 * expm1(s->high)));
	}
	json_array_append_new(g->compare->gates, gate);
}

static void tell_gate(struct gate *g, const char *kind)
{
	struct bench_summary s;
	double sorted[192];

	memcpy(sorted, g->ratio, g->epochs * sizeof(*sorted));
	bench_summarise(&s, sorted, g->epochs);
	note_gate(g, kind, &s);
	printf("%-12s  %s  %s/%s", verdict_name(g->verdict), kind,
	       g->trace->file, g->alloc);
	if (strcmp(g->alloc, g->versus) != 0)
		printf(" -> %s", g->versus);
	printf("  %+.2f %%", 100 * expm1(s.median));
	if (s.has_interval)
		printf(" [%+.2f, %+.2f]", 100 * expm1(s.low),
		       100 * expm1(s.high));
	printf("  %zu epochs of %llu operations a slice\n", g->epochs,
	       (unsigned long long)g->slice_ops);
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
	struct gate g = { .compare = c,
			  .trace = trace,
			  .alloc = alloc,
			  .versus = self || !c->versus_text ? alloc
							    : c->versus.name,
			  .base = c->base,
			  .candidate = self ? c->base : c->candidate,
			  .slow_ppm = self ? 0 : (uint32_t)(c->slow_pct * 1e6),
			  .test = c->test };
	struct kb_diag diag;
	int err;

	/* All gates of a call share the false alarms allowed (Bonferroni). */
	g.test.alpha /= (double)gates;
	kb_diag_init(&diag);
	err = run_gate(&g, &diag);
	if (err == KB_E_STOPPED)
		return COMPARE_USAGE;
	if (err < 0)
		return complain(err, &diag);
	tell_gate(&g, self ? "A/A" : "A/B");
	if (!self)
		return status_of(c, g.verdict);
	if (g.verdict == BENCH_VERDICT_PASS)
		return COMPARE_PASS;
	fprintf(stderr, "bench: the base does not even pass against itself; "
			"this machine cannot tell now\n");
	return COMPARE_ENVIRONMENT;
}

static bool asked_to_stop(void)
{
	return bench_signal != 0;
}

static int do_trace(struct compare *c, const char *given)
{
	struct bench_trace trace;
	struct kb_diag diag;
	int status = COMPARE_PASS;

	kb_diag_init(&diag);
	if (bench_trace_open(&trace, given, asked_to_stop, &diag) < 0)
		return complain(KB_E_IO, &diag);
	for (size_t i = 0; i < c->opts.alloc_count && !bench_signal; i++) {
		const char *alloc = c->opts.allocs[i].name;
		int own = c->no_self_check ? COMPARE_PASS
					   : do_gate(c, &trace, alloc, true);

		if (own == COMPARE_PASS)
			own = do_gate(c, &trace, alloc, false);
		/* A failure outweighs an open question. */
		if (own != COMPARE_PASS && status != COMPARE_FAIL)
			status = own;
	}
	bench_trace_release(&trace);
	return status;
}

static int write_report(struct compare *c, struct kb_diag *diag)
{
	json_t *document;
	int err;

	document =
		json_pack("{s:s, s:s, s:{s:f, s:f, s:f, s:f}, s:I, s:O}",
			  "base", c->base, "candidate", c->candidate, "test",
			  "theta", c->test.theta, "delta", c->test.delta,
			  "alpha", c->test.alpha, "beta", c->test.beta, "seed",
			  (json_int_t)c->opts.seed, "gates", c->gates);
	if (!document)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the "
			       "report");
	err = bench_compare_report(c->report, document, diag);
	json_decref(document);
	return err;
}

static bool same_code(const struct compare *c)
{
	return c->slow_pct == 0 && !c->versus_text &&
	       bench_elf_same_code(c->base, c->candidate);
}

/* Without a run there are no gates to report. Returns an exit status. */
static int report_nothing(struct compare *c)
{
	struct kb_diag diag;
	int status = COMPARE_PASS;

	kb_diag_init(&diag);
	c->gates = json_array();
	if (!bench_signal && replay_clock_calibrate(&c->clock, &diag) < 0)
		status = complain(KB_E_ENVIRONMENT, &diag);
	if (c->report && write_report(c, &diag) < 0)
		status = complain(KB_E_IO, &diag);
	json_decref(c->gates);
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
	if (same_code(c)) {
		printf("PASS  '%s' and '%s' have the same code\n", c->base,
		       c->candidate);
		return report_nothing(c);
	}
	kb_diag_init(&diag);
	replay_clock_qualify(&c->clock);
	replay_clock_calibrate(&c->clock, &diag);
	c->gates = json_array();
	printf("seed %llu, theta %g %%, delta %g %%, alpha %g %%, beta %g %%\n",
	       (unsigned long long)c->opts.seed, 100 * c->test.theta,
	       100 * c->test.delta, 100 * c->test.alpha, 100 * c->test.beta);
	for (size_t i = 0; i < c->opts.trace_count && !bench_signal; i++) {
		int own = do_trace(c, c->opts.traces[i]);

		if (own != COMPARE_PASS && status != COMPARE_FAIL)
			status = own;
	}
	if (!bench_signal && replay_clock_calibrate(&c->clock, &diag) < 0)
		status = complain(KB_E_ENVIRONMENT, &diag);
	if (c->report && write_report(c, &diag) < 0)
		status = complain(KB_E_IO, &diag);
	json_decref(c->gates);
	return bench_signal ? 128 + bench_signal : status;
}

int bench_compare_main(int argc, char **argv)
{
	struct compare c;
	int status;

	memset(&c, 0, sizeof(c));
	status = parse(&c, argc, argv);
	if (status == 0 && c.help) {
		fputs(help, stdout);
		return 0;
	}
	if (status == 0) {
		bench_run_catch_signals();
		status = run(&c);
		bench_options_release(&c.opts);
	}
	return status;
}
