/* What of an untrusted text reaches a terminal, a CSV and a TSV file. */
#include "kb_test.h"

#include "kb_bits.h"
#include "kb_escape.h"

#include <stdlib.h>

static void check(void (*write)(FILE *out, const char *text), const char *text,
		  const char *expected)
{
	char *written = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(out);
	write(out, text);
	fclose(out);
	assert_string_equal(written, expected);
	free(written);
}

/* C0 and C1 controls, as bytes and as characters; bytes that are no UTF-8; marks
 * that turn the direction of writing. What is left of a sequence is harmless. */
static const char *const hostile[][2] = {
	{ "a\033]0;TITLE\007b", "a?]0;TITLE?b" },
	{ "a\033[31mb\177", "a?[31mb?" },
	{ "a\x9b"
	  "31m",
	  "a?31m" },
	{ "a\xc2\x9b"
	  "31m",
	  "a??31m" },
	{ "a\xc2\x85"
	  "b",
	  "a??b" },
	{ "\xff\xfe\xc3:", "???:" },
	{ "cut \xe2\x80", "cut ??" },
	{ "\xe2\x80\xae"
	  "abc",
	  "???abc" },
	{ "line\nbreak\r", "line?break?" },
	{ "\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80",
	  "\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80" },
};

static void test_kb_escape__a_line_drives_no_terminal(void **state)
{
	char cleaned[64];

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(hostile); i++) {
		check(kb_escape_line, hostile[i][0], hostile[i][1]);
		assert_string_equal(kb_escape_clean(cleaned, sizeof(cleaned),
						    hostile[i][0]),
				    hostile[i][1]);
	}
}

static void test_kb_escape__data_keeps_its_bytes(void **state)
{
	(void)state;
	check(kb_escape_data, "a\x9b\xff\033\n\xc2\x85", "a\x9b\xff??\xc2\x85");
}

static void test_kb_escape__no_cell_is_a_formula(void **state)
{
	static const char *const cells[][2] = {
		{ "=1+2", "'=1+2" },
		{ "+1", "'+1" },
		{ "-1", "'-1" },
		{ "@SUM(A1)", "'@SUM(A1)" },
		{ "'=1", "''=1" },
		{ "''=1", "'''=1" },
		{ "=\"a\"", "\"'=\"\"a\"\"\"" },
		{ "-", "-" },
		{ "'", "'" },
		{ "it's", "it's" },
		{ "a,b", "\"a,b\"" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cells); i++)
		check(kb_escape_csv, cells[i][0], cells[i][1]);
	check(kb_escape_tsv, "=1+2", "'=1+2");
	check(kb_escape_tsv, "-", "-");
	check(kb_escape_tsv, "kheap:order=head", "kheap:order=head");
}

/* A column is a character, whatever its bytes. */
static void test_kb_escape__a_text_fits_its_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *expected;
		size_t used;
	} texts[] = {
		{ "", 1, "", 0 },
		{ "kheap", 6, "kheap", 5 },
		{ "kheap", 5, "kheap", 5 },
		{ "kheap", 4, "khe…", 4 },
		{ "kheap", 1, "…", 1 },
		{ "9.31 µs", 7, "9.31 µs", 7 },
		{ "9.31 µs", 6, "9.31 …", 6 },
		{ "µµµ", 2, "µ…", 2 },
		{ "\xf0\x9f\x98\x80 €€", 3, "\xf0\x9f\x98\x80 …", 3 },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(texts); i++) {
		char *written = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&written, &size);

		assert_non_null(out);
		assert_int_equal(
			kb_escape_fit(out, texts[i].text, texts[i].columns),
			texts[i].used);
		fclose(out);
		assert_string_equal(written, texts[i].expected);
		assert_int_equal(kb_escape_columns(written), texts[i].used);
		free(written);
	}
}

static void test_kb_escape__a_word_is_one_for_a_shell(void **state)
{
	(void)state;
	check(kb_escape_word, "traces/boot.trc", "traces/boot.trc");
	check(kb_escape_word, "", "''");
	check(kb_escape_word, "kheap:lookup=rows,fit=best",
	      "kheap:lookup=rows,fit=best");
	check(kb_escape_word, "a b", "'a b'");
	check(kb_escape_word, "$(id)'s", "'$(id)'\\''s'");
	check(kb_escape_word, "a\033[31m", "'a?[31m'");
	check(kb_escape_word, "\xc2\x9b\xc2\xb5", "'??\xc2\xb5'");
	check(kb_escape_shell, "a'\033", "'a'\\''\033'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_escape__a_line_drives_no_terminal),
		cmocka_unit_test(test_kb_escape__data_keeps_its_bytes),
		cmocka_unit_test(test_kb_escape__no_cell_is_a_formula),
		cmocka_unit_test(test_kb_escape__a_text_fits_its_columns),
		cmocka_unit_test(test_kb_escape__a_word_is_one_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
