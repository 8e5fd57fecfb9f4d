/*
 * bench as a whole: what it prints and writes.
 */
#include "cli.h"
#include "kb_bits.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SEED	    "--trace $TRACES/seed-example.trc"
#define KHEAP	    " --alloc kheap"
#define QUICK	    " --quick" CLI_NO_BUDGET " --alloc kheap"
#define QUICK_ALL   " --quick" CLI_NO_BUDGET " --alloc kheap,null,jemalloc"
#define COUNT_FILES 11 /* Those and 8 TSV files. */
#define ALL_FILES   15 /* results.json, table.txt, report.html, 12 TSV files */

/* Of the files of samples there are as many as the samples fell on kinds of
 * operations: not to be counted. */
static void remove_samples(struct cli *c, const char *folder)
{
	cli_sh(c, "rm -r %s/latency", folder);
	cli_expect(c, 0);
}

static void expect_integers(const json_t *object, const char *const *names,
			    const json_int_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cli_counter(object, names[i]) != values[i]) {
			print_error("%s is %lld\n", names[i],
				    (long long)cli_counter(object, names[i]));
			fail();
		}
}

/*
 * The seed's drawn example, worked out by hand:
 *
 *   kmalloc 8192, 4096, 4096    Row 0 → [1] ↔ [2]    Row 1 → [0]
 *   kfree of 0xF0000000         rows 0, 1; nodes 1, 2, 0; removal walks 0
 *   kfree of 0xF0002000         row 0; node 1; removal walks 1
 */
static void test_bench_output__the_seeds_example(void **state)
{
	static const char *const names[] = {
		"events",
		"allocs",
		"frees",
		"failed_allocs",
		"skipped_frees",
		"lookups",
		"rows_visited",
		"nodes_visited",
		"nodes_visited_max",
		"remove_nodes_visited",
		"live_max",
		"live_at_end",
		"bytes_live_max",
		"pages_peak",
		"pages_live",
		"maps",
		"unmaps",
		"pte_writes",
		"tlb_invalidations",
		"page_tables_made",
		"pde_writes",
	};
	static const json_int_t values[] = {
		5, 3,	  2, 0, 0, 2, 3, 4, 3, 2, 3,
		1, 16384, 4, 1, 4, 3, 7, 3, 1, 1,
	};
	struct cli *c = *state;
	const json_t *cell;

	static_assert(KB_ARRAY_LEN(names) == KB_ARRAY_LEN(values), "pairs");
	cli_sh(c, "$BENCH " SEED " --pass count --out none --json -");
	cli_expect(c, 0);
	cell = cli_cell(cli_json(c), "seed-example.trc", "kheap");
	expect_integers(cell, names, values, KB_ARRAY_LEN(names));
	cell = cli_cell(c->json, "seed-example.trc", "kheap:order=head");
	assert_int_equal(cli_counter(cell, "nodes_visited"), 5);
	assert_int_equal(cli_counter(cell, "remove_nodes_visited"), 3);
	cell = cli_cell(c->json, "seed-example.trc", "kheap:lookup=pagemap");
	assert_int_equal(cli_counter(cell, "nodes_visited"), 2);
	assert_int_equal(cli_counter(cell, "remove_nodes_visited"), 0);
}

/* What does not apply is absent: no heap's counters, no digest, no pass. */
static void test_bench_output__inapplicable_fields_are_absent(void **state)
{
	static const char *const heap_only[] = {
		"lookups",    "rows_visited", "nodes_visited",
		"pages_peak", "pte_writes",   "tlb_invalidations",
	};
	static const char *const passes[] = { "throughput", "kfree_ns",
					      "lookup_ns",  "verified",
					      "partial",    "error" };
	struct cli *c = *state;
	json_t *cell;

	cli_sh(c, "$BENCH " SEED " --pass count --out none --json -");
	cli_expect(c, 0);
	cell = cli_cell(cli_json(c), "seed-example.trc", "jemalloc");
	for (size_t i = 0; i < KB_ARRAY_LEN(heap_only); i++)
		assert_null(json_object_get(json_object_get(cell, "counters"),
					    heap_only[i]));
	assert_null(json_object_get(cell, "digest"));
	for (size_t i = 0; i < KB_ARRAY_LEN(passes); i++)
		assert_null(json_object_get(cell, passes[i]));

	cli_sh(c, "$BENCH " SEED " --pass verify --out none --json - --alloc "
		  "kheap,null");
	cli_expect(c, 0);
	cell = cli_cell(cli_json(c), "seed-example.trc", "kheap");
	assert_null(json_object_get(cell, "counters"));
	assert_true(json_is_true(json_object_get(cell, "verified")));
	assert_true(json_is_string(json_object_get(cell, "digest")));
	cell = cli_cell(c->json, "seed-example.trc", "null");
	assert_true(json_is_false(json_object_get(cell, "verified")));
}

