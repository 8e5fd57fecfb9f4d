/*
 * Workers: this very program, executed anew, runs one pass; and dies, or is
 * stopped, in every way there is.
 */
#include "kb_test.h"

#include "bench_process.h"
#include "bench_worker.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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
	assert_int_equal(outcome.result.time.replay[0].events, 5);
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
	/* Of a foreign allocator the last: the first keeps its namespaces. */
	while (fscanf(f, "%ld", &child) == 1) {
	}
	fclose(f);
	return (pid_t)child;
}

/* A worker that never ends by itself: its second alloc, the second event, does
 * not return. So it is for the watcher alone to say when it is over. */
#define HANGING "plugin:./faulty.so,fault=alloc-hang"

static struct bench_job endless_job(void)
{
	return job_of(BENCH_PASS_VERIFY, TRACE("seed-example.trc"), HANGING);
}

/* What a watcher saw, and what it is to do. */
struct watching {
	int signal;
	unsigned calls;
	uint64_t events;
};

static bool kill_at_work(uint64_t events, void *user)
{
	struct watching *w = user;

	assert_true(events >= w->events);
	w->events = events;
	w->calls++;
	if (events == 1)
		kill(worker(), w->signal);
	return false;
}

static void test_bench_worker__a_crash_is_a_wrong_result(void **state)
{
	struct bench_job job = endless_job();
	struct watching w = { SIGKILL, 0, 0 };

	(void)state;
	assert_int_equal(run(&job, kill_at_work, &w), 0);
	assert_int_equal(outcome.status, KB_E_WRONG);
	assert_string_equal(outcome.diag.text,
			    HANGING " crashed after 1 events: Killed");
	w = (struct watching){ SIGABRT, 0, 0 };
	assert_int_equal(run(&job, kill_at_work, &w), 0);
	assert_int_equal(outcome.status, KB_E_WRONG);
	assert_string_equal(outcome.diag.text,
			    HANGING " crashed after 1 events: Aborted");
	assert_int_equal(worker(), 0);
}

/* A terminal's Ctrl-C reaches the worker too; that is for the parent to
 * answer. */
static bool interrupt_then_stop(uint64_t events, void *user)
{
	struct watching *w = user;

	if (events == 0)
		return false;
	if (w->calls++ == 0)
		kill(worker(), SIGINT);
	return w->calls == 3;
}

static void test_bench_worker__stops_when_told(void **state)
{
	struct bench_job job = endless_job();
	struct watching w = { 0, 0, 0 };

	(void)state;
	assert_int_equal(run(&job, interrupt_then_stop, &w), KB_E_STOPPED);
	assert_int_equal(w.calls, 3);
	/* Nothing of it is left, not even a zombie. */
	assert_int_equal(worker(), 0);
}

/* True once the child is another program. */
static bool is_executed(pid_t child)
{
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)child);
	f = fopen(path, "r");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
	return strcmp(name, BENCH_WORKER_NAME) == 0;
}

/* … also when it comes before the worker's main: what ignores it was set before
 * there was a program. Here that is one that waits for its input to end. */
static void test_bench_worker__is_never_interrupted(void **state)
{
	const int kept = dup(STDIN_FILENO);
	struct bench_shared memory;
	struct kb_diag diag;
	int end[2], status;
	pid_t child;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(bench_shared_new(&memory, 1, &diag), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	dup2(end[0], STDIN_FILENO);
	child = bench_process_spawn("/bin/cat", BENCH_WORKER_NAME, &memory);
	assert_true(child > 0);
	while (!is_executed(child))
		sched_yield();
	kill(child, SIGINT);
	close(end[1]);
	status = bench_process_reap(child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(end[0]);
	dup2(kept, STDIN_FILENO);
	close(kept);
	bench_shared_release(&memory);
}

/* This many polls in a row without an event, and not one fewer. */
static void test_bench_worker__hang_is_found_after_idle_polls(void **state)
{
	const uint32_t timeout_ms = 5 * BENCH_LOOK_MS;
	struct bench_idle idle = { 0 };

	(void)state;
	for (unsigned i = 1; i < 5; i++)
		assert_false(bench_idle_look(&idle, 0, timeout_ms));
	assert_false(bench_idle_look(&idle, 1, timeout_ms));
	for (unsigned i = 1; i < 5; i++)
		assert_false(bench_idle_look(&idle, 1, timeout_ms));
	assert_true(bench_idle_look(&idle, 1, timeout_ms));
	idle = (struct bench_idle){ 0 };
	/* Shorter than two looks are apart; and for ever. */
	assert_true(bench_idle_look(&idle, 0, 1));
	for (unsigned i = 0; i < 100000; i++)
		assert_false(bench_idle_look(&idle, 0, 0));
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
		cmocka_unit_test(test_bench_worker__is_never_interrupted),
		cmocka_unit_test(
			test_bench_worker__hang_is_found_after_idle_polls),
	};

	if (argc == 1 && strcmp(argv[0], BENCH_WORKER_NAME) == 0)
		return bench_worker_main();
	/* A plugin's path is part of its name, which may not be long. */
	if (chdir(KB_PLUGINS) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
