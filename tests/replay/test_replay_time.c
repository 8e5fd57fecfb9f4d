/*
 * The throughput pass: what it runs and how often, by a clock that counts.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "kb_fake_time.h"
#include "kb_rng.h"
#include "replay_clock.h"
#include "test_allocator.h"

#include <stdlib.h>
#include <string.h>

static struct replay_job job_of(struct trc_reader *reader, struct alloc alloc)
{
	return (struct replay_job){ .reader = reader, .alloc = alloc };
}

static struct replay_time_result time_script(const char *script,
					     struct test_allocator *t,
					     enum alloc_touch touch)
{
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct replay_time_result result;
	struct kb_diag diag;

	kb_diag_init(&diag);
	job.touch = touch;
	assert_int_equal(replay_throughput(&job, &result, &diag), 0);
	assert_int_equal(diag.status, 0);
	trc_reader_close(reader);
	return result;
}

/* The first replay, everything freed after it, then the timed one. */
static void test_replay_time__runs_the_trace_twice(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct replay_time_result result;

	(void)state;
	result = time_script("+1:5 +2:5 +3:5 -2 +4:5 -1", t, ALLOC_TOUCH_NONE);
	assert_int_equal(result.cold_events, 6);
	assert_int_equal(result.events, 6);
	assert_int_equal(result.cold_slices, 1);
	assert_int_equal(result.slices, 1);
	assert_false(result.cut_short);
	assert_int_equal(t->allocs, 2 * 4);
	/* Two of the trace, two that were left, two of the trace. */
	assert_int_equal(t->frees, 6);
	assert_int_equal(t->wrong_frees, 0);
	assert_int_equal(t->live, 2);
	assert_int_equal(t->touches, 0);
	assert_int_equal(t->lookups, 0);
	free(t);
}

/* A refused alloc's free is skipped, in both replays, and so is a stale handle
 * in a slot that was taken again in vain. */
static void test_replay_time__skips_refused_frees(void **state)
{
	for (unsigned nth = 1; nth <= 8; nth++) {
		struct test_allocator *t = test_allocator_new();

		(void)state;
		t->lie = TEST_FAILS;
		t->nth = nth;
		time_script("+1:5 -1 +2:5 -2 +3:5 +4:5 -3 -4", t,
			    ALLOC_TOUCH_NONE);
		assert_int_equal(t->allocs, 8);
		assert_int_equal(t->frees, 7);
		assert_int_equal(t->wrong_frees, 0);
		assert_int_equal(t->live, 0);
		free(t);
	}
}

static void test_replay_time__touches_as_asked(void **state)
{
	static const uint64_t touches[] = {
		[ALLOC_TOUCH_NONE] = 0,
		[ALLOC_TOUCH_FIRST] = 3,
		[ALLOC_TOUCH_ALL] = 1 + 1 + 3,
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(touches); i++) {
		struct test_allocator *t = test_allocator_new();

		time_script("+1:0 +2:1 +3:4096 -3 +4:8193", t,
			    (enum alloc_touch)i);
		assert_int_equal(t->touches, 2 * touches[i]);
		free(t);
	}
}

/* Runs of one kind of any length, at the borders of slices too. */
static void test_replay_time__slices_cover_every_event(void **state)
{
	static const unsigned events[] = { 0, 1, 2, 2047, 2048, 2049, 9000 };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(events); i++) {
		struct test_allocator *t = test_allocator_new();
		char *script = test_script(events[i], 7);
		struct replay_time_result result =
			time_script(script, t, ALLOC_TOUCH_NONE);

		assert_int_equal(result.cold_events, events[i]);
		assert_int_equal(result.events, events[i]);
		assert_true(result.slices >= (events[i] > 0));
		assert_int_equal(t->wrong_frees, 0);
		/* What was allocated was freed, but for what is live. */
		assert_int_equal(t->allocs, t->frees + t->live);
		assert_true(t->live <= 8);
		free(script);
		free(t);
	}
}

