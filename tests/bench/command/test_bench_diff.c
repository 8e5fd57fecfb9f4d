/*
 * bench diff: two results side by side. The documents are made by hand, so that
 * each verdict has its case.
 */
#include "cli.h"

#include <string.h>

/* A results document; its times and counters are the test's. */
static void document(const char *path, const char *cpu, const char *sha,
		     const char *cells)
{
	FILE *f = fopen(path, "w");
	const char *cell = cells;

	assert_non_null(f);
	fprintf(f,
		"{\"context\":{\"schema\":2,\"revision\":\"r-%s\",\"date\":"
		"\"d\","
		"\"system\":\"s\",\"cpu_model\":\"%s\",\"cpus\":2,\"options\":"
		"{\"touch\":\"none\",\"heap_pages\":0,\"heap_base\":0}},"
		"\"results\":[",
		path, cpu);
	/* Cells are parted by a bar. */
	while (*cell) {
		size_t length = strcspn(cell, "|");

		fprintf(f, "%s{\"trace\":\"t\",\"trace_sha256\":\"%s\",%.*s}",
			cell == cells ? "" : ",", sha, (int)length, cell);
		cell += length + (cell[length] == '|');
	}
	fprintf(f, "]}\n");
	fclose(f);
}

#define CELL(name, ns, low, high, nodes)                                  \
	"\"allocator\":\"" name "\",\"throughput\":{\"ns_per_event\":" ns \
	",\"ci_low\":" low ",\"ci_high\":" high                           \
	"},\"counters\":{\"events\":5,\"nodes_visited\":" nodes "}"

/* The line of the output that holds both texts. */
static void has_row(const struct cli *c, const char *name, const char *words)
{
	for (const char *line = c->out; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');
		const char *a = strstr(line, name), *b = strstr(line, words);

		if (a && a < end && b && b < end)
			return;
	}
	print_error("no line with '%s' and '%s' in:\n%s", name, words, c->out);
	fail();
}

static void test_bench_diff__intervals_decide(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1",
		 KB_LINES(
			CELL("apart", "20.0", "19.0", "21.0", "7") "|"
			CELL("worse", "20.0", "19.0", "21.0", "7") "|"
			CELL("near", "20.0", "19.0", "21.0", "7") "|"
			CELL("bare", "20.0", "null", "null", "7")));
	document("b", "cpu", "1",
		 KB_LINES(
			CELL("apart", "10.0", "9.0", "18.9", "7") "|"
			CELL("worse", "25.0", "21.1", "26.0", "7") "|"
			CELL("near", "10.0", "9.0", "19.0", "7") "|"
			CELL("bare", "10.0", "9.0", "11.0", "7")));
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "apart", "-50.0%  FASTER");
	has_row(c, "worse", "+25.0%  SLOWER");
	cli_holds(c->out, "\n    the same work, done slower\n");
	has_row(c, "near", "-50.0%  n.s.");
	has_row(c, "bare", "-50.0%  no interval");
	cli_holds(c->out, "8 equal, 0 different");
}

/* A change that noise makes is no news: below 5%, within what the epochs vary, or
 * such as all allocators show. */
static void test_bench_diff__noise_is_no_change(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1",
		 KB_LINES(CELL("small", "20.0", "19.9", "20.1", "7")));
	document("b", "cpu", "1",
		 KB_LINES(CELL("small", "20.9", "20.8", "21.0", "7")));
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "small", "+4.5%  inside noise");
	document("a", "cpu", "1",
		 KB_LINES(CELL("a1", "20.0", "19.9", "20.1", "7") "|"
			  CELL("a2", "30.0", "29.9", "30.1", "7") "|"
			  CELL("a3", "40.0", "39.9", "40.1", "7") "|"
			  CELL("a4", "50.0", "49.9", "50.1", "7") "|"
			  CELL("a5", "60.0", "59.9", "60.1", "7") "|"
			  CELL("a6", "70.0", "69.9", "70.1", "7")));
	document("b", "cpu", "1",
		 KB_LINES(CELL("a1", "24.0", "23.9", "24.1", "7") "|"
			  CELL("a2", "36.1", "36.0", "36.2", "7") "|"
			  CELL("a3", "48.0", "47.9", "48.1", "7") "|"
			  CELL("a4", "60.2", "60.1", "60.3", "7") "|"
			  CELL("a5", "72.0", "71.9", "72.1", "7") "|"
			  CELL("a6", "140.0", "139.9", "140.1", "7")));
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "a1", "+20.0%  inside noise");
	has_row(c, "a4", "+20.4%  inside noise");
	has_row(c, "a6", "+100.0%  SLOWER");
}

