#include "replay_support.h"

#include "alloc_list.h"
#include "kb_bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_alloc_spec__canonical_names(void **state)
{
	static const struct {
		const char *text;
		const char *name;
	} cases[] = {
		{ "kheap", "kheap" },
		{ "kheap:lookup=rows", "kheap" },
		{ "kheap:lookup=rows,order=tail,fit=first,pager=sim", "kheap" },
		{ "kheap:order=head", "kheap:order=head" },
		{ "kheap:pager=none,order=head,lookup=pagemap",
		  "kheap:lookup=pagemap,order=head,pager=none" },
		/* The last word counts. */
		{ "kheap:order=head,order=tail", "kheap" },
		{ "jemalloc:round=page", "jemalloc:round=page" },
		{ "jemalloc:round=none", "jemalloc" },
		{ "null", "null" },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(cases); i++) {
		struct alloc_spec spec, again;
		struct kb_diag diag;

		kb_diag_init(&diag);
		assert_int_equal(alloc_spec_parse(&spec, cases[i].text, &diag),
				 0);
		assert_string_equal(spec.name, cases[i].name);
		/* A canonical name names the same. */
		assert_int_equal(alloc_spec_parse(&again, spec.name, &diag), 0);
		assert_string_equal(again.name, spec.name);
		assert_memory_equal(again.choice, spec.choice,
				    sizeof(spec.choice));
	}
}

static void test_alloc_spec__values_by_key(void **state)
{
	struct alloc_spec spec;

	(void)state;
	assert_int_equal(alloc_spec_parse(&spec, "kheap:lookup=pagemap", NULL),
			 0);
	assert_string_equal(alloc_spec_value(&spec, "lookup"), "pagemap");
	assert_string_equal(alloc_spec_value(&spec, "order"), "tail");
	assert_null(alloc_spec_value(&spec, "round"));
	assert_int_equal(alloc_spec_parse(&spec, "null", NULL), 0);
	assert_null(alloc_spec_value(&spec, "lookup"));
}

static void test_alloc_spec__numbers(void **state)
{
	static const char *const wrong[] = {
		"", "-1", "0x5", "5 ", "4294967296", "99999999999999999999"
	};
	struct alloc_spec spec;
	struct kb_diag diag;

	(void)state;
	assert_int_equal(alloc_spec_parse(&spec,
					  "kheap:first_index=524287,"
					  "order=head",
					  NULL),
			 0);
	assert_string_equal(spec.name, "kheap:order=head,first_index=524287");
	assert_int_equal(alloc_spec_parse(&spec, "kheap:first_index=005", NULL),
			 0);
	assert_string_equal(spec.name, "kheap:first_index=5");
	assert_int_equal(alloc_spec_parse(&spec, "kheap:first_index=0", NULL),
			 0);
	assert_string_equal(spec.name, "kheap");
	for (size_t i = 0; i < KB_ARRAY_LEN(wrong); i++) {
		char text[64];

		snprintf(text, sizeof(text), "kheap:first_index=%s", wrong[i]);
		kb_diag_init(&diag);
		assert_int_equal(alloc_spec_parse(&spec, text, &diag),
				 KB_E_ARG);
		assert_non_null(strstr(diag.text, "from 0 to 4294967295"));
	}
}

static void test_alloc_spec__errors_suggest(void **state)
{
	static const struct {
		const char *text;
		const char *words[3];
	} wrong[] = {
		{ "", { "unknown allocator ''" } },
		{ "kheep", { "'kheep'", "'kheap'" } },
		{ "jemaloc:round=page", { "'jemaloc'", "'jemalloc'" } },
		{ "zzz", { "'zzz'", "--list" } },
		{ "kheap:", { "nothing after 'kheap:'" } },
		{ "kheap:head", { "'head'", "KEY=VALUE" } },
		{ "kheap:ordr=head", { "'ordr'", "'order'" } },
		{ "kheap:zzz=head", { "'zzz'", "--list" } },
		{ "kheap:order=had", { "'had'", "'head'" } },
		{ "kheap:order=", { "''" } },
		{ "kheap:order=zzz", { "'zzz'", "--list" } },
		{ "kheap:=head", { "''" } },
		{ "null:order=head", { "'null'", "no options", "order" } },
		{ "KHEAP", { "'KHEAP'" } },
		{ "kheap:order=head,zzz=1", { "'zzz'" } },
	};

	(void)state;
	for (size_t i = 0; i < KB_ARRAY_LEN(wrong); i++) {
		struct alloc_spec spec;
		struct kb_diag diag;

		kb_diag_init(&diag);
		assert_int_equal(alloc_spec_parse(&spec, wrong[i].text, &diag),
				 KB_E_ARG);
		assert_int_equal(diag.status, KB_E_ARG);
		for (size_t k = 0; k < 3 && wrong[i].words[k]; k++) {
			if (strstr(diag.text, wrong[i].words[k]))
				continue;
			print_error("'%s' is not in: %s\n", wrong[i].words[k],
				    diag.text);
			fail();
		}
	}
}

static void test_alloc_spec__absurd_lengths(void **state)
{
	char *text = malloc(100000);
	struct alloc_spec spec;
	struct kb_diag diag;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 99999);
	text[99999] = '\0';
	kb_diag_init(&diag);
	assert_int_equal(alloc_spec_parse(&spec, text, &diag), KB_E_ARG);
	assert_non_null(strstr(diag.text, "99999"));
	text[400] = '\0';
	kb_diag_init(&diag);
	assert_int_equal(alloc_spec_parse(&spec, text, &diag), KB_E_ARG);
	free(text);
}