/* A time is a number above its floor, or null; never less. */
static void check_time(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	double floor = json_real_value(json_object_get(object, "floor"));

	assert_true(json_is_real(json_object_get(object, "floor")));
	if (!value || json_is_null(value))
		return;
	assert_true(json_is_real(value));
	assert_true(json_real_value(value) >= floor);
}

static void check_latency(const json_t *object, bool required)
{
	static const char *const names[] = { "p50", "p90", "p99", "p999",
					     "max" };

	assert_true(object || !required);
	if (!object)
		return;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		check_time(object, names[i]);
	assert_true(json_is_real(json_object_get(object, "error")));
	assert_true(json_integer_value(json_object_get(object, "samples")) > 0);
}

/* The first replay, the second, all of them, and where the steady ones begin. A
 * machine that is far too busy may find the trace too long to repeat. */
static void check_replays(const json_t *object)
{
	const json_int_t repeats =
		json_integer_value(json_object_get(object, "repeats"));
	const json_t *curve = json_object_get(object, "curve");

	check_time(object, "cold_ns_per_event");
	assert_in_range(repeats, 1, 16);
	if (repeats == 1) {
		assert_null(curve);
		return;
	}
	assert_in_range(repeats, 3, 16);
	check_time(object, "second_ns_per_event");
	assert_int_equal(json_array_size(curve), repeats);
	assert_true(json_equal(json_array_get(curve, 0),
			       json_object_get(object, "cold_ns_per_event")));
	assert_true(json_equal(json_array_get(curve, 1),
			       json_object_get(object, "second_ns_per_event")));
	assert_int_equal(
		json_integer_value(json_object_get(object, "steady_from")),
		repeats - 3);
}

static void check_throughput(const json_t *object, json_int_t events)
{
	json_int_t epochs =
		json_integer_value(json_object_get(object, "epochs"));
	const json_t *ns = json_object_get(object, "ns_per_event");

	assert_non_null(object);
	assert_true(epochs >= 6);
	assert_int_equal(
		json_array_size(json_object_get(object, "epoch_ns_per_event")),
		epochs);
	assert_int_equal(
		json_integer_value(json_object_get(object, "events_timed")),
		events);
	check_time(object, "ns_per_event");
	check_replays(object);
	if (!json_is_real(ns))
		return;
	assert_true(json_real_value(json_object_get(object, "ci_low")) <=
		    json_real_value(ns));
	assert_true(json_real_value(json_object_get(object, "ci_high")) >=
		    json_real_value(ns));
}

static void test_bench_output__all_passes(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *context;

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --quick" CLI_NO_BUDGET
		  " --out none --json -"
		  " --alloc kheap:lookup=pagemap,glibc,null");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cell = cli_cell(cli_json(c), "boot.trc", "kheap:lookup=pagemap");
	check_throughput(json_object_get(cell, "throughput"), 31619);
	check_latency(json_object_get(cell, "kfree_ns"), true);
	check_latency(json_object_get(cell, "lookup_ns"), true);
	assert_true(json_is_true(json_object_get(cell, "verified")));
	cell = cli_cell(c->json, "boot.trc", "glibc");
	check_throughput(json_object_get(cell, "throughput"), 31619);
	check_latency(json_object_get(cell, "kfree_ns"), true);
	assert_null(json_object_get(cell, "lookup_ns"));
	context = json_object_get(c->json, "context");
	assert_true(json_is_integer(json_object_get(context, "schema")));
	assert_true(json_is_string(json_object_get(context, "revision")));
	assert_true(json_is_string(json_object_get(context, "compiler")));
	assert_true(json_is_string(json_object_get(context, "cpu_model")));
	assert_true(json_is_object(json_object_get(context, "clock")));
	assert_true(json_is_object(json_object_get(context, "options")));
}

/* The first value at or above a quantile in an .hgrm file's text; checks that
 * values, shares and counts rise on the way, and the fourth column. */
