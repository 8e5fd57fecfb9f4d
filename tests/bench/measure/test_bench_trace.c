/*
 * A trace is opened once: what is put in its place later is not read, and what is
 * written into it is told.
 */
#include "kb_test.h"

#include "bench_run.h"
#include "bench_trace_open.h"
#include "bench_worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACES	   KB_SOURCE_DIR "/traces/"
#define RECORDINGS KB_SOURCE_DIR "/traces/recordings/"

static char folder[] = "/tmp/kheap-trace-XXXXXX";
static const char *const given = "t.trc";

static void copy(const char *from, const char *to)
{
	static char bytes[1 << 20];
	FILE *f = fopen(from, "rb");
	size_t size;

	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	f = fopen(to, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static bool never(void)
{
	return false;
}

static void open_trace(struct bench_trace *trace)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	assert_int_equal(bench_trace_open(trace, given, never, &diag), 0);
}

/* The pass count over the trace, in a worker. */
static int run(const struct bench_trace *trace, struct bench_cell *cell,
	       struct kb_diag *diag)
{
	const struct bench_settings settings = { .passes = BENCH_PASS_COUNT,
						 .timeout_s = 60 };
	struct replay_clock clock = { .quantum = 1, .ns_per_tick = 1 };
	struct kb_progress progress = { 0 };
	struct bench_run run = { .settings = &settings,
				 .trace = trace,
				 .clock = &clock,
				 .progress = &progress,
				 .cells = cell,
				 .count = 1,
				 .cpu = -1 };

	kb_diag_init(diag);
	memset(cell, 0, sizeof(*cell));
	cell->trace = trace;
	assert_int_equal(alloc_spec_parse(&cell->spec, "kheap", diag), 0);
	return bench_run(&run, diag);
}

static void assert_events(const struct bench_trace *trace, uint64_t events)
{
	struct bench_cell cell;
	struct kb_diag diag;
	uint64_t n;

	assert_int_equal(run(trace, &cell, &diag), 0);
	assert_true(bench_cell_counter(&cell, "events", &n));
	assert_int_equal(n, events);
	bench_cell_release(&cell);
}

static void test_bench_trace__keeps_to_the_file_it_opened(void **state)
{
	struct bench_trace trace;

	(void)state;
	copy(TRACES "seed-example.trc", given);
	open_trace(&trace);
	copy(TRACES "boot.trc", "other.trc");
	assert_int_equal(rename("other.trc", given), 0);
	assert_events(&trace, 5);
	assert_int_equal(unlink(given), 0);
	assert_events(&trace, 5);
	bench_trace_release(&trace);
}

/* As many bytes, but others; and the same ones at another time. */
static void test_bench_trace__reports_what_was_written(void **state)
{
	static const struct timespec times[2] = { { 5, 0 }, { 5, 0 } };
	struct bench_trace trace;
	struct bench_cell cell;
	struct kb_diag diag;

	(void)state;
	copy(TRACES "seed-example.trc", given);
	open_trace(&trace);
	assert_int_equal(utimensat(AT_FDCWD, given, times, 0), 0);
	assert_int_equal(run(&trace, &cell, &diag), KB_E_IO);
	assert_non_null(strstr(diag.text, "t.trc: was changed"));
	bench_cell_release(&cell);
	bench_trace_release(&trace);
	open_trace(&trace);
	assert_events(&trace, 5);
	assert_int_equal(truncate(given, 100), 0);
	/* That its end is missing is not the point. */
	assert_int_equal(run(&trace, &cell, &diag), KB_E_IO);
	assert_non_null(strstr(diag.text, "t.trc: was changed"));
	bench_cell_release(&cell);
	bench_trace_release(&trace);
}

/* A copy is the run's own. */
static void test_bench_trace__an_imported_file_may_change(void **state)
{
	struct bench_trace trace;

	(void)state;
	copy(RECORDINGS "seed-example.ftrace", given);
	open_trace(&trace);
	assert_false(trace.has_name);
	assert_int_equal(truncate(given, 0), 0);
	assert_events(&trace, 5);
	bench_trace_release(&trace);
}

/* What another build says of the path that it was given. */
static void test_bench_trace__an_error_names_the_given_path(void **state)
{
	struct bench_trace trace;
	struct kb_diag diag;

	(void)state;
	copy(TRACES "seed-example.trc", given);
	open_trace(&trace);
	kb_diag_init(&diag);
	kb_fail(&diag, KB_E_CORRUPT, "%s: byte 7: no", trace.path);
	assert_int_equal(bench_trace_judge(&trace, KB_E_CORRUPT, &diag),
			 KB_E_CORRUPT);
	assert_string_equal(diag.text, "t.trc: byte 7: no");
	bench_trace_release(&trace);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_trace__keeps_to_the_file_it_opened),
		cmocka_unit_test(test_bench_trace__reports_what_was_written),
		cmocka_unit_test(test_bench_trace__an_imported_file_may_change),
		cmocka_unit_test(
			test_bench_trace__an_error_names_the_given_path),
	};
	int failed;

	if (argc == 1 && strcmp(argv[0], BENCH_WORKER_NAME) == 0)
		return bench_worker_main();
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(given);
	return chdir("/") != 0 || rmdir(folder) != 0 || failed;
}
