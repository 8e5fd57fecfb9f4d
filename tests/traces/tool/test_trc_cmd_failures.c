/*
 * The commands of trc, called in this process, while what they call fails: each
 * ends with status 2 and a line that says why, or 128 and the signal's number,
 * and under the output's name there is nothing, or all of it.
 */
#include "trc_test.h"

#include "kb_fault.h"
#include "kb_json.h"
#include "trc_cli.h"
#include "trc_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED	  TRC_TEST_TRACES "seed-example.trc"
#define WORDS_MAX 9

/* A placeholder for the output's path. */
#define OUT "@"

static const struct command {
	const struct kb_command *table;
	const char *words[WORDS_MAX];
} commands[] = {
	{ &trc_command_import,
	  { "--exclude-site", "f", "--threads", "1",
	    TRC_TEST_RECORDINGS "seed-example.ftrace", OUT } },
	{ &trc_command_info, { SEED } },
	{ &trc_command_stat, { SEED } },
	{ &trc_command_print, { SEED } },
	{ &trc_command_verify, { SEED } },
	{ &trc_command_cut, { "--to", "3", SEED, OUT } },
	{ &trc_command_filter, { "--min-size", "1", SEED, OUT } },
	{ &trc_command_merge, { SEED, SEED, OUT } },
	{ &trc_command_convert, { "--to", "ftrace", SEED, OUT } },
	{ &trc_command_convert, { "--to", "csv", SEED, "-" } },
	{ &trc_command_anonymize, { SEED, OUT } },
	{ &trc_command_gen, { "--events", "66000", OUT } },
	{ &trc_command_gen, { "--like", SEED, "--events", "66000", OUT } },
	{ &trc_command_info, { "--json", SEED } },
	{ &trc_command_stat, { "--json", SEED } },
	{ &trc_command_stat, { TRC_TEST_TRACES "boot.trc" } },
	{ &trc_command_minimize,
	  { "--tries", "2", SEED, OUT, "--", "test", "!", "-s", "{}" } },
	{ &trc_command_minimize,
	  { "--tries", "2", SEED, OUT, "--", "test", "!", "-s" } },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* Where a command's output goes, and what it says. */
struct setting {
	char *directory;
	char out[256];
	int said;
};

static int begin(void **state)
{
	struct setting *set = calloc(1, sizeof(*set));

	assert_non_null(set);
	set->directory = make_directory();
	snprintf(set->out, sizeof(set->out), "%s/out", set->directory);
	set->said = memfd_create("said", MFD_CLOEXEC);
	assert_true(set->said >= 0);
	*state = set;
	return 0;
}

static int end(void **state)
{
	struct setting *set = *state;

	remove_directory(set->directory);
	close(set->said);
	free(set);
	return 0;
}

/* In the place of the program's streams; gives those back that were there. */
static void swap_stream(FILE *stream, int number, int *kept, int fd)
{
	fflush(stream);
	if (fd >= 0) {
		*kept = dup(number);
		dup2(fd, number);
	} else {
		dup2(*kept, number);
		close(*kept);
	}
}

/* Runs a command while the n-th call of these kinds fails. */
static int run(struct setting *set, const struct command *command,
	       unsigned kinds, unsigned n, int error, bool *has_failed)
{
	char *words[WORDS_MAX + 2] = {
		(char *)(uintptr_t)command->table->name
	};
	int null = open("/dev/null", O_WRONLY);
	int out = -1, err = -1, count = 1;
	int status;

	for (; count <= WORDS_MAX && command->words[count - 1]; count++)
		words[count] =
			strcmp(command->words[count - 1], OUT) == 0
				? set->out
				: (char *)(uintptr_t)command->words[count - 1];
	/* No memory is short yet. */
	kb_json_begin();
	assert_int_equal(ftruncate(set->said, 0), 0);
	assert_int_equal(lseek(set->said, 0, SEEK_SET), 0);
	swap_stream(stdout, STDOUT_FILENO, &out, null);
	swap_stream(stderr, STDERR_FILENO, &err, set->said);
	kb_fault_begin(kinds, n, error);
	status = command->table->main(count, words);
	*has_failed = kb_fault_end();
	swap_stream(stderr, STDERR_FILENO, &err, -1);
	swap_stream(stdout, STDOUT_FILENO, &out, -1);
	close(null);
	return status;
}

static void assert_said(struct setting *set, const char *wanted,
			const struct command *command, unsigned n)
{
	char text[1000];
	ssize_t size = pread(set->said, text, sizeof(text) - 1, 0);

	assert_true(size >= 0);
	text[size] = 0;
	if (strncmp(text, "trc: ", 5) != 0 || !strstr(text, wanted))
		fail_msg("%s %s, call %u: \"%s\"", command->words[0],
			 command->words[1] ? command->words[1] : "", n, text);
}

/* Each call of these kinds in its turn. Returns how many there are. */
static unsigned fail_each(struct setting *set, const struct command *command,
			  unsigned kinds, int error, const char *says)
{
	struct stat st;
	bool has_failed;

	for (unsigned n = 1;; n++) {
		int status = run(set, command, kinds, n, error, &has_failed);

		if (!has_failed) {
			assert_int_equal(status, KB_EXIT_GOOD);
			unlink(set->out);
			return n - 1;
		}
		/* Lines that cannot be broken for lack of memory are printed as
		 * they are, once the trace is whole. */
		if (status == KB_EXIT_GOOD && kinds == KB_FAULT_MEMORY &&
		    stat(set->out, &st) == 0 &&
		    lseek(set->said, 0, SEEK_END) == 0) {
			unlink(set->out);
			continue;
		}
		if (status != KB_EXIT_USAGE)
			fail_msg("%s %s, call %u: status %d", command->words[0],
				 command->words[1] ? command->words[1] : "", n,
				 status);
		assert_said(set, says, command, n);
		assert_int_equal(stat(set->out, &st), -1);
	}
}

static void test_trc_cmd_failures__memory(void **state)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		assert_true(fail_each(*state, &commands[i], KB_FAULT_MEMORY,
				      ENOMEM, "out of memory") > 5);
}