/* What was measured otherwise is not compared, nor what means something else. */
static void test_bench_diff__other_options_and_schemas_are_refused(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1",
		 KB_LINES(CELL("x", "20.0", "19.9", "20.1", "7")));
	document("b", "cpu", "1",
		 KB_LINES(CELL("x", "20.0", "19.9", "20.1", "7")));
	cli_sh(c, "sed -i 's/\"options\":{/\"options\":{\"quick\":true,/' b");
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 4);
	cli_holds(c->err, "quick is absent and true");
	cli_sh(c, "$BENCH diff --force a b");
	cli_expect(c, 0);
	cli_sh(c, "sed -i 's/\"schema\":2/\"schema\":1/' b");
	cli_sh(c, "$BENCH diff --force a b");
	cli_expect(c, 4);
	cli_holds(c->err, "b: is of schema 1");
	assert_string_equal(c->out, "");
}

/* A slowdown is named: by the counter that changed most, if any did. */
static void test_bench_diff__more_work_is_reported(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1",
		 KB_LINES(
			CELL("busier", "20.0", "19.0", "21.0", "8") "|"
			CELL("idler", "20.0", "19.0", "21.0", "8")));
	document("b", "cpu", "1",
		 KB_LINES(
			CELL("busier", "25.0", "24.0", "26.0", "10") "|"
			CELL("idler", "10.0", "9.0", "11.0", "6")));
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "busier", "SLOWER");
	has_row(c, "idler", "FASTER");
	cli_holds(c->out, "\n    more work, nodes_visited +25.0%\n");
	cli_holds(c->out, "\n    less work, nodes_visited -25.0%\n");
}

static void test_bench_diff__counters_are_exact(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1",
		 "\"allocator\":\"kheap\",\"digest\":\"12\",\"counters\":"
		 "{\"events\":5,\"nodes_visited\":47476579,\"gone\":1}|"
		 "\"allocator\":\"mine\"");
	document("b", "cpu", "1",
		 "\"allocator\":\"kheap\",\"digest\":\"13\",\"counters\":"
		 "{\"events\":5,\"nodes_visited\":47476580}|"
		 "\"allocator\":\"yours\"");
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "nodes_visited", "47,476,579   47,476,580     +0.0%");
	has_row(c, "digest", "different addresses or sizes");
	has_row(c, "gone", "only in A");
	cli_holds(c->out, "1 equal, 3 different");
	cli_holds(c->out, "Only in A: mine\n");
	cli_holds(c->out, "Only in B: yours\n");
	assert_null(strstr(c->out, "ns per event"));
}

#define TIMES(p50, p99)                                                      \
	"\"allocator\":\"kheap\",\"kfree_ns\":{\"p50\":" p50 ",\"p99\":" p99 \
	",\"floor\":28.0,\"error\":7.0,\"samples\":100}"

static void test_bench_diff__single_times_have_the_clocks_error(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1", TIMES("null", "100.0"));
	document("b", "cpu", "1", TIMES("null", "114.0"));
	document("c", "cpu", "1", TIMES("40.0", "114.1"));
	cli_sh(c, "$BENCH diff a b");
	cli_expect(c, 0);
	has_row(c, "p50", "unresolved");
	has_row(c, "p99", "n.s.");
	cli_sh(c, "$BENCH diff a c");
	cli_expect(c, 0);
	has_row(c, "p50", "unresolved");
	has_row(c, "p99", "different");
}

static void test_bench_diff__refuses_what_cannot_be_compared(void **state)
{
	struct cli *c = *state;

	document("a", "cpu", "1", CELL("kheap", "20.0", "19.0", "21.0", "7"));
	document("b", "cpu", "2", CELL("kheap", "20.0", "19.0", "21.0", "7"));
	document("c", "other", "1", CELL("kheap", "20.0", "19.0", "21.0", "8"));
	cli_sh(c, "$BENCH diff a b");
	cli_refused(c, 4, "the traces differ", "--force");
	cli_sh(c, "$BENCH diff a c");
	cli_refused(c, 4, "cpu_model", "\"cpu\"", "\"other\"", "--force");
	cli_sh(c, "sed 's/\"heap_pages\":0/\"heap_pages\":9/' a >d; "
		  "$BENCH diff a d");
	cli_refused(c, 4, "heap_pages is 0 and 9");
	/* Another compiler, and another page size; what both lack is alike. */
	cli_sh(c, "sed 's/\"cpus\":2/\"cpus\":2,\"compiler\":\"x\"/' a >e; "
		  "$BENCH diff a e");
	cli_refused(c, 4, "compiler", "\"x\"", "--force");
	cli_sh(c, "sed 's/\"cpus\":2/\"cpus\":2,\"machine\":{"
		  "\"page_size\":4096}/' a >f; "
		  "sed 's/4096/16384/' f >g; $BENCH diff f g");
	cli_refused(c, 4, "page_size is 4096 and 16384");
	cli_sh(c, "$BENCH diff --force a b && $BENCH diff a c --force");
	cli_expect(c, 0);
	cli_holds(c->out, "2 equal, 0 different");
	cli_holds(c->out, "1 equal, 1 different");
}

