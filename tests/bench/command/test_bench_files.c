/*
 * Inputs and outputs of both programs: an input survives, and what cannot be
 * written is told before anything is done.
 */
#include "cli.h"
#include "kb_bits.h"

#include <string.h>

#define COUNT " --alloc null --pass count --out none"
#define TIME \
	" --alloc null --quick" CLI_NO_BUDGET " --pass throughput --out none"
#define FRESH                                                                  \
	"rm -rf in link hard; cp $TRACES/seed-example.trc in; ln -s in link; " \
	"ln in hard; "

/* Every output of every command, at %s; the input is "in". */
static const char *const outputs[] = {
	"$BENCH --trace in" COUNT " --json %s",
	"$BENCH --trace in" TIME " --benchfmt %s",
	"$BENCH --trace in" TIME " --benchmark_out=%s",
	"$BENCH --trace in --micro --alloc kheap --benchmark_out=%s",
	"$BENCH --trace - --json %s" COUNT " <in",
	"$BENCH --trace in" COUNT " --out %s",
	"$BENCH show --trace in --svg %s",
	"$BENCH fit --trace in --alloc kheap --json %s",
	"$BENCH compare $BENCH $BENCH --trace in --json %s",
	"$BENCH compare $BENCH $BENCH --trace in --report %s",
	"$TRC import in %s",
	"$TRC cut --to 3 in %s",
	"$TRC filter --min-size 1 in %s",
	"$TRC merge in in %s",
	"$TRC convert --to csv in %s",
	"$TRC anonymize in %s",
	"$TRC gen --like in %s",
	"$TRC minimize in %s -- false",
};

/* The program refuses, with these words and no others on standard output. */
static void refused(const struct cli *c, const char *name, const char *words)
{
	cli_expect(c, 2);
	cli_holds(c->err, name);
	cli_holds(c->err, words);
	assert_string_equal(c->out, "");
}

static void test_bench_files__an_output_is_no_input(void **state)
{
	static const char *const names[] = { "in", "link", "hard", "./in" };
	struct cli *c = *state;
	char command[256];

	for (size_t i = 0; i < KB_ARRAY_LEN(outputs); i++) {
		for (size_t k = 0; k < KB_ARRAY_LEN(names); k++) {
			strcpy(command, FRESH);
			snprintf(command + strlen(command),
				 sizeof(command) - strlen(command), outputs[i],
				 names[k]);
			cli_sh(c, "%s", command);
			refused(c, names[k], "is the input too");
			cli_sh(c, "cmp in $TRACES/seed-example.trc && test -L "
				  "link && test in -ef hard");
			cli_expect(c, 0);
		}
	}
}

/* Inputs that are no traces. */
static void test_bench_files__nor_another_kind_of_input(void **state)
{
	static const char *const lines[] = {
		"$BENCH --trace $TRACES/seed-example.trc --alloc "
		"plugin:./in" COUNT " --json link",
		"$BENCH compare ./in $BENCH --trace $TRACES/seed-example.trc "
		"--json hard",
		"$BENCH compare $BENCH ./in --trace $TRACES/seed-example.trc "
		"--json link",
		"$BENCH compare $BENCH $BENCH --trace $TRACES/seed-example.trc "
		"--versus plugin:./in --json in",
	};
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(lines); i++) {
		cli_sh(c, FRESH "%s", lines[i]);
		cli_expect(c, 2);
		cli_holds(c->err, "is the input too");
		cli_sh(c, "cmp in $TRACES/seed-example.trc");
		cli_expect(c, 0);
	}
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --alloc kheap "
		  "--pass count --no-plots --out r");
	cli_expect(c, 0);
	cli_sh(c, "cp -r r before; $BENCH diff r r --out ./r");
	cli_refused(c, 2, "./r", "is the input too");
	cli_sh(c, "diff -r r before");
	cli_expect(c, 0);
}

