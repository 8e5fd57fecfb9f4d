/*
 * Bytes to the programs as a command line: words that end with a line's end or
 * a NUL, the first of which is the program's name, trc or else bench. All of
 * main runs, but no file can be opened, so no command gets to its work. It
 * returns a documented exit status, and reports every failure.
 *
 * Omitted, by linking (CMakeLists.txt): code that would take signals or time.
 */
#include "bench_options.h"
#include "fuzz_support.h"
#include "replay_clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* main of bench_main.c and trc_main.c. */
int bench_program(int argc, char **argv);
int trc_program(int argc, char **argv);

int __wrap_bench_micro(const struct bench_options *opts);
void __wrap_kb_signal_catch(void);
void __wrap_kb_signal_own(void);
void __wrap_replay_clock_qualify(struct replay_clock *clock);
int __wrap_replay_clock_calibrate(struct replay_clock *clock,
				  struct kb_diag *diag);

#define WORDS_MAX 48

int __wrap_bench_micro(const struct bench_options *opts)
{
	(void)opts;
	return 0;
}

void __wrap_kb_signal_catch(void)
{
}

void __wrap_kb_signal_own(void)
{
}

void __wrap_replay_clock_qualify(struct replay_clock *clock)
{
	memset(clock, 0, sizeof(*clock));
}

int __wrap_replay_clock_calibrate(struct replay_clock *clock,
				  struct kb_diag *diag)
{
	(void)clock;
	(void)diag;
	return 0;
}

/* A command may read standard input, where there is nothing, and close it. */
static void empty_stdin(void)
{
	static int empty = -1;

	if (empty < 0)
		empty = fuzz_file_new();
	fuzz_require(dup2(empty, STDIN_FILENO) == STDIN_FILENO);
}

/* How many files the process may open besides those it has. */
static void allow_files(int are_allowed)
{
	static struct rlimit before;
	struct rlimit limit;

	if (before.rlim_max == 0)
		fuzz_require(getrlimit(RLIMIT_NOFILE, &before) == 0);
	limit = before;
	if (!are_allowed)
		limit.rlim_cur = 0;
	fuzz_require(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Each word is a piece of memory of its own, so that nothing beyond it is read
 * unseen. Returns how many there are. */
static int cut_words(char **words, const uint8_t *data, size_t size)
{
	int count = 0;

	for (size_t at = 0; at < size && count < WORDS_MAX;) {
		size_t length = 0;

		while (at + length < size && data[at + length] != '\0' &&
		       data[at + length] != '\n')
			length++;
		words[count] = strndup((const char *)data + at, length);
		fuzz_require(words[count++] != NULL);
		at += length + 1;
	}
	return count;
}

static void run(int argc, char **argv)
{
	size_t complaint;
	int status;

	empty_stdin();
	allow_files(0);
	fuzz_hush();
	status = strcmp(argv[0], "trc") == 0 ? trc_program(argc, argv)
					     : bench_program(argc, argv);
	complaint = fuzz_speak();
	allow_files(1);
	fuzz_require(status >= 0 && status <= 5);
	fuzz_require(status == 0 || complaint > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX];
	char *argv[WORDS_MAX + 1];
	int count = cut_words(words, data, size);

	if (count == 0)
		return 0;
	/* The programs sort them. */
	memcpy(argv, words, (size_t)count * sizeof(*argv));
	argv[count] = NULL;
	run(count, argv);
	for (int i = 0; i < count; i++)
		free(words[i]);
	return 0;
}