static double hgrm_value(const char *text, double q)
{
	double value = 0, share = 0, last_value = 0, last_share = 0, inverse;
	unsigned long long seen = 0, last_seen = 0;
	double found = -1;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		int n;

		line += *line == '\n';
		if (*line == '#' || *line == '\n')
			continue;
		n = sscanf(line, " %lf %lf %llu%*[ ]%lf", &value, &share, &seen,
			   &inverse);
		if (n < 3)
			continue;
		assert_true(value >= last_value && share > last_share);
		assert_true(seen > last_seen);
		if (share < 1)
			assert_true(n == 4 &&
				    fabs(inverse * (1 - share) - 1) < 0.01);
		if (found < 0 && share >= q)
			found = value;
		last_value = value;
		last_share = share;
		last_seen = seen;
	}
	assert_true(share == 1);
	return found;
}

/* The file's quantiles are the document's; where that has none because the clock
 * cannot tell, the file has the floor. */
static void check_hgrm(struct cli *c, const char *path, const json_t *figures)
{
	static const char *const names[] = { "p50", "p90", "p99", "max" };
	static const double quantiles[] = { 0.5, 0.9, 0.99, 1 };
	double floor = json_real_value(json_object_get(figures, "floor"));
	char text[80];

	cli_sh(c, "cat %s", path);
	cli_expect(c, 0);
	cli_holds(c->out, "Value     Percentile   TotalCount 1/(1-Percentile)");
	cli_holds(c->out, "#[Mean    = ");
	cli_holds(c->out, "#[Buckets = ");
	snprintf(text, sizeof(text), "floor %.3f ns", floor);
	cli_holds(c->out, text);
	snprintf(text, sizeof(text), "# %lld samples,",
		 json_integer_value(json_object_get(figures, "samples")));
	cli_holds(c->out, text);
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		const json_t *value = json_object_get(figures, names[i]);
		double ns = hgrm_value(c->out, quantiles[i]);

		assert_non_null(value);
		if (json_is_null(value))
			assert_true(fabs(ns - floor) < 0.002);
		else
			assert_true(fabs(ns - json_real_value(value)) < 0.002);
	}
}

static void test_bench_output__hgrm(void **state)
{
	struct cli *c = *state;
	const json_t *cell;
	json_t *document;

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --quick --no-plots --out "
		  "o" CLI_NO_BUDGET " --pass count,latency --alloc "
		  "kheap,kheap:lookup=pagemap");
	cli_expect(c, 0);
	document = json_incref(cli_json_file(c, "o/results.json"));
	cell = cli_cell(document, "boot.trc", "kheap");
	check_hgrm(c, "o/latency/kheap.kfree.hgrm",
		   json_object_get(cell, "kfree_ns"));
	check_hgrm(c, "o/latency/kheap.lookup.hgrm",
		   json_object_get(cell, "lookup_ns"));
	cell = cli_cell(document, "boot.trc", "kheap:lookup=pagemap");
	check_hgrm(c, "o/latency/kheap_lookup=pagemap.lookup.hgrm",
		   json_object_get(cell, "lookup_ns"));
	json_decref(document);
}

/* One line per epoch, with a name and pairs of value and unit; before them what
 * holds for all. */
static void test_bench_output__benchfmt(void **state)
{
	struct cli *c = *state;
	json_int_t nodes;
	char text[80];

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --quick --out "
		  "none" CLI_NO_BUDGET " --pass count,throughput --alloc "
		  "kheap:order=head,null"
		  " --benchfmt new.txt --json j.json");
	cli_expect(c, 0);
	cli_holds(c->out, " ns/event ");
	nodes = cli_counter(cli_cell(cli_json_file(c, "j.json"), "boot.trc",
				     "kheap:order=head"),
			    "nodes_visited");
	snprintf(text, sizeof(text), " %lld nodes_visited ", (long long)nodes);
	cli_sh(c, "grep '^BenchmarkReplay/trace=boot.trc/alloc=kheap:order=head"
		  " ' new.txt");
	cli_holds(c->out, text);
	cli_holds(c->out, " nodes/kfree\n");
	/* Keys, units, then samples: a name, a number of times, pairs of value
	 * and unit. */
	cli_sh(c,
	       "awk '/^[a-z][^ ]*: ./ && !s { k++; next }"
	       " /^Unit [^ ]+ (assume|better)=[a-z]+$/ && !s { u++; next }"
	       " /^Benchmark/ && NF %% 2 == 0 { s++;"
	       "   for (i = 2; i <= NF; i++)"
	       "     if ((i == 2 || i %% 2) != ($i ~ /^[0-9.e+]+$/)) bad++;"
	       "   next }"
	       " { bad++ }"
	       " END { print (k > 4), (u > 4), (s >= 12), bad + 0 }' new.txt");
	assert_string_equal(c->out, "1 1 1 0\n");
	cli_sh(c, "$BENCH " SEED " --quick" CLI_NO_BUDGET
		  " --out none --pass throughput"
		  " --alloc null --benchfmt - | grep -vc '^[a-zBU]'");
	assert_string_equal(c->out, "0\n");
	cli_sh(c, "$BENCH " SEED KHEAP " --benchfmt no/such/file");
	cli_expect(c, 2);
}