static void test_bench_diff__of_real_folders(void **state)
{
	struct cli *c = *state;

	cli_sh(c,
	       "for d in x y; do $BENCH --trace $TRACES/seed-example.trc "
	       "--alloc kheap,null --pass count --no-plots --out $d >said || "
	       "exit 9; done; $BENCH diff x y/results.json");
	cli_expect(c, 0);
	cli_holds(c->out, " equal, 0 different");
	cli_holds(c->out, "A  x: revision ");
}

/* B's share of A's, with what both intervals leave; the nodes of both. */
static void test_bench_diff__draws_both(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "command -v gnuplot");
	if (c->status != 0)
		skip();
	cli_sh(c, "mkdir a b");
	document("a/results.json", "cpu", "1",
		 KB_LINES(
			CELL("x", "20.0", "16.0", "25.0", "7") "|"
			CELL("bare", "20.0", "null", "null", "7")));
	document("b/results.json", "cpu", "1",
		 KB_LINES(
			CELL("x", "10.0", "8.0", "12.0", "7") "|"
			CELL("bare", "30.0", "9.0", "31.0", "7")));
	cli_sh(c, "printf 'series\\t3\\n\\n\\nx\\tshare\\n1\\t1\\n\\n\\n"
		  "y\\tshare\\n2\\t1\\n\\n\\nz\\tshare\\n3\\t1\\n\\n\\n' "
		  ">a/lookup-nodes.tsv && sed 's/^3/4/; s/^y/w/' "
		  "a/lookup-nodes.tsv >b/lookup-nodes.tsv");
	cli_sh(c, "$BENCH diff --out d a b >said && tail -n +6 "
		  "d/throughput-ratio.tsv");
	cli_expect(c, 0);
	assert_string_equal(c->out, "\nallocator\tratio\tlow\thigh\n"
				    "x\t0.5\t0.32\t0.75\n"
				    "bare\t1.5\t?\t?\n\n\n");
	cli_sh(c, "grep -c '^series.5' d/lookup-nodes.tsv; cut -f1 "
		  "d/lookup-nodes.tsv | grep ': [w-z]$' | tr '\\n' ' '");
	assert_string_equal(c->out, "1\nA and B: x A: y A: z B: z B: w ");
	cli_sh(c, "ls d/figures | tr '\\n' ' '");
	assert_string_equal(c->out,
			    "lookup-nodes.png lookup-nodes.svg "
			    "throughput-ratio.png throughput-ratio.svg ");
	cli_sh(c, "grep -o 'faster\\|no interval' "
		  "d/figures/throughput-ratio.svg | tr '\\n' ' '");
	cli_holds(c->out, "faster no interval");
}

static void test_bench_diff__refuses(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH diff a");
	cli_refused(c, 2, "missing operand 'B'");
	cli_sh(c, "$BENCH diff a b c");
	cli_refused(c, 2, "'c'", "--help");
	cli_sh(c, "$BENCH diff absent b");
	cli_refused(c, 2, "absent");
	cli_sh(c, "echo '[1]' >a; $BENCH diff a a");
	cli_refused(c, 2, "a: was not written by bench");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_diff__intervals_decide),
		cli_test(test_bench_diff__noise_is_no_change),
		cli_test(
			test_bench_diff__other_options_and_schemas_are_refused),
		cli_test(test_bench_diff__more_work_is_reported),
		cli_test(test_bench_diff__counters_are_exact),
		cli_test(test_bench_diff__single_times_have_the_clocks_error),
		cli_test(test_bench_diff__refuses_what_cannot_be_compared),
		cli_test(test_bench_diff__of_real_folders),
		cli_test(test_bench_diff__draws_both),
		cli_test(test_bench_diff__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
