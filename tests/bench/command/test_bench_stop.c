/*
 * bench as a whole: what is left when a run ends before its time.
 */
#include "cli.h"
#include "kb_bits.h"
#include "kb_wait.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Allocators whose alloc does not return, the second one or a late one, which the
 * first trace does not come to; and nobody calls that a hang. */
#define HANGING "plugin:./faulty.so,fault=alloc-hang"
#define ENDED	"kheap:lookup=pagemap"
#define ENDLESS " --timeout 1000000" CLI_NO_BUDGET
#define ENDLESS_RUN                                                       \
	"$BENCH --trace $TRACES/seed-example.trc --trace "                \
	"$TRACES/debian-boot.trc --quick --pass count,throughput "        \
	"--alloc " ENDED ",plugin:./faulty.so,fault=late-hang --no-plots" \
	" --out o --json all.json" ENDLESS

/* What was said besides that plugins get no namespaces, as in many containers. */
static const char *behind_note(const char *said)
{
	return strncmp(said, "bench: note: ", 13) == 0 ? strchr(said, '\n') + 1
						       : said;
}

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

	cli_link_plugins(c);
	cli_start(c, ENDLESS_RUN);
	cli_until(c, is_in_the_second);
	kill(c->pid, number);
	cli_wait(c);
	cli_expect(c, 128 + number);

	/* What was finished is whole, … */
	document = cli_json_file(c, "o/seed-example/results.json");
	cell = cli_cell(document, "seed-example.trc", ENDED);
	assert_false(is_partial(cell));
	assert_non_null(json_object_get(cell, "throughput"));

	/* … what was not says so, on paper and on screen. */
	document = cli_json_file(c, "o/debian-boot/results.json");
	assert_true(is_partial(cli_cell(document, "debian-boot.trc", ENDED)));
	document = cli_json_file(c, "all.json");
	assert_false(is_partial(cli_cell(document, "seed-example.trc", ENDED)));
	assert_true(is_partial(cli_cell(document, "debian-boot.trc", ENDED)));
	cli_holds(c->out, "2 allocators are partial");
	assert_string_equal(behind_note(c->err), "");
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

/* The others that ask a program to end. */
static void test_bench_stop__other_signals(void **state)
{
	static const int numbers[] = { SIGHUP, SIGQUIT, SIGALRM, SIGXCPU };
	struct cli *c = *state;

	for (size_t i = 0; i < KB_ARRAY_LEN(numbers); i++) {
		stop_by(c, numbers[i]);
		cli_sh(c, "find . -mindepth 1 -delete");
	}
}

/* Sent to the whole group, as by a terminal, a job control or timeout: no worker
 * dies of it first, which would be its allocator's crash. */
static void test_bench_stop__the_whole_group(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT,
				       SIGXCPU };
	struct cli *c = *state;

	cli_link_plugins(c);
	for (size_t i = 0; i < KB_ARRAY_LEN(numbers); i++) {
		const json_t *cell;

		cli_start(c, "setsid $BENCH --trace $TRACES/debian-boot.trc "
			     "--alloc " HANGING " --pass throughput --out none"
			     " --json -" ENDLESS);
		cli_until(c, cli_has_child);
		kill(-c->pid, numbers[i]);
		cli_wait(c);
		cli_expect(c, 128 + numbers[i]);
		assert_string_equal(behind_note(c->err), "");
		cell = cli_cell(cli_json(c), "debian-boot.trc", HANGING);
		assert_true(is_partial(cell));
		assert_null(json_object_get(cell, "failed"));
	}
}

/* compare gives no verdict, and neither of its two programs is left. */
static void stop_compare(struct cli *c, int number, bool whole_group)
{
	cli_start(c, "setsid $BENCH compare $BENCH $BENCH --inject 0 --trace "
		     "$TRACES/debian-boot.trc --alloc kheap --no-self-check "
		     "--report r");
	cli_until(c, cli_has_child);
	kill(whole_group ? -c->pid : c->pid, number);
	cli_wait(c);
	cli_expect(c, 128 + number);
	assert_null(strstr(c->out, "PASS"));
	assert_null(strstr(c->out, "FAIL"));
	assert_string_equal(c->err, "");
	cli_sh(c, "ps -s %ld -o args=; find r -type f", (long)c->pid);
	assert_string_equal(c->out, "");
}

