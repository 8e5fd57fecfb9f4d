/*
 * Memory along a trace, and what the trace itself needs.
 */
#include "cli.h"

#include <string.h>

/*
 * The seed's example, in the order of its events: two pages, one, one, then the
 * first and the second freed. Packed, the two pages are at the bottom; the last
 * object, which stays, is on top.
 */
static void test_bench_memory__the_seeds_example(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --alloc kheap,null "
		  "--pass count --no-plots --out r >said && "
		  "sed -n '/^series/,$p' r/memory.tsv | cut -f 1-5");
	cli_expect(c, 0);
	assert_string_equal(c->out,
			    "series\t3\n\n\n"
			    "the trace\trequested\tkernel\tpages\tpacked\n"
			    "1\t8192\t8192\t8192\t8192\n"
			    "2\t12288\t12288\t12288\t12288\n"
			    "3\t16384\t16384\t16384\t16384\n"
			    "4\t8192\t8192\t8192\t16384\n"
			    "5\t4096\t4096\t4096\t16384\n\n\n"
			    "kheap\trequested\tgranted\tmapped\tresident\n"
			    "1\t8192\t8192\t8192\t8192\n"
			    "2\t12288\t12288\t12288\t12288\n"
			    "3\t16384\t16384\t16384\t16384\n"
			    "4\t8192\t8192\t8192\t8192\n"
			    "5\t4096\t4096\t4096\t4096\n\n\n"
			    "null\trequested\tgranted\tmapped\tresident\n"
			    "1\t8192\t?\t0\t0\n"
			    "2\t12288\t?\t0\t0\n"
			    "3\t16384\t?\t0\t0\n"
			    "4\t8192\t?\t0\t0\n"
			    "5\t4096\t?\t0\t0\n\n\n");
}

static json_int_t at(const json_t *cell, const char *object, const char *figure,
		     const char *moment)
{
	const json_t *part = json_object_get(cell, object);

	part = json_object_get(part, figure);
	return json_integer_value(json_object_get(part, moment));
}

/* The recordings: the pages live at once are the design's, and a packing
 * reaches them, so it is the best there is. */
static void test_bench_memory__of_the_recordings(void **state)
{
	static const struct {
		const char *trace;
		json_int_t pages, kernel;
	} cases[] = {
		{ "boot.trc", 7899, 3337744 },
		{ "debian-boot.trc", 15707, 5561304 },
		{ "boot-6.12.trc", 11191, 3210168 },
	};
	struct cli *c = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_int_t bytes = cases[i].pages * 4096;
		const json_t *cell;

		cli_sh(c,
		       "$BENCH --trace $TRACES/%s --alloc kheap:lookup=pagemap "
		       "--pass count --json - --out none",
		       cases[i].trace);
		cli_expect(c, 0);
		cell = cli_cell(cli_json(c), cases[i].trace,
				"kheap:lookup=pagemap");
		assert_int_equal(at(cell, "ideal", "pages", "peak"), bytes);
		assert_int_equal(at(cell, "ideal", "packing", "bytes"), bytes);
		assert_int_equal(at(cell, "ideal", "kernel", "peak"),
				 cases[i].kernel);
		assert_int_equal(at(cell, "memory", "mapped", "peak"), bytes);
		assert_int_equal(at(cell, "memory", "granted", "sum"),
				 at(cell, "ideal", "pages", "sum"));
		assert_int_equal(at(cell, "memory", "requested", "sum"),
				 at(cell, "ideal", "requested", "sum"));
	}
}

static void test_bench_memory__in_the_report(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --alloc kheap-fast,null "
		  "--pass count --no-plots --out r && cat r/table.txt");
	cli_expect(c, 0);
	cli_holds(c->out, "Peak demand is 2.42 MB. The recorded kernel itself "
			  "used 3.34 MB for the same objects; any allocator "
			  "that gives each object its own pages needs at least "
			  "32.4 MB. An offline packing in whole pages (by size "
			  "x lifetime) needs 32.4 MB.");
	cli_sh(c, "for words in 'Peak memory' 'Average memory' 'Memory at the "
		  "end'; do grep -q \"$words\" r/report.html || exit 1; done; "
		  "sed -n '/<h2>All figures/,$p' r/report.html | "
		  "grep -m1 'kheap-fast</th>'");
	cli_expect(c, 0);
	/* Internal waste, of means; nothing is mapped beyond the usable pages. */
	cli_holds(c->out, ">94.7%</td>");
	cli_holds(c->out, ">0.0%</td>");
}

/* The table in docs/allocators.md is made of a run's results. */
static void test_bench_memory__as_a_table(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "command -v python3");
	if (c->status != 0)
		skip();
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --alloc kheap-fast,null "
		  "--pass count --no-plots --out r >said && "
		  "$TRACES/../docs/make-table r/results.json");
	cli_expect(c, 0);
	cli_holds(c->out, "| `kheap-fast` |  |  | 32.4 MB | 32.4 MB | 15.4 MB "
			  "| 27.4 MB |");
	cli_holds(c->out, "| `null` |  |  |  | 0 B | 0 B | 0 B | 0 B | 0 B |");
	cli_holds(c->out,
		  "At its peak the trace requests 2.42 MB; the recorded "
		  "kernel used 3.34 MB, and whole pages for each object "
		  "take 32.4 MB. The best offline packing takes "
		  "32.4 MB.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_memory__the_seeds_example),
		cli_test(test_bench_memory__of_the_recordings),
		cli_test(test_bench_memory__in_the_report),
		cli_test(test_bench_memory__as_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
