/*
 * plugin_lender: pages lent to a plugin and taken back, next to a model of them.
 */
#include "kb_rng.h"
#include "kb_test.h"
#include "plugin_lender.h"

#include <stdbool.h>
#include <string.h>

#define PAGE PLUGIN_LENDER_PAGE

/* Loans of the model, and their pages at most. */
#define LOANS	  64
#define PAGES_MAX 9

static bool is_zero(const char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (memory[i])
			return false;
	return true;
}

static void test_plugin_lender__pages_are_apart_and_zeroed(void **state)
{
	struct plugin_lender l = { 0 };
	struct kb_rng rng = kb_rng_init(1);
	char *loan[LOANS] = { NULL };
	size_t pages[LOANS] = { 0 }, count = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const size_t n = (size_t)kb_rng_below(&rng, LOANS);

		if (loan[n]) {
			/* Nobody else has written there. */
			for (size_t b = 0; b < pages[n]; b++)
				assert_int_equal(loan[n][b * PAGE], n + 1);
			assert_int_equal(
				plugin_lender_give(&l, loan[n], pages[n]), 0);
			count -= pages[n];
			loan[n] = NULL;
		} else {
			pages[n] = 1 + (size_t)kb_rng_below(&rng, PAGES_MAX);
			loan[n] = plugin_lender_take(&l, pages[n]);
			assert_non_null(loan[n]);
			assert_int_equal((uintptr_t)loan[n] % PAGE, 0);
			assert_true(is_zero(loan[n], pages[n] * PAGE));
			memset(loan[n], (int)n + 1, pages[n] * PAGE);
			count += pages[n];
		}
		assert_int_equal(plugin_lender_mapped(&l), count * PAGE);
		if (i % 100 == 0)
			assert_int_equal(plugin_lender_resident(&l),
					 count * PAGE);
	}
	/* Freed pages are lent again: the lowest ones. */
	assert_true(l.high <= 2 * LOANS * PAGES_MAX);
	plugin_lender_release(&l);
	assert_int_equal(plugin_lender_mapped(&l), 0);
}

static void test_plugin_lender__what_is_not_lent_is_refused(void **state)
{
	struct plugin_lender l = { 0 };
	char *p;

	(void)state;
	assert_int_equal(plugin_lender_give(&l, &l, 1), -1);
	assert_null(plugin_lender_take(&l, 0));
	p = plugin_lender_take(&l, 3);
	assert_non_null(p);
	assert_null(plugin_lender_take(&l, SIZE_MAX / PAGE));
	assert_int_equal(plugin_lender_give(&l, p, 4), -1);
	assert_int_equal(plugin_lender_give(&l, p + 1, 1), -1);
	assert_int_equal(plugin_lender_give(&l, p - PAGE, 1), -1);
	assert_int_equal(plugin_lender_give(&l, p, 0), -1);
	assert_int_equal(plugin_lender_give(&l, p, SIZE_MAX / PAGE), -1);
	/* A part of a loan; then it is not there any more. */
	assert_int_equal(plugin_lender_give(&l, p + PAGE, 1), 0);
	assert_int_equal(plugin_lender_give(&l, p, 3), -1);
	assert_int_equal(plugin_lender_mapped(&l), 2 * PAGE);
	/* Two pages do not fit into the gap; one does. */
	assert_ptr_equal(plugin_lender_take(&l, 2), p + 3 * (ptrdiff_t)PAGE);
	assert_ptr_equal(plugin_lender_take(&l, 1), p + PAGE);
	plugin_lender_release(&l);
}

/* Only what is touched is in memory. */
static void test_plugin_lender__untouched_pages_take_no_memory(void **state)
{
	struct plugin_lender l = { 0 };
	char *p = plugin_lender_take(&l, 10000);

	(void)state;
	assert_non_null(p);
	p[5 * PAGE] = 1;
	p[9999 * (ptrdiff_t)PAGE] = 1;
	assert_int_equal(plugin_lender_mapped(&l), 10000 * (uint64_t)PAGE);
	assert_int_equal(plugin_lender_resident(&l), 2 * PAGE);
	plugin_lender_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_plugin_lender__pages_are_apart_and_zeroed),
		cmocka_unit_test(
			test_plugin_lender__what_is_not_lent_is_refused),
		cmocka_unit_test(
			test_plugin_lender__untouched_pages_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