static void test_bench_stop__compare(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < KB_ARRAY_LEN(numbers); i++) {
		stop_compare(*state, numbers[i], false);
		stop_compare(*state, numbers[i], true);
	}
}

/* What the system does not allow is not an allocator's fault either. */
static void test_bench_stop__limits(void **state)
{
	static const char run[] = "$BENCH --trace $TRACES/debian-boot.trc "
				  "--alloc kheap --pass verify --out o"
				  " --no-plots";
	struct cli *c = *state;

	cli_sh(c, "ulimit -t 2; %s --pass throughput --budget 1000000", run);
	/* How much was printed by then depends on the machine's speed. */
	cli_expect(c, 4);
	cli_holds(c->err, "kheap: its process has used the CPU time");
	cli_holds(c->err, "(ulimit -t)");
	cli_sh(c, "ulimit -f 1; %s", run);
	cli_expect(c, 2);
	cli_holds(c->err, "File too large");
	cli_sh(c, "find . -name '.tmp*'");
	assert_string_equal(c->out, "");
}

/* Without /proc bench does not find its own program. */
static void test_bench_stop__without_proc(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "unshare -rm mount -t tmpfs none /proc");
	if (c->status != 0) {
		print_message("skipped: no mount namespaces here\n");
		skip();
	}
	cli_sh(c, "unshare -rm sh -c 'mount -t tmpfs none /proc && exec $BENCH"
		  " --trace $TRACES/seed-example.trc --alloc kheap --pass count"
		  " --out o'");
	/* It needs /proc as well, and then ends the program its own way. */
	if (strstr(c->err, "LeakSanitizer has encountered a fatal error"))
		skip();
	cli_expect(c, 4);
	cli_holds(c->err, "mount /proc");
}

/* A clock that stops is told, before anything is timed, and needs nobody
 * who stops the program. Counts need no clock. */
static void test_bench_stop__a_stopped_clock(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "KB_FAKE_STEP_NS=0 $FAKE_TIME_BENCH --trace "
		  "$TRACES/seed-example.trc --alloc kheap --out o");
	cli_refused(c, 4, "clock has stopped");
	assert_false(cli_exists("o"));
	cli_sh(c, "KB_FAKE_STEP_NS=0 $FAKE_TIME_BENCH --trace "
		  "$TRACES/seed-example.trc --alloc kheap --pass count"
		  " --out none");
	cli_expect(c, 0);
}

/* Stopped with --json -: stdout is one document all the same. The epoch at work
 * is given up, not waited for: there is no figure of it. */
static void test_bench_stop__json_on_stdout(void **state)
{
	struct cli *c = *state;
	const json_t *cell;

	cli_link_plugins(c);
	cli_start(c, "$BENCH --trace $TRACES/debian-boot.trc --alloc " HANGING
		     " --pass throughput --out none --json -" ENDLESS);
	cli_until(c, cli_has_child);
	kill(c->pid, SIGINT);
	cli_wait(c);
	cli_expect(c, 130);
	cell = cli_cell(cli_json(c), "debian-boot.trc", HANGING);
	assert_true(is_partial(cell));
	assert_null(json_object_get(cell, "throughput"));
}

/* A pipe with the beginning of a recording. */
static int recording;

static bool waits_for_input(const struct cli *c)
{
	return kb_waits_for_input(c->pid, recording);
}

/* Stopped while it waits for a recording that never comes. */
static void test_bench_stop__during_an_import(void **state)
{
	struct cli *c = *state;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	recording = open("pipe", O_RDWR | O_CLOEXEC);
	assert_true(recording >= 0);
	assert_int_equal(write(recording, "# tracer: nop\n", 14), 14);
	cli_start(c, "$BENCH --trace pipe --out o --alloc null");
	cli_until(c, waits_for_input);
	kill(c->pid, SIGINT);
	cli_wait(c);
	close(recording);
	cli_expect(c, 130);
	assert_false(cli_exists("o"));
}

/* From here on a reading of the clock takes this long, and nothing else takes
 * time. */
#define STEP(ns) "KB_FAKE_STEP_NS=" #ns " $FAKE_TIME_BENCH"

/* A budget that holds not even one epoch: figures of what did run, and no rate
 * for events that did not. (This lookup cannot be sampled.) */
