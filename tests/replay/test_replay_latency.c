/*
 * The latency pass: what it times, how often, and how many operations each
 * sample represents, never how long it takes. The clock counts, and its figures
 * are made up, so that time decides nothing.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "kb_fake_time.h"
#include "test_allocator.h"

#include <stdlib.h>
#include <string.h>

/* Some 1.2 MB each. */
static struct replay_latency_result latency, other;

/* Samples cost nothing, so every marked free is one; or far too much, so none
 * is but the dearest. */
static const struct replay_clock free_clock = { .ns_per_tick = 1e9 };
static const struct replay_clock dear_clock = { .ns_per_tick = 1e-9 };

static struct replay_job job_of(struct trc_reader *reader, struct alloc alloc)
{
	return (struct replay_job){ .reader = reader,
				    .alloc = alloc,
				    .seed = 1,
				    .samples = 1,
				    .clock = &free_clock };
}

static void measure(const char *trace, const char *name, struct replay_job like,
		    struct replay_latency_result *out)
{
	struct trc_reader *reader = test_trace_file(trace);
	struct replay_job job = like;
	struct kb_diag diag;

	kb_diag_init(&diag);
	job.reader = reader;
	job.alloc = test_alloc_open(name, 0);
	assert_int_equal(replay_latency(&job, out, &diag), 0);
	assert_int_equal(diag.status, 0);
	assert_false(out->cut_short);
	job.alloc.vt->close(job.alloc.ctx);
	trc_reader_close(reader);
}

static uint64_t timed(const struct replay_latency_result *l,
		      enum replay_series_id series)
{
	return l->series[series].plain.count;
}

static uint64_t weighted(const struct replay_latency_result *l,
			 enum replay_series_id series)
{
	return l->series[series].weighted.count;
}

/* Two laps: each free once whole and once in its parts, each time for the two
 * that it might have been. */
static void test_replay_latency__times_every_free_both_ways(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });

	(void)state;
	job.samples = 7000;
	measure("boot.trc", "kheap:lookup=pagemap", job, &latency);
	assert_int_equal(latency.probed.laps, 2);
	assert_int_equal(latency.rate_bits, 0);
	for (int i = 0; i < REPLAY_SERIES_COUNT; i++) {
		assert_int_equal(latency.series[i].plain.count, 12591);
		assert_int_equal(latency.series[i].weighted.count, 2 * 12591);
	}
	assert_int_equal(latency.pairs, 5 * 12591);
	assert_int_equal(latency.samples, REPLAY_SAMPLES_MAX);
}

/* Without steps the lookup alone takes turns with the whole; without a lookup
 * every sample is whole. */
static void test_replay_latency__without_steps_or_lookup(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });

	(void)state;
	job.samples = 7000;
	measure("boot.trc", "kheap-fast", job, &latency);
	assert_int_equal(timed(&latency, REPLAY_SERIES_kfree), 12591);
	assert_int_equal(timed(&latency, REPLAY_SERIES_lookup), 12591);
	assert_int_equal(timed(&latency, REPLAY_SERIES_unmap), 0);
	measure("boot.trc", "null", job, &latency);
	assert_int_equal(latency.probed.laps, 1);
	assert_int_equal(timed(&latency, REPLAY_SERIES_kfree), 12591);
	assert_int_equal(weighted(&latency, REPLAY_SERIES_kfree), 12591);
	assert_int_equal(timed(&latency, REPLAY_SERIES_lookup), 0);
	assert_int_equal(latency.frozen.places, 0);
}

/* More frees than there are marks: only marked ones are samples, each for as
 * many as it was chosen from. */
static void test_replay_latency__samples_marked_frees(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });
	static struct replay_marks marks;

	(void)state;
	measure("debian-boot.trc", "glibc", job, &latency);
	replay_marks_init(&marks, 41375, 1);
	assert_int_equal(marks.bits, 2);
	assert_int_equal(latency.rate_bits, 2);
	assert_int_equal(latency.samples, timed(&latency, REPLAY_SERIES_kfree));
	assert_in_range(latency.samples, 41375 / 4 - 600, 41375 / 4 + 600);
	assert_int_equal(weighted(&latency, REPLAY_SERIES_kfree),
			 4 * timed(&latency, REPLAY_SERIES_kfree));
	for (uint32_t i = 0; i < latency.samples; i++)
		assert_true(replay_marks_is_marked(&marks,
						   latency.sample[i].event));
}

