/*
 * bench sites: what is charged to which call site. One trace is small enough to
 * reckon by hand; over larger ones the sums must be the count pass's own.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/*
 * Seven events; pages 2, 1, 1, then all go but b's second.
 *
 *   1 a  alloc 5000 bytes (2 pages)    4  freed by x: row 0's node, row 1's
 *   2 b  alloc 100 (1 page)            5  freed by nobody known: implied
 *   3 b  alloc 4096 (1 page)
 *   6 c  alloc 10 at the address of 2, which proves 5
 *   7 a frees 3's
 */
static const char recording[] =
	"t-1 [000] ..... 1.000001: kmalloc: call_site=a+0x1/0x9 "
	"ptr=0000000000000100 bytes_req=5000 bytes_alloc=8192 gfp_flags=G "
	"node=-1 accounted=false\n"
	"t-1 [000] ..... 1.000002: kmalloc: call_site=b+0x1/0x9 "
	"ptr=0000000000000200 bytes_req=100 bytes_alloc=128 gfp_flags=G "
	"node=-1 accounted=false\n"
	"t-1 [000] ..... 1.000003: kmalloc: call_site=b+0x1/0x9 "
	"ptr=0000000000000300 bytes_req=4096 bytes_alloc=4096 gfp_flags=G "
	"node=-1 accounted=false\n"
	"t-1 [000] ..... 1.000004: kfree: call_site=x+0x1/0x9 "
	"ptr=0000000000000100\n"
	"t-1 [000] ..... 1.000006: kmalloc: call_site=c+0x1/0x9 [mod] "
	"ptr=0000000000000200 bytes_req=10 bytes_alloc=16 gfp_flags=G "
	"node=-1 accounted=false\n"
	"t-1 [000] ..... 1.000007: kfree: call_site=a+0x1/0x9 "
	"ptr=0000000000000300\n";

static void write_recording(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(recording, f);
	fclose(f);
}

static json_t *find_site(json_t *document, const char *name)
{
	json_t *site;
	size_t i;

	json_array_foreach(json_object_get(document, "sites"), i, site) {
		if (strcmp(json_string_value(json_object_get(site, "site")),
			   name) == 0)
			return site;
	}
	fail_msg("no site %s", name);
	return NULL;
}

static json_int_t of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("no number '%s'", name);
	return json_integer_value(value);
}

static void test_bench_sites__charges_the_allocating_site(void **state)
{
	struct cli *c = *state;
	json_t *d, *a, *b, *m;

	write_recording("r");
	cli_sh(c, "$BENCH sites --trace r --json");
	cli_expect(c, 0);
	d = cli_json(c);
	a = find_site(d, "a+0x1");
	b = find_site(d, "b+0x1");
	m = find_site(d, "c+0x1 [mod]");
	/* Row 0 holds b's two, row 1 a's one: three nodes. */
	assert_int_equal(of(a, "lookups"), 1);
	assert_int_equal(of(a, "nodes"), 3);
	/* 2 pages from event 1 to 4. */
	assert_int_equal(of(a, "page_events"), 6);
	assert_int_equal(of(a, "waste_byte_events"), (8192 - 5000) * 3);
	assert_int_equal(of(a, "pages_at_end"), 0);
	/* The first: from 2 to 5, found at once; the second: from 3 to 7, and
	 * found before c's, which was added after it. */
	assert_int_equal(of(b, "lookups"), 2);
	assert_int_equal(of(b, "nodes"), 1 + 1);
	assert_int_equal(of(b, "page_events"), 3 + 4);
	assert_int_equal(of(b, "waste_byte_events"), (4096 - 100) * 3);
	/* Events 6 and 7. */
	assert_int_equal(of(m, "page_events"), 2);
	assert_int_equal(of(m, "pages_at_end"), 1);
	assert_int_equal(of(m, "live_at_end"), 1);
	/* The heap first holds four pages at event 3. */
	assert_int_equal(of(d, "peak_event"), 3);
	assert_int_equal(of(a, "pages_at_peak"), 2);
	assert_int_equal(of(b, "pages_at_peak"), 2);
	assert_int_equal(of(b, "waste_at_peak"), 4096 - 100);
	assert_int_equal(of(m, "pages_at_peak"), 0);
	/* What a site frees is not what its objects' frees cost. */
	assert_int_equal(of(a, "frees"), 1);
	assert_int_equal(of(a, "free_nodes"), 1);
}

static void test_bench_sites__ranks(void **state)
{
	struct cli *c = *state;

	write_recording("r");
	cli_sh(c, "$BENCH sites --trace r --tsv | cut -f1 | tr '\\n' ' '");
	assert_string_equal(c->out, "site a+0x1 b+0x1 c+0x1 [mod] ");
	cli_sh(c, "$BENCH sites --trace r --tsv --by pages --top 1 | cut -f1 | "
		  "tr '\\n' ' '");
	assert_string_equal(c->out, "site b+0x1 ");
	/* An implied free's site is not that of the alloc that proves it. */
	cli_sh(c, "$BENCH sites --trace r --tsv --frees | cut -f1 | "
		  "tr '\\n' ' '");
	assert_string_equal(c->out, "site x+0x1 not recorded a+0x1 ");
	cli_sh(c, "$BENCH sites --trace r --top 1");
	cli_expect(c, 0);
	cli_holds(c->out, "1 of 3");
	cli_holds(c->out, "60.0%");
}

