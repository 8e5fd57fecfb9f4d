/*
 * Names of traces, and what is made of them: one component of a path, that nobody
 * takes for anything but a name.
 */
#include "cli.h"
#include "kb_bits.h"

#include <stdlib.h>
#include <string.h>

#define COUNT " --alloc kheap --pass count --no-plots"

/* As the user gives it; and what is made of it. */
static const char *const names[][2] = {
	{ "...trc", "_." },
	{ "..trc", "_" },
	{ ".trc", "_trc" },
	{ ".hidden.trc", "_hidden" },
	{ "-x.trc", "_x" },
	{ "~.trc", "_" },
	{ "a\\b:c*.trc", "a_b_c_" },
	{ "<id>|$(id)`id`.trc", "_id___(id)_id_" },
	{ "b\xc3\xb6\xc3\xb6t 2.trc.gz.trc", "b\xc3\xb6\xc3\xb6t 2" },
};

/* The folder holds `wanted` and nothing else. */
static void expect_only(struct cli *c, const char *folder, const char *wanted)
{
	char line[256];

	cli_sh(c, "ls -A %s", folder);
	snprintf(line, sizeof(line), "%s\n", wanted);
	assert_string_equal(c->out, line);
}

static void test_bench_names__one_safe_component(void **state)
{
	struct cli *c = *state;
	char file[200];

	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		setenv("NAME", names[i][0], 1);
		cli_sh(c, "rm -rf results b in; mkdir in; cp "
			  "$TRACES/seed-example.trc \"in/$NAME\"; $BENCH "
			  "--trace \"in/$NAME\"" COUNT " && $BENCH bless "
			  "--reason r --baseline b --alloc kheap --trace "
			  "\"in/$NAME\" && rm b/CHANGES");
		cli_expect(c, 0);
		expect_only(c, ".", "b\nin\nresults");
		expect_only(c, "results", names[i][1]);
		snprintf(file, sizeof(file), "%s.counters", names[i][1]);
		expect_only(c, "b", file);
	}
	unsetenv("NAME");
}

/* Told before the first of them is replayed. */
static void test_bench_names__collisions(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $TRACES/seed-example.trc 'a:b.trc'; cp "
		  "$TRACES/seed-example.trc 'a|b.trc'");
	cli_sh(c, "$BENCH --trace 'a:b.trc' --trace 'a|b.trc'" COUNT);
	cli_refused(c, 2, "two traces would write to 'results/a_b'");
	cli_sh(c, "$BENCH bless --reason r --baseline b --trace 'a:b.trc' "
		  "--trace 'a|b.trc'");
	cli_refused(c, 2, "'a:b.trc' and 'a|b.trc'", "a_b.counters");
	cli_sh(c, "$BENCH gate --baseline b --trace 'a:b.trc' --trace "
		  "'a|b.trc'");
	cli_refused(c, 2, "'a:b.trc' and 'a|b.trc'", "a_b.counters");
	assert_int_equal(cli_files(), 2);
}

/* A plugin's path in the name of a file of samples. */
static void test_bench_names__files_of_an_allocator(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "mkdir ..x; cp -L skeleton.so ..x/y.so; $BENCH "
		  "--trace $TRACES/seed-example.trc --alloc plugin:..x/y.so "
		  "--quick --pass latency --no-plots --out r" CLI_NO_BUDGET);
	cli_expect(c, 0);
	cli_sh(c, "ls r/latency | grep -v '^plugin_..x_y.so.[a-z]*.hgrm$'");
	assert_string_equal(c->out, "");
}

/* Expect: the command's shell gets a candidate's name that it leaves alone, and
 * nothing of the name of the output. */
static void test_bench_names__a_candidate(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkdir tmp; TMPDIR=$PWD/tmp $TRC minimize "
		  "$TRACES/seed-example.trc '$(touch owned).trc' -- sh -c "
		  "'ls -ld {} >>seen; false'");
	cli_expect(c, 0);
	assert_false(cli_exists("owned"));
	assert_true(cli_exists("$(touch owned).trc"));
	cli_sh(c,
	       "grep -c '/tmp/trc-minimize-[^ ]*/candidate.trc$' seen; ls -A "
	       "tmp");
	cli_expect(c, 0);
	assert_null(strstr(c->out, "trc-minimize"));
	cli_sh(c, "mkdir 'a;touch owned'; TMPDIR=\"$PWD/a;touch owned\" $TRC "
		  "minimize $TRACES/seed-example.trc o -- sh -c 'test -s {} && "
		  "exit 3'");
	cli_expect(c, 0);
	assert_false(cli_exists("owned"));
}

/* Expect: perf gets a descriptor and no settings, whatever the recording is called.
 */
static void test_bench_names__a_recording_that_perf_reads(void **state)
{
	struct cli *c = *state;

	cli_sh(c,
	       "mkdir bin home; { echo '#!/bin/sh'; echo 'env >'$PWD/seen; "
	       "echo 'echo \"$@\" >'$PWD/words; echo 'while [ $# -gt 1 ]; do "
	       "shift; done; head -c 8 $1 >'$PWD/head; echo 'exit 3'; } "
	       ">bin/perf; chmod +x bin/perf; printf 'PERFILE2........' "
	       ">./-; PERF_X=1 HOME=$PWD/home PATH=$PWD/bin:$PATH $TRC "
	       "import ./- o");
	cli_expect(c, 2);
	cli_holds(c->err, "perf script cannot read it (exit status 3)");
	cli_sh(c, "cat words head; grep -v '^PATH=\\|^PWD=\\|^_=\\|^OLDPWD=' "
		  "seen | sort | paste -sd' '");
	cli_holds(c->out, " -i /dev/fd/");
	cli_holds(c->out, "PERFILE2LC_ALL=C.UTF-8 PERF_CONFIG=/dev/null\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_names__one_safe_component),
		cli_test(test_bench_names__collisions),
		cli_test(test_bench_names__files_of_an_allocator),
		cli_test(test_bench_names__a_candidate),
		cli_test(test_bench_names__a_recording_that_perf_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
