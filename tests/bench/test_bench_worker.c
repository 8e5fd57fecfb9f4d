/*
 * Workers: this very program, executed anew, runs one pass; and dies, or is
 * stopped, in every way there is.
 */
#include "kb_test.h"

#include "bench_worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACE(name) KB_SOURCE_DIR "/traces/" name

static struct bench_outcome outcome;

static struct bench_job job_of(enum bench_pass pass, const char *trace,
			       const char *alloc)
{
	struct bench_job job = { .pass = pass, .cpu = -1, .samples = 100 };

	snprintf(job.trace, sizeof(job.trace), "%s", trace);
	snprintf(job.alloc, sizeof(job.alloc), "%s", alloc);
	return job;
}

static int run(const struct bench_job *job, bench_worker_watch watch,
	       void *user)
{
	struct kb_diag diag;
	int err;

	kb_diag_init(&diag);
	memset(&outcome, 0xff, sizeof(outcome));
	err = bench_worker_run(job, watch, user, &outcome, &diag);
	if (err < 0 && err != KB_E_STOPPED)
		print_error("%s\n", diag.text);
	return err;
}

static uint64_t counter(const char *name)
{
	const struct replay_counter *c =
		replay_counters_find(&outcome.result.count.counters, name);

	assert_non_null(c);
	return c->value;
}

static void test_bench_worker__runs_every_pass(void **state)
{
	struct bench_job job;

	(void)state;
	job = job_of(BENCH_PASS_COUNT, TRACE("seed-example.trc"), "kheap");
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(counter("nodes_visited"), 4);
	job.pass = BENCH_PASS_VERIFY;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.result.verify.events, 5);
	job.pass = BENCH_PASS_THROUGHPUT;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.result.time.events, 5);
	job.pass = BENCH_PASS_LATENCY;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_true(outcome.result.latency.probed.laps > 0);
}

static void test_bench_worker__takes_the_jobs_options(void **state)
{
	struct bench_job job =
		job_of(BENCH_PASS_COUNT, TRACE("seed-example.trc"), "kheap");

	(void)state;
	job.heap_pages = 3;
	job.heap_base = 0x10000000;
	job.touch = ALLOC_TOUCH_ALL;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(counter("failed_allocs"), 1);
	assert_int_equal(counter("tlb_hits") + counter("tlb_misses"), 3);
}

/* The job's own errors come back with their words. */
static void test_bench_worker__hands_errors_back(void **state)
{
	struct bench_job job;

	(void)state;
	job = job_of(BENCH_PASS_COUNT, "no/such.trc", "kheap");
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, KB_E_IO);
	assert_non_null(strstr(outcome.diag.text, "no/such.trc"));
	job = job_of(BENCH_PASS_COUNT, TRACE("seed-example.trc"), "kheep");
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, KB_E_ARG);
	assert_non_null(strstr(outcome.diag.text, "kheep"));
	job = job_of(BENCH_PASS_COUNT, TRACE("seed-example.trc"), "kheap");
	job.heap_pages = 1u << 31;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, KB_E_RANGE);
	job.heap_pages = 0;
	job.cpu = 1000;
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_true(outcome.status < 0);
	assert_non_null(strstr(outcome.diag.text, "CPU 1000"));
}

/* The shared memory's descriptor is found whether or not it had its number
 * from the start. */
static void test_bench_worker__whatever_descriptors_are_open(void **state)
{
	struct bench_job job =
		job_of(BENCH_PASS_COUNT, TRACE("seed-example.trc"), "null");
	const int kept = fcntl(3, F_DUPFD_CLOEXEC, 10);

	(void)state;
	close(3);
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(counter("events"), 5);
	assert_int_equal(open("/dev/null", O_RDONLY), 3);
	assert_int_equal(run(&job, NULL, NULL), 0);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(counter("events"), 5);
	close(3);
	if (kept >= 0)
		dup2(kept, 3);
}

/* This process's one child, the worker; 0 for none. */
static pid_t worker(void)
{
	char path[64];
	long child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
		 (long)getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	if (fscanf(f, "%ld", &child) != 1)
		child = 0;
	fclose(f);
	return (pid_t)child;
}

/* What a watcher saw, and what it is to do. */
struct watching {
	int signal;
	unsigned calls;
	uint64_t events;
};

static bool kill_it(uint64_t events, void *user)
{
	struct watching *w = user;

	assert_true(events >= w->events);
	w->events = events;
	w->calls++;
	kill(worker(), w->signal);
	return false;
}

/* Billions of nodes: far longer than a watcher's first look takes. */
static struct bench_job long_job(void)
{
	return job_of(BENCH_PASS_THROUGHPUT, TRACE("debian-boot.trc"), "kheap");
}

static void assert_crashed(const char *signal)
{
	unsigned long long events;
	char name[20];

	assert_int_equal(sscanf(outcome.diag.text,
				"kheap crashed behind event %llu: %19s",
				&events, name),
			 2);
	assert_string_equal(name, signal);
}

static void test_bench_worker__a_crash_is_a_wrong_result(void **state)
{
	struct bench_job job = long_job();
	struct watching w = { SIGKILL, 0, 0 };

	(void)state;
	assert_int_equal(run(&job, kill_it, &w), 0);
	assert_int_equal(outcome.status, KB_E_WRONG);
	assert_crashed("Killed");
	w.signal = SIGABRT;
	w.events = 0;
	assert_int_equal(run(&job, kill_it, &w), 0);
	assert_int_equal(outcome.status, KB_E_WRONG);
	assert_crashed("Aborted");
	assert_int_equal(worker(), 0);
}

/* A terminal's Ctrl-C reaches the worker too; that is for the parent to
 * answer. */
static bool interrupt_then_stop(uint64_t events, void *user)
{
	struct watching *w = user;

	(void)events;
	if (w->calls++ == 0)
		kill(worker(), SIGINT);
	return w->calls == 3;
}

static void test_bench_worker__stops_when_told(void **state)
{
	struct bench_job job = long_job();
	struct watching w = { 0, 0, 0 };

	(void)state;
	assert_int_equal(run(&job, interrupt_then_stop, &w), KB_E_STOPPED);
	assert_int_equal(w.calls, 3);
	/* Nothing of it is left, not even a zombie. */
	assert_int_equal(worker(), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_worker__runs_every_pass),
		cmocka_unit_test(test_bench_worker__takes_the_jobs_options),
		cmocka_unit_test(test_bench_worker__hands_errors_back),
		cmocka_unit_test(
			test_bench_worker__whatever_descriptors_are_open),
		cmocka_unit_test(test_bench_worker__a_crash_is_a_wrong_result),
		cmocka_unit_test(test_bench_worker__stops_when_told),
	};

	if (argc == 1 && strcmp(argv[0], BENCH_WORKER_NAME) == 0)
		return bench_worker_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
