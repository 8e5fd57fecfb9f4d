/*
 * Both programs: what would have no effect, or fail at the end, is refused at the
 * start.
 */
#include "cli.h"
#include "kb_bits.h"

#include <stdio.h>
#include <string.h>

#define SEED  " --trace $TRACES/seed-example.trc"
#define COUNT "$BENCH" SEED " --alloc null --pass count --no-plots"
#define LIKE  "$TRC gen --like $TRACES/seed-example.trc --events 10"

/* Says no, before anything is printed or written. */
static void is_refused(struct cli *c, const char *command, const char *words)
{
	cli_sh(c, "%s", command);
	cli_expect(c, 2);
	cli_holds(c->err, words);
	assert_string_equal(c->out, "");
	assert_ptr_equal(strchr(c->err, '\n'), c->err + strlen(c->err) - 1);
	assert_int_equal(cli_files(), 0);
}

static void test_bench_refused__two_outputs_on_stdout(void **state)
{
	static const char *const pairs[] = {
		"--json - --benchfmt -",
		"--json - --benchfmt /dev/stdout",
		"--json - --benchmark_format=json",
		"--benchfmt - --benchmark_format=csv",
	};
	struct cli *c = *state;
	char command[512];

	for (size_t i = 0; i < KB_ARRAY_LEN(pairs); i++) {
		snprintf(command, sizeof(command), COUNT " --out none %s",
			 pairs[i]);
		is_refused(c, command, "two outputs");
	}
	/* By another name it is standard output too, and has it alone. */
	cli_sh(c, COUNT " --out none --json /dev/stdout");
	cli_expect(c, 0);
	cli_json(c);
}

static void test_bench_refused__the_same_file_twice(void **state)
{
	struct cli *c = *state;

	is_refused(c, COUNT " --out none --json f --benchfmt ./f",
		   "two outputs");
	is_refused(c, COUNT " --out none --json f --benchmark_out=f",
		   "two outputs");
	cli_sh(c, "mkdir o");
	cli_sh(c, COUNT " --out o --json o/results.json");
	cli_refused(c, 2, "o/results.json", "results folder");
	cli_sh(c, COUNT " --out o --benchmark_out=./o/table.txt");
	cli_refused(c, 2, "results folder");
}

static void test_bench_refused__benchmark_options(void **state)
{
	static const char *const words[][2] = {
		{ "foo=1", "unknown option" },
		{ "repetitions=x", "takes a number" },
		{ "repetitions=3", "no effect" },
		{ "min_time=0.1", "no effect" },
		{ "color=purple", "takes true or false" },
		{ "counters_tabular=maybe", "takes true or false" },
		{ "time_unit=parsec", "takes ns" },
		{ "format", "takes console" },
		{ "format=xml", "takes console" },
		{ "out=", "takes a text" },
		{ "out_format=json", "no effect" },
	};
	struct cli *c = *state;
	char command[512];

	for (size_t i = 0; i < KB_ARRAY_LEN(words); i++) {
		snprintf(command, sizeof(command),
			 COUNT " --out none --benchmark_%s", words[i][0]);
		is_refused(c, command, words[i][1]);
	}
	cli_sh(c, COUNT " --out none --benchmark_color=auto"
			" --benchmark_filter=null --benchmark_time_unit=us"
			" --benchmark_counters_tabular");
	cli_expect(c, 0);
}

static void test_bench_refused__options_without_an_effect(void **state)
{
	struct cli *c = *state;

	is_refused(c, LIKE " --size fixed:8 t", "--size has no effect");
	is_refused(c, LIKE " --life fixed:8 t", "--life has no effect");
	is_refused(c, LIKE " --gap 8 t", "--gap has no effect");
	is_refused(c, LIKE " --cpus 2 t", "--cpus has no effect");
	is_refused(c, COUNT " --out none --evict 32", "--evict has no effect");
	is_refused(c, "$BENCH" SEED " --pass verify --clock recorded",
		   "--clock has no effect");
	is_refused(c, "$BENCH --list --json f", "--json has no effect");
	is_refused(c, "$BENCH --version" SEED, "--trace has no effect");
	is_refused(c, "$BENCH --micro --pass count", "--pass has no effect");
	cli_sh(c, LIKE " --live-max 2 --seed 7 t");
	cli_expect(c, 0);
}

static void test_bench_refused__names_that_are_too_long(void **state)
{
	static const char *const outputs[] = {
		COUNT " --out none --json",
		COUNT " --out none --benchfmt",
		COUNT " --out",
		COUNT " --out none --benchmark_out=",
		"$TRC cut $TRACES/seed-example.trc",
		"$TRC gen --events 10",
		"$BENCH show" SEED " --svg",
	};
	struct cli *c = *state;
	char name[4200], command[4300];

	memset(name, 'x', 256);
	name[256] = '\0';
	for (size_t i = 0; i < KB_ARRAY_LEN(outputs); i++) {
		snprintf(command, sizeof(command), "%s%s%s", outputs[i],
			 strchr(outputs[i], '=') ? "" : " ", name);
		is_refused(c, command, "too long");
	}
	/* Below a folder that is not there yet. */
	snprintf(command, sizeof(command), COUNT " --out new/%s", name);
	is_refused(c, command, "too long");
	/* A folder in which the files would have too long a path. */
	for (size_t i = 0; i < 3900; i++)
		name[i] = i % 100 == 99 ? '/' : 'd';
	name[3900] = '\0';
	snprintf(command, sizeof(command), COUNT " --out %s", name);
	is_refused(c, command, "too long");
	/* The longest that there may be. */
	memset(name, 'x', 255);
	name[255] = '\0';
	cli_sh(c, COUNT " --out none --json %s", name);
	cli_expect(c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_refused__two_outputs_on_stdout),
		cli_test(test_bench_refused__the_same_file_twice),
		cli_test(test_bench_refused__benchmark_options),
		cli_test(test_bench_refused__options_without_an_effect),
		cli_test(test_bench_refused__names_that_are_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
