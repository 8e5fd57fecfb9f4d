/*
 * What a trace is like, as the figures of it are fed.
 */
#include "cli.h"

#include <string.h>

/*
 * The seed's example: 8,192, 4,096 and 4,096 bytes allocated by events 1 to 3;
 * the first freed by event 4, the second by event 5, so both after 3.
 */
static void test_bench_profile__the_seeds_example(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --alloc null "
		  "--pass count --no-plots --out r >said && "
		  "sed -n '/^sizes/,$p' r/sizes.tsv; "
		  "sed -n '/^row/,$p' r/rows.tsv");
	cli_expect(c, 0);
	assert_string_equal(c->out, "sizes\tobjects\tbytes\n"
				    "4096\t2\t8192\n"
				    "8192\t1\t8192\n"
				    "\n\n"
				    "lifetimes\tobjects\n"
				    "2\t2\n"
				    "?\t1\n"
				    "\n\n"
				    "row 0\tlive\n"
				    "1\t0\n2\t1\n3\t2\n4\t2\n5\t1\n"
				    "\n\n"
				    "row 1\tlive\n"
				    "1\t1\n2\t1\n3\t1\n4\t0\n5\t0\n"
				    "\n\n");
}

/* The rows of the end are those that the heap itself then shows; the trace's
 * header has the sums. */
static void test_bench_profile__agrees_with_the_heap(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/boot.trc --alloc null "
		  "--pass count --no-plots --out r >said && "
		  "awk -F'\\t' '/^row/ { name = $1 } $1 == 31619 { print name, "
		  "$2; sum += $2 } END { print \"sum\", sum }' r/rows.tsv");
	cli_expect(c, 0);
	assert_string_equal(c->out, "row 0 6423\nrow 1 10\nrow 2 0\nrow 3 1\n"
				    "row 7 1\nrows 8 to 15 0\n"
				    "rows 16 to 31 1\nrows 128 to 255 1\n"
				    "sum 6437\n");
	cli_sh(c, "COLUMNS=60 $BENCH show --trace $TRACES/boot.trc");
	cli_holds(c->out, "[1] ↔ [2] ↔ [3] ↔ [4] ↔ … (6,419 more)");
	cli_sh(c, "awk -F'\\t' '/^sizes/ { s = 1; next } /^lifetimes/ { s = 2; "
		  "next } s == 1 { n += $2 } s == 2 && $1 != \"?\" { f += $2 } "
		  "END { print n, f }' r/sizes.tsv");
	assert_string_equal(c->out, "19028 12591\n");
}

/* Two pages from event 1 to 3, one from 2 to 4, one from 3 on: a bin an event. */
static void test_bench_profile__maps_the_window(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --pass count "
		  "--alloc null,kheap:lookup=judy --no-plots --out r >said && "
		  "sed -n '/^age/,$p' r/address-map.tsv");
	cli_expect(c, 0);
	assert_string_equal(c->out, "age\tpages\tfrom\tto\tevents\n"
				    "0\t1\t0\t1\t1\n0\t1\t1\t3\t2\n"
				    "1\t1\t0\t1\t1\n1\t1\t1\t3\t2\n"
				    "2\t1\t1\t2\t1\n2\t1\t2\t4\t2\n"
				    "3\t1\t2\t3\t1\n3\t1\t3\t5\t2\n\n\n"
				    "row\tpages\tfrom\tto\tsize\n"
				    "0\t1\t0\t3\t2\n1\t1\t0\t3\t2\n"
				    "2\t1\t1\t4\t1\n3\t1\t2\t5\t1\n\n\n"
				    "kmalloc_example+0x10\tpages\tfrom\tto\n"
				    "0\t1\t0\t3\n1\t1\t0\t3\n\n\n"
				    "kmalloc_example+0x24\tpages\tfrom\tto\n"
				    "2\t1\t1\t4\n\n\n"
				    "kmalloc_example+0x38\tpages\tfrom\tto\n"
				    "3\t1\t2\t5\n\n\n"
				    "all other sites\tpages\tfrom\tto\n\n\n");
	/* Of nothing there is no map, but a file that says so. */
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --pass count "
		  "--alloc null --no-plots --out n >said && "
		  "grep series n/address-map.tsv");
	cli_expect(c, 0);
	assert_string_equal(c->out, "series\t0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_profile__the_seeds_example),
		cli_test(test_bench_profile__agrees_with_the_heap),
		cli_test(test_bench_profile__maps_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