static void test_bench_stop__a_small_budget_is_partial(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *timed;

	cli_sh(c, STEP(1000000) " --trace $TRACES/debian-boot.trc"
				" --alloc kheap:lookup=sorted --pass throughput"
				" --budget 0.002 --no-plots --out o");
	cli_expect(c, 0);
	cli_holds(c->out, "kheap:lookup=sorted is partial");
	cli_holds(c->out, "--budget");
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"kheap:lookup=sorted");
	assert_true(is_partial(cell));
	timed = json_object_get(cell, "throughput");
	assert_in_range(
		json_integer_value(json_object_get(timed, "events_timed")), 1,
		97971);
	assert_true(json_is_null(json_object_get(timed, "ci_low")));
	cli_holds(c->out, "97,972 events, and its figures");
}

static void run_sampled(struct cli *c, const char *bench)
{
	cli_sh(c,
	       "%s --trace $TRACES/debian-boot.trc --alloc kheap,null"
	       " --pass throughput --quick --budget 1.2 --no-plots --out o",
	       bench);
	cli_expect(c, 0);
	cli_holds(c->out, "kheap was sampled");
	cli_sh(c, "grep -c 'kheap was sampled' o/table.txt o/report.html");
	assert_string_equal(c->out, "o/table.txt:1\no/report.html:2\n");
}

/* A search too long for the budget is sampled, and every output says so. What
 * the allocator beside it does is no search. */
static void test_bench_stop__a_long_search_is_sampled(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *timed, *sampling;

	run_sampled(c, STEP(300000));
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"kheap");
	assert_false(is_partial(cell));
	timed = json_object_get(cell, "throughput");
	sampling = json_object_get(timed, "sampling");
	assert_int_equal(
		json_integer_value(json_object_get(sampling, "events")), 97972);
	assert_in_range(
		json_integer_value(json_object_get(timed, "events_timed")), 1,
		97971);
	assert_int_equal(json_integer_value(json_object_get(timed, "epochs")),
			 6);
	assert_null(json_object_get(timed, "cold_ns_per_event"));
	cell = cli_cell(c->json, "debian-boot.trc", "null");
	timed = json_object_get(cell, "throughput");
	assert_non_null(timed);
	assert_null(json_object_get(timed, "sampling"));
}

/* … and where not even the first samples fit, what there was is the figure. */
static void test_bench_stop__a_sample_is_cut_short(void **state)
{
	struct cli *c = *state;
	const json_t *cell, *timed, *sampling;

	run_sampled(c, STEP(1000000));
	cell = cli_cell(cli_json_file(c, "o/results.json"), "debian-boot.trc",
			"kheap");
	assert_true(is_partial(cell));
	timed = json_object_get(cell, "throughput");
	sampling = json_object_get(timed, "sampling");
	assert_in_range(json_integer_value(json_object_get(sampling, "events")),
			1, 97971);
	assert_int_equal(json_integer_value(json_object_get(timed, "epochs")),
			 1);
}

static void test_bench_stop__a_small_budget_for_latency(void **state)
{
	struct cli *c = *state;

	cli_sh(c, STEP(1000000) " --trace $TRACES/debian-boot.trc --alloc kheap"
				" --pass latency --budget 0.02 --no-plots"
				" --out o");
	cli_expect(c, 0);
	assert_true(is_partial(cli_cell(cli_json_file(c, "o/results.json"),
					"debian-boot.trc", "kheap")));
	cli_holds(c->out, "kheap is partial");
	cli_holds(c->out, "--budget");
}

/* A budget that is enough leaves no mark. */
static void test_bench_stop__a_complete_run_is_not_partial(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "$FAKE_TIME_BENCH --trace $TRACES/seed-example.trc --out o"
		  " --alloc kheap,null --no-plots --budget 1");
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
		cli_test(test_bench_stop__other_signals),
		cli_test(test_bench_stop__the_whole_group),
		cli_test(test_bench_stop__compare),
		cli_test(test_bench_stop__limits),
		cli_test(test_bench_stop__without_proc),
		cli_test(test_bench_stop__a_stopped_clock),
		cli_test(test_bench_stop__json_on_stdout),
		cli_test(test_bench_stop__during_an_import),
		cli_test(test_bench_stop__a_small_budget_is_partial),
		cli_test(test_bench_stop__a_long_search_is_sampled),
		cli_test(test_bench_stop__a_sample_is_cut_short),
		cli_test(test_bench_stop__a_small_budget_for_latency),
		cli_test(test_bench_stop__a_complete_run_is_not_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
