/*
 * Inputs that become other files while they are in use: the command ends with
 * status 2 and says so, whatever else came of it.
 */
#include "cli.h"

#include <string.h>

#define GNUPLOT                                                             \
	"mkdir bin && { echo '#!/bin/sh'; echo \"exec 3>&1 >/dev/null; %s;" \
	" exit 1\"; } >bin/gnuplot && chmod +x bin/gnuplot"

static void expect_changed(struct cli *c, const char *name)
{
	char words[128];

	cli_expect(c, 2);
	snprintf(words, sizeof(words), "bench: %s: was changed while", name);
	cli_holds(c->err, words);
}

static void test_bench_changed__a_plugin(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "cp -L skeleton.so mine.so; cp mine.so other.so");
	cli_expect(c, 0);
	/* By another file, and by itself with other bytes. */
	cli_start(c, "$BENCH --trace $TRACES/boot.trc --out none --pass "
		     "throughput --quick "
		     "--alloc plugin:./mine.so");
	cli_until(c, cli_has_child);
	assert_int_equal(rename("other.so", "mine.so"), 0);
	cli_wait(c);
	expect_changed(c, "./mine.so");
	assert_null(strstr(c->out, "ns/event"));
	cli_start(c, "$BENCH --trace $TRACES/boot.trc --out none --pass "
		     "throughput --quick "
		     "--alloc plugin:./mine.so");
	cli_until(c, cli_has_child);
	assert_int_equal(rename("mine.so", "gone.so"), 0);
	assert_int_equal(rename("gone.so", "mine.so"), 0);
	cli_wait(c);
	expect_changed(c, "./mine.so");
}

static void test_bench_changed__a_baseline(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkdir b; cp $TRACES/../bench/baseline/boot.counters b; "
		  "cp b/boot.counters other");
	cli_expect(c, 0);
	cli_start(c, "$BENCH gate --trace $TRACES/boot.trc --alloc kheap "
		     "--baseline b");
	cli_until(c, cli_has_child);
	assert_int_equal(rename("other", "b/boot.counters"), 0);
	cli_wait(c);
	expect_changed(c, "b/boot.counters");
	/* bless writes it itself, also twice. */
	cli_sh(c, "cp $TRACES/seed-example.trc .; $BENCH bless --reason r "
		  "--baseline b --trace seed-example.trc --trace "
		  "$TRACES/boot.trc --alloc kheap-fast && $BENCH gate "
		  "--baseline b --trace seed-example.trc --trace "
		  "$TRACES/boot.trc --alloc kheap-fast && wc -l <b/CHANGES");
	cli_expect(c, 0);
	cli_holds(c->out, "\n2\n");
}

/* Its own first process puts another file in its place. */
static void test_bench_changed__a_binary(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "{ echo '#!/bin/bash'; echo 'cp old tmp; mv tmp old'; echo "
		  "\"exec -a kheap-replay-lockstep $BENCH\"; } >old; "
		  "chmod +x old; $BENCH compare ./old $BENCH --trace "
		  "$TRACES/seed-example.trc --force --json -");
	expect_changed(c, "./old");
	assert_null(strstr(c->out, "ns/event"));
}

static void test_bench_changed__results(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --alloc kheap "
		  "--pass count --no-plots --out r && cp -r r q");
	cli_expect(c, 0);
	cli_sh(c, GNUPLOT, "cp r/rows.tsv tmp; mv tmp r/rows.tsv");
	cli_sh(c, "PATH=$PWD/bin:$PATH $BENCH plot r");
	expect_changed(c, "r/rows.tsv");
	cli_sh(c, "PATH=$PWD/bin:$PATH $BENCH plot --term r rows");
	expect_changed(c, "r/rows.tsv");
	cli_sh(c, "rm -r bin; " GNUPLOT, "echo >>q/results.json");
	cli_sh(c, "PATH=$PWD/bin:$PATH $BENCH diff r q --out d");
	cli_expect(c, 2);
	cli_sh(c, "rm -r bin d; " GNUPLOT, "rm -f q/lookup-nodes.tsv");
	cli_sh(c, "PATH=$PWD/bin:$PATH $BENCH diff r q --out d");
	cli_expect(c, 2);
}

/* Between two pictures of it. */
static void test_bench_changed__a_trace_that_is_shown(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $TRACES/seed-example.trc t; mkfifo in out; $BENCH show "
		  "--trace t --at 0 --step <in >out 2>err & exec 3>in 4<out; "
		  "head -c 1 <&4 >seen; echo >>t; echo >&3; exec 3>&-; cat <&4 "
		  ">seen; wait $!; echo \"status $?\"; cat err");
	cli_expect(c, 0);
	cli_holds(c->out, "status 2\n");
	cli_holds(c->out, "bench: t: was changed while");
}

/* Expect: each candidate is made of the trace that was given. */
static void test_bench_changed__a_trace_that_is_minimized(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $TRACES/seed-example.trc t; $TRC minimize t o -- sh -c "
		  "'cp $TRACES/seed-example.trc tmp; mv tmp t; exit 1'");
	cli_expect(c, 2);
	cli_holds(c->err, "trc: t: was changed while");
	assert_false(cli_exists("o"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_changed__a_plugin),
		cli_test(test_bench_changed__a_baseline),
		cli_test(test_bench_changed__a_binary),
		cli_test(test_bench_changed__results),
		cli_test(test_bench_changed__a_trace_that_is_shown),
		cli_test(test_bench_changed__a_trace_that_is_minimized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
