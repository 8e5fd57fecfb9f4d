#include "kb_test.h"

#include "bench_commands.h"
#include "bench_options.h"
#include "kb_bits.h"

#include <string.h>

#define ARGUMENTS_MAX 32

/* Parses words parted by blanks, as a shell would hand them over. */
static int parse(struct bench_options *opts, char *words, struct kb_diag *diag)
{
	static char *argv[ARGUMENTS_MAX + 1];
	char *save = NULL;
	int argc = 0;

	for (char *word = strtok_r(words, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	kb_diag_init(diag);
	return bench_options_parse(opts, argc, argv, diag);
}

#define PARSE(opts, text)                               \
	char words[] = text;                            \
	struct kb_diag diag;                            \
	assert_int_equal(parse(opts, words, &diag), 0); \
	assert_int_equal(diag.status, 0)

static void test_bench_options__defaults(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts, "bench --trace a.trc");
	assert_int_equal(opts.command, BENCH_RUN);
	assert_int_equal(opts.traces.count, 1);
	assert_string_equal(opts.traces.word[0], "a.trc");
	/* The seed's heap first, the harness's own cost last. */
	assert_true(opts.alloc_count > 2);
	assert_string_equal(opts.allocs[0].name, "kheap");
	assert_string_equal(opts.allocs[opts.alloc_count - 1].name, "null");
	assert_int_equal(opts.settings.passes, BENCH_PASS_ALL);
	assert_null(opts.out);
	assert_false(opts.no_out);
	assert_false(opts.no_plots);
	assert_null(opts.json);
	assert_int_equal(opts.settings.heap_pages, 0);
	assert_int_equal(opts.settings.heap_base, 0);
	assert_int_equal(opts.settings.touch, ALLOC_TOUCH_NONE);
	assert_int_equal(opts.settings.cpu, -1);
	assert_int_equal(opts.settings.seed, 1);
	assert_true(opts.settings.budget_s == 20);
	assert_true(opts.settings.timeout_s == 60);
	assert_false(opts.settings.quick);
	assert_int_equal(opts.gbench_argc, 1);
	assert_string_equal(opts.gbench_argv[0], "bench");
	assert_null(opts.gbench_argv[1]);
	bench_options_release(&opts);
}

static void test_bench_options__every_option(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts,
	      "bench --trace a --trace=b --alloc kheap:order=head,pager=none "
	      "--alloc null --pass count,latency --pass verify --out d "
	      "--no-plots --json - --heap-pages 0x7ffe --heap-base 0xE0000000 "
	      "--touch all --cpu 3 --seed 9223372036854775807 --budget 0.5 "
	      "--quick");
	assert_int_equal(opts.traces.count, 2);
	assert_string_equal(opts.traces.word[1], "b");
	assert_int_equal(opts.alloc_count, 2);
	assert_string_equal(opts.allocs[0].name, "kheap:order=head,pager=none");
	assert_int_equal(opts.settings.passes, BENCH_PASS_COUNT |
						       BENCH_PASS_LATENCY |
						       BENCH_PASS_VERIFY);
	assert_string_equal(opts.out, "d");
	assert_true(opts.no_plots);
	assert_string_equal(opts.json, "-");
	assert_int_equal(opts.settings.heap_pages, 32766);
	assert_int_equal(opts.settings.heap_base, 0xE0000000);
	assert_int_equal(opts.settings.touch, ALLOC_TOUCH_ALL);
	assert_int_equal(opts.settings.cpu, 3);
	assert_int_equal(opts.settings.seed, INT64_MAX);
	/* The budget given wins over --quick's own. */
	assert_true(opts.settings.budget_s == 0.5);
	assert_true(opts.settings.quick);
	bench_options_release(&opts);
}

static void test_bench_options__quick_has_its_own_budget(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts, "bench --trace a --quick");
	assert_true(opts.settings.budget_s == 3);
	bench_options_release(&opts);
}

