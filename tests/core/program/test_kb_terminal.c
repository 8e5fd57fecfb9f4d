/* Text that is broken to fit a terminal. */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_terminal.h"

#include <stdio.h>
#include <stdlib.h>

static void test_kb_terminal__wraps(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *wanted;
	} cases[] = {
		{ "", 10, "" },
		{ "one two three\n", 0, "one two three\n" },
		{ "one two three\n", 13, "one two three\n" },
		/* No space is left at the end of a line. */
		{ "one two three\n", 12, "one two\n  three\n" },
		{ "one two three\n", 7, "one two\n  three\n" },
		{ "one two three", 6, "one\n  two\n  three" },
		/* What goes on is indented by two more than the line. */
		{ "  a bcd ef\n", 8, "  a bcd\n    ef\n" },
		/* Spaces between words stay, and lines begin anew. */
		{ "a  b\n\nc d\n", 4, "a  b\n\nc d\n" },
		/* A word that is too long is in one piece. */
		{ "a bcdefgh i\n", 5, "a\n  bcdefgh\n  i\n" },
		/* Columns are characters, not bytes. */
		{ "µµµ µµ\n", 6, "µµµ µµ\n" },
		{ "µµµ µµ\n", 5, "µµµ\n  µµ\n" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		kb_terminal_wrap(f, cases[i].text, cases[i].columns);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(text, cases[i].wanted);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_terminal__wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
