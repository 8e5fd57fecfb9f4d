/*
 * A run's figures from made-up results, and the cost model from made-up samples.
 */
#include "kb_test.h"

#include "bench_summary.h"

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

/* The summary of a run of these cells. */
static void make(struct bench_run_summary *out, const struct bench_cell *cells,
		 size_t cell_count)
{
	const struct bench_summary_source source = { .cells = cells,
						     .count = cell_count,
						     .clock = &clock_1ns };
	struct kb_diag diag;

	kb_diag_init(&diag);
	assert_int_equal(bench_summary_make(out, &source, &diag), 0);
	assert_int_equal(out->count, cell_count);
}

/* Eight epochs of 1,000 events. Three are hit: one by each kind of trouble. */
static void test_bench_summary__reports_contaminated_epochs(void **state)
{
	struct replay_time_result epoch[8];
	struct bench_cell cell = { .epoch = epoch, .epochs = 8 };
	static const unsigned flags[8] = { 0, BENCH_PREEMPTED, 0, BENCH_STOLEN,
					   0, BENCH_FAULTED,   0, 0 };
	struct bench_run_summary s;
	struct bench_throughput t;

	(void)state;
	memset(epoch, 0, sizeof(epoch));
	for (size_t i = 0; i < 8; i++) {
		epoch[i].repeats = 4;
		for (unsigned k = 0; k < 4; k++)
			epoch[i].replay[k] = (struct replay_round){
				.ticks = flags[i] ? 90000 : 10000 + 100 * i,
				.events = 1000,
				.slices = 1,
			};
		epoch[i].covered = 1000;
		/* The first is cold; of the last three the median counts. */
		epoch[i].replay[0].ticks = 200000;
		epoch[i].replay[2].ticks *= 2;
		epoch[i].faults = 100 + i;
	}
	epoch[1].preemptions = 3;
	epoch[3].steal_ms = 10;
	epoch[5].faults = 400;
	make(&s, &cell, 1);
	assert_true(s.cell[0].has_throughput);
	t = s.cell[0].throughput;
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(s.cell[0].epoch[i].contamination, flags[i]);
		assert_near(s.cell[0].epoch[i].ns,
			    (double)epoch[i].replay[1].ticks / 1000);
	}
	bench_summary_release(&s);
	assert_int_equal(t.contaminated, 3);
	assert_int_equal(t.preempted, 1);
	assert_int_equal(t.stolen, 1);
	assert_int_equal(t.faulted, 1);
	/* The figure includes all; the clean ones' is next to it. */
	assert_int_equal(t.ns.count, 8);
	assert_near(t.ns.median, (10.6 + 10.7) / 2);
	assert_int_equal(t.repeats, 4);
	assert_near(t.cold_ns.median, 200);
	assert_near(t.second_ns.median, (10.6 + 10.7) / 2);
	assert_near(t.curve[2], 2 * (10.6 + 10.7) / 2);
	assert_int_equal(t.clean_ns.count, 5);
	assert_near(t.clean_ns.median, 10.4);
	/* As many as a number holds, in all alike, are the usual ones. */
	for (size_t i = 0; i < 8; i++)
		epoch[i] = (struct replay_time_result){ .faults = UINT64_MAX };
	make(&s, &cell, 1);
	assert_int_equal(s.cell[0].epoch[0].contamination, 0);
	assert_false(s.cell[0].has_throughput);
	bench_summary_release(&s);
}

/* 990 samples of 100 ns represent 100 each, 30 of 9,000 ns themselves: in truth
 * 0.03% are slow, so p99.9 is not, and the maximum is. */
static void test_bench_summary__weights_its_samples(void **state)
{
	struct replay_series *s = &latency.series[REPLAY_SERIES_kfree];
	struct bench_cell cell = { .latency = &latency };
	struct bench_run_summary summary;
	struct bench_latency l;

	(void)state;
	memset(&latency, 0, sizeof(latency));
	replay_hist_add_many(&s->plain, 100, 990);
	replay_hist_add_many(&s->weighted, 100, 99000);
	replay_hist_add_many(&s->plain, 9000, 30);
	replay_hist_add_many(&s->weighted, 9000, 30);
	make(&summary, &cell, 1);
	assert_true(summary.cell[0].has_latency[REPLAY_SERIES_kfree]);
	l = summary.cell[0].latency[REPLAY_SERIES_kfree];
	assert_int_equal(l.samples, 1020);
	assert_int_equal(l.p999.state, BENCH_FIGURE_NUMBER);
	assert_near(l.p999.ns, 100);
	assert_near(l.max.ns, 9000);
	/* Of 9,000 the middle of its bucket, 8,960 to 9,023. */
	assert_near(summary.cell[0].moments[REPLAY_SERIES_kfree].mean_ns,
		    (100 * 99000 + 8992 * 30) / 99030.0);
	assert_false(summary.cell[0].has_latency[REPLAY_SERIES_lookup]);
	bench_summary_release(&summary);
}