/* Over every allocator, and over refused allocs, nothing is lost. */
static void sums_are_the_count_passs(struct cli *c, const char *trace,
				     const char *alloc, const char *options)
{
	static const char *const same[][2] = {
		{ "allocs", "allocs" },
		{ "lookups", "lookups" },
		{ "frees", "lookups" },
		{ "nodes", "nodes_visited" },
		{ "free_nodes", "nodes_visited" },
		{ "failed_allocs", "failed_allocs" },
		{ "live_at_end", "live_at_end" },
		{ "pages_at_peak", "pages_peak" },
		{ "pages_at_end", "pages_live" },
	};
	json_int_t total[9], sum[9] = { 0 };
	json_t *site, *cell;
	size_t i;

	cli_sh(c, "$BENCH sites --trace %s --alloc %s %s --json --top 0", trace,
	       alloc, options);
	cli_expect(c, 0);
	cli_json(c);
	for (size_t k = 0; k < 9; k++)
		total[k] = of(json_object_get(c->json, "total"), same[k][0]);
	json_array_foreach(json_object_get(c->json, "sites"), i, site) {
		for (size_t k = 0; k < 9; k++)
			sum[k] += of(site, same[k][0]);
	}
	cli_sh(c,
	       "$BENCH --trace %s --alloc %s %s --pass count --out none "
	       "--json -",
	       trace, alloc, options);
	cli_expect(c, 0);
	cell = json_array_get(json_object_get(cli_json(c), "results"), 0);
	for (size_t k = 0; k < 9; k++) {
		assert_int_equal(total[k], cli_counter(cell, same[k][1]));
		/* Only a site that allocates is listed without --frees. */
		if (strncmp(same[k][0], "free", 4) != 0)
			assert_int_equal(sum[k], total[k]);
	}
}

static void test_bench_sites__adds_up(void **state)
{
	struct cli *c = *state;

	sums_are_the_count_passs(c, "$TRACES/boot.trc", "kheap:order=head", "");
	sums_are_the_count_passs(c, "$TRACES/boot.trc", "kheap:order=head",
				 "--heap-pages 3000");
	sums_are_the_count_passs(c, "$TRACES/seed-example.trc",
				 "kheap:fit=best,lookup=hash", "");
}

/* Pages over time are the sum of what the count pass sees after each event. */
static void test_bench_sites__pages_over_time(void **state)
{
	struct cli *c = *state;
	json_int_t pages;

	cli_sh(c, "$TRC gen --quiet --like $TRACES/boot.trc --events 500 t.trc"
		  " && $BENCH sites --trace t.trc --json");
	cli_expect(c, 0);
	pages = of(json_object_get(cli_json(c), "total"), "page_events");
	/* As many bins as events. */
	cli_sh(c, "$BENCH --trace t.trc --alloc kheap --pass count --no-plots "
		  "--out o >said && awk -F '\\t' '$1 ~ /^[0-9]+$/ { n++; s += "
		  "$2 } END { print n, s }' o/heap-window.tsv");
	cli_expect(c, 0);
	assert_int_equal(strtol(c->out, NULL, 10), 500);
	assert_int_equal(strtoll(strchr(c->out, ' '), NULL, 10), pages);
}

/* A buddy's blocks are powers of two: three pages take four. */
static void test_bench_sites__waste_is_relative_to_usable_size(void **state)
{
	struct cli *c = *state;

	cli_sh(c,
	       "sed 's/bytes_req=5000/bytes_req=12288/' >r2 <<'END'\n%sEND\n"
	       "$BENCH sites --trace r2 --alloc buddy --json",
	       recording);
	cli_expect(c, 0);
	cli_json(c);
	assert_int_equal(of(find_site(c->json, "a+0x1"), "page_events"), 12);
	assert_int_equal(of(find_site(c->json, "a+0x1"), "waste_byte_events"),
			 4096 * 3);
}

static void test_bench_sites__refuses(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH sites");
	cli_refused(c, 2, "sites needs --trace FILE");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --alloc null");
	cli_refused(c, 2, "each object its own pages; null does not",
		    "Try --alloc kheap");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --alloc slab+kheap");
	cli_refused(c, 2, "slab+kheap does not");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --by time");
	cli_refused(c, 2, "--by takes nodes", "'time'");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --frees --by waste");
	cli_refused(c, 2, "a free has no waste");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --top");
	cli_refused(c, 2, "'--top' needs a value: --top N");
	cli_sh(c, "$BENCH sites --trace $TRACES/boot.trc --json --tsv");
	cli_refused(c, 2, "--json and --tsv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_sites__charges_the_allocating_site),
		cli_test(test_bench_sites__ranks),
		cli_test(test_bench_sites__adds_up),
		cli_test(test_bench_sites__pages_over_time),
		cli_test(test_bench_sites__waste_is_relative_to_usable_size),
		cli_test(test_bench_sites__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
