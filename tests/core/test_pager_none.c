#include "heap_support.h"

/* Expect: it maps anything, owns nothing, and offers nothing else. */
static void test_pager_none__does_nothing(void **state)
{
	struct pager pager = pager_none();

	(void)state;
	assert_string_equal(pager.ops->name, "none");
	assert_int_equal(pager.ops->map(pager.ctx, 0x1000, 9), 0);
	assert_int_equal(pager.ops->map_counted(pager.ctx, 0x1000, 9), 0);
	pager.ops->unmap(pager.ctx, 0x1000, 9);
	pager.ops->unmap_counted(pager.ctx, 0x1000, 9);
	assert_null(pager.ops->touch);
	assert_null(pager.ops->translate);
	assert_null(pager.ops->payload);
	assert_null(pager.ops->counters);
	pager_release(&pager);
	assert_null(pager.ops);
}

static void test_pager_none__release_of_an_empty_one(void **state)
{
	struct pager pager = { NULL, NULL };

	(void)state;
	pager_release(&pager);
	pager_release(&pager);
	assert_null(pager.ops);
}

static void test_pager_none__release_frees_once(void **state)
{
	struct spy_pager spy;
	struct pager pager = test_pager_spy(&spy);

	(void)state;
	pager_release(&pager);
	pager_release(&pager);
	assert_int_equal(spy.frees, 1);
	assert_null(pager.ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pager_none__does_nothing),
		cmocka_unit_test(test_pager_none__release_of_an_empty_one),
		cmocka_unit_test(test_pager_none__release_frees_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
