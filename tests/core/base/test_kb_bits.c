#include "kb_test.h"

#include "kb_bits.h"

static void test_kb_bits__div_up(void **state)
{
	(void)state;
	assert_int_equal(kb_div_up(0, 4096), 0);
	assert_int_equal(kb_div_up(1, 4096), 1);
	assert_int_equal(kb_div_up(4096, 4096), 1);
	assert_int_equal(kb_div_up(4097, 4096), 2);
	assert_int_equal(kb_div_up(UINT64_MAX, 1), UINT64_MAX);
	/* Where (a + b - 1) / b would wrap. */
	assert_int_equal(kb_div_up(UINT64_MAX, 2), UINT64_C(1) << 63);
	assert_int_equal(kb_div_up(UINT64_MAX, UINT64_MAX), 1);
	assert_int_equal(kb_div_up(1, UINT64_MAX), 1);
}

static void test_kb_bits__min_max(void **state)
{
	(void)state;
	assert_int_equal(kb_min(3, 5), 3);
	assert_int_equal(kb_min(5, 3), 3);
	assert_int_equal(kb_max(3, 5), 5);
	assert_int_equal(kb_max(5, 3), 5);
	assert_int_equal(kb_min(0, UINT64_MAX), 0);
	assert_int_equal(kb_max(0, UINT64_MAX), UINT64_MAX);
}

static void test_kb_bits__log2(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const uint64_t power = UINT64_C(1) << bit;

		assert_int_equal(kb_log2(power), bit);
		assert_int_equal(kb_log2(power | (power - 1)), bit);
		if (bit > 0)
			assert_int_equal(kb_log2(power - 1), bit - 1);
	}
}

static void test_kb_bits__array_len(void **state)
{
	int seven[7];

	(void)state;
	assert_int_equal(KB_ARRAY_LEN(seven), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_bits__div_up),
		cmocka_unit_test(test_kb_bits__min_max),
		cmocka_unit_test(test_kb_bits__log2),
		cmocka_unit_test(test_kb_bits__array_len),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
