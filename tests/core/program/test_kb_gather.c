/* What a function prints, whole or not at all. */
#include "kb_test.h"

#include "kb_fault.h"
#include "kb_gather.h"
#include "kb_terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More than the stream's buffer and the text's first room. */
#define MANY 4000

static void write_numbers(FILE *out, const void *user)
{
	const int *count = user;

	for (int i = 0; i < *count; i++)
		fprintf(out, "%d\n", i);
}

static void check_numbers(const char *text, int count)
{
	char line[16];

	for (int i = 0; i < count; i++) {
		const int size = snprintf(line, sizeof(line), "%d\n", i);

		assert_memory_equal(text, line, (size_t)size);
		text += size;
	}
	assert_string_equal(text, "");
}

static void test_kb_gather__is_whole(void **state)
{
	static const int counts[] = { 0, 1, MANY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = kb_gather(write_numbers, &counts[i]);

		assert_non_null(text);
		check_numbers(text, counts[i]);
		free(text);
	}
}

static void test_kb_gather__or_is_not_there(void **state)
{
	const int count = MANY;
	unsigned failed = 0;
	bool was = true;

	(void)state;
	for (unsigned n = 1; was; n++) {
		char *text;

		kb_fault_begin(KB_FAULT_MEMORY, n, ENOMEM);
		text = kb_gather(write_numbers, &count);
		was = kb_fault_end();
		assert_int_equal(text == NULL, was);
		failed += was;
		free(text);
	}
	/* The first room, and two that are larger. */
	assert_int_equal(failed, 3);
	assert_int_equal(kb_fault_unfreed(), 0);
}

/* A line that cannot be broken for lack of memory is printed as it is. */
static void test_kb_gather__loses_no_line(void **state)
{
	const int count = 3;
	char printed[64] = "";
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	(void)state;
	assert_non_null(out);
	kb_fault_begin(KB_FAULT_MEMORY, 1, ENOMEM);
	kb_terminal_print(out, 80, write_numbers, &count);
	assert_true(kb_fault_end());
	assert_int_equal(fclose(out), 0);
	check_numbers(printed, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_gather__is_whole),
		cmocka_unit_test(test_kb_gather__or_is_not_there),
		cmocka_unit_test(test_kb_gather__loses_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
