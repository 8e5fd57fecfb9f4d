#include "replay_support.h"

#include "alloc_list.h"
#include "kb_bits.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The file that has the process's function of this name. */
static const char *home_of(const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, name);
	Dl_info info;

	assert_non_null(function);
	assert_int_not_equal(dladdr(function, &info), 0);
	return info.dli_fname;
}

/*
 * Under a sanitizer the process's malloc is the sanitizer's, in the program
 * itself; else it is glibc's. No allocator's library may take its place.
 */
static void assert_nobody_moved_in(void)
{
	static const char *const names[] = { "malloc", "calloc", "realloc",
					     "free", "posix_memalign" };
	static const char *const guests[] = { "jemalloc", "mimalloc",
					      "tcmalloc" };

	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		for (size_t k = 0; k < KB_ARRAY_LEN(guests); k++)
			assert_null(strstr(home_of(names[i]), guests[k]));
}

/* Every allocator is opened, used and left open; the process's own malloc stays
 * what it was, and memory from it goes back to it. */
static void test_alloc_isolation__malloc_is_not_replaced(void **state)
{
	const char *before = home_of("malloc");
	struct alloc alloc[64];
	size_t count = 0;
	void *own = malloc(100);

	(void)state;
	for (const struct alloc_ops *const *o = alloc_list; *o; o++) {
		alloc[count] = test_alloc_open(test_alloc_name(*o), 0);
		assert_int_not_equal(
			alloc[count].vt->alloc(alloc[count].ctx, 5000), 0);
		count++;
	}
	assert_nobody_moved_in();
	assert_string_equal(home_of("malloc"), before);
	own = realloc(own, 10000);
	assert_non_null(own);
	free(own);
	while (count-- > 0)
		alloc_close(&alloc[count]);
	assert_nobody_moved_in();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_isolation__malloc_is_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
