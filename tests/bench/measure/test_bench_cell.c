/*
 * A cell's figures from made-up results, and the cost model from made-up samples.
 */
#include "kb_test.h"

#include "bench_cell.h"
#include "bench_model.h"

#include <math.h>
#include <string.h>

/* Some megabyte each. */
static struct replay_latency_result latency;
static struct replay_count_result count;

static const struct replay_clock clock_1ns = { .quantum = 1, .ns_per_tick = 1 };

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-6 * (1 + fabs(expected))) {
		print_error("%.12g, expected %.12g\n", value, expected);
		fail();
	}
}

/* Eight epochs of 1,000 events. Three are hit: one by each kind of trouble. */
static void test_bench_cell__tells_contaminated_epochs(void **state)
{
	struct replay_time_result epoch[8];
	struct bench_cell cell = { .epoch = epoch, .epochs = 8 };
	static const unsigned flags[8] = { 0, BENCH_PREEMPTED, 0, BENCH_STOLEN,
					   0, BENCH_FAULTED,   0, 0 };
	struct bench_throughput t;

	(void)state;
	memset(epoch, 0, sizeof(epoch));
	for (size_t i = 0; i < 8; i++) {
		epoch[i].ticks = flags[i] ? 90000 : 10000 + 100 * i;
		epoch[i].events = epoch[i].covered = 1000;
		epoch[i].slices = 1;
		epoch[i].faults = 100 + i;
	}
	epoch[1].preemptions = 3;
	epoch[3].steal_ms = 10;
	epoch[5].faults = 400;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(bench_epoch_contamination(&cell, i), flags[i]);
	assert_true(bench_cell_throughput(&cell, &clock_1ns, &t));
	assert_int_equal(t.contaminated, 3);
	assert_int_equal(t.preempted, 1);
	assert_int_equal(t.stolen, 1);
	assert_int_equal(t.faulted, 1);
	/* All are in the figure; the clean ones' stands beside it. */
	assert_int_equal(t.ns.count, 8);
	assert_near(t.ns.median, (10.6 + 10.7) / 2);
	assert_int_equal(t.clean_ns.count, 5);
	assert_near(t.clean_ns.median, 10.4);
	/* As many as a number holds, in all alike, are the usual ones. */
	for (size_t i = 0; i < 8; i++)
		epoch[i] = (struct replay_time_result){ .faults = UINT64_MAX };
	assert_int_equal(bench_epoch_contamination(&cell, 0), 0);
}

/* 990 samples of 100 ns stand for 100 each, 30 of 9,000 ns for themselves: in
 * truth 0.03 % are slow, so p99.9 is not, and the slowest is. */
static void test_bench_cell__weights_its_samples(void **state)
{
	struct replay_series *s = &latency.series[REPLAY_SERIES_kfree];
	struct bench_cell cell = { .latency = &latency };
	struct bench_latency l;

	(void)state;
	memset(&latency, 0, sizeof(latency));
	replay_hist_add_many(&s->plain, 100, 990);
	replay_hist_add_many(&s->weighted, 100, 99000);
	replay_hist_add_many(&s->plain, 9000, 30);
	replay_hist_add_many(&s->weighted, 9000, 30);
	assert_true(
		bench_cell_latency(&cell, REPLAY_SERIES_kfree, &clock_1ns, &l));
	assert_int_equal(l.samples, 1020);
	assert_int_equal(l.p999.state, BENCH_FIGURE_NUMBER);
	assert_near(l.p999.ns, 100);
	assert_near(l.max.ns, 9000);
	assert_false(bench_cell_latency(&cell, REPLAY_SERIES_lookup, &clock_1ns,
					&l));
}

/* Times made of the counters, with an interrupt in one of fifty. */
static void test_bench_cell__a_model_finds_the_factors(void **state)
{
	struct bench_cell cell = { .latency = &latency, .count = &count };
	struct replay_marks *marks = &count.marks;
	struct bench_model model;

	(void)state;
	memset(&latency, 0, sizeof(latency));
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t nodes = i * 37 % 5000, pages = 1 + i % 7;

		marks->mark[i] = (struct replay_mark){
			.event = 3 * i,
			.nodes_visited = nodes,
			.remove_nodes_visited = nodes,
			.pte_writes = pages,
			.tlb_invalidations = pages,
		};
		latency.sample[i] = (struct replay_timed){
			.event = 3 * i,
			.series = REPLAY_SERIES_kfree,
			.ticks = 200 + 2 * 2 * nodes + 30 * pages +
				 (i % 50 == 7 ? 40000 : 0),
		};
	}
	marks->count = latency.samples = 2000;
	assert_true(bench_model_fit(&model, &cell, REPLAY_SERIES_kfree,
				    &clock_1ns));
	assert_int_equal(model.left_out, 40);
	assert_int_equal(model.samples, 1960);
	assert_near(model.fit.factor[0], 200);
	assert_near(model.fit.factor[1], 2);
	assert_near(model.fit.factor[3], 30);
	/* They are as many as the writes: one factor stands for both. */
	assert_false(model.fit.used[4]);
	assert_near(model.fit.r2, 1);
	assert_false(bench_model_fit(&model, &cell, REPLAY_SERIES_lookup,
				     &clock_1ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_cell__tells_contaminated_epochs),
		cmocka_unit_test(test_bench_cell__weights_its_samples),
		cmocka_unit_test(test_bench_cell__a_model_finds_the_factors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
