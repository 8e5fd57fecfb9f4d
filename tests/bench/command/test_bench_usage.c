/*
 * bench as a whole: its options, and what it says to wrong ones.
 */
#include "alloc_list.h"
#include "cli.h"
#include "kb_bits.h"

#include <string.h>

static void test_bench_usage__list_names_every_allocator_and_key(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --list");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		cli_holds(c->out, (*o)->name);
		cli_holds(c->out, (*o)->help);
		for (const struct alloc_key *k = (*o)->keys; k && k->name;
		     k++) {
			cli_holds(c->out, k->name);
			for (size_t i = 0; k->value(i); i++)
				cli_holds(c->out, k->value(i));
		}
	}
}

static void test_bench_usage__help_and_version(void **state)
{
	static const char *const options[] = {
		"--trace",	"--alloc", "--pass",	   "--out",
		"--no-plots",	"--json",  "--heap-pages", "--heap-base",
		"--touch",	"--cpu",   "--seed",	   "--budget",
		"--quick",	"--list",  "--version",	   "--help",
		"--benchmark_", "--micro",
	};
	struct cli *c = *state;

	cli_sh(c, "$BENCH --help");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	for (size_t i = 0; i < KB_ARRAY_LEN(options); i++)
		cli_holds(c->out, options[i]);
	cli_sh(c, "$BENCH --version");
	cli_expect(c, 0);
	cli_holds(c->out, "kheap-replay");
	assert_int_equal(cli_files(), 0);
}

/* The fault that the one parser ended: each of these was refused. */
static void test_bench_usage__every_command_takes_options_alike(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH show --trace=$TRACES/seed-example.trc --at=3");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH plot -h");
	cli_expect(c, 0);
	cli_holds(c->out, "usage: bench plot");
	cli_sh(c, "$BENCH bless --trace=$TRACES/seed-example.trc "
		  "--baseline=b --reason=r && "
		  "$BENCH gate --trace=$TRACES/seed-example.trc --baseline=b");
	cli_expect(c, 0);
	cli_holds(c->out, "PASS");
	cli_sh(c, "$BENCH diff -- -a -b");
	cli_refused(c, 2, "-a", "No such file");
}

/* A terminal of 80 columns folds no line. */
static void test_bench_usage__help_fits_80_columns(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "for i in '' compare gate bless diff fit plot show sites; do "
		  "$BENCH $i --help || exit; done | "
		  "LC_ALL=C.UTF-8 grep -nE '.{81}'");
	cli_expect(c, 1);
	assert_string_equal(c->out, "");
}

#define SEED "--trace $TRACES/seed-example.trc"

static void
test_bench_usage__says_what_is_wrong_and_what_was_meant(void **state)
{
	static const struct {
		const char *arguments;
		const char *words[4];
	} wrong[] = {
		{ "", { "no trace", "--trace" } },
		{ "boot.trc", { "boot.trc", "--trace boot.trc" } },
		{ "--trace", { "--trace", "needs a value" } },
		{ "--tarce x", { "--tarce", "'--trace'" } },
		{ "--frobnicate", { "--frobnicate", "--help" } },
		/* No abbreviations: --tra might be another's tomorrow. */
		{ "--tra x", { "'--tra'", "'--trace'" } },
		{ "show " SEED " --trace b", { "'--trace'", "twice" } },
		{ "show boot.trc", { "--trace FILE" } },
		{ "fit " SEED " b.trc", { "--trace b.trc" } },
		{ "shwo", { "'shwo'", "'show'" } },
		{ SEED " --alloc jemaloc", { "jemaloc", "'jemalloc'" } },
		{ SEED " --alloc zzzzzz", { "zzzzzz", "--list" } },
		{ SEED " --alloc kheap:lokup=rows", { "lokup", "'lookup'" } },
		{ SEED " --alloc kheap:lookup=row", { "'row'", "'rows'" } },
		{ SEED " --alloc kheap:lookup", { "lookup", "KEY=VALUE" } },
		{ SEED " --alloc null:round=page", { "null", "no options" } },
		{ SEED " --pass cuont", { "cuont", "'count'" } },
		{ SEED " --pass ,", { "--pass" } },
		{ SEED " --touch some", { "--touch", "none, first or all" } },
		{ SEED " --budget 0", { "--budget", "'0'" } },
		{ SEED " --budget nan", { "--budget", "'nan'" } },
		{ SEED " --budget -1", { "--budget", "'-1'" } },
		{ SEED " --seed -1", { "--seed", "'-1'" } },
		{ SEED " --seed 1x", { "--seed", "'1x'" } },
		{ SEED " --cpu many", { "--cpu", "'many'" } },
		{ SEED " --heap-pages 0", { "--heap-pages", "'0'" } },
		{ SEED " --heap-pages 4294967296", { "--heap-pages" } },
		{ SEED " --heap-pages 99999999999999999999",
		  { "--heap-pages" } },
		{ SEED " --heap-base 4294967296", { "--heap-base" } },
	};
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(wrong); i++) {
		cli_sh(c, "$BENCH %s", wrong[i].arguments);
		cli_refused_at(c, 2, wrong[i].words, __FILE__, __LINE__);
	}
	assert_int_equal(cli_files(), 0);
}

