#include "cli.h"

#include <string.h>

#define SEED "--trace $TRACES/seed-example.trc"
#define BOOT "--trace $TRACES/boot.trc"

/* No test of a verdict on real time: only that the protocol works, and what
 * cannot be compared is refused. */

static void test_bench_compare__the_same_code_needs_no_run(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "cp $BENCH other; $BENCH compare $BENCH ./other " BOOT);
	cli_expect(c, 0);
	cli_holds(c->out, "have the same code");
}

/* Slowed down fourfold, which no noise hides, the candidate fails; every epoch
 * is in the raw data. */
static void test_bench_compare__a_crawl_fails(void **state)
{
	struct cli *c = *state;
	const json_t *gate;

	cli_sh(c, "$BENCH compare $BENCH $BENCH " BOOT " --alloc kheap-fast"
		  " --slow 99 --no-self-check --report out");
	cli_expect(c, 1);
	cli_holds(c->out, "FAIL          A/B  boot.trc/kheap-fast");
	gate = json_array_get(
		json_object_get(cli_json_file(c, "out/compare.json"), "gates"),
		0);
	assert_true(json_array_size(json_object_get(gate, "log_ratios")) >= 12);
	cli_sh(c, "grep -q '| FAIL | A/B | `boot.trc` | `kheap-fast` |'"
		  " out/compare.md && xmllint --noout out/compare.junit.xml"
		  " && grep -c '<failure' out/compare.junit.xml");
	cli_expect(c, 0);
}

static void test_bench_compare__a_stranger_is_incomparable(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH compare $BENCH /bin/true " SEED
		  " --alloc null --no-self-check | grep -v '^seed'");
	cli_holds(c->err, "'/bin/true' does not speak version");
	cli_sh(c, "$BENCH compare $BENCH /bin/true " SEED
		  " --alloc null --no-self-check");
	cli_expect(c, 4);
}

static void test_bench_compare__usage(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH compare $BENCH " SEED);
	cli_refused(c, 2, "CANDIDATE");
	cli_sh(c, "$BENCH compare $BENCH ./nothing " SEED);
	cli_refused(c, 2, "./nothing");
	cli_sh(c, "$BENCH compare $BENCH /bin/true");
	cli_refused(c, 2, "no trace");
	cli_sh(c, "$BENCH compare $BENCH /bin/true --theta 5 --delta 3 " SEED);
	cli_refused(c, 2, "--theta");
	cli_sh(c, "$BENCH compare $BENCH /bin/true --theta x " SEED);
	cli_refused(c, 2, "--theta");
	cli_sh(c, "$BENCH compare --help");
	cli_expect(c, 0);
	cli_holds(c->out, "INCONCLUSIVE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_compare__the_same_code_needs_no_run),
		cli_test(test_bench_compare__a_crawl_fails),
		cli_test(test_bench_compare__a_stranger_is_incomparable),
		cli_test(test_bench_compare__usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