/* The widest line, in characters. */
static size_t widest(const char *text)
{
	size_t most = 0, own = 0;

	for (; *text; text++) {
		own = *text == '\n' ? 0 : own + ((*text & 0xC0) != 0x80);
		most = own > most ? own : most;
	}
	return most;
}

/* Fits 80 columns, however long a name is; the harness is a line of its own. */
static void test_bench_output__table(void **state)
{
	static const char *const columns[] = {
		" ns/event ",  " vs kheap ",   " nodes/kfree ",
		" kfree p99 ", " peak MB\n",   "(baseline)",
		"\n kheap ",   "\n jemalloc ", "\n (harness alone ",
	};
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED QUICK_ALL " --alloc kheap:order=head,fit=best,"
		  "lookup=pagemap,first_index=12345 --out none");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_holds(c->out, "seed-example.trc  5 events · peak 3 live objects, "
			  "16.4 kB requested\n"
			  "counts: kheap's kfree walks 2.00 nodes on average "
			  "(max 3)\n");
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++)
		cli_holds(c->out, columns[i]);
	assert_null(strstr(c->out, "\n null "));
	cli_holds(c->out, "\nNext: ");
	assert_null(strchr(c->out, '\033'));
	/* A path is not broken. */
	*strstr(c->out, "\nNext: ") = '\0';
	assert_true(widest(c->out) <= 80);
	/* No terminal: neither color nor progress. */
	assert_null(strchr(c->out, '\033'));
	assert_null(strchr(c->out, '\r'));
}

/* The baseline is chosen; what is not among the allocators is refused. */
static void test_bench_output__baseline(void **state)
{
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH " SEED QUICK_ALL " --out none --baseline jemalloc");
	cli_expect(c, 0);
	cli_holds(c->out, " vs jemalloc ");
	cli_sh(c, "$BENCH " SEED QUICK_ALL " --out none --baseline mimalloc");
	cli_refused(c, 2, "mimalloc", "--alloc");
}

/* Sorted by nodes where there are no times. */
static void test_bench_output__csv_and_markdown(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED " --pass count --out none --csv --alloc "
		  "kheap,kheap:order=head | cut -d, -f1-3,8,9");
	assert_string_equal(c->out,
			    "trace,allocator,state,nodes_per_kfree,nodes_max\n"
			    "seed-example.trc,kheap,ok,2,3\n"
			    "seed-example.trc,kheap:order=head,ok,2.5,3\n");
	cli_sh(c, "$BENCH " SEED " --pass count --out none --markdown --alloc "
		  "kheap,kheap:order=head");
	cli_expect(c, 0);
	cli_holds(c->out, "| allocator | nodes/kfree | max nodes | peak MB | "
			  "usable MB | peak pages |\n"
			  "|:--|--:|--:|--:|--:|--:|\n"
			  "| kheap:order=head | 2.50 | 3 | 0.02 | 0.02 | 4 |\n"
			  "| kheap | 2.00 | 3 | 0.02 | 0.02 | 4 |\n");
	cli_sh(c, "$BENCH " SEED " --csv --json -");
	cli_refused(c, 2, "--csv", "give");
}

/* A sample's name works in any folder, unless a file has it; and is listed. */
static void test_bench_output__samples(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace seed-example.trc --pass count --out none "
		  "--alloc kheap");
	cli_expect(c, 0);
	cli_holds(c->err, "there is no file 'seed-example.trc' here");
	cli_holds(c->out, "seed-example.trc  5 events");
	cli_sh(c, "echo mine >seed-example.trc; $BENCH --trace "
		  "seed-example.trc --pass count --out none --alloc kheap");
	cli_expect(c, 2);
	cli_sh(c, "$BENCH --trace no-such.trc --pass count --out none");
	cli_refused(c, 2, "no-such.trc", "open");
	cli_sh(c, "$BENCH --list");
	cli_holds(c->out, "boot-6.12.trc, boot.trc, debian-boot.trc, "
			  "seed-example.trc");
}

