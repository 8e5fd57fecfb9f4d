/*
 * Plugins of every kind of badness, each beside a sound allocator whose result
 * must come out all the same.
 */
#include "cli.h"

#include "kb_bits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sanitizer's own handlers would turn a crash into an exit. */
#define RUN                                                          \
	"ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0 " \
	"$BENCH --trace \"$TRACES/seed-example.trc\" --out none --json - "

static const char *error_of(const json_t *document, const char *allocator)
{
	const json_t *cell = cli_cell(document, "seed-example.trc", allocator);
	const char *error = json_string_value(json_object_get(cell, "error"));

	return error ? error : "";
}

/* What each fault is reported as; `words` are in the message. */
struct fault {
	const char *plugin;
	const char *fault;
	const char *words;
};

/* Runs them after kheap. Returns results.json. */
static json_t *run_faults(struct cli *c, const char *options,
			  const struct fault *faults)
{
	char list[4096] = "kheap";
	json_t *document;

	for (const struct fault *f = faults; f->plugin; f++) {
		size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used,
			 ",plugin:./%s.so,fault=%s", f->plugin, f->fault);
	}
	cli_sh(c, RUN "%s --alloc '%s'", options, list);
	cli_expect(c, 5);
	document = cli_json(c);
	for (const struct fault *f = faults; f->plugin; f++) {
		char name[160];

		snprintf(name, sizeof(name), "plugin:./%s.so,fault=%s",
			 f->plugin, f->fault);
		cli_holds(error_of(document, name), f->words);
	}
	return document;
}

static void check_faults(struct cli *c, const char *options,
			 const struct fault *faults)
{
	json_t *document = run_faults(c, options, faults);

	assert_string_equal(error_of(document, "kheap"), "");
	assert_true(json_is_true(json_object_get(
		cli_cell(document, "seed-example.trc", "kheap"), "verified")));
}

static void test_bench_plugin__a_fault_is_its_own_result(void **state)
{
	static const struct fault faults[] = {
		{ "faulty", "init-crash", "after 0 events: Segmentation" },
		{ "faulty", "alloc-crash", "after 1 events: Segmentation" },
		{ "faulty", "free-crash", "after 3 events: Segmentation" },
		{ "faulty", "fini-crash", "after 5 events: Segmentation" },
		{ "faulty", "wild", "after 1 events: Segmentation" },
		{ "faulty", "init-status", "its init returned 7" },
		{ "faulty", "alloc-exit", "ended its process with status 0" },
		{ "faulty", "overlap", "event 1: the allocation overlaps" },
		{ "faulty", "twice", "event 1: the address is handed out" },
		{ "faulty", "misaligned", "event 1: the address is not al" },
		{ "faulty", "usable", "event 0: fewer bytes are usable" },
		{ "faulty", "scribble", "event 3: the allocation's payload" },
		{ "faulty", "refuse", "event 3: the allocator does not know" },
		{ "faulty", "panic", "gave up: the list is?broken" },
		{ "faulty", "vandal-late", "memory that is not its own" },
		{ "faulty_window", "outside", "outside the heap window" },
		{ "faulty_window", "below", "outside the heap window" },
		{ NULL, NULL, NULL },
	};

	cli_link_plugins(*state);
	check_faults(*state, "--quick" CLI_NO_BUDGET, faults);
}

/* The comparison ends, though what it waits by is overwritten as well. */
static void
test_bench_plugin__a_plugin_that_overwrites_memory_is_not_compared(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "$FAKE_TIME_BENCH compare $FAKE_TIME_BENCH $FAKE_TIME_BENCH "
		  "--inject 0 "
		  "--no-self-check --trace \"$TRACES/seed-example.trc\" "
		  "--alloc plugin:./faulty.so,fault=vandal-late");
	cli_expect(c, 5);
	cli_holds(c->err, "memory that is not its own");
}

/* What the count pass alone gets to see. */
static void test_bench_plugin__bad_counters(void **state)
{
	static const struct fault faults[] = {
		{ "faulty", "stat-name", "a counter whose name" },
		{ "faulty", "stat-flood", "more counters than" },
		{ NULL, NULL, NULL },
	};

	cli_link_plugins(*state);
	check_faults(*state, "--pass verify,count", faults);
}

/* Nothing else is asked: on a machine that does not give it the processor for so
 * long, kheap hangs too, and each before it has begun. How the time is told is
 * test_bench_worker's to see. */
static void test_bench_plugin__a_hung_plugin_is_killed(void **state)
{
	static const struct fault faults[] = {
		{ "faulty", "alloc-hang", "hangs: no progress for 2 s after " },
		{ "faulty", "fini-hang", "--timeout sets how long to wait" },
		{ NULL, NULL, NULL },
	};

	cli_link_plugins(*state);
	run_faults(*state, "--timeout 2", faults);
}

