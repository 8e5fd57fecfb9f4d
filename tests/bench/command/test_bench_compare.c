#include "cli.h"

#include <string.h>

#define SEED "--trace $TRACES/seed-example.trc"
#define BOOT "--trace $TRACES/boot.trc"

/* A verdict is of times, so those that are to come out in one way are told by a
 * clock that counts: a slice takes one step of it on either side. */
#define COMPARE "$FAKE_TIME_BENCH compare $FAKE_TIME_BENCH"

static void test_bench_compare__the_same_code_needs_no_run(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $BENCH other; $BENCH compare $BENCH ./other " BOOT);
	cli_expect(c, 0);
	cli_holds(c->out, "have the same code");
}

/* A candidate that is kept busy for as long again fails; every epoch is in the raw
 * data. */
static void test_bench_compare__a_slow_candidate_fails(void **state)
{
	struct cli *c = *state;
	const json_t *gate;

	cli_sh(c, COMPARE " $FAKE_TIME_BENCH " BOOT " --alloc kheap-fast"
			  " --inject 99 --no-self-check --report out");
	cli_expect(c, 1);
	cli_holds(c->out, "FAIL          A/B  boot.trc/kheap-fast");
	gate = json_array_get(
		json_object_get(cli_json_file(c, "out/compare.json"), "gates"),
		0);
	assert_int_equal(json_array_size(json_object_get(gate, "log_ratios")),
			 12);
	cli_sh(c, "grep -q '| FAIL | A/B | `boot.trc` | `kheap-fast` |'"
		  " out/compare.md && xmllint --noout out/compare.junit.xml"
		  " && grep -c '<failure' out/compare.junit.xml && grep -Ec"
		  " '^BenchmarkReplay/trace=boot.trc/alloc=kheap-fast [0-9]+"
		  " [0-9.]+ ns/op$' out/base.benchfmt out/candidate.benchfmt");
	cli_expect(c, 0);
	cli_holds(cli_json_file(c, "out/compare.json") ? c->out : "",
		  "out/candidate.benchfmt:");
}

/* The same code, run for all that, passes against itself. */
static void test_bench_compare__an_equal_passes(void **state)
{
	struct cli *c = *state;

	cli_sh(c, COMPARE " $FAKE_TIME_BENCH " BOOT " --alloc kheap-fast"
			  " --inject 0");
	cli_expect(c, 0);
	cli_holds(c->out, "PASS          A/A  boot.trc/kheap-fast  +0.00%");
	cli_holds(c->out, "PASS          A/B  boot.trc/kheap-fast  +0.00%");
}

/* By the machine's own clock there is a verdict; which, is for the machine to
 * say. */
static void test_bench_compare__on_this_machine(void **state)
{
	struct cli *c = *state;
	json_t *gates;

	cli_sh(c, "$BENCH compare $BENCH $BENCH " BOOT " --alloc kheap-fast"
		  " --inject 99 --no-self-check --json -");
	assert_true(c->status == 0 || c->status == 1 || c->status == 3);
	gates = json_object_get(cli_json(c), "gates");
	assert_int_equal(json_array_size(gates), 1);
	assert_true(json_array_size(json_object_get(json_array_get(gates, 0),
						    "log_ratios")) >= 12);
}

static void test_bench_compare__a_foreign_program_is_incomparable(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH compare $BENCH /bin/true " SEED
		  " --alloc null --no-self-check | grep -v '^seed'");
	cli_holds(c->err, "'/bin/true' does not speak version");
	cli_sh(c, "$BENCH compare $BENCH /bin/true " SEED
		  " --alloc null --no-self-check");
	cli_expect(c, 4);
}

/* Somebody kills the candidate while it replays: no verdict, and the base does
 * not wait for ever for a turn that nobody gives. It is its allocator that does
 * it here, in its second round of the trace. */
static void test_bench_compare__a_killed_partner(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "printf '%%s\\n' '#!/bin/bash' 'export FAULTY_KILLED=1' "
		  "'exec -a kheap-replay-lockstep $FAKE_TIME_BENCH' >cand; "
		  "chmod +x cand; " COMPARE " ./cand " BOOT
		  " --alloc plugin:./faulty.so,fault=killed --no-self-check");
	cli_expect(c, 2);
	cli_holds(c->err, "'./cand' was killed");
}

/* Built with another compiler: refused before anything runs, unless forced. */
static void test_bench_compare__another_compiler(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "LC_ALL=C sed 's/gcc \\([0-9]\\)/gcX \\1/g;"
		  "s/clang \\([0-9]\\)/clanX \\1/g' $FAKE_TIME_BENCH >other;"
		  " chmod +x other; " COMPARE " ./other " BOOT
		  " --alloc null --inject 99");
	cli_refused(c, 4, "'./other' with", "--force");
	cli_sh(c, COMPARE " ./other " BOOT " --alloc kheap-fast"
			  " --inject 99 --no-self-check --force");
	cli_expect(c, 1);
}

/* Two gates share alpha; each says its part. */
static void test_bench_compare__gates_share_alpha(void **state)
{
	struct cli *c = *state;
	const json_t *gates, *gate;
	size_t i;

	cli_sh(c, COMPARE " $FAKE_TIME_BENCH " BOOT " --alloc kheap-fast,null"
			  " --inject 99 --no-self-check --json -");
	cli_expect(c, 1);
	gates = json_object_get(cli_json(c), "gates");
	assert_int_equal(json_array_size(gates), 2);
	json_array_foreach(gates, i, gate)
		assert_true(json_real_value(json_object_get(gate, "alpha")) ==
			    0.005);
}

static void test_bench_compare__usage(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH compare $BENCH " SEED);
	cli_refused(c, 2, "CANDIDATE");
	cli_sh(c, "$BENCH compare $BENCH ./nothing " SEED);
	cli_refused(c, 2, "./nothing");
	cli_sh(c, "$BENCH compare $BENCH /bin/true");
	cli_refused(c, 2, "needs --trace FILE");
	cli_sh(c, "$BENCH compare $BENCH /bin/true --theta 5 --delta 3 " SEED);
	cli_refused(c, 2, "--theta");
	cli_sh(c, "$BENCH compare $BENCH /bin/true --theta x " SEED);
	cli_refused(c, 2, "--theta");
	cli_sh(c, "$BENCH compare $BENCH /bin/true " SEED " --pass verify");
	cli_refused(c, 2, "unknown option '--pass'", "'bench compare --help'");
	cli_sh(c, "$BENCH compare $BENCH --cpu 0 /bin/true stray " SEED);
	cli_refused(c, 2, "'stray'");
	cli_sh(c, "$BENCH compare --help");
	cli_expect(c, 0);
	cli_holds(c->out, "INCONCLUSIVE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_compare__the_same_code_needs_no_run),
		cli_test(test_bench_compare__a_slow_candidate_fails),
		cli_test(test_bench_compare__an_equal_passes),
		cli_test(test_bench_compare__on_this_machine),
		cli_test(test_bench_compare__a_foreign_program_is_incomparable),
		cli_test(test_bench_compare__a_killed_partner),
		cli_test(test_bench_compare__another_compiler),
		cli_test(test_bench_compare__gates_share_alpha),
		cli_test(test_bench_compare__usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