/* -v has every figure, and what to notice. */
static void test_bench_output__verbose(void **state)
{
	static const char *const columns[] = {
		"allocator",   "ns/event",    "95% interval", "events/s",
		"x jemalloc",  "nodes/kfree", "mean",	      "max",
		"kfree time",  "p50",	      "p99",	      "p99.9",
		"lookup time", "peak pages",  "peak memory",  "usable",
		"mapped",      "failures",
	};
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH " SEED QUICK_ALL " --out none -v");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_holds(c->out, "seed-example.trc: 5 events, 3 objects,"
			  " at most 3 live");
	for (size_t i = 0; i < KB_ARRAY_LEN(columns); i++)
		cli_holds(c->out, columns[i]);
	cli_holds(c->out, "\nkheap ");
	cli_holds(c->out, "\njemalloc ");
	cli_holds(c->out, "\nnull ");
	cli_holds(c->out,
		  "- kheap's kfree searches 2.00 list nodes on average");
}

/* The index's peak bytes, divided by the peak number of live clusters: 5
 * events, 3 live, a page map of 4 bytes per page. */
static void test_bench_output__bytes_per_cluster(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *share;

	cli_sh(c, "$BENCH " SEED " --pass count --out none --json -"
		  " --alloc kheap:lookup=pagemap,null");
	cell = cli_cell(cli_json(c), "seed-example.trc",
			"kheap:lookup=pagemap");
	share = json_object_get(cell, "lookup_bytes_per_cluster");
	assert_true(fabs(json_real_value(share) - 32766 * 4 / 3.0) < 0.001);
	assert_null(json_object_get(
		cli_cell(cli_json(c), "seed-example.trc", "null"),
		"lookup_bytes_per_cluster"));
}

static void test_bench_output__the_search_in_words(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --pass count --out none -v"
		  " --alloc kheap,kheap:order=head");
	cli_expect(c, 0);
	cli_holds(c->out, "boot.trc: 31,619 events, 19,028 objects, at most "
			  "7,655 live; 0 lost, 6 unmatched frees\n");
	cli_holds(c->out, "kheap's kfree searches 3,771 list nodes on average "
			  "(worst case 7,642, peak 7,655 live clusters).\n");
	cli_holds(c->out, "cuts the search to 30.8 nodes per kfree, a 122× "
			  "reduction.\n");
	/* On the seed's example the head order is no better. */
	cli_sh(c, "$BENCH " SEED " --pass count --out none -v"
		  " --alloc kheap,kheap:order=head");
	assert_null(strstr(c->out, "reduction"));
}

static void test_bench_output__json_on_stdout_is_alone(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED " --trace $TRACES/boot.trc --json - --out o"
		  " --no-plots --pass count"
		  " --alloc kheap:lookup=pagemap,null");
	cli_expect(c, 0);
	assert_int_equal(
		json_array_size(json_object_get(cli_json(c), "results")), 4);
	assert_true(cli_exists("o/seed-example/results.json"));
	assert_true(cli_exists("o/boot/results.json"));
	/* With Google Benchmark's report too, which then goes to stderr. */
	cli_sh(c, "$BENCH " SEED QUICK_ALL " --json - --out none"
		  " --benchmark_filter=null");
	cli_expect(c, 0);
	assert_int_equal(
		json_array_size(json_object_get(cli_json(c), "results")), 1);
	cli_holds(c->err, "seed-example.trc/null");
}

static void test_bench_output__json_file_is_the_same(void **state)
{
	struct cli *c = *state;
	json_t *file;

	cli_sh(c, "$BENCH " SEED " --json j.json --out o --pass count");
	cli_expect(c, 0);
	cli_holds(c->out, " nodes/kfree ");
	file = json_deep_copy(cli_json_file(c, "j.json"));
	assert_true(json_equal(cli_json_file(c, "o/results.json"), file));
	json_decref(file);
}

static void test_bench_output__none_writes_nothing(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED QUICK " --out none");
	cli_expect(c, 0);
	assert_int_equal(cli_files(), 0);
	assert_null(strstr(c->out, "Written"));
}

static void test_bench_output__default_folder(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED QUICK " --no-plots");
	cli_expect(c, 0);
	cli_holds(c->out, "Written to results/seed-example/");
	assert_true(cli_exists("results/seed-example/results.json"));
	/* Two folders above, and no file left over beside the final ones. */
	remove_samples(c, "results/seed-example");
	assert_int_equal(cli_files(), 2 + ALL_FILES);
}

