#include "kb_test.h"

#include "kb_bits.h"
#include "kb_status.h"

#include <stdlib.h>
#include <string.h>

static void test_kb_status__every_status_has_its_own_name(void **state)
{
	static const int all[] = {
		KB_END,	      KB_OK,	     KB_E_NOMEM,       KB_E_IO,
		KB_E_FORMAT,  KB_E_CORRUPT,  KB_E_UNSUPPORTED, KB_E_RANGE,
		KB_E_ARG,     KB_E_NOT_LIVE, KB_E_NO_FRAMES,   KB_E_WRONG,
		KB_E_STOPPED,
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(all); i++) {
		assert_string_not_equal(kb_status_str(all[i]),
					kb_status_str(-1000));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(kb_status_str(all[i]),
						kb_status_str(all[k]));
	}
	assert_string_equal(kb_status_str(-1000), "unknown status");
	assert_string_equal(kb_status_str(2), "unknown status");
}

static void test_kb_status__fail_fills_and_passes_on(void **state)
{
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(diag.status, 0);
	assert_string_equal(diag.text, "");
	assert_int_equal(kb_fail(&diag, KB_E_IO, "%s: %d", "a.trc", 7),
			 KB_E_IO);
	assert_int_equal(diag.status, KB_E_IO);
	assert_string_equal(diag.text, "a.trc: 7");
	assert_int_equal(diag.line, 0);
	assert_false(diag.has_offset);
}

static void test_kb_status__works_without_a_diag(void **state)
{
	(void)state;
	assert_int_equal(kb_fail(NULL, KB_E_NOMEM, "x"), KB_E_NOMEM);
	assert_int_equal(kb_fail_line(NULL, KB_E_FORMAT, "p", 1, "x"),
			 KB_E_FORMAT);
	assert_int_equal(kb_fail_at(NULL, KB_E_CORRUPT, "p", 1, "x"),
			 KB_E_CORRUPT);
}

/* The cause comes first; what follows from it must not hide it. */
static void test_kb_status__first_error_wins(void **state)
{
	struct kb_diag diag, first;

	(void)state;
	kb_diag_init(&diag);
	kb_fail_at(&diag, KB_E_CORRUPT, "a.trc", 12, "torn");
	first = diag;
	assert_int_equal(kb_fail(&diag, KB_E_IO, "second"), KB_E_IO);
	assert_int_equal(kb_fail_line(&diag, KB_E_ARG, "b", 3, "third"),
			 KB_E_ARG);
	assert_int_equal(kb_fail_at(&diag, KB_E_RANGE, "c", 4, "fourth"),
			 KB_E_RANGE);
	assert_memory_equal(&diag, &first, sizeof(diag));
}

static void test_kb_status__places(void **state)
{
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	kb_fail_line(&diag, KB_E_FORMAT, "x.ftrace", 17, "no %s", "ptr");
	assert_string_equal(diag.text, "x.ftrace:17: no ptr");
	assert_int_equal(diag.line, 17);
	assert_false(diag.has_offset);

	kb_diag_init(&diag);
	kb_fail_at(&diag, KB_E_CORRUPT, "x.trc", 0, "torn");
	assert_string_equal(diag.text, "x.trc: byte 0: torn");
	assert_int_equal(diag.offset, 0);
	assert_int_equal(diag.has_offset, 1);

	kb_diag_init(&diag);
	kb_fail_at(&diag, KB_E_CORRUPT, "x", UINT64_MAX, "%s, %d", "y", 7);
	assert_string_equal(diag.text, "x: byte 18446744073709551615: y, 7");
}

/* Neither a text nor a path may drive a terminal; UTF-8 passes. */
static void test_kb_status__control_characters_are_replaced(void **state)
{
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	kb_fail(&diag, KB_E_ARG, "a\033[31mb\nc\td\re\177f\001g");
	assert_string_equal(diag.text, "a?[31mb?c?d?e?f?g");
	kb_diag_init(&diag);
	kb_fail_line(&diag, KB_E_ARG, "p\n\033c", 1, "x\a");
	assert_string_equal(diag.text, "p??c:1: x?");
	kb_diag_init(&diag);
	kb_fail(&diag, KB_E_ARG, "%s", "\303\244\342\200\246");
	assert_string_equal(diag.text, "\303\244\342\200\246");
}

static void test_kb_status__long_texts_are_cut(void **state)
{
	char *text = malloc(5000);
	struct kb_diag diag;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 4999);
	text[4999] = '\0';
	kb_diag_init(&diag);
	kb_fail(&diag, KB_E_ARG, "%s", text);
	assert_int_equal(strlen(diag.text), KB_DIAG_TEXT_SIZE - 1);

	/* A path that leaves no room for the text, or just one byte of it. */
	kb_diag_init(&diag);
	kb_fail_line(&diag, KB_E_ARG, text, 3, "reason");
	assert_int_equal(strlen(diag.text), KB_DIAG_TEXT_SIZE - 1);
	assert_int_equal(diag.line, 3);
	text[KB_DIAG_TEXT_SIZE - 1 - strlen(":3: r")] = '\0';
	kb_diag_init(&diag);
	kb_fail_line(&diag, KB_E_ARG, text, 3, "reason");
	assert_string_equal(diag.text + strlen(text), ":3: r");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_status__every_status_has_its_own_name),
		cmocka_unit_test(test_kb_status__fail_fills_and_passes_on),
		cmocka_unit_test(test_kb_status__works_without_a_diag),
		cmocka_unit_test(test_kb_status__first_error_wins),
		cmocka_unit_test(test_kb_status__places),
		cmocka_unit_test(
			test_kb_status__control_characters_are_replaced),
		cmocka_unit_test(test_kb_status__long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
