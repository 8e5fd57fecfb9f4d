#include "kb_test.h"

#include "kb_fault.h"
#include "kb_status.h"
#include "kb_stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child whose streams of `closed`, a bit each, are closed: the next file is
 * none of the three, and those that were closed still fail. */
static int keep_with(unsigned closed)
{
	char byte = 0;

	for (int fd = 0; fd < 3; fd++)
		if (closed & 1U << fd)
			close(fd);
	if (kb_stdio_keep() != 0)
		return 1;
	if (open("/dev/null", O_RDWR) < 3)
		return 2;
	for (int fd = 0; fd < 3; fd++)
		if (closed & 1U << fd &&
		    ((fd ? write(fd, &byte, 1) : read(fd, &byte, 1)) != -1 ||
		     errno != EBADF))
			return 3;
	return 0;
}

static void test_kb_stdio__every_closed_set(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++) {
		pid_t pid = fork();
		int status = -1;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(keep_with(closed));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* Nothing to put in a closed stream's place. In a child as well. */
static void test_kb_stdio__open_fails(void **state)
{
	pid_t pid = fork();
	int status = -1;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		close(STDERR_FILENO);
		kb_fault_begin(KB_FAULT_OPEN, 1, ENFILE);
		_exit(kb_stdio_keep() != KB_E_IO || !kb_fault_end());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A write that failed before is told with its own cause, whatever errno says by
 * then. */
static void test_kb_stdio__flush_reports_an_earlier_failure(void **state)
{
	static const int stale[] = { 0, ENOENT };

	(void)state;
	for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		fputs("x", full);
		assert_int_equal(fflush(full), EOF);
		errno = stale[i];
		assert_int_equal(kb_stdio_flush(full), ENOSPC);
		fclose(full);
	}
}

static void test_kb_stdio__flush_writes(void **state)
{
	char text[8] = "";
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fputs("x", file);
	assert_int_equal(kb_stdio_flush(file), 0);
	assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 1);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb_stdio__every_closed_set),
		cmocka_unit_test(test_kb_stdio__open_fails),
		cmocka_unit_test(
			test_kb_stdio__flush_reports_an_earlier_failure),
		cmocka_unit_test(test_kb_stdio__flush_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
