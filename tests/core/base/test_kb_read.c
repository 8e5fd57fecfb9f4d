/* kb_read: read(2) that waits. */
#include "kb_test.h"

#include "kb_fault.h"
#include "kb_read.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void test_kb_read__reads_a_file(void **state)
{
	char bytes[8];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abc", 3), 3);
	close(ends[1]);
	assert_int_equal(kb_read(ends[0], bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_int_equal(kb_read(ends[0], bytes, sizeof(bytes)), 0);
	close(ends[0]);
	assert_int_equal(kb_read(ends[0], bytes, sizeof(bytes)), -1);
	assert_int_equal(errno, EBADF);
}

/* Nothing is there when it first asks. */
static void test_kb_read__waits_on_nonblocking_input(void **state)
{
	char byte = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	kb_fault_begin(KB_FAULT_READ, 1, EAGAIN);
	assert_int_equal(kb_read(ends[0], &byte, 1), 1);
	assert_true(kb_fault_end());
	assert_int_equal(byte, 'x');
	close(ends[0]);
	close(ends[1]);
}

/* A signal is the caller's to judge. */
static void test_kb_read__reports_a_signal(void **state)
{
	char byte;

	(void)state;
	kb_fault_begin(KB_FAULT_READ, 1, EINTR);
	assert_int_equal(kb_read(0, &byte, 1), -1);
	assert_true(kb_fault_end());
	assert_int_equal(errno, EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_read__reads_a_file),
		cmocka_unit_test(test_kb_read__waits_on_nonblocking_input),
		cmocka_unit_test(test_kb_read__reports_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