/* Where the throughput pass samples, this one searches no more than an epoch of
 * it does: 31,619 / 1000 times 30 events, ten before each sample. The heap goes
 * through the same states, so the same frees find the same objects. */
static void test_replay_latency__goes_forward_between_samples(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });
	const uint64_t allowed = 31 * 30 / 11;

	(void)state;
	job.samples = 1000;
	job.sampling = (struct replay_sampling){ 1000, 20, 10 };
	measure("boot.trc", "kheap", job, &latency);
	assert_int_equal(latency.plain.laps, 0);
	assert_true(latency.rate_bits > 0);
	assert_true(latency.frozen.places > 0);
	assert_in_range(latency.samples / latency.probed.laps, 1,
			ALLOC_STEPS * allowed);
	measure("boot.trc", "kheap:lookup=pagemap", job, &other);
	assert_true(other.plain.laps > 0);
}

/* Some of the first frees of boot.trc. */
static void choose_dearest(uint64_t dearest[64])
{
	struct trc_reader *reader = test_trace_file("boot.trc");
	struct trc_block block;
	struct kb_diag diag;
	uint64_t n = 0;

	kb_diag_init(&diag);
	assert_int_equal(trc_reader_next(reader, &block, &diag), 0);
	for (uint32_t i = 0; i < block.count && n < 64; i++)
		if (block.kind[i] != TRC_ALLOC && i % 5 == 0)
			dearest[n++] = i;
	assert_int_equal(n, 64);
	trc_reader_close(reader);
}

/* The dearest are in every lap, for themselves alone. Events 100 and 101 of this
 * trace are an alloc and a free. */
static void test_replay_latency__always_times_the_most_expensive(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });
	uint64_t dearest[64];

	(void)state;
	choose_dearest(dearest);
	job.clock = &dear_clock;
	job.dearest = dearest;
	job.dearest_count = 64;
	job.samples = 3 * 64;
	measure("boot.trc", "null", job, &latency);
	assert_int_equal(latency.dearest, 64);
	assert_in_range(latency.probed.laps, 1, 3);
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(latency.sample[i].event, dearest[i]);
		assert_int_equal(latency.sample[i].series, REPLAY_SERIES_kfree);
	}
}

/* Where laps go forward between samples, and the dearest were most of the 86 that
 * there may be, they are like any other free. */
static void test_replay_latency__too_many_expensive_to_skip_ahead(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });
	uint64_t dearest[64];
	uint32_t hits = 0;

	(void)state;
	choose_dearest(dearest);
	job.dearest = dearest;
	job.dearest_count = 64;
	job.samples = 1000;
	job.sampling = (struct replay_sampling){ 1000, 20, 10 };
	measure("boot.trc", "kheap", job, &latency);
	assert_int_equal(latency.dearest, 0);
	for (uint32_t i = 0, k = 0; i < latency.samples && k < 64; i++) {
		/* Of the first lap, a free's parts counted once. */
		if (i > 0 &&
		    latency.sample[i].event < latency.sample[i - 1].event)
			break;
		while (k < 64 && dearest[k] < latency.sample[i].event)
			k++;
		if (k < 64 && dearest[k] == latency.sample[i].event) {
			hits++;
			k++;
		}
	}
	assert_in_range(hits, 0, 20);
}

/* The choice is the seed's, never the allocator's; and another process's is
 * another. */
static void test_replay_latency__same_seed_same_choice(void **state)
{
	struct replay_job job = job_of(NULL, (struct alloc){ NULL, NULL });
	bool same = true;

	(void)state;
	measure("debian-boot.trc", "glibc", job, &latency);
	measure("debian-boot.trc", "jemalloc", job, &other);
	assert_int_equal(latency.samples, other.samples);
	for (uint32_t i = 0; i < latency.samples; i++)
		assert_int_equal(latency.sample[i].event,
				 other.sample[i].event);
	job.seed = 2;
	measure("debian-boot.trc", "glibc", job, &other);
	for (uint32_t i = 0; i < 100; i++)
		same &= latency.sample[i].event == other.sample[i].event;
	assert_false(same);
}

