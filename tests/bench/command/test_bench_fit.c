/*
 * bench fit: the smallest window, against runs in windows of that size and of
 * the next smaller one.
 */
#include "cli.h"

#include <inttypes.h>

static json_int_t pages_of(const json_t *cell)
{
	return json_integer_value(json_object_get(cell, "pages"));
}

/* Allocations refused in a window of this many pages. */
static json_int_t refused(struct cli *c, const char *alloc, json_int_t pages)
{
	cli_sh(c,
	       "$BENCH --trace t.trc --alloc %s --pass count --out none "
	       "--json - --heap-pages %" PRId64,
	       alloc, (int64_t)pages);
	cli_expect(c, 0);
	return cli_counter(cli_cell(cli_json(c), "t.trc", alloc),
			   "failed_allocs");
}

/* The window found refuses nothing, and the next smaller one something. */
static void test_bench_fit__result_is_confirmed_by_runs(void **state)
{
	static const char *const fits[] = { "kheap:lookup=pagemap",
					    "kheap:lookup=pagemap,fit=next",
					    "kheap:lookup=pagemap,fit=worst" };
	struct cli *c = *state;

	cli_sh(c,
	       "cp $TRACES/debian-boot.trc t.trc && $BENCH fit --trace "
	       "t.trc --alloc %s,%s,%s --below 3 --json fit.json >said",
	       fits[0], fits[1], fits[2]);
	cli_expect(c, 0);
	for (size_t i = 0; i < 3; i++) {
		const json_t *results = json_object_get(
			cli_json_file(c, "fit.json"), "results");
		json_int_t pages = pages_of(json_array_get(results, i));

		assert_in_range(pages, 15707, 40000);
		assert_int_equal(refused(c, fits[i], pages), 0);
		assert_true(refused(c, fits[i], pages - 1) > 0);
	}
}

static void test_bench_fit__the_seeds_example(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH fit --trace $TRACES/seed-example.trc --alloc "
		  "kheap,kheap:fit=worst");
	cli_expect(c, 0);
	assert_string_equal(
		c->out,
		"seed-example.trc: 5 events, at most 16,384 bytes live\n"
		"peak live pages             4  the lower bound for any "
		"allocator of whole pages\n"
		"offline packing             4  by size x lifetime\n"
		"\n"
		"allocator           pages    × bound\n"
		"kheap                   4     1.0000  the lower bound\n"
		"kheap:fit=worst         4     1.0000  the lower bound\n");
	assert_string_equal(c->err, "");
	cli_sh(c, "$BENCH fit --trace $TRACES/seed-example.trc --json -");
	cli_expect(c, 0);
	assert_int_equal(
		json_array_size(json_object_get(cli_json(c), "results")), 6);
}

static void test_bench_fit__refuses(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH fit");
	cli_refused(c, 2, "fit needs --trace FILE");
	cli_sh(c, "$BENCH fit --trace $TRACES/boot.trc --alloc null");
	cli_refused(c, 2, "null has no heap window");
	cli_sh(c, "$BENCH fit --trace none.trc");
	cli_refused(c, 2, "none.trc");
	cli_sh(c, "$BENCH fit --trace $TRACES/boot.trc --below -1");
	cli_refused(c, 2, "--below takes a whole number", "'-1'");
	cli_sh(c, "$BENCH fit --trace $TRACES/boot.trc --json no/folder/f");
	cli_refused(c, 2, "no/folder");
	cli_sh(c, "$BENCH fit --trace $TRACES/boot.trc --bellow 3");
	cli_refused(c, 2, "unknown option '--bellow'", "'--below'",
		    "'bench fit --help'");
	cli_sh(c, "$BENCH fit --help | grep -c 'usage: bench fit'");
	cli_expect(c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_fit__result_is_confirmed_by_runs),
		cli_test(test_bench_fit__the_seeds_example),
		cli_test(test_bench_fit__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
