/*
 * Sampled replays: where the windows are, and that fast-forwarding leaves the
 * same state as searching.
 */
#include "replay_support.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_program.h"
#include "replay_sample.h"

#include <stdlib.h>
#include <string.h>

/* Expect: going by stretches or event by event says the same, and warming is
 * always followed by a window. */
static void check_stretches(const struct replay_sample *s, uint64_t events)
{
	uint64_t event = 0;
	enum replay_stretch before = REPLAY_FORWARD;

	while (event < events) {
		uint64_t until, one;
		const enum replay_stretch what =
			replay_sample_at(s, event, &until);

		assert_true(until > event);
		for (uint64_t e = event; e < until; e++) {
			assert_int_equal(replay_sample_at(s, e, &one), what);
			assert_int_equal(one, until);
		}
		if (before == REPLAY_WARM)
			assert_int_equal(what, REPLAY_MEASURE);
		before = what;
		event = until;
	}
}

/* Over all places of the first window, each event is measured equally often. */
static void check_plan(const struct replay_sampling *plan, uint64_t events)
{
	uint64_t *measured = calloc(events, sizeof(*measured));
	struct replay_sample s = { .plan = *plan };
	uint64_t until;

	assert_non_null(measured);
	for (s.start = 0; s.start < plan->period; s.start++) {
		check_stretches(&s, events);
		for (uint64_t e = 0; e < events; e++)
			measured[e] += replay_sample_at(&s, e, &until) ==
				       REPLAY_MEASURE;
	}
	for (uint64_t e = 0; e < events; e++)
		assert_int_equal(measured[e], plan->window);
	free(measured);
}

static void test_replay_sample__every_event_is_equally_likely(void **state)
{
	(void)state;
	check_plan(&(struct replay_sampling){ 10, 2, 3 }, 47);
	check_plan(&(struct replay_sampling){ 10, 1, 0 }, 20);
	check_plan(&(struct replay_sampling){ 7, 4, 3 }, 50);
	check_plan(&(struct replay_sampling){ 5, 5, 0 }, 12);
	check_plan(&(struct replay_sampling){ 100, 9, 4 }, 33);
}

static void test_replay_sample__the_seed_draws_the_start(void **state)
{
	const struct replay_sampling plan = { 1000, 10, 10 };
	struct replay_sample a, b;
	unsigned different = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		replay_sample_init(&a, &plan, seed);
		replay_sample_init(&b, &plan, seed + 1);
		assert_true(a.start < plan.period);
		different += a.start != b.start;
		replay_sample_init(&b, &plan, seed);
		assert_int_equal(a.start, b.start);
	}
	assert_true(different > 40);
}

static void hash_cluster(void *user, const struct alloc_cluster *c)
{
	uint64_t *hash = user;

	*hash = kb_mix64(*hash ^ c->row);
	*hash = kb_mix64(*hash ^ c->index);
	*hash = kb_mix64(*hash ^ c->handle);
	*hash = kb_mix64(*hash ^ c->size);
}

/* All clusters, row by row in their lists' order, and the free pages. */
static uint64_t state_of(const struct alloc *alloc)
{
	struct alloc_gauge gauge;
	uint64_t hash = 0;

	alloc->vt->inspect(alloc->ctx, hash_cluster, &hash);
	alloc->vt->gauge(alloc->ctx, &gauge);
	hash = kb_mix64(hash ^ gauge.free_pages);
	return kb_mix64(hash ^ gauge.longest_free_run);
}

#define SLOTS	   200
#define OPERATIONS 6000

/* Random operations; sizes that at times the window has no room for. */
static void make_ops(struct replay_op *ops, uint64_t seed)
{
	struct kb_rng rng = kb_rng_init(seed);
	bool held[SLOTS] = { false };
	uint32_t size[SLOTS];

	for (unsigned i = 0; i < OPERATIONS; i++) {
		const uint32_t slot = (uint32_t)kb_rng_below(&rng, SLOTS);
		const uint64_t pages = kb_rng_below(&rng, 8) ? 1 : 60;

		if (!held[slot])
			size[slot] = (uint32_t)kb_rng_below(&rng, pages * 4096);
		ops[i] = held[slot] ? replay_op_free(slot, size[slot])
				    : replay_op_alloc(slot, size[slot]);
		held[slot] = !held[slot];
	}
}

