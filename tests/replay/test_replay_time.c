/*
 * The throughput pass: what it runs and how often, by a clock that counts.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "kb_fake_time.h"
#include "kb_rng.h"
#include "replay_clock.h"
#include "replay_steady.h"
#include "test_allocator.h"

#include <stdlib.h>
#include <string.h>

static struct replay_job job_of(struct trc_reader *reader, struct alloc alloc,
				uint32_t repeats)
{
	return (struct replay_job){ .reader = reader,
				    .alloc = alloc,
				    .repeats = repeats };
}

/* Runs a job of a script, its operations decoded whole, or block by block. */
static struct replay_time_result time_job(struct replay_job *job, bool whole)
{
	const struct replay_feed_config config = { .cpu = -1 };
	struct replay_time_result result;
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (whole)
		assert_int_equal(replay_feed_open(&job->feed, job->reader,
						  &config, &diag),
				 0);
	assert_int_equal(replay_throughput(job, &result, &diag), 0);
	assert_int_equal(diag.status, 0);
	replay_feed_close(job->feed);
	job->feed = NULL;
	return result;
}

static struct replay_time_result time_script(const char *script,
					     struct test_allocator *t,
					     enum alloc_touch touch,
					     uint32_t repeats, bool whole)
{
	struct trc_reader *reader = test_trace(script);
	struct replay_job job =
		job_of(reader, test_allocator_alloc(t), repeats);
	struct replay_time_result result;

	job.touch = touch;
	result = time_job(&job, whole);
	trc_reader_close(reader);
	return result;
}

/* Every replay but the last is followed by the frees of what it leaves. */
static void test_replay_time__repeats_the_trace(void **state)
{
	(void)state;
	for (uint32_t repeats = 1; repeats <= REPLAY_REPEATS_MAX; repeats++) {
		for (int whole = 0; whole < 2; whole++) {
			struct test_allocator *t = test_allocator_new();
			struct replay_time_result result =
				time_script("+1:5 +2:5 +3:5 -2 +4:5 -1", t,
					    ALLOC_TOUCH_NONE, repeats, whole);

			assert_int_equal(result.repeats, repeats);
			for (uint32_t i = 0; i < repeats; i++) {
				assert_int_equal(result.replay[i].events, 6);
				assert_int_equal(result.replay[i].slices, 1);
			}
			assert_int_equal(result.covered, 6);
			assert_int_equal(result.feed,
					 whole ? REPLAY_FEED_WHOLE
					       : REPLAY_FEED_INLINE);
			assert_false(result.cut_short);
			assert_false(result.has_pressed);
			assert_int_equal(t->allocs, repeats * 4);
			assert_int_equal(t->frees, repeats * 4 - 2);
			assert_int_equal(t->wrong_frees, 0);
			assert_int_equal(t->live, 2);
			assert_int_equal(t->touches, 0);
			assert_int_equal(t->lookups, 0);
			free(t);
		}
	}
}

/* Replays that all take the same are steady after three. */
static void test_replay_time__a_pilot_finds_the_repeats(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct replay_time_result result = time_script(
		"+1:5 +2:5 +3:5 -2 +4:5 -1", t, ALLOC_TOUCH_NONE, 0, true);

	(void)state;
	assert_int_equal(result.repeats, REPLAY_STEADY);
	/* What a slice costs is found out with objects that are all freed. */
	assert_int_equal(t->live, 0);
	assert_int_equal(t->wrong_frees, 0);
	assert_true(result.entry_ticks > 0);
	free(t);
}