/* Slow beyond any budget: it stops, says so, and tells just what it ran. */
static void test_replay_time__a_budget_cuts_short(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(18000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct replay_time_result result;
	struct replay_progress progress = { 0 };
	struct kb_diag diag;
	uint64_t frees_between;

	(void)state;
	kb_diag_init(&diag);
	t->work = kb_fake_time_pass;
	t->work_ns = 10000;
	job.budget_ns = 1000000;
	job.progress = &progress;
	assert_int_equal(replay_throughput(&job, &result, &diag), 0);
	assert_true(result.cut_short);
	assert_in_range(result.cold_events, 1, 17999);
	assert_in_range(result.events, 1, 17999);
	assert_int_equal(replay_progress_read(&progress), result.events);
	/* All that it did is in its two tallies and in what it freed between
	 * them: at most four objects were live. */
	frees_between =
		t->allocs + t->frees - result.cold_events - result.events;
	assert_in_range(frees_between, 0, 4);
	assert_int_equal(t->wrong_frees, 0);
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* Half of the budget is the first replay's, so that a trace that is too long
 * for the budget still has its figure: 18,000 events of 10 µs in 100 ms. */
static void
test_replay_time__half_of_the_budget_is_the_first_replays(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(18000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct replay_time_result result;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	t->work = kb_fake_time_pass;
	t->work_ns = 10000;
	job.budget_ns = 100000000;
	assert_int_equal(replay_throughput(&job, &result, &diag), 0);
	assert_true(result.cut_short);
	/* Slices are of 2,048 events, which take 20 ms: three are begun in the
	 * first half, two in the rest. */
	assert_int_equal(result.cold_events, 3 * 2048);
	assert_int_equal(result.events, 2 * 2048);
	free(script);
	trc_reader_close(reader);
	free(t);
}

static void test_replay_time__no_budget_never_cuts(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct replay_time_result result;
	char *script = test_script(5000, 3);

	(void)state;
	t->work = kb_fake_time_pass;
	t->work_ns = UINT64_C(1000000000);
	result = time_script(script, t, ALLOC_TOUCH_NONE);
	assert_false(result.cut_short);
	assert_int_equal(result.events, 5000);
	free(script);
	free(t);
}

static void test_replay_time__both_clocks(void **state)
{
	struct replay_clock clock;

	(void)state;
	replay_clock_qualify(&clock);
	for (int tsc = 0; tsc <= clock.use_tsc; tsc++) {
		struct trc_reader *reader = test_trace_file("boot.trc");
		struct replay_job job = job_of(
			reader, test_alloc_open("kheap:lookup=pagemap", 0));
		struct replay_time_result result;
		struct kb_diag diag;

		kb_diag_init(&diag);
		job.use_tsc = tsc;
		assert_int_equal(replay_throughput(&job, &result, &diag), 0);
		assert_int_equal(result.events, 31619);
		assert_int_equal(result.cold_events, 31619);
		assert_true(result.ticks > 0);
		assert_true(result.cold_ticks > 0);
		alloc_close(&job.alloc);
		trc_reader_close(reader);
	}
}

static void test_replay_time__passes_errors_on(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:4294967296");
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct replay_time_result result;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_throughput(&job, &result, &diag), KB_E_RANGE);
	assert_non_null(strstr(diag.text, "4 GiB"));
	assert_int_equal(t->allocs, 0);
	trc_reader_close(reader);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_time__runs_the_trace_twice),
		cmocka_unit_test(test_replay_time__skips_refused_frees),
		cmocka_unit_test(test_replay_time__touches_as_asked),
		cmocka_unit_test(test_replay_time__slices_cover_every_event),
		cmocka_unit_test(test_replay_time__a_budget_cuts_short),
		cmocka_unit_test(
			test_replay_time__half_of_the_budget_is_the_first_replays),
		cmocka_unit_test(test_replay_time__no_budget_never_cuts),
		cmocka_unit_test(test_replay_time__both_clocks),
		cmocka_unit_test(test_replay_time__passes_errors_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
