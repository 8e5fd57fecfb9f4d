/*
 * The counters and digests of bench's count pass, compared exactly with the
 * committed counters.json and with the design's tables. Every build runs this:
 * it is what proves that compilers and -O levels agree.
 *
 *   test_golden --print   writes a new counters.json (see regenerate)
 */
#include "cli.h"
#include "kb_bits.h"

#include <stdio.h>
#include <string.h>

#define ALLOCS                                                          \
	"kheap,kheap:order=head,kheap:lookup=pagemap,kheap:pager=none," \
	"blocks+kheap,blocks+kheap:order=head,slab+kheap,buddy,bitmap," \
	"vmem,vmem:fit=best,bump"

/* Runs the count pass over all traces and leaves in each cell what no machine
 * changes. */
static json_t *count_all(struct cli *c)
{
	json_t *results, *cell;
	size_t i;

	cli_sh(c, "$BENCH --pass count --out none --json - --alloc " ALLOCS
		  " --trace $TRACES/seed-example.trc"
		  " --trace $TRACES/boot.trc --trace $TRACES/debian-boot.trc"
		  " --trace $TRACES/boot-6.12.trc");
	cli_expect(c, 0);
	results = json_object_get(cli_json(c), "results");
	json_array_foreach(results, i, cell)
		json_object_del(cell, "trace_sha256");
	return results;
}

/* One run serves all tests: it takes seconds. */
static struct cli *shared;
static json_t *counted;

static int setup(void **state)
{
	cli_setup((void **)&shared);
	counted = json_incref(count_all(shared));
	*state = shared;
	return 0;
}

static int teardown(void **state)
{
	json_decref(counted);
	(void)state;
	return cli_teardown((void **)&shared);
}

static json_t *cell_of(const char *trace, const char *allocator)
{
	json_t *document = json_pack("{s:O}", "results", counted);
	json_t *cell = cli_cell(document, trace, allocator);

	json_decref(document);
	return cell;
}

/* Says what differs between two objects, one member a line. */
static void tell_difference(const char *where, const json_t *golden,
			    const json_t *own)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)golden, key, value) {
		const json_t *other = json_object_get(own, key);
		char *a, *b;

		if (json_equal(value, (json_t *)other))
			continue;
		if (json_is_object(value) && json_is_object(other)) {
			tell_difference(where, value, other);
			continue;
		}
		a = json_dumps(value, JSON_ENCODE_ANY);
		b = other ? json_dumps(other, JSON_ENCODE_ANY) : NULL;
		print_error("%s: %s is %s, not %s\n", where, key,
			    b ? b : "absent", a);
		free(a);
		free(b);
	}
	json_object_foreach((json_t *)own, key, value)
		if (!json_object_get(golden, key))
			print_error("%s: %s is new\n", where, key);
}

static void test_golden__counters_are_the_committed_ones(void **state)
{
	json_error_t error;
	json_t *golden = json_load_file(KB_GOLDEN, 0, &error);
	json_t *cell;
	bool same;
	size_t i;

	(void)state;
	if (!golden)
		print_error("%s:%d: %s\n", KB_GOLDEN, error.line, error.text);
	assert_non_null(golden);
	same = json_equal(golden, counted);
	json_array_foreach(golden, i, cell) {
		const char *trace =
			json_string_value(json_object_get(cell, "trace"));
		const char *allocator =
			json_string_value(json_object_get(cell, "allocator"));
		char where[256];

		snprintf(where, sizeof(where), "%s, %s", trace, allocator);
		if (!same)
			tell_difference(where, cell, cell_of(trace, allocator));
	}
	if (!same)
		print_error("if that is meant, see tests/golden/README.md\n");
	assert_true(same);
	json_decref(golden);
}

/* The second table of the design's check values, and pages and live objects
 * of the first. Two programs written apart agree on them. */