static void check_list(const char *text, const char *const *names)
{
	struct alloc_spec *specs = NULL;
	struct kb_diag diag;
	size_t count = 0, expected = 0;

	kb_diag_init(&diag);
	if (alloc_spec_parse_list(&specs, &count, text, &diag) < 0) {
		print_error("%s: %s\n", text, diag.text);
		fail();
	}
	while (names[expected])
		expected++;
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(specs[i].name, names[i]);
	free(specs);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A token with '=' and no ':' before it continues the name on its left. */
static void test_alloc_spec__splits_lists(void **state)
{
	(void)state;
	check_list("kheap", NAMES("kheap"));
	check_list("kheap,null", NAMES("kheap", "null"));
	check_list("kheap:order=head,lookup=pagemap,null",
		   NAMES("kheap:lookup=pagemap,order=head", "null"));
	check_list("null,kheap:order=head,jemalloc:round=page,glibc",
		   NAMES("null", "kheap:order=head", "jemalloc:round=page",
			 "glibc"));
	check_list("kheap:order=head,jemalloc:round=page,kheap:pager=none,"
		   "order=head",
		   NAMES("kheap:order=head", "jemalloc:round=page",
			 "kheap:order=head,pager=none"));
	check_list("kheap,", NAMES("kheap"));
}

static void test_alloc_spec__drops_duplicates(void **state)
{
	(void)state;
	check_list("kheap,null,kheap,kheap:order=tail,null",
		   NAMES("kheap", "null"));
	check_list("kheap:order=head,pager=none,kheap:pager=none,order=head",
		   NAMES("kheap:order=head,pager=none"));
}

static void test_alloc_spec__lists_grow_and_reject_bad_names(void **state)
{
	struct alloc_spec *specs = NULL;
	struct kb_diag diag;
	size_t count = 0;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(alloc_spec_parse_list(&specs, &count, "kheap", &diag),
			 0);
	assert_int_equal(
		alloc_spec_parse_list(&specs, &count, "null,kheap", &diag), 0);
	assert_int_equal(count, 2);
	assert_int_equal(alloc_spec_parse_list(&specs, &count,
					       "glibc,nill,jemalloc", &diag),
			 KB_E_ARG);
	assert_non_null(strstr(diag.text, "'null'"));
	kb_diag_init(&diag);
	assert_int_equal(alloc_spec_parse_list(&specs, &count,
					       "order=head,kheap", &diag),
			 KB_E_ARG);
	kb_diag_init(&diag);
	assert_int_equal(
		alloc_spec_parse_list(&specs, &count, "kheap,,null", &diag),
		KB_E_ARG);
	free(specs);
}

/* Every value of every key parses, and its name is canonical. */
static void test_alloc_spec__every_value_of_every_key(void **state)
{
	(void)state;
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		const struct alloc_key *key = (*o)->keys;

		for (; key && key->name; key++) {
			for (size_t i = 0; key->value(i); i++) {
				struct alloc_spec spec;
				char text[512];

				snprintf(text, sizeof(text), "%s:%s=%s",
					 (*o)->name, key->name, key->value(i));
				assert_int_equal(
					alloc_spec_parse(&spec, text, NULL), 0);
				assert_string_equal(
					alloc_spec_value(&spec, key->name),
					key->value(i));
				assert_string_equal(spec.name,
						    i ? text : (*o)->name);
			}
		}
	}
}

/* Closing twice, or what never opened, does nothing. */
static void test_alloc_spec__close_empties(void **state)
{
	struct alloc alloc = test_alloc_open("null", 0);

	(void)state;
	alloc_close(&alloc);
	assert_null(alloc.vt);
	alloc_close(&alloc);
}

/* A heap that cannot be: refused, and its pager not leaked. */
static void test_alloc_spec__open_returns_errors(void **state)
{
	struct alloc_spec spec;
	struct alloc_config config = { .spec = &spec,
				       .heap_base = 0xF0000000,
				       .heap_pages = 65536 };
	struct alloc alloc;
	struct kb_diag diag;

	(void)state;
	kb_diag_init(&diag);
	assert_int_equal(alloc_spec_parse(&spec, "kheap", &diag), 0);
	assert_int_equal(alloc_open(&alloc, &config, &diag), KB_E_RANGE);
	assert_non_null(strstr(diag.text, "65535"));
	assert_null(alloc.vt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_spec__canonical_names),
		cmocka_unit_test(test_alloc_spec__values_by_key),
		cmocka_unit_test(test_alloc_spec__numbers),
		cmocka_unit_test(test_alloc_spec__errors_suggest),
		cmocka_unit_test(test_alloc_spec__absurd_lengths),
		cmocka_unit_test(test_alloc_spec__splits_lists),
		cmocka_unit_test(test_alloc_spec__drops_duplicates),
		cmocka_unit_test(
			test_alloc_spec__lists_grow_and_reject_bad_names),
		cmocka_unit_test(test_alloc_spec__every_value_of_every_key),
		cmocka_unit_test(test_alloc_spec__close_empties),
		cmocka_unit_test(test_alloc_spec__open_returns_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