/* Three replays do not fit: there is one. */
static void test_replay_time__a_pilot_leaves_long_traces_alone(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:5 -1 +2:5");
	struct replay_job job = job_of(reader, test_allocator_alloc(t), 0);
	struct replay_time_result result;

	(void)state;
	t->work = kb_fake_time_pass;
	t->work_ns = UINT64_C(1000000000);
	job.epoch_ns = UINT64_C(8900000000);
	result = time_job(&job, true);
	assert_int_equal(result.repeats, 1);
	assert_false(result.cut_short);
	trc_reader_close(reader);
	free(t);

	t = test_allocator_new();
	reader = test_trace("+1:5 -1 +2:5");
	job = job_of(reader, test_allocator_alloc(t), 0);
	t->work = kb_fake_time_pass;
	t->work_ns = UINT64_C(1000000000);
	job.epoch_ns = UINT64_C(9500000000);
	result = time_job(&job, true);
	assert_int_equal(result.repeats, REPLAY_STEADY);
	trc_reader_close(reader);
	free(t);
}

/* After the steady ones, each pressure has its replays; with --evict there is a
 * slice every few events. */
static void test_replay_time__evicts_before_slices(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:5 +2:5 +3:5 -2 +4:5 -1");
	struct replay_job job = job_of(reader, test_allocator_alloc(t), 3);
	struct replay_time_result result;

	(void)state;
	job.press = true;
	result = time_job(&job, true);
	assert_true(result.has_pressed);
	for (unsigned p = 0; p < REPLAY_PRESSURES; p++)
		for (unsigned i = 0; i < REPLAY_PRESSED; i++)
			assert_int_equal(result.pressed[p][i].events, 6);
	assert_int_equal(t->allocs,
			 (3 + REPLAY_PRESSURES * REPLAY_PRESSED) * 4);
	assert_int_equal(t->wrong_frees, 0);
	free(t);

	t = test_allocator_new();
	job.alloc = test_allocator_alloc(t);
	job.press = false;
	job.evict_kib = 32;
	job.evict_events = 4;
	trc_reader_close(reader);
	job.reader = reader = test_trace("+1:5 +2:5 +3:5 -2 +4:5 -1");
	result = time_job(&job, true);
	assert_false(result.has_pressed);
	assert_int_equal(result.replay[2].slices, 2);
	trc_reader_close(reader);
	free(t);
}

/* A refused alloc's free is skipped, in all replays, and so is a stale handle in
 * a slot that was taken again in vain. */
static void test_replay_time__skips_refused_frees(void **state)
{
	for (unsigned nth = 1; nth <= 8; nth++) {
		struct test_allocator *t = test_allocator_new();

		(void)state;
		t->lie = TEST_FAILS;
		t->nth = nth;
		time_script("+1:5 -1 +2:5 -2 +3:5 +4:5 -3 -4", t,
			    ALLOC_TOUCH_NONE, 2, nth % 2);
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
			    (enum alloc_touch)i, 2, true);
		assert_int_equal(t->touches, 2 * touches[i]);
		free(t);
	}
}

/* Runs of one kind of any length, at the borders of slices too. */
static void test_replay_time__slices_cover_every_event(void **state)
{
	static const unsigned events[] = { 0, 1, 2, 2047, 2048, 2049, 9000 };

	(void)state;
	for (size_t i = 0; i < 2 * KB_ARRAY_LEN(events); i++) {
		struct test_allocator *t = test_allocator_new();
		const unsigned count = events[i / 2];
		char *script = test_script(count, 7);
		struct replay_time_result result =
			time_script(script, t, ALLOC_TOUCH_NONE, 2, i % 2);

		assert_int_equal(result.replay[0].events, count);
		assert_int_equal(result.replay[1].events, count);
		assert_true(result.replay[1].slices >= (count > 0));
		assert_int_equal(t->wrong_frees, 0);
		/* What was allocated was freed, but for what is live. */
		assert_int_equal(t->allocs, t->frees + t->live);
		assert_true(t->live <= 8);
		free(script);
		free(t);
	}
}

/* Slow beyond any budget: it stops in the first replay, says so, and tells just
 * what it ran. */