/* Geometry is refused by the heap itself, which knows the limit. */
static void test_bench_usage__refuses_an_impossible_window(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED " --heap-pages 65536");
	cli_refused(c, 2, "65536", "65535");
	cli_sh(c, "$BENCH " SEED " --heap-base 0xF0000001");
	cli_refused(c, 2, "0xf0000001", "4096");
	cli_sh(c, "$BENCH " SEED " --heap-pages 600000 --heap-base 0x1000");
	cli_refused(c, 2, "600000", "524288");
	assert_int_equal(cli_files(), 0);
}

static void test_bench_usage__geometry_is_a_choice(void **state)
{
	struct cli *c = *state;
	const json_t *moved, *seed;

	cli_sh(c, "$BENCH " SEED " --alloc kheap --pass count --out none"
		  " --heap-base 0x10000000 --heap-pages 524288 --json -");
	cli_expect(c, 0);
	moved = cli_cell(cli_json(c), "seed-example.trc", "kheap");
	assert_int_equal(cli_counter(moved, "pages_peak"), 4);
	seed = json_incref(json_object_get(moved, "digest"));
	/* Offsets, not addresses: the digest does not see the base. */
	cli_sh(c, "$BENCH " SEED " --alloc kheap --pass count --out none"
		  " --json -");
	moved = cli_cell(cli_json(c), "seed-example.trc", "kheap");
	assert_true(json_equal(json_object_get(moved, "digest"), seed));
	json_decref((json_t *)seed);
}

/* No machine has this CPU: the environment is wrong, not the command. */
static void test_bench_usage__refuses_a_cpu_that_is_not_there(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED " --alloc null --cpu 4095 --out none");
	cli_refused(c, 4, "4095", "--cpu");
}

static void test_bench_usage__names_are_canonical_and_single(void **state)
{
	struct cli *c = *state;
	const json_t *document;

	cli_sh(c, "$BENCH " SEED " --pass count --out none --json -"
		  " --alloc kheap:order=head,lookup=pagemap,null"
		  " --alloc kheap:lookup=rows,order=tail,kheap,glibc,null");
	cli_expect(c, 0);
	document = cli_json(c);
	assert_int_equal(json_array_size(json_object_get(document, "results")),
			 4);
	cli_cell(document, "seed-example.trc",
		 "kheap:lookup=pagemap,order=head");
	cli_cell(document, "seed-example.trc", "null");
	cli_cell(document, "seed-example.trc", "kheap");
	cli_cell(document, "seed-example.trc", "glibc");
}

static void test_bench_usage__default_allocators(void **state)
{
	static const char *const names[] = {
		"kheap",
		"kheap:order=head",
		"kheap:lookup=pagemap",
		"kheap-fast",
		"glibc",
		"jemalloc",
		"jemalloc:round=page",
		"mimalloc",
		"tcmalloc",
		"null",
	};
	struct cli *c = *state;
	const json_t *document;

	cli_sh(c, "$BENCH " SEED " --pass count --out none --json -");
	cli_expect(c, 0);
	document = cli_json(c);
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		cli_cell(document, "seed-example.trc", names[i]);
}

/* A misnamed worker has no shared memory to work on. */
static void test_bench_usage__a_stray_worker_is_an_error(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "bash -c 'exec -a kheap-replay-worker $BENCH' 3<&-");
	cli_expect(c, 2);
	cli_holds(c->err, "worker");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_usage__list_names_every_allocator_and_key),
		cli_test(test_bench_usage__help_and_version),
		cli_test(test_bench_usage__every_command_takes_options_alike),
		cli_test(test_bench_usage__help_fits_80_columns),
		cli_test(
			test_bench_usage__says_what_is_wrong_and_what_was_meant),
		cli_test(test_bench_usage__refuses_an_impossible_window),
		cli_test(test_bench_usage__geometry_is_a_choice),
		cli_test(test_bench_usage__refuses_a_cpu_that_is_not_there),
		cli_test(test_bench_usage__names_are_canonical_and_single),
		cli_test(test_bench_usage__default_allocators),
		cli_test(test_bench_usage__a_stray_worker_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