/* A second run replaces each file whole; others' files stay. */
static void test_bench_output__second_run_over_the_same_folder(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED QUICK " --no-plots --out a/b; "
		  "echo mine >a/b/notes; ln a/b/results.json old");
	cli_expect(c, 0);
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --alloc null --pass count"
		  " --no-plots --out a/b");
	cli_expect(c, 0);
	cli_cell(cli_json_file(c, "a/b/results.json"), "boot.trc", "null");
	/* Replaced, not written over: who holds the old one has it whole. */
	cli_cell(cli_json_file(c, "old"), "seed-example.trc", "kheap");
	assert_true(cli_exists("a/b/notes"));
	assert_int_equal(cli_files(), 2 + COUNT_FILES + 2);
}

/* What an earlier run has left and this one does not write is gone: other passes'
 * files, other allocators' histograms, pictures. Files of other names stay, and so
 * does the folder of another trace, which is of its own run. */
static void test_bench_output__a_folder_is_of_one_run(void **state)
{
	static const char *const seconds[] = {
		"--alloc null --pass count --no-plots",
		"--alloc kheap-fast --pass verify --no-plots",
		"--alloc kheap --pass throughput --quick --budget 1000000",
	};
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "$BENCH smp " SEED " --cpus 1 --out s &&"
		  "$FAKE_TIME_BENCH " SEED QUICK_ALL " --out first &&"
		  "cp -rn s/. first; mkdir -p first/figures first/latency;"
		  "echo mine >first/notes; echo mine >first/figures/mine.svg;"
		  "echo mine >first/latency/notes");
	cli_expect(c, 0);
	for (size_t i = 0; i < KB_ARRAY_LEN(seconds); i++) {
		cli_sh(c, "rm -rf a b && cp -r first a");
		cli_expect(c, 0);
		cli_sh(c,
		       "$FAKE_TIME_BENCH " SEED
		       " --out a %s && $FAKE_TIME_BENCH " SEED " --out b %s",
		       seconds[i], seconds[i]);
		cli_expect(c, 0);
		cli_sh(c,
		       "set -e; cat a/notes a/figures/mine.svg a/latency/notes;"
		       "rm a/notes a/figures/mine.svg a/latency/notes;"
		       "rmdir --ignore-fail-on-non-empty a/figures a/latency;"
		       "(cd a; find . | sort) >x; (cd b; find . | sort) >y;"
		       "diff x y");
		cli_expect(c, 0);
		assert_string_equal(c->out, "mine\nmine\nmine\n");
	}
}

static void test_bench_output__two_traces_of_one_name(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkdir x; cp $TRACES/seed-example.trc x; $BENCH " SEED
		  " --trace x/seed-example.trc --alloc null --pass count"
		  " --no-plots --out o");
	cli_expect(c, 2);
	cli_holds(c->err, "two traces would write to");
	/* Told before the first one is replayed. */
	assert_string_equal(c->out, "");
	assert_false(cli_exists("o"));
}

static void test_bench_output__unwritable_folders(void **state)
{
	struct cli *c = *state;

	cli_sh(c, ": >file; $BENCH " SEED " --out file");
	cli_refused(c, 2, "'file'", "--out");
	cli_sh(c, "$BENCH " SEED " --out file/below");
	cli_refused(c, 2, "'file/below'", "--out");
	cli_sh(c, "$BENCH " SEED " --out /proc/nowhere");
	cli_refused(c, 2, "'/proc/nowhere'", "--out");
	cli_sh(c, "$BENCH " SEED " --out ''");
	cli_refused(c, 2, "--out", "'none'");
	cli_sh(c, "$BENCH " SEED KHEAP
		  " --out none --pass count --json no/such/j");
	cli_expect(c, 2);
	cli_holds(c->err, "'no/such/j'");
	assert_int_equal(cli_files(), 1);
}

static void test_bench_output__full_device(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED KHEAP " --pass count --out none >/dev/full");
	cli_refused(c, 2, "No space left");
	cli_sh(c, "$BENCH " SEED KHEAP " --pass count --out none --json - "
		  ">/dev/full");
	cli_refused(c, 2, "No space left");
	cli_sh(c, "$BENCH --list >/dev/full");
	cli_refused(c, 2, "No space left");
	cli_sh(c, "$BENCH --help >/dev/full");
	cli_refused(c, 2, "No space left");
}

/* A pipe is not replaced by a file of its name. */
static void test_bench_output__json_into_a_pipe(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "mkfifo p; cat p >got & $BENCH " SEED KHEAP
		  " --pass count --out none --json p; status=$?; wait;"
		  " test -p p && exit $status");
	cli_expect(c, 0);
	cli_cell(cli_json_file(c, "got"), "seed-example.trc", "kheap");
	cli_sh(c, "mkfifo q; ( head -c 10 q >/dev/null ) & $BENCH " SEED KHEAP
		  " --pass count --out none --json q >/dev/null; echo $?; "
		  "test -p q");
	cli_expect(c, 0);
}