static void test_bench_options__out_none_is_no_folder(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts, "bench --trace a --out x --out none");
	assert_true(opts.no_out);
	assert_null(opts.out);
	bench_options_release(&opts);
}

static void test_bench_options__the_last_out_counts(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts, "bench --trace a --out none --out x");
	assert_false(opts.no_out);
	assert_string_equal(opts.out, "x");
	bench_options_release(&opts);
}

/* Google Benchmark's options are set apart, in order, wherever they are. */
static void
test_bench_options__google_benchmark_options_are_passed_on(void **state)
{
	struct bench_options opts;

	(void)state;
	PARSE(&opts, "bench --benchmark_filter=x --trace a "
		     "--benchmark_format=json --quick");
	assert_int_equal(opts.gbench_argc, 3);
	assert_string_equal(opts.gbench_argv[0], "bench");
	assert_string_equal(opts.gbench_argv[1], "--benchmark_filter=x");
	assert_string_equal(opts.gbench_argv[2], "--benchmark_format=json");
	assert_null(opts.gbench_argv[3]);
	assert_int_equal(opts.traces.count, 1);
	assert_true(opts.settings.quick);
	bench_options_release(&opts);
}

static void test_bench_options__commands_need_no_trace(void **state)
{
	static const struct {
		const char *text;
		enum bench_command command;
	} cases[] = {
		{ "bench --list", BENCH_LIST },
		{ "bench --version", BENCH_VERSION },
		{ "bench --micro", BENCH_MICRO },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		struct bench_options opts;
		struct kb_diag diag;
		char words[64];

		strcpy(words, cases[i].text);
		if (parse(&opts, words, &diag) < 0) {
			print_error("%s: %s\n", cases[i].text, diag.text);
			fail();
		}
		assert_int_equal(opts.command, cases[i].command);
		bench_options_release(&opts);
	}
}

/* Borders of the numbers: taken, and one beyond refused. */
static void test_bench_options__borders(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "b --trace a --heap-pages 1", 0 },
		{ "b --trace a --heap-pages 4294967295", 0 },
		{ "b --trace a --heap-pages 4294967296", KB_E_ARG },
		{ "b --trace a --heap-pages 0", KB_E_ARG },
		{ "b --trace a --heap-pages 1.5", KB_E_ARG },
		{ "b --trace a --heap-pages +1", KB_E_ARG },
		{ "b --trace a --heap-pages 1k", KB_E_ARG },
		{ "b --trace a --cpu 0", 0 },
		{ "b --trace a --cpu 4095", 0 },
		{ "b --trace a --cpu 4096", KB_E_ARG },
		{ "b --trace a --seed 0", 0 },
		/* JSON's integers end there. */
		{ "b --trace a --seed 9223372036854775807", 0 },
		{ "b --trace a --seed 9223372036854775808", KB_E_ARG },
		{ "b --trace a --quick=1", KB_E_ARG },
		{ "b --trace a --alloc=", KB_E_ARG },
		{ "b --trace a --budget 0.001", 0 },
		{ "b --trace a --timeout 0.5", 0 },
		{ "b --trace a --timeout 0", KB_E_ARG },
		{ "b --trace a --timeout 1e7", KB_E_ARG },
		{ "b --trace a --budget 1e6", 0 },
		{ "b --trace a --budget 1.1e6", KB_E_ARG },
		{ "b --trace a --budget inf", KB_E_ARG },
		{ "b --trace a --budget 1s", KB_E_ARG },
		{ "b --trace a --touch ALL", KB_E_ARG },
		{ "b --trace a --pass ,", KB_E_ARG },
		{ "b --trace a extra", KB_E_ARG },
		{ "b --trace a -x", KB_E_ARG },
		{ "b", KB_E_ARG },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		struct bench_options opts;
		struct kb_diag diag;
		char words[128];
		int err;

		strcpy(words, cases[i].text);
		err = parse(&opts, words, &diag);
		if (err != cases[i].status)
			print_error("%s: %s\n", cases[i].text, diag.text);
		assert_int_equal(err, cases[i].status);
		assert_int_equal(diag.status, cases[i].status);
		bench_options_release(&opts);
	}
}

