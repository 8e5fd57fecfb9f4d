/* Counts as people read them. */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_digits.h"

/* At every change of the number of commas. */
static void test_kb_digits__groups(void **state)
{
	static const struct {
		uint64_t count;
		const char *wanted;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 31619, "31,619" },
		{ 999999, "999,999" },
		{ 1000000, "1,000,000" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[KB_DIGITS_SIZE];

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++)
		assert_string_equal(kb_digits(text, cases[i].count),
				    cases[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_digits__groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