static void test_replay_time__a_budget_cuts_short(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(18000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t), 3);
	struct replay_time_result result;
	struct replay_progress progress = { 0 };

	(void)state;
	t->work = kb_fake_time_pass;
	t->work_ns = 10000;
	job.budget_ns = 1000000;
	job.progress = &progress;
	result = time_job(&job, false);
	assert_true(result.cut_short);
	assert_int_equal(result.repeats, 1);
	/* Slices are of 2,048 events, which take 20 ms. */
	assert_int_equal(result.replay[0].events, 2048);
	assert_int_equal(result.covered, 2048);
	assert_int_equal(replay_progress_read(&progress), 2048);
	assert_int_equal(t->allocs + t->frees, 2048);
	assert_int_equal(t->wrong_frees, 0);
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* A replay that the budget cuts is none; those before it count. */
static void test_replay_time__a_budget_keeps_whole_replays(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(4000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t), 5);
	struct replay_time_result result;

	(void)state;
	t->work = kb_fake_time_pass;
	t->work_ns = 10000;
	/* Each replay takes 40 ms and some. */
	job.budget_ns = 95000000;
	result = time_job(&job, true);
	assert_true(result.cut_short);
	assert_int_equal(result.repeats, 2);
	assert_int_equal(result.replay[1].events, 4000);
	assert_int_equal(result.covered, 4000);
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
	result = time_script(script, t, ALLOC_TOUCH_NONE, 2, true);
	assert_false(result.cut_short);
	assert_int_equal(result.replay[1].events, 5000);
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
			reader, test_alloc_open("kheap:lookup=pagemap", 0), 2);
		struct replay_time_result result;

		job.use_tsc = tsc;
		result = time_job(&job, true);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(result.replay[i].events, 31619);
			assert_true(result.replay[i].ticks > 0);
		}
		alloc_close(&job.alloc);
		trc_reader_close(reader);
	}
}

static void test_replay_time__passes_errors_on(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:4294967296");
	struct replay_job job = job_of(reader, test_allocator_alloc(t), 1);
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

static void test_replay_steady__three_alike(void **state)
{
	const double falling[] = { 30, 14, 12, 11.9, 11.95, 11.9 };
	double never[REPLAY_REPEATS_MAX];

	(void)state;
	for (size_t i = 0; i <= 4; i++)
		assert_false(replay_steady_reached(falling, i, 0));
	assert_true(replay_steady_reached(falling, 5, 0));
	assert_true(replay_steady_of(falling, 5) == 11.95);
	/* Long ones need no more than three. */
	assert_false(replay_steady_reached(falling, 3, 50000000));
	assert_true(replay_steady_reached(falling, 3, 50000001));
	assert_false(replay_steady_reached(falling, 2, 50000001));
	/* Noise is not waited for. */
	for (size_t i = 0; i < REPLAY_REPEATS_MAX; i++) {
		never[i] = 10 + (double)(i % 3);
		assert_int_equal(replay_steady_reached(never, i + 1, 0),
				 i + 1 == REPLAY_REPEATS_MAX);
	}
	assert_true(replay_steady_of(never, REPLAY_REPEATS_MAX) == 11);
	assert_true(replay_steady_of(never, 1) == 10);
	assert_true(replay_steady_of(never, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_time__repeats_the_trace),
		cmocka_unit_test(test_replay_time__a_pilot_finds_the_repeats),
		cmocka_unit_test(
			test_replay_time__a_pilot_leaves_long_traces_alone),
		cmocka_unit_test(test_replay_time__evicts_before_slices),
		cmocka_unit_test(test_replay_time__skips_refused_frees),
		cmocka_unit_test(test_replay_time__touches_as_asked),
		cmocka_unit_test(test_replay_time__slices_cover_every_event),
		cmocka_unit_test(test_replay_time__a_budget_cuts_short),
		cmocka_unit_test(
			test_replay_time__a_budget_keeps_whole_replays),
		cmocka_unit_test(test_replay_time__no_budget_never_cuts),
		cmocka_unit_test(test_replay_time__both_clocks),
		cmocka_unit_test(test_replay_time__passes_errors_on),
		cmocka_unit_test(test_replay_steady__three_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