/* The error names the unknown option, not the word before it. */
static void test_bench_options__names_the_unknown_one(void **state)
{
	char words[] = "bench stray --tarce x";
	struct bench_options opts;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(parse(&opts, words, &diag), KB_E_ARG);
	assert_non_null(strstr(diag.text, "'--tarce'"));
	assert_non_null(strstr(diag.text, "'--trace'"));
	bench_options_release(&opts);
}

static void test_bench_options__help(void **state)
{
	static const char *const lines[] = { "bench --help", "bench -h",
					     "bench --trace a --help" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(lines); i++) {
		struct bench_options opts;
		struct kb_diag diag;
		char words[64];

		strcpy(words, lines[i]);
		assert_int_equal(parse(&opts, words, &diag), KB_OPTIONS_HELP);
		bench_options_release(&opts);
	}
}

/* What gate and compare do not take as options, their reports state all the
 * same. */
static void test_bench_options__options_of_a_command(void **state)
{
	struct bench_options opts;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	bench_options_init(&opts);
	assert_int_equal(bench_options_check(&opts, "null,kheap", &diag), 0);
	assert_int_equal(opts.alloc_count, 2);
	assert_true(opts.settings.budget_s == 20);
	assert_int_equal(opts.settings.passes, 0);
	assert_int_equal(opts.settings.seed, 1);
	bench_options_release(&opts);
}

static void test_bench_options__names_of_passes(void **state)
{
	(void)state;
	assert_string_equal(bench_pass_name(BENCH_PASS_VERIFY), "verify");
	assert_string_equal(bench_pass_name(BENCH_PASS_COUNT), "count");
	assert_string_equal(bench_pass_name(BENCH_PASS_THROUGHPUT),
			    "throughput");
	assert_string_equal(bench_pass_name(BENCH_PASS_LATENCY), "latency");
}

static void expect_file_uses(const struct kb_command *command)
{
	for (const struct kb_option *o = command->options; o->name; o++) {
		if (o->kind == KB_OPTION_CALL || !o->value ||
		    (!strstr(o->value, "FILE") && !strstr(o->value, "DIR")))
			continue;
		if (o->file == KB_FILES_NONE) {
			print_error("--%s of '%s' does not say what it does "
				    "with its file (kb_options.h)\n",
				    o->name,
				    command->name ? command->name : "bench");
			fail();
		}
	}
}

/* Expect: each option that names a file says whether it is read or written, since
 * from that follows that no output destroys an input. */
static void test_bench_options__files_have_a_use(void **state)
{
	(void)state;
	expect_file_uses(&bench_itself);
	for (const struct kb_command *const *c = bench_commands; *c; c++) {
		const struct kb_command *const *own = (*c)->commands;

		expect_file_uses(*c);
		for (; own && *own; own++)
			expect_file_uses(*own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_options__defaults),
		cmocka_unit_test(test_bench_options__every_option),
		cmocka_unit_test(test_bench_options__quick_has_its_own_budget),
		cmocka_unit_test(test_bench_options__out_none_is_no_folder),
		cmocka_unit_test(test_bench_options__the_last_out_counts),
		cmocka_unit_test(
			test_bench_options__google_benchmark_options_are_passed_on),
		cmocka_unit_test(test_bench_options__commands_need_no_trace),
		cmocka_unit_test(test_bench_options__borders),
		cmocka_unit_test(test_bench_options__names_the_unknown_one),
		cmocka_unit_test(test_bench_options__help),
		cmocka_unit_test(test_bench_options__options_of_a_command),
		cmocka_unit_test(test_bench_options__names_of_passes),
		cmocka_unit_test(test_bench_options__files_have_a_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
