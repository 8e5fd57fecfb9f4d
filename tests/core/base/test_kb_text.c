#include "kb_test.h"

#include "kb_bits.h"
#include "kb_text.h"

/* What a terminal may be shown: how many bytes a character has; 0 for what is
 * none, or drives it. */
static void test_kb_text__characters(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} characters[] = {
		{ "a", 1 },
		{ " ", 1 },
		{ "~", 1 },
		{ "", 0 },
		{ "\x1f", 0 },
		{ "\x7f", 0 },
		/* Bytes that begin nothing, or go on with nothing. */
		{ "\x80", 0 },
		{ "\xc1\xbf", 0 },
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xc3", 0 },
		{ "\xc3z", 0 },
		{ "\xe2\x80", 0 },
		/* C1 controls; the first and the last of each length. */
		{ "\xc2\x9f", 0 },
		{ "\xc2\xa0", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xef\xbf\xbd", 3 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbd", 4 },
		/* Longer than it need be, surrogates, past the end. */
		{ "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 },
		{ "\xed\xbf\xbf", 0 },
		{ "\xee\x80\x80", 3 },
		{ "\xf4\x90\x80\x80", 0 },
		/* Line ends and marks that turn the direction of writing. */
		{ "\xe2\x80\xa7", 3 },
		{ "\xe2\x80\xa8", 0 },
		{ "\xe2\x80\xae", 0 },
		{ "\xe2\x80\xaf", 3 },
		{ "\xe2\x81\xa5", 3 },
		{ "\xe2\x81\xa6", 0 },
		{ "\xe2\x81\xa9", 0 },
		{ "\xe2\x81\xaa", 3 },
		/* No characters at all. */
		{ "\xef\xbf\xbe", 0 },
		{ "\xef\xbf\xbf", 0 },
		{ "\xf0\x9f\xbf\xbe", 0 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(characters); i++)
		if (kb_text_character(characters[i].text) !=
		    characters[i].length)
			fail_msg("character %zu: %zu bytes, not %zu", i,
				 kb_text_character(characters[i].text),
				 characters[i].length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_text__characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
