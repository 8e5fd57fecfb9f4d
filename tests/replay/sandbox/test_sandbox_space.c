/*
 * What a child in namespaces of its own sees and can do. The tests skip where the
 * kernel gives none.
 */
#include "kb_test.h"

#include "sandbox_space.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child's part of a test may use. */
struct child_case {
	const char *folder;
	pid_t parent;
};

static void need_namespaces(void)
{
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (sandbox_space_check(&diag) == 0)
		return;
	print_message("%s\n", diag.text);
	skip();
}

/* Runs `part` in a child in namespaces of its own. Returns its exit status. */
static int run_apart(int (*part)(const struct child_case *),
		     const struct child_case *with, const char *writable)
{
	struct sandbox_space space = { .writable = writable };
	const pid_t child = sandbox_space_fork(&space);
	int status;

	if (child == 0)
		_exit(part(with));
	assert_true(child > 0);
	assert_true(space.keeper > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	sandbox_space_end(&space);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The keeper is process 1 of the namespace, the child process 2. */
static int own_id(const struct child_case *with)
{
	(void)with;
	return getpid();
}

static int reach_parent(const struct child_case *with)
{
	return kill(with->parent, 0) == 0 ? 0 : errno;
}

static void test_sandbox_space__sees_no_other_process(void **state)
{
	const struct child_case with = { .parent = getpid() };

	(void)state;
	need_namespaces();
	assert_int_equal(run_apart(own_id, &with, NULL), 2);
	assert_int_equal(run_apart(reach_parent, &with, NULL), ESRCH);
}

/* Of a new network namespace the loopback alone is there. */
static int count_interfaces(const struct child_case *with)
{
	struct if_nameindex *list = if_nameindex();
	int count = 0;

	(void)with;
	for (; list && list[count].if_index; count++)
		if (strcmp(list[count].if_name, "lo") != 0)
			return 255;
	return count;
}

static void test_sandbox_space__has_no_network(void **state)
{
	const struct child_case with = { 0 };

	(void)state;
	need_namespaces();
	assert_int_equal(run_apart(count_interfaces, &with, NULL), 1);
}

static int make_file(const struct child_case *with)
{
	const int folder = open(with->folder, O_PATH | O_DIRECTORY);
	const int fd = openat(folder, "made", O_CREAT | O_WRONLY, 0644);

	return fd >= 0 ? 0 : errno;
}

/* A folder of this test, which it removes again. */
static void test_sandbox_space__writes_to_one_folder(void **state)
{
	char folder[] = "sandbox-XXXXXX";
	struct child_case with = { .folder = folder };
	char made[sizeof(folder) + 8];

	(void)state;
	need_namespaces();
	assert_non_null(mkdtemp(folder));
	snprintf(made, sizeof(made), "%s/made", folder);
	assert_int_equal(run_apart(make_file, &with, NULL), EROFS);
	assert_int_equal(access(made, F_OK), -1);
	assert_int_equal(run_apart(make_file, &with, folder), 0);
	assert_int_equal(access(made, F_OK), 0);
	assert_int_equal(unlink(made), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Leaves a process in a session of its own, which holds all files open. */
static int leave_process(const struct child_case *with)
{
	(void)with;
	if (fork() == 0) {
		setsid();
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		for (;;)
			pause();
	}
	return 0;
}

static void test_sandbox_space__end_ends_all(void **state)
{
	const struct child_case with = { 0 };
	int fds[2];
	char byte;

	(void)state;
	need_namespaces();
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(run_apart(leave_process, &with, NULL), 0);
	close(fds[1]);
	/* The end of the pipe: nobody can write to it any more. */
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

/* Makes children in namespaces until it is killed, all of which hold the pipe open. */
static void make_children(void)
{
	for (;;) {
		struct sandbox_space space = { 0 };

		if (sandbox_space_fork(&space) == 0)
			for (;;)
				pause();
		sandbox_space_end(&space);
	}
}

/* Whenever the one that makes them is killed, with a child half made as well. The pipe's
 * end comes when the last process that could write to it has ended. */
static void test_sandbox_space__nothing_outlives_its_maker(void **state)
{
	const struct child_case with = { 0 };

	(void)state;
	need_namespaces();
	/* Without it the wait below would not end. */
	assert_int_equal(run_apart(own_id, &with, NULL), 2);
	for (unsigned i = 0; i < 200; i++) {
		int fds[2];
		pid_t maker;
		char byte;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		maker = fork();
		if (maker == 0)
			make_children();
		assert_true(maker > 0);
		close(fds[1]);
		/* Looks at it for a while that grows from kill to kill. */
		for (unsigned k = 0; k < i * 50; k++)
			assert_int_equal(waitpid(maker, NULL, WNOHANG), 0);
		assert_int_equal(kill(maker, SIGKILL), 0);
		assert_int_equal(waitpid(maker, NULL, 0), maker);
		assert_int_equal(read(fds[0], &byte, 1), 0);
		close(fds[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox_space__sees_no_other_process),
		cmocka_unit_test(test_sandbox_space__has_no_network),
		cmocka_unit_test(test_sandbox_space__writes_to_one_folder),
		cmocka_unit_test(test_sandbox_space__end_ends_all),
		cmocka_unit_test(
			test_sandbox_space__nothing_outlives_its_maker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