/* A sanitizer's shadow is larger than any limit: its builds set none. */
static void test_bench_plugin__memory_is_limited(void **state)
{
	static const struct fault faults[] = {
		{ "faulty", "hog", "gave up: took all there was" },
		{ NULL, NULL, NULL },
	};

	if (KB_ASAN)
		skip();
	cli_link_plugins(*state);
	check_faults(*state, "--pass verify", faults);
}

/* The passes after the one that failed are not run. */
static void test_bench_plugin__no_pass_after_a_failed_one(void **state)
{
	struct cli *c = *state;
	const json_t *cell;

	cli_link_plugins(c);
	cli_sh(c, RUN "--quick" CLI_NO_BUDGET
		      " --alloc plugin:faulty.so,fault=twice,null");
	cli_expect(c, 5);
	cell = cli_cell(cli_json(c), "seed-example.trc",
			"plugin:./faulty.so,fault=twice");
	assert_null(json_object_get(cell, "counters"));
	assert_null(json_object_get(cell, "throughput"));
	assert_null(json_object_get(cell, "latency"));
}

static void test_bench_plugin__a_sound_one_has_every_pass(void **state)
{
	struct cli *c = *state;
	const json_t *document, *cell;

	cli_link_plugins(c);
	cli_sh(c,
	       RUN "--quick" CLI_NO_BUDGET
		   " --alloc plugin:faulty.so,plugin:faulty_window.so,"
		   "plugin:faulty.so,fault=full,plugin:faulty.so,fault=vandal");
	cli_expect(c, 0);
	document = cli_json(c);
	cell = cli_cell(document, "seed-example.trc", "plugin:./faulty.so");
	assert_true(json_is_true(json_object_get(cell, "verified")));
	assert_int_equal(cli_counter(cell, "events"), 5);
	assert_int_equal(cli_counter(cell, "plugin_events"), 42);
	assert_non_null(json_object_get(cell, "throughput"));
	cell = cli_cell(document, "seed-example.trc",
			"plugin:./faulty_window.so");
	assert_true(json_is_true(json_object_get(cell, "verified")));
	/* No memory is a count, not a fault. */
	cell = cli_cell(document, "seed-example.trc",
			"plugin:./faulty.so,fault=full");
	assert_int_equal(cli_counter(cell, "failed_allocs"), 3);
	/* It wrote over what it shares with others; the result is not there. */
	cell = cli_cell(document, "seed-example.trc",
			"plugin:./faulty.so,fault=vandal");
	assert_true(json_is_true(json_object_get(cell, "verified")));
	assert_int_equal(cli_counter(cell, "events"), 5);
}

#define FAILING	 "plugin:./faulty.so,fault=refuse"
#define SHORTEST "failing-plugin_._faulty.so,fault=refuse.trc"
#define VERIFY                                                          \
	"ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0 "    \
	"$BENCH --trace \"$TRACES/boot.trc\" --no-plots --pass verify " \
	"--alloc 'kheap," FAILING "'"

static const char *trace_of(const json_t *document, const char *trace,
			    const char *allocator)
{
	const json_t *cell = cli_cell(document, trace, allocator);

	return json_string_value(
		json_object_get(json_object_get(cell, "failure"), "trace"));
}

/* It is in the results folder, shows the same fault by the command that is printed, and
 * goes with the next run. */
static void test_bench_plugin__the_shortest_trace_is_left(void **state)
{
	struct cli *c = *state;
	const json_t *document;

	cli_link_plugins(c);
	cli_sh(c, VERIFY " --out o --json j");
	cli_expect(c, 5);
	cli_holds(c->out, "\n" SHORTEST " shows the fault in 2 events: bench ");
	document = cli_json_file(c, "o/results.json");
	assert_string_equal(trace_of(document, "boot.trc", FAILING), SHORTEST);
	document = cli_json_file(c, "j");
	assert_string_equal(trace_of(document, "boot.trc", FAILING), SHORTEST);
	setenv("SAID", c->out, 1);
	cli_sh(c, "$TRC print o/" SHORTEST " | cut -f 5");
	assert_string_equal(c->out, "alloc\nfree\n");
	cli_sh(c, "echo \"$SAID\" | sed -n 's/.* events: bench/\"$BENCH\"/p' "
		  "| sh");
	cli_expect(c, 5);
	cli_holds(c->out, "event 1: the allocator does not know");
	cli_sh(c, "$BENCH --trace \"$TRACES/boot.trc\" --no-plots --out o "
		  "--pass verify --alloc plugin:faulty.so");
	cli_expect(c, 0);
	assert_false(cli_exists("o/" SHORTEST));
}