/* One heap searches, the other one searches now and then. */
static void check_forward(const char *name, enum alloc_touch touch,
			  uint64_t seed)
{
	struct alloc a = test_alloc_open(name, 600);
	struct alloc b = test_alloc_open(name, 600);
	static struct replay_op ops[OPERATIONS];
	uint64_t live_a[SLOTS] = { 0 }, live_b[SLOTS] = { 0 };
	struct kb_rng rng = kb_rng_init(seed);
	unsigned done = 0;

	make_ops(ops, seed);
	while (done < OPERATIONS) {
		const size_t n = (size_t)kb_min(1 + kb_rng_below(&rng, 300),
						OPERATIONS - done);

		a.vt->run[touch](a.ctx, ops + done, n, live_a);
		if (kb_rng_below(&rng, 3))
			assert_int_equal(b.vt->fast_forward(b.ctx, ops + done,
							    n, live_b, touch),
					 0);
		else
			b.vt->run[touch](b.ctx, ops + done, n, live_b);
		done += (unsigned)n;
		/* Every address that was handed out, and the whole heap. */
		assert_memory_equal(live_a, live_b, sizeof(live_a));
		assert_int_equal(state_of(&a), state_of(&b));
	}
	assert_true(b.vt->is_valid(b.ctx));
	alloc_close(&a);
	alloc_close(&b);
}

static void test_replay_sample__forward_leaves_the_same_state(void **state)
{
	static const char *const names[] = {
		"kheap",
		"kheap:order=head",
		"kheap:lookup=rowmap",
		"kheap:lookup=rowmap,order=head,nodes=pool",
		"kheap:lookup=scan",
		"kheap:fit=best",
		"kheap:fit=next,pager=none",
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		for (uint64_t seed = 0; seed < 3; seed++)
			check_forward(names[i], (enum alloc_touch)seed, seed);
}

/* The timed replay of a trace's file, and the state that it leaves. */
static struct replay_time_result
replay_file(const char *name, struct replay_sampling sampling, uint64_t *hash)
{
	struct replay_job job = {
		.reader = test_trace_file("boot.trc"),
		.alloc = test_alloc_open(name, 0),
		.sampling = sampling,
		/* As a sampled one, which begins with a replay untimed. */
		.repeats = 2,
		.seed = 3,
	};
	struct replay_time_result result;
	struct kb_diag diag;

	kb_diag_init(&diag);
	assert_int_equal(replay_throughput(&job, &result, &diag), 0);
	*hash = job.alloc.vt->inspect ? state_of(&job.alloc) : 0;
	alloc_close(&job.alloc);
	trc_reader_close(job.reader);
	return result;
}

static void test_replay_sample__a_sampled_replay_ends_the_same(void **state)
{
	const struct replay_sampling none = { 0 }, plan = { 1000, 50, 20 };
	struct replay_time_result whole, sampled;
	uint64_t expected, hash;

	(void)state;
	whole = replay_file("kheap:order=head", none, &expected);
	sampled = replay_file("kheap:order=head", plan, &hash);
	assert_int_equal(hash, expected);
	assert_int_equal(whole.replay[0].events, 31619);
	assert_int_equal(whole.covered, 31619);
	assert_int_equal(whole.windows, 0);
	assert_int_equal(sampled.covered, 31619);
	assert_false(sampled.cut_short);
	/* 31 or 32 windows, one of which may go round the end. */
	assert_in_range(sampled.windows, 31, 33);
	assert_in_range(sampled.replay[0].events, 31 * 50, 32 * 50);
	assert_int_equal(sampled.repeats, 1);
	assert_true(sampled.rate_squares > 0);
}

static void test_replay_sample__needs_forward_support(void **state)
{
	const struct replay_sampling plan = { 1000, 50, 20 };
	uint64_t hash;

	(void)state;
	assert_int_equal(replay_file("null", plan, &hash).windows, 0);
	assert_int_equal(
		replay_file("kheap:lookup=pagemap", plan, &hash).covered, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_replay_sample__every_event_is_equally_likely),
		cmocka_unit_test(test_replay_sample__the_seed_draws_the_start),
		cmocka_unit_test(
			test_replay_sample__forward_leaves_the_same_state),
		cmocka_unit_test(
			test_replay_sample__a_sampled_replay_ends_the_same),
		cmocka_unit_test(test_replay_sample__needs_forward_support),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