/* Whoever reads one line and goes away ends bench quietly. */
static void test_bench_output__closed_pipe(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --pass count --out none "
		  "--alloc kheap:lookup=pagemap,null | head -1");
	cli_expect(c, 0);
	cli_holds(c->out, "boot.trc  31,619 events");
	assert_string_equal(c->err, "");
	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --pass count --out none "
		  "--alloc null --json - | true");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
}

static void test_bench_output__without_gnuplot(void **state)
{
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "PATH=/nowhere $BENCH " SEED QUICK " --out o");
	cli_expect(c, 0);
	cli_holds(c->err, "gnuplot");
	cli_holds(c->err, "--no-plots");
	assert_true(cli_exists("o/results.json"));
	cli_sh(c, "PATH=/nowhere $BENCH " SEED QUICK " --out o --no-plots");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
}

/* Expect: the numbers are written and the run says what is missing, with a status
 * that a script sees. */
static void test_bench_output__pictures_that_cannot_be_written(void **state)
{
	static const char *const hindrances[] = {
		"mkdir o && : >o/figures",
		"rm -r o && mkdir -p o/figures/timeline.svg",
	};
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "command -v gnuplot");
	if (c->status != 0)
		skip();
	for (size_t i = 0; i < KB_ARRAY_LEN(hindrances); i++) {
		cli_sh(c, "%s", hindrances[i]);
		cli_expect(c, 0);
		cli_sh(c, "$BENCH " SEED QUICK " --out o --json all.json");
		cli_expect(c, 2);
		cli_holds(c->err, "cannot write");
		cli_holds(c->err, "o/figures");
		assert_true(cli_exists("o/results.json"));
		assert_true(cli_exists("o/report.html"));
		assert_true(cli_exists("all.json"));
	}
}

static void test_bench_output__figures(void **state)
{
	static const char *const names[] = { "lookup-cost", "cost-model",
					     "timeline",    "throughput",
					     "heap-window", "address-map",
					     "memory",	    "lookup-nodes",
					     "warm-up" };
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_sh(c, "command -v gnuplot");
	if (c->status != 0)
		skip();
	cli_sh(c, "$BENCH " SEED QUICK " --out o");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++) {
		cli_sh(c,
		       "test -s o/%s.tsv && test -s o/figures/%s.svg &&"
		       " test -s o/figures/%s.png",
		       names[i], names[i], names[i]);
		cli_expect(c, 0);
	}
	remove_samples(c, "o");
	assert_int_equal(cli_files(), 1 + ALL_FILES + 1 + 22);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0, length = 0;

	for (; *text; text++) {
		length = *text == '\n' || *text == '\r' ? 0 : length + 1;
		longest = length > longest ? length : longest;
	}
	return longest;
}

/* Whether anything sets a color: "\033[", numbers, "m". */
static bool has_color(const char *text)
{
	while ((text = strstr(text, "\033[")) != NULL) {
		text += 2;
		if (text[strspn(text, "0123456789;")] == 'm')
			return true;
	}
	return false;
}

/* null has no memory to verify. */
static void test_bench_output__only_verified(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH " SEED " --pass verify --alloc kheap,glibc,null"
		  " --out none");
	cli_expect(c, 0);
	cli_holds(c->out, "\n2 of 2 allocators verified: every payload intact"
			  "\n");
}

static void test_bench_output__color_only_on_a_terminal(void **state)
{
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_on_terminal(c, 80, "$BENCH " SEED KHEAP " --pass count --out none");
	cli_expect(c, 0);
	cli_holds(c->out, "\033[1m");
	cli_on_terminal(c, 80,
			"NO_COLOR=1 $BENCH " SEED
			" --pass count --out none 2>/dev/null");
	cli_expect(c, 0);
	assert_false(has_color(c->out));
	cli_on_terminal(c, 80,
			"TERM=dumb $BENCH " SEED
			" --pass count --out none 2>/dev/null");
	assert_null(strchr(c->out, '\033'));
	/* Empty is not set (no-color.org). */
	cli_on_terminal(c, 80,
			"NO_COLOR= $BENCH " SEED
			" --pass count --out none 2>/dev/null");
	cli_holds(c->out, "\033[1m");
}

