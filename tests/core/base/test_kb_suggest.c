#include "kb_test.h"

#include "kb_bits.h"
#include "kb_suggest.h"

#include <string.h>

static const char *suggest(const char *wanted, const char *const *names)
{
	struct kb_suggest s = KB_SUGGEST_INIT(wanted);

	for (; *names; names++)
		kb_suggest_offer(&s, *names);
	return kb_suggest_best(&s);
}

static const char *const allocators[] = { "kheap",    "glibc",	  "jemalloc",
					  "mimalloc", "tcmalloc", "null",
					  NULL };

static void test_kb_suggest__one_typo(void **state)
{
	static const struct {
		const char *wanted;
		const char *best;
	} cases[] = {
		{ "kheaq", "kheap" },  /* replaced */
		{ "khep", "kheap" },   /* omitted */
		{ "kheeap", "kheap" }, /* put in */
		{ "khaep", "kheap" },  /* two swapped */
		{ "jmealloc", "jemalloc" }, { "nul", "null" },
		{ "kheap", "kheap" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++)
		assert_string_equal(suggest(cases[i].wanted, allocators),
				    cases[i].best);
}

static void test_kb_suggest__nothing_near(void **state)
{
	(void)state;
	assert_null(suggest("plugin", allocators));
	assert_null(suggest("zzzzzzzz", allocators));
	assert_null(suggest("", allocators));
	assert_null(suggest("kheap", (const char *const[]){ NULL }));
	assert_null(suggest("kheap", (const char *const[]){ "x", NULL }));
}

/* A third of the length is near enough: 9 letters may have three slips. */
static void test_kb_suggest__how_near_is_near(void **state)
{
	static const char *const one[] = { "abcdefghi", NULL };

	(void)state;
	assert_string_equal(suggest("XXXdefghi", one), "abcdefghi");
	assert_null(suggest("XXXXefghi", one));
	/* Whatever the length, one slip always is; a single letter too. */
	assert_string_equal(suggest("x", (const char *const[]){ "y", NULL }),
			    "y");
}

static void test_kb_suggest__beginnings(void **state)
{
	static const char *const passes[] = { "verify", "count", "throughput",
					      "latency", NULL };

	(void)state;
	assert_string_equal(suggest("th", passes), "throughput");
	assert_string_equal(suggest("latency-and-more", passes), "latency");
	assert_string_equal(
		suggest("go-on", (const char *const[]){ "go", NULL }), "go");
	/* One letter is no beginning. */
	assert_null(suggest("t", passes));
}

static void test_kb_suggest__first_of_equals(void **state)
{
	static const char *const twins[] = { "cat", "bat", NULL };

	(void)state;
	assert_string_equal(suggest("rat", twins), "cat");
}

/* The nearest wins whatever the order. */
static void test_kb_suggest__nearest_wins(void **state)
{
	static const char *const names[] = { "lookups", "lookup", NULL };
	static const char *const other[] = { "abcdxx", "abcdex", NULL };

	(void)state;
	assert_string_equal(suggest("lokup", names), "lookup");
	assert_string_equal(suggest("abcdef", other), "abcdex");
}

static void test_kb_suggest__absurd_lengths(void **state)
{
	char longest[64], other[64], longer[1000];
	const char *names[] = { longest, NULL };

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[63] = '\0';
	memset(longer, 'a', sizeof(longer));
	longer[999] = '\0';
	assert_null(suggest(longer, names));
	assert_string_equal(suggest(longest, names), longest);
	/* As long, and to be compared letter by letter. */
	memset(other, 'a', sizeof(other));
	other[0] = 'b';
	other[63] = '\0';
	assert_string_equal(suggest(other, names), longest);
	names[0] = longer;
	assert_null(suggest(longest, names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_suggest__one_typo),
		cmocka_unit_test(test_kb_suggest__nothing_near),
		cmocka_unit_test(test_kb_suggest__how_near_is_near),
		cmocka_unit_test(test_kb_suggest__beginnings),
		cmocka_unit_test(test_kb_suggest__first_of_equals),
		cmocka_unit_test(test_kb_suggest__nearest_wins),
		cmocka_unit_test(test_kb_suggest__absurd_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
