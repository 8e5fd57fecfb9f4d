/*
 * Exact distributions: quantiles against a sort, and what is omitted.
 */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_rng.h"
#include "replay_exact.h"

#include <stdlib.h>
#include <string.h>

static struct replay_exact exact;

static int setup(void **state)
{
	(void)state;
	memset(&exact, 0, sizeof(exact));
	return 0;
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void check_quantiles(size_t count, uint64_t seed)
{
	static const unsigned shares[] = { 1,	 5000, 9000, 9900,
					   9990, 9999, 10000 };
	struct kb_rng rng = kb_rng_init(seed);
	uint64_t values[3000];

	setup(NULL);
	for (size_t i = 0; i < count; i++) {
		values[i] = kb_rng_below(&rng, i % 2 ? 5000 : 3);
		replay_exact_add(&exact, REPLAY_EXACT_lines, values[i]);
	}
	qsort(values, count, sizeof(*values), compare_u64);
	for (size_t i = 0; i < KB_ARRAY_LEN(shares); i++) {
		const size_t rank = (size_t)kb_div_up(count * shares[i], 10000);

		assert_int_equal(
			replay_exact_quantile(&exact.of[REPLAY_EXACT_lines],
					      shares[i]),
			values[rank - 1]);
	}
}

static void test_replay_exact__quantiles_against_a_sort(void **state)
{
	static const size_t counts[] = {
		1, 2, 9, 10, 11, 100, 999, 1000, 3000
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(counts); i++)
		for (uint64_t seed = 0; seed < 5; seed++)
			check_quantiles(counts[i], seed);
}

/* More steps than any window has pages are filed as the most there is room
 * for. */
static void test_replay_exact__too_many_steps(void **state)
{
	const struct replay_tally *nodes = &exact.of[REPLAY_EXACT_nodes];

	(void)state;
	replay_exact_add(&exact, REPLAY_EXACT_nodes, UINT64_MAX);
	replay_exact_add_row(&exact, UINT64_MAX, 5);
	assert_int_equal(nodes->max, REPLAY_EXACT_VALUES - 1);
	assert_int_equal(nodes->at[nodes->max], 1);
	assert_int_equal(exact.rows, REPLAY_EXACT_VALUES);
	assert_int_equal(exact.row_nodes[REPLAY_EXACT_VALUES - 1], 5);
}

/* A copy is the same, and whoever wrote nonsense of its own size into it is not
 * believed. */
static void test_replay_exact__copy(void **state)
{
	struct replay_exact *copy;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		replay_exact_add(&exact, REPLAY_EXACT_rows, i % 7);
		replay_exact_add_row(&exact, i % 5, i);
	}
	copy = replay_exact_copy(&exact);
	assert_non_null(copy);
	assert_memory_equal(copy, &exact, sizeof(exact));
	free(copy);
	exact.of[REPLAY_EXACT_rows].max = UINT32_MAX;
	exact.rows = UINT32_MAX;
	copy = replay_exact_copy(&exact);
	assert_non_null(copy);
	assert_int_equal(copy->of[REPLAY_EXACT_rows].max,
			 REPLAY_EXACT_VALUES - 1);
	assert_int_equal(copy->rows, REPLAY_EXACT_VALUES);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_exact__quantiles_against_a_sort),
		cmocka_unit_test_setup(test_replay_exact__too_many_steps,
				       setup),
		cmocka_unit_test_setup(test_replay_exact__copy, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