/* Without a folder, the command that is printed makes it. */
static void test_bench_plugin__the_shortest_trace_is_made(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, VERIFY " --out none");
	cli_expect(c, 5);
	setenv("SAID", c->out, 1);
	cli_sh(c, "PATH=$(dirname \"$BENCH\"):$PATH; echo \"$SAID\" | "
		  "sed -n 's/.*: trc minimize/\"$TRC\" minimize/p' | sh && "
		  "$TRC print failing.trc | cut -f 5");
	cli_expect(c, 0);
	cli_holds(c->out, "1 of 19,028 objects");
	cli_holds(c->out, "\nalloc\nfree\n");
}

/* A clock is not asked again and again. */
static void test_bench_plugin__no_shortest_trace_by_a_clock(void **state)
{
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "$BENCH --trace \"$TRACES/seed-example.trc\" --no-plots "
		  "--pass verify --timeout 2 --out o --alloc "
		  "plugin:./faulty.so,fault=alloc-hang");
	cli_expect(c, 5);
	cli_holds(c->out, "A clock found the hang, so bench looks for no "
			  "shorter trace; to make one: trc minimize ");
	cli_sh(c, "ls o");
	assert_string_equal(c->out, "report.html\nresults.json\ntable.txt\n");
}

/* A shorter trace is tried, which has no end. */
static bool is_shrinking(const struct cli *c)
{
	return cli_has_child(c) && cli_exists("o/failing-plugin_._faulty.so,"
					      "fault=whole-crash.trc");
}

static void test_bench_plugin__the_search_can_be_stopped(void **state)
{
	struct cli *c = *state;
	const json_t *document;

	cli_link_plugins(c);
	setenv("ASAN_OPTIONS", "handle_segv=0", 0);
	cli_start(c, "$BENCH --trace \"$TRACES/seed-example.trc\" --no-plots "
		     "--pass verify --timeout 1000000 --out o --alloc "
		     "plugin:./faulty.so,fault=whole-crash");
	cli_until(c, is_shrinking);
	kill(c->pid, SIGINT);
	cli_wait(c);
	cli_expect(c, 128 + SIGINT);
	document = cli_json_file(c, "o/results.json");
	cli_holds(error_of(document, "plugin:./faulty.so,fault=whole-crash"),
		  "after 5 events: Segmentation");
	cli_sh(c, "ls o");
	assert_string_equal(c->out, "report.html\nresults.json\ntable.txt\n");
}

/* It is cleaned, it names its plugin, and it has an end. */
static void test_bench_plugin__plugin_output_is_allowed(void **state)
{
	struct cli *c = *state;
	const char *at;
	int lines = 0;

	cli_link_plugins(c);
	cli_sh(c, RUN "--alloc plugin:faulty.so,fault=log --pass verify,count");
	cli_expect(c, 0);
	for (at = c->err; (at = strstr(at, "plugin:./faulty.so,fault=log: a "
					   "word? from inside\n"));
	     at++)
		lines++;
	assert_int_equal(lines, 20);
}

static void
test_bench_plugin__files_that_are_not_plugins_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *words[3];
	} refused[] = {
		{ "plugin", { "plugin:./mine.so" } },
		{ "plugin:", { "plugin:./mine.so" } },
		{ "plugin:./absent.so", { "./absent.so", "No such file" } },
		{ "plugin:./text.so", { "./text.so", "cc -shared" } },
		{ "plugin:misfit_1.so", { "no symbol", "allocator_plugin.h" } },
		{ "plugin:misfit_2.so", { "version 2", "compile it again" } },
		{ "plugin:misfit_3.so", { "version 1", "compile it again" } },
		{ "plugin:misfit_4.so", { "no free", "required" } },
		{ "plugin:misfit_5.so", { "unknown flags 0x80" } },
		{ "plugin:misfit_6.so", { "alignment 12", "power of two" } },
		{ "plugin:misfit_7.so", { "no init", "required" } },
		{ "plugin:misfit_8.so", { "no alloc", "required" } },
		{ "plugin:misfit_9.so", { "alignment 0", "power of two" } },
		{ "plugin:faulty.so,=1", { "'=1'", "KEY=VALUE" } },
		{ "plugin:faulty.so,a=1,ab=1,a=2", { "'a='", "twice" } },
		{ "plugin:./$(printf 'a\\tb').so", { "control character" } },
		{ "plugin:./$(printf 'a\\377b').so", { "UTF-8" } },
		{ "plugin:$(printf 'long%0200d' 0).so",
		  { "216 bytes", "at most 159", "link to" } },
	};
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "echo no library > text.so");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		cli_sh(c, RUN "--pass verify --alloc \"%s\"", refused[i].name);
		cli_refused(c, 2, refused[i].words[0],
			    refused[i].words[1] ? refused[i].words[1] : "",
			    refused[i].words[2] ? refused[i].words[2] : "");
	}
}