/* A recording that is where a file of the results goes. */
static void test_bench_files__a_result_is_no_input(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkdir r; cp $TRACES/recordings/seed-example.ftrace "
		  "r/table.txt; cp $TRACES/seed-example.trc r/rows.tsv");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH --trace r/table.txt --alloc kheap --pass count "
		  "--no-plots --out r");
	cli_expect(c, 2);
	cli_holds(c->err, "r/table.txt: is the input too");
	cli_sh(c, "$BENCH --trace r/rows.tsv --alloc kheap --pass count "
		  "--no-plots --out r >out 2>err; echo $?; rm -f r/table.txt");
	cli_holds(c->out, "2");
	cli_sh(c, "cmp r/rows.tsv $TRACES/seed-example.trc");
	cli_expect(c, 0);
}

static void test_bench_files__two_outputs_need_two_names(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc" COUNT
		  " --json a --benchfmt $PWD/a");
	cli_refused(c, 2, "a", "two outputs");
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc" COUNT
		  " --json - --benchfmt -");
	cli_refused(c, 2, "two outputs", "standard output");
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc" TIME
		  " --json a --benchmark_out=a");
	cli_refused(c, 2, "a", "two outputs");
	assert_int_equal(cli_files(), 0);
	/* A device takes both. */
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc" TIME
		  " --json /dev/null --benchfmt /dev/null");
	cli_expect(c, 0);
}

/* Told before the run: of a trace that is not there nothing is said. */
static void test_bench_files__an_unwritable_output_is_told_first(void **state)
{
	struct cli *c = *state;
	char command[256];

	for (size_t i = 0; i < KB_ARRAY_LEN(outputs); i++) {
		snprintf(command, sizeof(command), outputs[i], "no/such/file");
		cli_sh(c, "rm -f no in; : >no; : >in; %s", command);
		refused(c, "no/such/file", "Not a directory");
	}
}

static void test_bench_files__a_full_disk_is_told(void **state)
{
	static const char *const full[] = {
		"$BENCH --trace in" COUNT " --json /dev/full",
		"$BENCH --trace in" TIME " --benchfmt /dev/full",
		"$BENCH --trace in" TIME " --benchmark_out=/dev/full",
		"$BENCH --trace in" TIME " --benchmark_out=/dev/full"
		" --benchmark_out_format=csv",
		"$BENCH --trace in" TIME " --benchmark_out=/dev/full"
		" --benchmark_out_format=console",
		"$BENCH --trace in" TIME " --benchmark_format=json >/dev/full",
		"$BENCH show --trace in --svg /dev/full",
		"$BENCH fit --trace in --alloc kheap --json /dev/full",
		"$TRC convert --to csv in /dev/full",
		"$TRC convert --to csv in - >/dev/full",
	};
	struct cli *c = *state;

	cli_sh(c, FRESH);
	for (size_t i = 0; i < KB_ARRAY_LEN(full); i++) {
		cli_sh(c, "%s", full[i]);
		cli_expect(c, 2);
		cli_holds(c->err, "No space left on device");
	}
}

/* The library's file is whole or what was there before, in each of its formats,
 * and no variable asks for another one. */
static void test_bench_files__the_librarys_file(void **state)
{
	static const char *const formats[] = { "json", "csv", "console" };
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(formats); i++) {
		cli_sh(c,
		       "echo old >b; $BENCH --trace "
		       "$TRACES/seed-example.trc" TIME
		       " --benchmark_out=b --benchmark_out_format=%s "
		       "&& grep -c seed-example.trc/null b",
		       formats[i]);
		cli_expect(c, 0);
	}
	cli_sh(c, "echo old >b; $BENCH --trace no.trc" TIME
		  " --benchmark_out=b --benchmark_filter=null; cat b");
	assert_string_equal(c->out, "old\n");
	cli_sh(c, "BENCHMARK_OUT=variable $BENCH --trace "
		  "$TRACES/seed-example.trc" TIME " --benchmark_filter=null");
	cli_expect(c, 0);
	assert_false(cli_exists("variable"));
	cli_sh(c, "$BENCH --trace no.trc --benchmark_out_format=xml");
	cli_refused(c, 2, "--benchmark_out_format takes", "xml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_files__an_output_is_no_input),
		cli_test(test_bench_files__nor_another_kind_of_input),
		cli_test(test_bench_files__a_result_is_no_input),
		cli_test(test_bench_files__two_outputs_need_two_names),
		cli_test(test_bench_files__an_unwritable_output_is_told_first),
		cli_test(test_bench_files__a_full_disk_is_told),
		cli_test(test_bench_files__the_librarys_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