/* Times made of the counters, with an interrupt in one of fifty. */
static void test_bench_summary__a_model_finds_the_factors(void **state)
{
	struct bench_cell cell = { .latency = &latency, .count = &count };
	struct replay_marks *marks = &count.marks;
	struct bench_run_summary summary;
	const struct bench_model *model;

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
	make(&summary, &cell, 1);
	assert_true(summary.cell[0].has_kfree_model);
	model = &summary.cell[0].kfree_model;
	assert_int_equal(model->left_out, 40);
	assert_int_equal(model->samples, 1960);
	assert_near(model->fit.factor[0], 200);
	assert_near(model->fit.factor[1], 2);
	assert_near(model->fit.factor[3], 30);
	/* There are as many as writes: one factor represents both. */
	assert_false(model->fit.used[4]);
	assert_near(model->fit.r2, 1);
	/* Every other sample is drawn, so that at most 1,000 are. */
	assert_int_equal(model->points, 980);
	for (size_t i = 0; i < model->points; i++)
		assert_near(model->point[i].predicted,
			    model->point[i].measured);
	assert_false(summary.cell[0].has_lookup_model);
	bench_summary_release(&summary);
}

/* Whether two times may be compared: both must be numbers of the same events. */
static void test_bench_summary__compares_like_with_like(void **state)
{
	static struct bench_trace trace = { .counts = { .events = 1000 } };
	static const char *const names[] = { "null", "jemalloc", "kheap",
					     "buddy", "bump" };
	struct replay_time_result epoch[5];
	struct bench_cell cells[5];
	struct bench_run_summary s;

	(void)state;
	memset(epoch, 0, sizeof(epoch));
	memset(cells, 0, sizeof(cells));
	for (size_t i = 0; i < 5; i++) {
		epoch[i].repeats = 1;
		epoch[i].replay[0].ticks = 100000 * (i + 1);
		epoch[i].replay[0].events = epoch[i].covered = 1000;
		epoch[i].replay[0].slices = 1;
		strcpy(cells[i].spec.name, names[i]);
		cells[i].trace = &trace;
		cells[i].epoch = &epoch[i];
		cells[i].epochs = 1;
	}
	/* One was cut short; of another the clock can tell nothing. */
	epoch[3].covered = 999;
	epoch[4].replay[0].slices = UINT64_C(1) << 40;
	make(&s, cells, 5);
	assert_ptr_equal(bench_summary_find(&s, "kheap"), &s.cell[2]);
	assert_null(bench_summary_find(&s, "kheap:order=head"));
	assert_true(s.cell[1].ratio.known && s.cell[2].ratio.known);
	assert_near(s.cell[1].ratio.value, 1);
	assert_near(s.cell[2].ratio.value, 1.5);
	assert_near(s.cell[2].harness_share.value, 1.0 / 3);
	assert_near(s.cell[2].net_ns.value, 200);
	assert_true(s.cell[2].whole);
	assert_true(s.cell[3].has_throughput);
	assert_false(s.cell[3].ratio.known);
	assert_false(s.cell[3].whole);
	assert_true(s.cell[4].throughput.below_floor);
	assert_false(s.cell[4].ratio.known || s.cell[4].net_ns.known);
	assert_false(bench_summary_ratio(&s.cell[2], &s.cell[4]).known);
	assert_false(bench_summary_ratio(&s.cell[2], NULL).known);
	bench_summary_release(&s);
}

/* What the pass count leaves, as shares and ratios. */
static void test_bench_summary__counts_per_lookup_and_byte(void **state)
{
	static struct bench_ideal ideal = { .requested = { .count = 1,
							   .peak = 50 } };
	struct bench_cell cell = { .count = &count };
	const struct bench_summary_source source = {
		.cells = &cell, .count = 1, .clock = &clock_1ns, .ideal = &ideal
	};
	struct replay_memory *m = &count.memory;
	const struct bench_memory *memory;
	struct bench_run_summary s;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	memset(&count, 0, sizeof(count));
	count.counters.count = 2;
	strcpy(count.counters.item[0].name, "lookups");
	count.counters.item[0].value = 4;
	strcpy(count.counters.item[1].name, "nodes_visited");
	count.counters.item[1].value = 10;
	m->requested = (struct replay_span){ 2, 10, 40, 30, 50 };
	m->granted = (struct replay_span){ 2, 20, 60, 60, 100 };
	m->mapped = (struct replay_span){ 2, 50, 100, 50, 150 };
	assert_int_equal(bench_summary_make(&s, &source, &diag), 0);
	memory = &s.cell[0].memory;
	assert_near(s.cell[0].steps.nodes_visited.value, 2.5);
	assert_false(s.cell[0].steps.rows_visited.known);
	assert_near(memory->mean_granted.value, 50);
	assert_near(memory->mapped_ratio.value, 2.5);
	assert_near(memory->mean_waste.inside.value, 0.5);
	assert_near(memory->mean_waste.outside.value, 1.0 / 3);
	assert_near(memory->end_waste.inside.value, 0.5);
	/* More is granted than mapped at the end: nobody can tell. */
	assert_false(memory->end_waste.outside.known);
	assert_false(memory->mean_waste.broken_up.known);
	assert_near(s.cell[0].mapped_ratio.value, 2);
	assert_ptr_equal(s.maps_least, s.maps_most);
	assert_false(s.cell[0].index_bytes.known);
	bench_summary_release(&s);
	/* A peak below that of the usable bytes is not compared. */
	m->mapped.peak = m->granted.peak - 1;
	assert_int_equal(bench_summary_make(&s, &source, &diag), 0);
	assert_null(s.maps_least);
	assert_null(s.maps_most);
	bench_summary_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_bench_summary__reports_contaminated_epochs),
		cmocka_unit_test(test_bench_summary__weights_its_samples),
		cmocka_unit_test(test_bench_summary__a_model_finds_the_factors),
		cmocka_unit_test(test_bench_summary__compares_like_with_like),
		cmocka_unit_test(
			test_bench_summary__counts_per_lookup_and_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
