#include "heap_support.h"
#include "kb_fault.h"
#include "pager_mmap.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

static struct pager new_mmap(uint32_t pages)
{
	struct pager pager = { NULL, NULL };

	assert_int_equal(pager_mmap_new(&pager, TEST_BASE, pages), 0);
	return pager;
}

/* Whether the host lets a word be read: one may ask the kernel to do it. (qemu-user
 * cannot: ENOSYS.) */
static bool can_be_read(uint64_t *word)
{
	uint64_t copy = 0;
	struct iovec to = { &copy, sizeof(copy) };
	struct iovec from = { word, sizeof(*word) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(copy);
}

/* Expect: memory of one's own for each page, zeroed each time it is mapped, and
 * the host's no longer once it is not. */
static void test_pager_mmap__maps_and_unmaps(void **state)
{
	struct pager pager = new_mmap(TEST_PAGES);
	uint64_t here = 0;
	uint64_t *word;
	uint32_t i;

	(void)state;
	if (!can_be_read(&here) && errno == ENOSYS) {
		pager_release(&pager);
		skip();
	}
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(3)));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(2), 3), 0);
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(1)));
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(5)));
	for (i = 2; i < 5; i++) {
		assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(i)), 0);
		*pager.ops->payload(pager.ctx, TEST_VA(i)) = i;
	}
	pager.ops->touch(pager.ctx, TEST_VA(3) + 4095);
	for (i = 2; i < 5; i++)
		assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(i)), i);
	word = pager.ops->payload(pager.ctx, TEST_VA(2));
	assert_true(can_be_read(word));
	pager.ops->unmap(pager.ctx, TEST_VA(2), 3);
	assert_false(can_be_read(word));
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(3)));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(3), 1), 0);
	word = pager.ops->payload(pager.ctx, TEST_VA(3));
	assert_int_equal(*word, 0);
	pager_release(&pager);
	assert_false(can_be_read(word));
}

/* The window's last page, and one beyond what a heap can have. */
static void test_pager_mmap__limits(void **state)
{
	struct pager pager = new_mmap(KHEAP_PAGES_DEFAULT);
	struct pager none = { NULL, NULL };

	(void)state;
	assert_int_equal(
		pager.ops->map(pager.ctx, TEST_VA(KHEAP_PAGES_DEFAULT - 1), 1),
		0);
	assert_non_null(pager.ops->payload(pager.ctx,
					   TEST_VA(KHEAP_PAGES_DEFAULT - 1)));
	assert_null(
		pager.ops->payload(pager.ctx, TEST_VA(KHEAP_PAGES_DEFAULT)));
	pager_release(&pager);
	/* As many pages as fill what malloc hands out, so that something else
	 * follows their records. */
	pager = new_mmap(72);
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(72)));
	pager_release(&pager);
	assert_int_equal(pager_mmap_new(&none, TEST_BASE, 0), KB_E_RANGE);
	assert_int_equal(pager_mmap_new(&none, TEST_BASE + 1, 1), KB_E_RANGE);
	assert_int_equal(pager_mmap_new(&none, TEST_BASE, KVA_SPACE_PAGES + 1),
			 KB_E_RANGE);
	assert_null(none.ops);
	/* All there are; a host of 32 bits has not got the room. */
	assert_int_not_equal(pager_mmap_new(&none, 0, KVA_SPACE_PAGES),
			     KB_E_RANGE);
	pager_release(&none);
}

/* The host has no memory, or no more mappings. Expect: no pager, or no page; and a
 * page that cannot be unmapped is not there all the same, and empty when it
 * comes back. */
static void test_pager_mmap__without_memory(void **state)
{
	const long before = kb_fault_unfreed();
	struct pager pager = { NULL, NULL };
	uint64_t *word;

	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		kb_fault_begin(KB_FAULT_MEMORY | KB_FAULT_MAP, n, ENOMEM);
		assert_int_equal(pager_mmap_new(&pager, TEST_BASE, TEST_PAGES),
				 KB_E_NOMEM);
		assert_true(kb_fault_end());
		assert_null(pager.ops);
		assert_int_equal(kb_fault_unfreed(), before);
	}
	pager = new_mmap(TEST_PAGES);
	kb_fault_begin(KB_FAULT_MAP, 1, ENOMEM);
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(1), 2), KB_E_NOMEM);
	assert_true(kb_fault_end());
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(1)));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(1), 2), 0);
	word = pager.ops->payload(pager.ctx, TEST_VA(1));
	*word = 1;
	kb_fault_begin(KB_FAULT_MAP, 1, ENOMEM);
	pager.ops->unmap(pager.ctx, TEST_VA(1), 1);
	assert_true(kb_fault_end());
	assert_int_equal(*word, 0);
	assert_null(pager.ops->payload(pager.ctx, TEST_VA(1)));
	assert_int_equal(pager.ops->map(pager.ctx, TEST_VA(1), 1), 0);
	assert_int_equal(*pager.ops->payload(pager.ctx, TEST_VA(1)), 0);
	pager_release(&pager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pager_mmap__maps_and_unmaps),
		cmocka_unit_test(test_pager_mmap__limits),
		cmocka_unit_test(test_pager_mmap__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
