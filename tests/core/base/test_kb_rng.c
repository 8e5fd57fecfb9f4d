#include "kb_test.h"

#include "kb_bits.h"
#include "kb_rng.h"

/* What splitmix64's reference implementation gives for these seeds. */
static void test_kb_rng__known_sequences(void **state)
{
	static const struct {
		uint64_t seed;
		uint64_t next[3];
	} known[] = {
		{ 0,
		  { UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
		    UINT64_C(0x06c45d188009454f) } },
		{ 1,
		  { UINT64_C(0x910a2dec89025cc1), UINT64_C(0xbeeb8da1658eec67),
		    UINT64_C(0xf893a2eefb32555e) } },
		{ 1234567,
		  { UINT64_C(6457827717110365317),
		    UINT64_C(3203168211198807973),
		    UINT64_C(9817491932198370423) } },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(known); i++) {
		struct kb_rng rng = kb_rng_init(known[i].seed);

		for (size_t k = 0; k < 3; k++)
			assert_int_equal(kb_rng_next(&rng), known[i].next[k]);
	}
	assert_int_equal(kb_mix64(0), 0);
	assert_int_equal(kb_mix64(1), UINT64_C(0x5692161d100b05e5));
}

static void test_kb_rng__below_is_the_high_product(void **state)
{
	static const uint64_t expected[] = { 5, 7, 9, 4, 4, 7, 8, 5 };
	struct kb_rng rng = kb_rng_init(1);

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(expected); i++)
		assert_int_equal(kb_rng_below(&rng, 10), expected[i]);
}

/* Carries out of every partial product. */
static void test_kb_rng__high_product_carries(void **state)
{
	const uint64_t all = UINT64_MAX, top = UINT64_C(1) << 63;

	(void)state;
	assert_int_equal(kb_mul_high64(all, all), all - 1);
	assert_int_equal(kb_mul_high64(all, 2), 1);
	assert_int_equal(kb_mul_high64(top, all), top - 1);
	assert_int_equal(kb_mul_high64(UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(kb_mul_high64(UINT64_C(0x123456789abcdef0),
				       UINT64_C(0xfedcba9876543210)),
			 UINT64_C(0x121fa00ad77d7422));
}

static void test_kb_rng__below_stays_below(void **state)
{
	static const uint64_t bounds[] = {
		1, 2, 3, 1000, UINT64_C(1) << 32, UINT64_MAX
	};
	struct kb_rng rng = kb_rng_init(42);

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(bounds); i++)
		for (int k = 0; k < 10000; k++)
			assert_true(kb_rng_below(&rng, bounds[i]) < bounds[i]);
}

/* Eight bins of 80,000 draws: 10,000 each, give or take five deviations. */
static void test_kb_rng__below_is_uniform(void **state)
{
	struct kb_rng rng = kb_rng_init(7);
	unsigned bin[8] = { 0 };

	(void)state;
	for (int k = 0; k < 80000; k++)
		bin[kb_rng_below(&rng, 8)]++;
	for (int i = 0; i < 8; i++)
		assert_in_range(bin[i], 10000 - 470, 10000 + 470);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_rng__known_sequences),
		cmocka_unit_test(test_kb_rng__below_is_the_high_product),
		cmocka_unit_test(test_kb_rng__high_product_carries),
		cmocka_unit_test(test_kb_rng__below_stays_below),
		cmocka_unit_test(test_kb_rng__below_is_uniform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
