#include "cli.h"

#include "kb_bits.h"

#include <string.h>

#define SEED "--trace $TRACES/seed-example.trc"
#define ONE  " --alloc kheap"

/* Blesses what is, edits that with sed, and gates by it. */
static void gate_edited(struct cli *c, const char *edit)
{
	cli_sh(c,
	       "$BENCH bless " SEED ONE " --baseline b --reason r &&"
	       " sed -i '%s' b/*.counters && $BENCH gate " SEED ONE
	       " --baseline b",
	       edit);
}

/* What was blessed passes; bless has said when and why. */
static void test_bench_gate__a_blessed_baseline_passes(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH bless " SEED " --baseline b --reason 'a start'");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH gate " SEED " --baseline b");
	cli_expect(c, 0);
	cli_holds(c->out, "PASS  seed-example.trc: ");
	cli_sh(c, "grep -c 'seed-example: a start' b/CHANGES");
	cli_expect(c, 0);
	cli_sh(c, "head -1 b/seed-example.counters");
	cli_holds(c->out, "kbcounters 1\n");
}

/* One count more than the baseline's, or one less, fails. */
static void test_bench_gate__one_node_fails(void **state)
{
	struct cli *c = *state;

	gate_edited(c, "s/^exact nodes_visited .*/exact nodes_visited 1/");
	cli_expect(c, 1);
	cli_holds(c->out, "FAIL  seed-example.trc  kheap  nodes_visited  1 -> 4"
			  "  (+300.00%; must match exactly)\n");
	gate_edited(c, "s/^exact nodes_visited .*/exact nodes_visited 9/");
	cli_expect(c, 1);
}

/* `max` may fall, `info` may do as it likes. */
static void test_bench_gate__kinds(void **state)
{
	struct cli *c = *state;

	gate_edited(c, "s/^max pages_peak .*/max pages_peak 99/;"
		       "s/^exact maps .*/info maps 99/");
	cli_expect(c, 0);
	cli_holds(c->out, "note  seed-example.trc  kheap  pages_peak  99 -> 4"
			  "  (-95.96%; must not rise)\n");
	gate_edited(c, "s/^max pages_peak .*/max pages_peak 3/");
	cli_expect(c, 1);
	/* A kind that was chosen stays when the figures are written anew. */
	cli_sh(c, "$BENCH bless " SEED ONE " --baseline b --reason r &&"
		  " grep '^info maps 4' b/*.counters");
	cli_expect(c, 0);
}

static void test_bench_gate__a_digest_fails(void **state)
{
	struct cli *c = *state;

	gate_edited(c, "s/^digest .*/digest 0123456789abcdef/");
	cli_expect(c, 1);
	cli_holds(c->out, "  digest  0123456789abcdef -> ");
}

/* A counter that is new, or gone, is a difference. */
static void test_bench_gate__new_and_gone(void **state)
{
	struct cli *c = *state;

	gate_edited(c, "/^exact frees /d");
	cli_expect(c, 1);
	cli_holds(c->out, "frees  (not in the baseline)");
	gate_edited(c, "s/^exact frees 2/&\\nexact freees 2/");
	cli_expect(c, 1);
	cli_holds(c->out, "freees  (in the baseline only)");
}

/* Another trace, another window, no cell, no file, no baseline: 4, and what to
 * do about it. */
static void test_bench_gate__incomparable(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH bless " SEED " --baseline b --reason r");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH gate " SEED " --baseline b --heap-pages 99");
	cli_refused(c, 4, "configuration");
	cli_sh(c, "$BENCH gate " SEED " --baseline b --alloc null");
	cli_refused(c, 4, "no allocator 'null'", "bless");
	cli_sh(c, "cp $TRACES/boot.trc seed-example.trc; $BENCH gate --trace"
		  " seed-example.trc --baseline b --alloc kheap-fast");
	cli_refused(c, 4, "another trace");
	cli_sh(c, "$BENCH gate " SEED " --baseline none");
	cli_refused(c, 4, "none/seed-example.counters", "bless");
	cli_sh(c, "echo junk >> b/seed-example.counters;"
		  " $BENCH gate " SEED " --baseline b");
	cli_refused(c, 4, "b/seed-example.counters:", "bless");
}

/* Whatever is wrong with a baseline's file, it is no regression. */
static void test_bench_gate__a_corrupt_baseline(void **state)
{
	static const char *const damage[] = {
		"truncate -s -3",
		"truncate -s 0",
		"sed -i 1d",
		"sed -i /^trace/d",
		"sed -i /^config/d",
		"sed -i /^cell/d",
		"sed -i 's/^exact frees 2/&x/'",
		"sed -i 's/^exact frees 2/exact frees -2/'",
		"sed -i 's/^exact frees 2/exact frees 99999999999999999999/'",
		"sed -i 's/^exact frees 2/&\\n&/'",
		"sed -i 's/^exact frees/exakt frees/'",
		"sed -i 's/^digest ./digest x/'",
		"head -c 300 /dev/zero >>",
	};
	struct cli *c = *state;

	cli_sh(c, "$BENCH bless " SEED ONE " --baseline b --reason r"
		  " && cp b/seed-example.counters whole");
	cli_expect(c, 0);
	for (size_t i = 0; i < KB_ARRAY_LEN(damage); i++) {
		cli_sh(c,
		       "cp whole b/seed-example.counters;"
		       " %s b/seed-example.counters;"
		       " $BENCH gate " SEED " --baseline b --alloc kheap",
		       damage[i]);
		cli_refused(c, 4, "b/seed-example.counters:", "bless");
	}
}

static void test_bench_gate__usage(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH bless " SEED " --baseline b");
	cli_refused(c, 2, "--reason");
	cli_sh(c, "$BENCH gate " SEED " --baseline");
	cli_refused(c, 2, "--baseline");
	/* An option that it would not heed must not seem to be heeded. */
	cli_sh(c, "$BENCH gate --list");
	cli_refused(c, 2, "unknown option '--list'", "'bench gate --help'");
	cli_sh(c, "$BENCH gate " SEED " --json -");
	cli_refused(c, 2, "unknown option '--json'");
	cli_sh(c, "$BENCH gate " SEED " --reason r");
	cli_refused(c, 2, "--reason");
	cli_sh(c, "$BENCH gate " SEED " --benchmark_filter=x");
	cli_refused(c, 2, "--benchmark_filter");
	cli_sh(c, "$BENCH gaet");
	cli_refused(c, 2, "gate");
	cli_sh(c, "$BENCH gate --help");
	cli_expect(c, 0);
	cli_holds(c->out, "Exit status");
}

/* The committed baselines hold: this is the gate itself. Under sanitizers the golden
 * counters are compared, and these take long. */
static void test_bench_gate__committed_baselines(void **state)
{
	struct cli *c = *state;

	if (KB_ASAN)
		skip();
	cli_sh(c, "$BENCH gate --trace $TRACES/boot.trc"
		  " --trace $TRACES/boot-6.12.trc"
		  " --trace $TRACES/debian-boot.trc --trace"
		  " $TRACES/seed-example.trc"
		  " --baseline $TRACES/../bench/baseline");
	cli_expect(c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_gate__a_blessed_baseline_passes),
		cli_test(test_bench_gate__one_node_fails),
		cli_test(test_bench_gate__kinds),
		cli_test(test_bench_gate__a_digest_fails),
		cli_test(test_bench_gate__new_and_gone),
		cli_test(test_bench_gate__incomparable),
		cli_test(test_bench_gate__a_corrupt_baseline),
		cli_test(test_bench_gate__usage),
		cli_test(test_bench_gate__committed_baselines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