static void test_golden__searches_are_the_designs(void **state)
{
	static const struct {
		const char *trace;
		const char *allocator;
		json_int_t lookups, rows, nodes, worst, removal, pages, live;
	} expected[] = {
		{ "boot.trc", "kheap", 12591, 13380, 47476579, 7642, 47300497,
		  7899, 7655 },
		{ "boot.trc", "kheap:order=head", 12591, 13380, 387593, 6170,
		  211511, 7899, 7655 },
		{ "debian-boot.trc", "kheap", 41375, 42269, 360378267, 15278,
		  359713802, 15707, 15324 },
		{ "debian-boot.trc", "kheap:order=head", 41375, 42269, 8859833,
		  15206, 8195368, 15707, 15324 },
		{ "boot-6.12.trc", "kheap", 14034, 15054, 78246371, 10864,
		  77864286, 11191, 10886 },
		{ "boot-6.12.trc", "kheap:order=head", 14034, 15054, 1082808,
		  8755, 700723, 11191, 10886 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		const json_t *cell =
			cell_of(expected[i].trace, expected[i].allocator);

#define CHECK(counter, value) \
	assert_int_equal(cli_counter(cell, counter), expected[i].value)
		CHECK("lookups", lookups);
		CHECK("rows_visited", rows);
		CHECK("nodes_visited", nodes);
		CHECK("nodes_visited_max", worst);
		CHECK("remove_nodes_visited", removal);
		CHECK("pages_peak", pages);
		CHECK("live_max", live);
#undef CHECK
		assert_int_equal(cli_counter(cell, "failed_allocs"), 0);
	}
}

/* The first table: what the importer made of the recordings. */
static void test_golden__imports_are_the_designs(void **state)
{
	static const struct {
		const char *trace;
		json_int_t allocs, frees, implied, null_frees, unmatched,
			excluded, live_max, live_at_end, duplicates;
	} expected[] = {
		{ "boot.trc", 19028, 12591, 0, 2295, 6, 24683, 7655, 6437, 0 },
		{ "debian-boot.trc", 56597, 41375, 1627, 20472, 6, 154213,
		  15324, 15222, 0 },
		{ "boot-6.12.trc", 22930, 14034, 0, 2832, 40, 16459, 10886,
		  8896, 36 },
	};
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++) {
		const json_t *counts;
		const json_t *cell = cell_of(expected[i].trace, "kheap");

		cli_sh(c, "$TRC info --json $TRACES/%s", expected[i].trace);
		cli_expect(c, 0);
		counts = json_object_get(cli_json(c), "counts");
#define CHECK(name, field)                                                  \
	assert_int_equal(json_integer_value(json_object_get(counts, name)), \
			 expected[i].field)
		CHECK("allocs", allocs);
		CHECK("objects", allocs);
		CHECK("frees", frees);
		CHECK("implied_frees", implied);
		CHECK("null_frees", null_frees);
		CHECK("unmatched_frees", unmatched);
		CHECK("excluded_allocs", excluded);
		CHECK("live_max", live_max);
		CHECK("live_at_end", live_at_end);
		CHECK("duplicate_allocs", duplicates);
#undef CHECK
		/* bench replays all of it. */
		assert_int_equal(cli_counter(cell, "allocs"),
				 expected[i].allocs);
		assert_int_equal(cli_counter(cell, "frees"), expected[i].frees);
		assert_int_equal(cli_counter(cell, "events"),
				 expected[i].allocs + expected[i].frees);
		assert_int_equal(cli_counter(cell, "live_at_end"),
				 expected[i].live_at_end);
	}
}

/* A lookup and an order decide what a search costs, never what it finds. */
static void test_golden__digests_agree_across_lookups(void **state)
{
	static const char *const traces[] = { "seed-example.trc", "boot.trc",
					      "debian-boot.trc",
					      "boot-6.12.trc" };
	static const char *const others[] = { "kheap:order=head",
					      "kheap:lookup=pagemap",
					      "kheap:pager=none" };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(traces); i++) {
		const json_t *seed = cell_of(traces[i], "kheap");
		const char *digest =
			json_string_value(json_object_get(seed, "digest"));

		assert_non_null(digest);
		assert_int_equal(strlen(digest), 16);
		for (size_t k = 0; k < KB_ARRAY_LEN(others); k++) {
			const json_t *cell = cell_of(traces[i], others[k]);

			assert_string_equal(json_string_value(json_object_get(
						    cell, "digest")),
					    digest);
		}
	}
}

static int print_golden(void)
{
	struct cli *c;
	int failed;

	cli_setup((void **)&c);
	failed = json_dumpf(count_all(c), stdout,
			    JSON_INDENT(1) | JSON_SORT_KEYS);
	putchar('\n');
	cli_teardown((void **)&c);
	return failed || fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden__counters_are_the_committed_ones),
		cmocka_unit_test(test_golden__searches_are_the_designs),
		cmocka_unit_test(test_golden__imports_are_the_designs),
		cmocka_unit_test(test_golden__digests_agree_across_lookups),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0)
		return print_golden();
	return cmocka_run_group_tests(tests, setup, teardown);
}
