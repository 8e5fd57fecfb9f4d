#include "kb_test.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One in static memory: it is some 60 kB. */
static struct replay_hist hist, other;

static int setup(void **state)
{
	(void)state;
	memset(&hist, 0, sizeof(hist));
	memset(&other, 0, sizeof(other));
	return 0;
}

/* The buckets are adjacent, without gaps, up to the last possible value. */
static void test_replay_hist__buckets_cover_everything(void **state)
{
	uint64_t expected = 0;

	(void)state;
	for (size_t b = 0; b < REPLAY_HIST_BUCKETS; b++) {
		const uint64_t low = replay_hist_bucket_low(b);
		const uint64_t width = replay_hist_bucket_width(b);

		assert_int_equal(low, expected);
		assert_true(width > 0);
		assert_int_equal(replay_hist_bucket_of(low), b);
		assert_int_equal(replay_hist_bucket_of(low + width - 1), b);
		/* At most 1/128 of its values wide. */
		assert_true(width == 1 || width <= low / 128);
		expected = low + width;
	}
	/* The next one would begin at 2^64. */
	assert_int_equal(expected, 0);
}

static void test_replay_hist__small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 256; v++) {
		assert_int_equal(
			replay_hist_bucket_low(replay_hist_bucket_of(v)), v);
		assert_int_equal(
			replay_hist_bucket_width(replay_hist_bucket_of(v)), 1);
	}
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of every size: the number of bits is drawn first. */
static uint64_t draw(struct kb_rng *rng)
{
	return kb_rng_next(rng) >> kb_rng_below(rng, 64);
}

static void check_quantile(const uint64_t *sorted, size_t count, double q)
{
	const size_t rank = (size_t)ceil(q * (double)count);
	const uint64_t exact = sorted[rank - 1];
	const uint64_t told = replay_hist_quantile(&hist, q);
	const uint64_t gap = told > exact ? told - exact : exact - told;

	if (gap > exact / 128) {
		print_error("q %g: %llu, exactly %llu\n", q,
			    (unsigned long long)told,
			    (unsigned long long)exact);
		fail();
	}
}

static void test_replay_hist__quantiles_against_a_sort(void **state)
{
	enum { COUNT = 100000 };
	uint64_t *values = malloc(COUNT * sizeof(*values));
	struct kb_rng rng = kb_rng_init(1);

	(void)state;
	assert_non_null(values);
	for (size_t i = 0; i < COUNT; i++) {
		values[i] = draw(&rng);
		replay_hist_add(&hist, values[i]);
	}
	qsort(values, COUNT, sizeof(*values), compare_u64);
	for (int i = 1; i < 10000; i++)
		check_quantile(values, COUNT, i / 10000.0);
	check_quantile(values, COUNT, 1.0 / COUNT);
	check_quantile(values, COUNT, 0.99999);
	assert_int_equal(hist.count, COUNT);
	assert_int_equal(hist.max, values[COUNT - 1]);
	assert_int_equal(replay_hist_quantile(&hist, 1), values[COUNT - 1]);
	free(values);
}

static void test_replay_hist__max_is_exact(void **state)
{
	static const uint64_t values[] = { 0, 127, 1000003, UINT64_MAX - 12345,
					   UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(values); i++) {
		replay_hist_add(&hist, values[i]);
		assert_int_equal(hist.max, values[i]);
		assert_int_equal(replay_hist_quantile(&hist, 1), values[i]);
	}
	assert_int_equal(hist.count, KB_ARRAY_LEN(values));
}

/* A quantile never exceeds the maximum, though its bucket's middle may. */
static void test_replay_hist__one_value(void **state)
{
	const uint64_t low = replay_hist_bucket_low(3000);

	(void)state;
	replay_hist_add(&hist, low);
	assert_int_equal(replay_hist_quantile(&hist, 0.001), low);
	assert_int_equal(replay_hist_quantile(&hist, 0.5), low);
	assert_int_equal(replay_hist_quantile(&hist, 1), low);
}

static void test_replay_hist__merge_is_adding(void **state)
{
	static struct replay_hist whole;
	struct kb_rng rng = kb_rng_init(2);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		const uint64_t v = draw(&rng);

		replay_hist_add(i % 3 ? &hist : &other, v);
		replay_hist_add(&whole, v);
	}
	replay_hist_merge(&hist, &other);
	assert_memory_equal(&hist, &whole, sizeof(hist));
	/* Merging nothing changes nothing. */
	memset(&other, 0, sizeof(other));
	replay_hist_merge(&hist, &other);
	assert_memory_equal(&hist, &whole, sizeof(hist));
}

/* As many as there can be: near 2^64 a real number rounds up to it. */
static void test_replay_hist__counts_near_the_limit(void **state)
{
	(void)state;
	replay_hist_add_many(&hist, 10, 1);
	replay_hist_add_many(&hist, 1000, UINT64_MAX - 1);
	assert_int_equal(replay_hist_quantile(&hist, 1), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_hist__buckets_cover_everything),
		cmocka_unit_test(test_replay_hist__small_values_are_exact),
		cmocka_unit_test_setup(
			test_replay_hist__quantiles_against_a_sort, setup),
		cmocka_unit_test_setup(test_replay_hist__max_is_exact, setup),
		cmocka_unit_test_setup(test_replay_hist__one_value, setup),
		cmocka_unit_test_setup(test_replay_hist__merge_is_adding,
				       setup),
		cmocka_unit_test_setup(test_replay_hist__counts_near_the_limit,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
