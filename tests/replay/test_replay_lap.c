#include "replay_support.h"

#include "replay_lap.h"
#include "test_allocator.h"

#include <stdlib.h>

/* Runs `rounds` rounds of `step` operations each. */
static int run_rounds(struct replay_lap *lap, unsigned rounds, uint64_t step,
		      struct kb_diag *diag)
{
	uint64_t ticks = 0, readings = 0;
	int err = 0;

	for (unsigned i = 0; i < rounds && err == 0; i++)
		err = replay_lap_run(lap, step, &ticks, &readings, diag);
	assert_true(err < 0 || readings >= rounds);
	return err;
}

/* A trace that leaves two objects live goes round more often than the window
 * has pages for, so everything is freed at its end; and in steps that do not
 * divide it, so a slice may cross the end. */
static void test_replay_lap__wraps_around_and_frees(void **state)
{
	struct replay_job job = { .reader = test_trace("+1:1 +2:9000 +3:1 -1"),
				  .alloc = test_alloc_open("kheap", 6) };
	struct alloc_gauge gauge;
	struct replay_lap *lap;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_lap_new(&lap, &job), 0);
	for (uint64_t step = 1; step <= 9; step++)
		assert_int_equal(run_rounds(lap, 20, step, &diag), 0);
	/* 900 operations are 225 whole rounds: what lives is one round's. */
	job.alloc.vt->gauge(job.alloc.ctx, &gauge);
	assert_int_equal(gauge.free_pages, 6 - 3 - 1);
	replay_lap_free(lap);
	assert_true(job.alloc.vt->is_valid(job.alloc.ctx));
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
}

/* Whole replays: it ends with the trace, whatever it took, with a feed or without;
 * so the next operation is the first in every process. */
static void test_replay_lap__warms_up_by_whole_replays(void **state)
{
	const struct replay_feed_config config = { .cpu = -1 };

	(void)state;
	for (int fed = 0; fed < 2; fed++) {
		struct test_allocator *t = test_allocator_new();
		struct replay_job job = { .reader = test_trace(
						  "+1:1 +2:9000 +3:1 -1"),
					  .alloc = test_allocator_alloc(t) };
		struct replay_lap *lap;
		struct kb_diag diag;
		uint64_t replays;

		kb_diag_init(&diag);
		if (fed)
			assert_int_equal(replay_feed_open(&job.feed, job.reader,
							  &config, &diag),
					 0);
		assert_int_equal(replay_lap_new(&lap, &job), 0);
		assert_int_equal(replay_lap_warm(lap, &diag), 0);
		replays = t->allocs / 3;
		assert_in_range(replays, 1, REPLAY_REPEATS_MAX);
		assert_int_equal(t->allocs, 3 * replays);
		assert_int_equal(t->live, 2);
		assert_int_equal(run_rounds(lap, 1, 2, &diag), 0);
		assert_int_equal(t->allocs, 3 * replays + 2);
		assert_int_equal(t->live, 2);
		assert_int_equal(t->wrong_frees, 0);
		replay_lap_free(lap);
		replay_feed_close(job.feed);
		trc_reader_close(job.reader);
		free(t);
	}
}

/* Without an event there is nothing to go round. */
static void test_replay_lap__an_empty_trace_is_refused(void **state)
{
	struct replay_job job = { .reader = test_trace(""),
				  .alloc = test_alloc_open("null", 0) };
	struct replay_lap *lap;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_lap_new(&lap, &job), 0);
	assert_int_equal(run_rounds(lap, 1, 1, &diag), KB_E_CORRUPT);
	replay_lap_free(lap);
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_lap__wraps_around_and_frees),
		cmocka_unit_test(test_replay_lap__warms_up_by_whole_replays),
		cmocka_unit_test(test_replay_lap__an_empty_trace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
