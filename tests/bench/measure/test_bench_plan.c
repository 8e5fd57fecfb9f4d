/*
 * Whether a trace is sampled and how: arithmetic alone.
 */
#include "kb_test.h"

#include "bench_plan.h"
#include "kb_bits.h"
#include "kb_rng.h"

/* Small traces are never doubted; what could take longer than the budget is. */
static void test_bench_plan__doubts(void **state)
{
	struct trc_counts counts = { .frees = 41375, .live_max = 15324 };

	(void)state;
	assert_false(bench_plan_doubts(&counts, UINT64_C(24000000000)));
	assert_true(bench_plan_doubts(&counts, UINT64_C(14000000000)));
	counts.frees = 3000000;
	assert_true(bench_plan_doubts(&counts, UINT64_C(14000000000)));
	/* A header whose every number is false. */
	counts.frees = counts.live_max = UINT64_MAX;
	assert_true(bench_plan_doubts(&counts, UINT64_MAX));
}

/* Three replays in each of seven epochs and of a pilot, at what an event costs. */
static void test_bench_plan__fits(void **state)
{
	struct bench_plan plan = { .events = 500000,
				   .ns_per_event = 1000,
				   .budget_ns = UINT64_C(12000000000),
				   .epochs = 7 };

	(void)state;
	assert_true(bench_plan_fits(&plan));
	plan.ns_per_event = 1001;
	assert_false(bench_plan_fits(&plan));
	plan.events = 400000;
	assert_true(bench_plan_fits(&plan));
}

/* Whatever the plan is made from, windows do not overlap and none is empty. */
static void assert_sound(const struct replay_sampling *s)
{
	assert_true(s->window > 0);
	assert_true(s->window + s->warm <= s->period);
}

static void test_bench_plan__any_sampling_is_sound(void **state)
{
	struct kb_rng rng = kb_rng_init(1);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const uint64_t events =
			kb_rng_next(&rng) >> kb_rng_below(&rng, 64);
		const struct bench_plan plan = {
			.events = events,
			.ns_per_event = (double)(kb_rng_next(&rng) >>
						 kb_rng_below(&rng, 64)),
			.fixed_ns = (double)kb_rng_below(&rng, 1u << 31),
			.budget_ns = kb_rng_below(&rng, 1u << 31),
			.epochs = 1 + kb_rng_below(&rng, 30),
		};
		struct replay_sampling s = bench_plan_sampling(&plan);

		assert_sound(&s);
		s = bench_plan_pilot(events);
		assert_sound(&s);
	}
}

/* Seven epochs of 1.7 s, 0.5 s of it for fast-forwarding, at 35 µs per event:
 * what they run for real fills the rest, and no more. */
static void test_bench_plan__fills_the_budget(void **state)
{
	const struct bench_plan plan = { .events = 6000000,
					 .ns_per_event = 35000,
					 .fixed_ns = 5e8,
					 .budget_ns = UINT64_C(13600000000),
					 .epochs = 7 };
	const struct replay_sampling s = bench_plan_sampling(&plan);
	const double windows = (double)plan.events / (double)s.period;
	const double real_ns = windows * (double)(s.window + s.warm) * 35000;

	(void)state;
	assert_true(windows >= 390 && windows <= 410);
	assert_true(real_ns > 1.1e9 && real_ns < 1.25e9);
	assert_true(s.warm >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bench_plan__doubts),
		cmocka_unit_test(test_bench_plan__fits),
		cmocka_unit_test(test_bench_plan__any_sampling_is_sound),
		cmocka_unit_test(test_bench_plan__fills_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
