/* trc_intern: numbers for strings of bytes. */
#include "trc_test.h"

#include "trc_intern.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void test_trc_intern__same_bytes_same_number(void **state)
{
	struct trc_intern table = { 0 };
	uint32_t number;
	bool is_new;

	(void)state;
	assert_int_equal(trc_intern(&table, "a", 1, &number, &is_new), 0);
	assert_int_equal(number, 0);
	assert_true(is_new);
	assert_int_equal(trc_intern(&table, "ab", 2, &number, &is_new), 0);
	assert_int_equal(number, 1);
	assert_int_equal(trc_intern(&table, "", 0, &number, &is_new), 0);
	assert_int_equal(number, 2);
	assert_int_equal(trc_intern(&table, "a\0", 2, &number, &is_new), 0);
	assert_int_equal(number, 3);
	assert_int_equal(trc_intern(&table, "ab", 2, &number, &is_new), 0);
	assert_int_equal(number, 1);
	assert_false(is_new);
	assert_string_equal(table.entries[1].bytes, "ab");
	trc_intern_release(&table);
}

static void test_trc_intern__many_strings_survive_growth(void **state)
{
	enum { COUNT = 20000 };
	struct trc_intern table = { 0 };
	uint32_t number;
	bool is_new;
	char text[64];

	(void)state;
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < COUNT; i++) {
			int size = snprintf(text, sizeof(text),
					    "symbol_number_%u+0x%x", i, i % 7);

			assert_int_equal(trc_intern(&table, text, (size_t)size,
						    &number, &is_new),
					 0);
			assert_int_equal(number, i);
			assert_int_equal(is_new, pass == 0);
		}
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "symbol_number_%u+0x%x", i, i % 7);
		assert_string_equal(table.entries[i].bytes, text);
	}
	trc_intern_release(&table);
}

/* What is taken out again is new the next time, wherever its bucket is. */
static void test_trc_intern__undo(void **state)
{
	struct trc_intern table = { 0 };
	uint32_t number;
	bool is_new;
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		for (unsigned pass = 0; pass < 3; pass++) {
			int size = snprintf(text, sizeof(text), "%u", i);

			assert_int_equal(trc_intern(&table, text, (size_t)size,
						    &number, &is_new),
					 0);
			assert_int_equal(number, i);
			assert_int_equal(is_new, pass < 2);
			if (pass == 0)
				trc_intern_undo(&table);
		}
	assert_int_equal(table.count, 1000);
	assert_string_equal(table.entries[999].bytes, "999");
	trc_intern_release(&table);
}

static void test_trc_intern__too_long_is_refused(void **state)
{
	static char text[(1 << 20) + 1];
	struct trc_intern table = { 0 };
	uint32_t number;
	bool is_new;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(trc_intern(&table, text, 1 << 20, &number, &is_new),
			 KB_E_RANGE);
	assert_int_equal(
		trc_intern(&table, text, (1 << 20) - 1, &number, &is_new), 0);
	assert_int_equal(table.count, 1);
	trc_intern_release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trc_intern__same_bytes_same_number),
		cmocka_unit_test(test_trc_intern__many_strings_survive_growth),
		cmocka_unit_test(test_trc_intern__undo),
		cmocka_unit_test(test_trc_intern__too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