/* Everything that is looked up is live, and everything is freed once. */
static void test_replay_latency__leaves_the_heap_valid(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(3000, 100);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	const struct replay_frozen *frozen = &latency.frozen;
	uint64_t again;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_int_equal(t->wrong_frees, 0);
	assert_int_equal(t->missed_lookups, 0);
	assert_int_equal(t->live, 0);
	assert_int_equal(t->allocs, t->frees);
	assert_true(frozen->places >= 32);
	assert_int_equal(frozen->warm.count,
			 REPLAY_FROZEN_REPEATS * frozen->cold.count);
	/* A warm window has its lookups once, or twice if they take long. */
	again = t->lookups - timed(&latency, REPLAY_SERIES_lookup) -
		REPLAY_FROZEN_BATCH * (frozen->cold.count + frozen->warm.count);
	assert_int_equal(again % REPLAY_FROZEN_BATCH, 0);
	assert_true(again <= REPLAY_FROZEN_BATCH * frozen->warm.count);
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* Too few live objects for a window: then there is none. */
static void test_replay_latency__no_window_without_objects(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(3000, REPLAY_FROZEN_BATCH - 2);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_int_equal(latency.frozen.places, 0);
	assert_int_equal(t->lookups, timed(&latency, REPLAY_SERIES_lookup));
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* Refused allocs have no free to time. */
static void test_replay_latency__skips_refused_frees(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:5 +2:5 -1 -2");
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	/* The second alloc of the warm lap; later laps have all. */
	t->lie = TEST_FAILS;
	t->nth = 2;
	job.samples = 2;
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_int_equal(t->wrong_frees, 0);
	assert_int_equal(t->live, 0);
	trc_reader_close(reader);
	free(t);
}

static void test_replay_latency__a_budget_cuts_short(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(18000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	t->work = kb_fake_time_pass;
	t->work_ns = 10000;
	job.budget_ns = 1000000;
	job.samples = 100000;
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_true(latency.cut_short);
	assert_true(timed(&latency, REPLAY_SERIES_kfree) +
			    timed(&latency, REPLAY_SERIES_lookup) <
		    9000);
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* Operations since the progress that is told last changed; the most of them. */
static struct replay_progress progress;
static uint64_t told, untold, untold_max;

static void look_at_progress(uint64_t ns)
{
	(void)ns;
	untold++;
	if (replay_progress_read(&progress) != told)
		untold = 0;
	told = replay_progress_read(&progress);
	untold_max = kb_max(untold_max, untold);
}

/* Whoever watches sees it go on within a slice, which may take long. */
static void test_replay_latency__reports_its_progress(void **state)
{
	struct test_allocator *t = test_allocator_new();
	char *script = test_script(18000, 3);
	struct trc_reader *reader = test_trace(script);
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	t->work = look_at_progress;
	job.progress = &progress;
	/* Three looks at the time, one each 4,096 operations, in the first lap. */
	job.budget_ns = 10 * KB_FAKE_STEP_DEFAULT_NS;
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_true(told > 0);
	assert_in_range(untold_max, 1, 5000);
	free(script);
	trc_reader_close(reader);
	free(t);
}

/* A trace that frees nothing ends all the same. */
static void test_replay_latency__nothing_to_time(void **state)
{
	struct test_allocator *t = test_allocator_new();
	struct trc_reader *reader = test_trace("+1:5 +2:5");
	struct replay_job job = job_of(reader, test_allocator_alloc(t));
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(replay_latency(&job, &latency, &diag), 0);
	assert_int_equal(latency.samples, 0);
	trc_reader_close(reader);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_replay_latency__times_every_free_both_ways),
		cmocka_unit_test(test_replay_latency__without_steps_or_lookup),
		cmocka_unit_test(test_replay_latency__samples_marked_frees),
		cmocka_unit_test(
			test_replay_latency__goes_forward_between_samples),
		cmocka_unit_test(
			test_replay_latency__always_times_the_most_expensive),
		cmocka_unit_test(
			test_replay_latency__too_many_expensive_to_skip_ahead),
		cmocka_unit_test(test_replay_latency__same_seed_same_choice),
		cmocka_unit_test(test_replay_latency__leaves_the_heap_valid),
		cmocka_unit_test(
			test_replay_latency__no_window_without_objects),
		cmocka_unit_test(test_replay_latency__skips_refused_frees),
		cmocka_unit_test(test_replay_latency__a_budget_cuts_short),
		cmocka_unit_test(test_replay_latency__reports_its_progress),
		cmocka_unit_test(test_replay_latency__nothing_to_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