static void test_trc_cmd_failures__files(void **state)
{
	/* The stream of convert's output. */
	assert_int_equal(fail_each(*state, &commands[8], KB_FAULT_START, ENOMEM,
				   strerror(ENOMEM)),
			 1);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fail_each(*state, &commands[i], KB_FAULT_OPEN, EMFILE,
			  strerror(EMFILE));
		fail_each(*state, &commands[i], KB_FAULT_READ, EIO,
			  strerror(EIO));
		fail_each(*state, &commands[i], KB_FAULT_WRITE, ENOSPC,
			  strerror(ENOSPC));
		fail_each(*state, &commands[i],
			  KB_FAULT_SYNC | KB_FAULT_RENAME | KB_FAULT_SEEK, EIO,
			  strerror(EIO));
	}
}

/* The command to minimize for cannot be started, or its exit status cannot be
 * read: no result is better than a wrong one. */
static void test_trc_cmd_failures__processes(void **state)
{
	const struct command *command = &commands[COMMAND_COUNT - 1];

	assert_true(fail_each(*state, command, KB_FAULT_START, EAGAIN,
			      "test: cannot be started: ") == 2);
	assert_true(fail_each(*state, command, KB_FAULT_WAIT, ECHILD,
			      "test: cannot tell how it ended: ") == 2);
}

/* A signal came before. Expect: its status, and nothing written. In a process of
 * its own, which never forgets the signal. */
static void test_trc_cmd_failures__signal(void **state)
{
	struct setting *set = *state;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		int number = i % 2 ? SIGINT : SIGTERM;
		struct stat st;
		int status = 0;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			bool has_failed;

			kb_signal_catch();
			raise(number);
			_exit(run(set, &commands[i], 0, 0, 0, &has_failed));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) != 128 + number)
			fail_msg("%s %s: status %d", commands[i].words[0],
				 commands[i].words[1], WEXITSTATUS(status));
		assert_int_equal(stat(set->out, &st), -1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_trc_cmd_failures__memory),
		TEST(test_trc_cmd_failures__files),
		TEST(test_trc_cmd_failures__processes),
		TEST(test_trc_cmd_failures__signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