/* Whatever a file may be called, JSON, TSV and table say it. */
static void test_bench_plugin__odd_names_stay_right(void **state)
{
	static const char *const names[] = {
		"plugin:./a b%d_{x}^y.so",
		"plugin:./a:b=c.so,path=/x:y,empty=",
		"plugin:./\xc3\xa9'\"\\$HOME.so",
		"plugin:./-x/../<i>&.so",
	};
	struct cli *c = *state;

	cli_link_plugins(c);
	cli_sh(c, "mkdir -- ./-x && ln -s faulty.so 'a b%%d_{x}^y.so' && "
		  "ln -s faulty.so a:b=c.so && ln -s faulty.so '<i>&.so' && "
		  "ln -s faulty.so '\xc3\xa9'\\''\"\\$HOME.so'");
	cli_expect(c, 0);
	setenv("A", names[0], 1);
	setenv("B", names[1], 1);
	setenv("C", names[2], 1);
	setenv("D", names[3], 1);
	cli_sh(c,
	       "$BENCH -v --trace \"$TRACES/seed-example.trc\" --out r "
	       "--no-plots --quick" CLI_NO_BUDGET " --json j --alloc \"$A,$B\" "
	       "--alloc \"$C\" --alloc \"$D\"");
	cli_expect(c, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cli_holds(c->out, names[i]);
		assert_non_null(cli_cell(cli_json_file(c, "j"),
					 "seed-example.trc", names[i]));
	}
	cli_sh(c, "cat r/*.tsv");
	cli_holds(c->out, names[0]);
	cli_holds(c->out, names[1]);
}

/* Where the kernel gives a plugin no namespaces, one line says so, and the plugin runs. */
static void test_bench_plugin__without_namespaces(void **state)
{
	struct cli *c = *state;

	cli_sh(c, "unshare -Ur true");
	if (c->status != 0) {
		print_message("skipped: no user namespace to forbid them in\n");
		skip();
	}
	cli_link_plugins(c);
	cli_sh(c, "unshare -Ur sh -c 'echo 0 >/proc/sys/user/"
		  "max_user_namespaces; exec $BENCH --trace"
		  " $TRACES/seed-example.trc --alloc plugin:./faulty.so"
		  " --pass verify --out none'");
	cli_expect(c, 0);
	cli_holds(c->err,
		  "bench: note: the kernel gives plugins no namespaces");
	/* What is refused gets one line, its own. */
	cli_sh(c, "unshare -Ur sh -c 'echo 0 >/proc/sys/user/"
		  "max_user_namespaces; exec $BENCH --trace"
		  " $TRACES/seed-example.trc --alloc plugin:./misfit_1.so"
		  " --pass verify --out none'");
	cli_refused(c, 2, "no symbol", "", "");
	cli_sh(c, "$BENCH --trace $TRACES/seed-example.trc --alloc kheap"
		  " --pass verify --out none");
	cli_expect(c, 0);
	assert_string_equal(c->err, "");
}

/* Only a process that may be lost runs a plugin. */
static void test_bench_plugin__other_commands_refuse_it(void **state)
{
	static const char *const commands[] = { "sites", "fit",
						"show --html p" };
	struct cli *c = *state;

	cli_link_plugins(c);
	for (size_t i = 0; i < KB_ARRAY_LEN(commands); i++) {
		cli_sh(c,
		       "$BENCH %s --trace \"$TRACES/seed-example.trc\" --alloc "
		       "plugin:faulty.so,fault=init-crash",
		       commands[i]);
		cli_refused(c, 2, "a process of its own");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cli_test(test_bench_plugin__a_fault_is_its_own_result),
		cli_test(
			test_bench_plugin__a_plugin_that_overwrites_memory_is_not_compared),
		cli_test(test_bench_plugin__bad_counters),
		cli_test(test_bench_plugin__a_hung_plugin_is_killed),
		cli_test(test_bench_plugin__memory_is_limited),
		cli_test(test_bench_plugin__no_pass_after_a_failed_one),
		cli_test(test_bench_plugin__a_sound_one_has_every_pass),
		cli_test(test_bench_plugin__the_shortest_trace_is_left),
		cli_test(test_bench_plugin__the_shortest_trace_is_made),
		cli_test(test_bench_plugin__no_shortest_trace_by_a_clock),
		cli_test(test_bench_plugin__the_search_can_be_stopped),
		cli_test(test_bench_plugin__plugin_output_is_allowed),
		cli_test(
			test_bench_plugin__files_that_are_not_plugins_are_refused),
		cli_test(test_bench_plugin__odd_names_stay_right),
		cli_test(test_bench_plugin__without_namespaces),
		cli_test(test_bench_plugin__other_commands_refuse_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
