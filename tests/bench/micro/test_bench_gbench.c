/*
 * bench as a whole: Google Benchmark's options.
 */
#include "cli.h"
#include "kb_bits.h"

#include <string.h>

#define RUN                                                      \
	"$BENCH --trace $TRACES/seed-example.trc --quick --out " \
	"none" CLI_NO_BUDGET " --pass count,throughput"

/* The entry of the document whose name begins so. */
static json_t *entry_of(const json_t *document, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(document, "benchmarks"), i, entry)
		if (strncmp(json_string_value(json_object_get(entry, "name")),
			    name, strlen(name)) == 0)
			return entry;
	print_error("no benchmark '%s'\n", name);
	fail();
	return NULL;
}

static double number_of(const json_t *entry, const char *name)
{
	const json_t *value = json_object_get(entry, name);

	if (!json_is_number(value)) {
		print_error("no number '%s'\n", name);
		fail();
	}
	return json_number_value(value);
}

/* Iterations, repetitions, time and our counters, in the library's own
 * document, as its own tools read it. */
static void check_document(const json_t *document)
{
	const json_t *entry = entry_of(document, "seed-example.trc/kheap/");

	assert_string_equal(
		json_string_value(json_object_get(entry, "run_type")),
		"iteration");
	assert_true(number_of(entry, "repetitions") >= 6);
	assert_true(number_of(entry, "real_time") > 0);
	assert_true(number_of(entry, "iterations") == 5);
	assert_true(number_of(entry, "nodes_visited") == 4);
	assert_true(number_of(entry, "rows_visited") == 3);
	assert_true(number_of(entry, "pages_peak") == 4);
	assert_true(number_of(entry, "events") == 5);
	assert_null(json_object_get(entry, "error_occurred"));
	assert_true(number_of(entry_of(document, "seed-example.trc/null/"),
			      "events") == 5);
}

static void test_bench_gbench__json_on_stdout(void **state)
{
	struct cli *c = *state;
	const char *program;

	cli_sh(c, RUN " --alloc kheap,null --benchmark_format=json");
	cli_expect(c, 0);
	check_document(cli_json(c));
	/* The library names the program, not a stale pointer. */
	program = json_string_value(json_object_get(
		json_object_get(c->json, "context"), "executable"));
	assert_string_equal(program, getenv("BENCH"));
	cli_holds(c->out, "kheap_replay_revision");
}

static void test_bench_gbench__out_file(void **state)
{
	struct cli *c = *state;

	cli_sh(c, RUN " --alloc kheap,null --benchmark_out=b.json"
		      " --benchmark_out_format=json");
	cli_expect(c, 0);
	cli_holds(c->out, " ns/event ");
	cli_holds(c->out, "seed-example.trc/kheap");
	check_document(cli_json_file(c, "b.json"));
	assert_int_equal(cli_files(), 1);
}

/* The repetitions are the epochs that our own runner recorded. */
static void test_bench_gbench__repetitions_are_the_epochs(void **state)
{
	struct cli *c = *state;
	json_t *own, *epochs, *entry;
	size_t i, seen = 0;

	cli_sh(c, RUN " --alloc kheap --json j.json --benchmark_out=b.json");
	cli_expect(c, 0);
	own = json_incref(cli_json_file(c, "j.json"));
	epochs = json_object_get(
		json_object_get(cli_cell(own, "seed-example.trc", "kheap"),
				"throughput"),
		"epoch_ns_per_event");
	cli_json_file(c, "b.json");
	json_array_foreach(json_object_get(c->json, "benchmarks"), i, entry) {
		double gap;

		if (json_object_get(entry, "aggregate_name"))
			continue;
		gap = number_of(entry, "real_time") -
		      json_number_value(json_array_get(epochs, seen++));
		/* Ours are rounded to a thousandth of a ns. */
		assert_true(gap < 0.001 && gap > -0.001);
	}
	assert_int_equal(seen, json_array_size(epochs));
	json_decref(own);
}

static void test_bench_gbench__filter(void **state)
{
	struct cli *c = *state;
	const json_t *results;

	cli_sh(c, RUN " --json - --benchmark_filter='order=head|/null$'");
	cli_expect(c, 0);
	results = json_object_get(cli_json(c), "results");
	assert_int_equal(json_array_size(results), 2);
	cli_cell(c->json, "seed-example.trc", "kheap:order=head");
	cli_cell(c->json, "seed-example.trc", "null");
	cli_sh(c, RUN " --json - --benchmark_filter=-kheap"
		      " --alloc kheap,glibc,kheap:order=head,null");
	cli_expect(c, 0);
	results = json_object_get(cli_json(c), "results");
	assert_int_equal(json_array_size(results), 2);
	cli_cell(c->json, "seed-example.trc", "glibc");
	cli_cell(c->json, "seed-example.trc", "null");
}

static void test_bench_gbench__a_filter_that_matches_nothing(void **state)
{
	struct cli *c = *state;

	cli_sh(c, RUN " --out o --benchmark_filter=zzz");
	cli_expect(c, 2);
	cli_holds(c->err, "matches no");
	assert_string_equal(c->out, "");
	assert_int_equal(cli_files(), 0);
}

static void test_bench_gbench__wrong_options(void **state)
{
	struct cli *c = *state;

	cli_sh(c, RUN " --benchmark_nonsense=1");
	cli_expect(c, 2);
	cli_holds(c->err, "--benchmark_nonsense=1");
	cli_sh(c, RUN " --benchmark_filter='('");
	cli_expect(c, 2);
	cli_sh(c, RUN " --alloc null --benchmark_out=no/such/file");
	assert_true(c->status != 0);
	assert_true(c->status < 128);
}

#define MICRO                                                           \
	"$BENCH --micro --alloc kheap --trace $TRACES/seed-example.trc" \
	" --trace $TRACES/recordings/seed-example.ftrace"

/* The micro-benchmarks: only that they run and say their names. */
static void test_bench_gbench__micro(void **state)
{
	struct cli *c = *state;

	cli_sh(c, MICRO " --benchmark_list_tests");
	cli_expect(c, 0);
	cli_holds(c->out, "lookup/kheap/");
	cli_holds(c->out, "decode/seed-example.trc\n");
	cli_holds(c->out, "import/seed-example.ftrace\n");
	assert_null(strstr(c->out, " ns "));
	cli_sh(c, MICRO " --benchmark_min_time=0.001 --benchmark_format=json"
			" --benchmark_filter=seed");
	cli_expect(c, 0);
	assert_int_equal(
		json_array_size(json_object_get(cli_json(c), "benchmarks")), 5);
	entry_of(c->json, "decode/seed-example.trc");
	entry_of(c->json, "import/seed-example.ftrace");
	/* What an importer cannot beat; nothing to unpack here. */
	entry_of(c->json, "limit:grep -c/seed-example.ftrace");
	entry_of(c->json, "limit:wc -l/seed-example.ftrace");
	cli_sh(c, "$BENCH --micro --trace no/such.trc");
	cli_expect(c, 2);
	cli_holds(c->err, "no/such.trc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_gbench__json_on_stdout),
		cli_test(test_bench_gbench__out_file),
		cli_test(test_bench_gbench__repetitions_are_the_epochs),
		cli_test(test_bench_gbench__filter),
		cli_test(test_bench_gbench__a_filter_that_matches_nothing),
		cli_test(test_bench_gbench__wrong_options),
		cli_test(test_bench_gbench__micro),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