static void test_bench_output__progress_only_on_a_terminal(void **state)
{
	struct cli *c = *state;

	cli_on_terminal(c, 80,
			"$BENCH " SEED KHEAP " --pass count --out none"
			" --alloc kheap >/dev/null");
	cli_expect(c, 0);
	cli_holds(c->out, "\r");
	cli_holds(c->out, "kheap");
	/* It wipes itself. */
	assert_string_equal(c->out + c->out_size - 4, "\r\033[K");
	cli_sh(c, "$BENCH " SEED KHEAP " --pass count --out none >/dev/null");
	assert_string_equal(c->err, "");
}

/* The wide table is cut into parts that fit the terminal; COLUMNS has no say. More
 * room shows more columns of the short one. */
static void test_bench_output__table_fits_the_terminal(void **state)
{
	struct cli *c = *state;

	cli_skip_if_sanitized();
	cli_on_terminal(c, 60,
			"NO_COLOR=1 COLUMNS=500 $BENCH " SEED QUICK_ALL
			" -v --out none 2>/dev/null");
	cli_expect(c, 0);
	*strstr(c->out, "\r\n- ") = '\0';
	/* The lines about the trace and the facts are the terminal's to wrap. */
	assert_true(longest_line(strstr(c->out, "live; ")) <= 60);
	cli_sh(c, "COLUMNS=40 $BENCH " SEED QUICK_ALL " -v --out none");
	assert_true(longest_line(c->out) > 120);
	cli_on_terminal(c, 80, "NO_COLOR=1 $BENCH " SEED QUICK " --out none");
	assert_null(strstr(c->out, "usable MB"));
	cli_on_terminal(c, 160, "NO_COLOR=1 $BENCH " SEED QUICK " --out none");
	cli_holds(c->out, "usable MB");
}

/* In every mode, without a terminal or a home, from any folder. */
static void test_bench_output__bare_environment(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "env -i $BENCH " SEED QUICK " --out none </dev/null");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
	cli_sh(c, "env -i $BENCH " SEED QUICK " --out none <&-");
	cli_expect(c, 0);
}

/* A translation for each object's first byte, or for each of its pages. */
static void test_bench_output__touch_cost_is_as_reported(void **state)
{
	static const struct {
		const char *touch;
		json_int_t translations;
	} cases[] = { { "first", 3 }, { "all", 4 } };
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		const json_t *cell;

		cli_sh(c,
		       "$BENCH " SEED " --alloc kheap --pass verify,count"
		       " --touch %s --out none --json -",
		       cases[i].touch);
		cli_expect(c, 0);
		cell = cli_cell(cli_json(c), "seed-example.trc", "kheap");
		assert_int_equal(cli_counter(cell, "tlb_misses") +
					 cli_counter(cell, "tlb_hits"),
				 cases[i].translations);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_output__the_seeds_example),
		cli_test(test_bench_output__inapplicable_fields_are_absent),
		cli_test(test_bench_output__all_passes),
		cli_test(test_bench_output__hgrm),
		cli_test(test_bench_output__benchfmt),
		cli_test(test_bench_output__table),
		cli_test(test_bench_output__baseline),
		cli_test(test_bench_output__csv_and_markdown),
		cli_test(test_bench_output__samples),
		cli_test(test_bench_output__verbose),
		cli_test(test_bench_output__bytes_per_cluster),
		cli_test(test_bench_output__the_search_in_words),
		cli_test(test_bench_output__json_on_stdout_is_alone),
		cli_test(test_bench_output__json_file_is_the_same),
		cli_test(test_bench_output__none_writes_nothing),
		cli_test(test_bench_output__default_folder),
		cli_test(test_bench_output__second_run_over_the_same_folder),
		cli_test(test_bench_output__a_folder_is_of_one_run),
		cli_test(test_bench_output__two_traces_of_one_name),
		cli_test(test_bench_output__unwritable_folders),
		cli_test(test_bench_output__full_device),
		cli_test(test_bench_output__json_into_a_pipe),
		cli_test(test_bench_output__closed_pipe),
		cli_test(test_bench_output__without_gnuplot),
		cli_test(test_bench_output__pictures_that_cannot_be_written),
		cli_test(test_bench_output__figures),
		cli_test(test_bench_output__only_verified),
		cli_test(test_bench_output__color_only_on_a_terminal),
		cli_test(test_bench_output__progress_only_on_a_terminal),
		cli_test(test_bench_output__table_fits_the_terminal),
		cli_test(test_bench_output__bare_environment),
		cli_test(test_bench_output__touch_cost_is_as_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
