/*
 * bench as a whole: what is left when a run ends before its time.
 */
#include "cli.h"
#include "kb_bits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The second trace takes long: an epoch of it walks billions of nodes. */
#define LONG_RUN                                                             \
	"$BENCH --trace $TRACES/seed-example.trc --trace "                   \
	"$TRACES/debian-boot.trc --alloc kheap,null --pass count,throughput" \
	" --budget 100000 --no-plots --out o --json all.json"

/* The first trace is done and the second one at work. */
static bool is_in_the_second(const struct cli *c)
{
	return cli_exists("o/seed-example/throughput.tsv") && cli_has_child(c);
}

static bool is_partial(const json_t *cell)
{
	return json_is_true(json_object_get(cell, "partial"));
}

static void stop_by(struct cli *c, int number)
{
	const json_t *document, *cell;

	cli_start(c, LONG_RUN);
	cli_until(c, is_in_the_second);
	kill(c->pid, number);
	cli_wait(c);
	cli_expect(c, 128 + number);

	/* What was finished is whole, … */
	document = cli_json_file(c, "o/seed-example/results.json");
	cell = cli_cell(document, "seed-example.trc", "kheap");
	assert_false(is_partial(cell));
	assert_non_null(json_object_get(cell, "throughput"));

	/* … what was not says so, on paper and on screen. */
	document = cli_json_file(c, "o/debian-boot/results.json");
	assert_true(is_partial(cli_cell(document, "debian-boot.trc", "kheap")));
	document = cli_json_file(c, "all.json");
	assert_false(
		is_partial(cli_cell(document, "seed-example.trc", "kheap")));
	assert_true(is_partial(cli_cell(document, "debian-boot.trc", "kheap")));
	cli_holds(c->out, "kheap is partial");
	assert_string_equal(c->err, "");
	cli_sh(c, "grep -l 'This run was stopped' o/*/report.html && "
		  "grep -l '^partial' o/*/throughput.tsv");
	assert_string_equal(c->out, "o/debian-boot/report.html\n"
				    "o/debian-boot/throughput.tsv\n");
	cli_sh(c, "find . -name '*.tmp*'");
	assert_string_equal(c->out, "");
}

static void test_bench_stop__sigint(void **state)
{
	stop_by(*state, SIGINT);
}

static void test_bench_stop__sigterm(void **state)
{
	stop_by(*state, SIGTERM);
}

/* Stopped with --json -: stdout is one document all the same. The epoch at work
 * is given up, not waited for: there is no figure of it. */
static void test_bench_stop__json_on_stdout(void **state)
{
	struct cli *c = *state;
	const json_t *cell;

	cli_start(c, "$BENCH --trace $TRACES/debian-boot.trc --alloc kheap"
		     " --pass throughput --budget 100000 --out none --json -");
	cli_until(c, cli_has_child);
	kill(c->pid, SIGINT);
	cli_wait(c);
	cli_expect(c, 130);
	cell = cli_cell(cli_json(c), "debian-boot.trc", "kheap");
	assert_true(is_partial(cell));
	assert_null(json_object_get(cell, "throughput"));
}

/* True once the command sleeps in a read of the pipe: it has opened it, and
 * nobody has written. */
static bool waits_for_input(const struct cli *c)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)c->pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (bench) %c", &state) != 1)
		state = '?';
	fclose(f);
	return state == 'S';
}

/* Stopped while it waits for a recording that never comes. */
static void test_bench_stop__during_an_import(void **state)
{
	struct cli *c = *state;
	int fd;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "# tracer: nop\n", 14), 14);
	cli_start(c, "$BENCH --trace pipe --out o --alloc null");
	cli_until(c, waits_for_input);
	kill(c->pid, SIGINT);
	cli_wait(c);
	close(fd);
	cli_expect(c, 130);
	assert_false(cli_exists("o"));
}

/* A budget that holds not even one epoch: figures of what did run, and no rate
 * for events that did not. (This lookup cannot be sampled.) */
static void test_bench_stop__a_small_budget_is_partial(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *timed;

	cli_sh(c, "$BENCH --trace $TRACES/debian-boot.trc"
		  " --alloc kheap:lookup=sorted --pass throughput"
		  " --budget 0.002 --no-plots --out o");
	cli_expect(c, 0);
	cli_holds(c->out, "kheap:lookup=sorted is partial");
	cli_holds(c->out, "--budget");
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"kheap:lookup=sorted");
	assert_true(is_partial(cell));
	timed = json_object_get(cell, "throughput");
	assert_true(json_integer_value(json_object_get(timed, "events_timed")) <
		    97972);
	assert_true(json_is_null(json_object_get(timed, "ci_low")));
	cli_holds(c->out, "of 97,972 events");
}

/* A search too long for the budget is sampled, and every output says so. */
static void test_bench_stop__a_long_search_is_sampled(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *timed, *sampling;
	json_int_t covered;

	cli_sh(c, "$BENCH --trace $TRACES/debian-boot.trc --alloc kheap,null"
		  " --pass throughput --quick --budget 1.2 --no-plots --out o");
	cli_expect(c, 0);
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"kheap");
	timed = json_object_get(cell, "throughput");
	sampling = json_object_get(timed, "sampling");
	if (!sampling) {
		/* So slow a machine that not one window fitted. */
		assert_true(is_partial(cell));
		return;
	}
	covered = json_integer_value(json_object_get(sampling, "events"));
	/* The whole trace, unless the machine is very slow. */
	assert_true(covered == 97972 || is_partial(cell));
	assert_true(json_integer_value(json_object_get(timed, "events_timed")) <
		    covered);
	assert_null(json_object_get(timed, "cold_ns_per_event"));
	cli_holds(c->out, "kheap was sampled");
	cli_sh(c, "grep -c 'kheap was sampled' o/table.txt o/report.html");
	assert_string_equal(c->out, "o/table.txt:1\no/report.html:1\n");
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"null");
	assert_null(json_object_get(json_object_get(cell, "throughput"),
				    "sampling"));
}

static void test_bench_stop__a_small_budget_for_latency(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/debian-boot.trc --alloc kheap"
		  " --pass latency --budget 0.02 --no-plots --out o");
	cli_expect(c, 0);
	assert_true(is_partial(cli_cell(cli_json_file(c, "o/results.json"),
					"debian-boot.trc", "kheap")));
	cli_holds(c->out, "kheap is partial");
	cli_holds(c->out, "--budget");
}

/* A budget that is enough leaves no mark. */
static void test_bench_stop__enough_is_not_partial(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --out o --no-plots"
		  " --budget 1000");
	cli_expect(c, 0);
	cli_json_file(c, "o/results.json");
	cli_sh(c, "grep -c partial o/results.json");
	assert_string_equal(c->out, "0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_stop__sigint),
		cli_test(test_bench_stop__sigterm),
		cli_test(test_bench_stop__json_on_stdout),
		cli_test(test_bench_stop__during_an_import),
		cli_test(test_bench_stop__a_small_budget_is_partial),
		cli_test(test_bench_stop__a_long_search_is_sampled),
		cli_test(test_bench_stop__a_small_budget_for_latency),
		cli_test(test_bench_stop__enough_is_not_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
