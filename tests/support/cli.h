/*
 * cli: runs the programs as a person does, from a shell, and keeps what they
 * print.
 *
 * Every test runs in an empty folder of its own. A command finds the programs
 * as $BENCH and $TRC, the repository's traces in $TRACES. What bench decides by
 * time, a test leaves to $FAKE_TIME_BENCH, whose clock counts (kb_fake_time.h),
 * or gives $BENCH a budget that nothing exceeds.
 *
 * The tests of whole programs may include this file.
 */
#ifndef CLI_H
#define CLI_H

#include "kb_bits.h"
#include "kb_test.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct cli {
	/* Exit status of the last command; 128 + N after signal N. */
	int status;

	/* What it wrote, as text. Owned; replaced by the next command. */
	char *out;
	char *err;
	size_t out_size;

	/* The last cli_json. */
	json_t *json;

	/* The test's folder. */
	char folder[64];

	/* A command that cli_start has begun, and where its output goes. */
	pid_t pid;
	int out_fd;
	int err_fd;
};

/* A test with a folder of its own: setup and teardown around it. */
int cli_setup(void **state);
int cli_teardown(void **state);
#define cli_test(f) cmocka_unit_test_setup_teardown(f, cli_setup, cli_teardown)

/* Runs a shell command to its end, standard input empty. */
void cli_sh(struct cli *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same on a terminal of this many columns; all output is in c->out. */
void cli_on_terminal(struct cli *c, unsigned short columns, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/* Begins a command; cli_wait waits for its end. It is one process: the shell
 * is replaced by the program. */
void cli_start(struct cli *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cli_wait(struct cli *c);

/* Links the plugins of tests/plugins into the test's folder. */
void cli_link_plugins(struct cli *c);

/* A budget that no run exceeds, so that it is the epochs that are counted. */
#define CLI_NO_BUDGET " --budget 1000000"

/* Skips the rest of a test under AddressSanitizer: it times much, and another test
 * runs the same code on less. */
#define cli_skip_if_sanitized() \
	do {                    \
		if (KB_ASAN)    \
			skip(); \
	} while (0)

/* In a cross build the programs run in an emulator. bench cannot: it executes
 * itself. */
#ifdef KB_EMULATED
#define CLI_IS_EMULATED true
#else
#define CLI_IS_EMULATED false
#endif

/* True once the begun command has a child process. */
bool cli_has_child(const struct cli *c);

/* Waits until `condition` holds; a command that ends before fails the test. */
void cli_until(struct cli *c, bool (*condition)(const struct cli *c));

/* The last command ended with `status`; shows what it said if not. */
void cli_expect_at(const struct cli *c, int status, const char *file, int line);
#define cli_expect(c, status) cli_expect_at(c, status, __FILE__, __LINE__)

/* It ended with `status`, said one line on stderr with these words in it (ended
 * by NULL), and nothing on stdout. */
void cli_refused_at(const struct cli *c, int status, const char *const *words,
		    const char *file, int line);
#define cli_refused(c, status, ...)                                           \
	cli_refused_at(c, status, (const char *const[]){ __VA_ARGS__, NULL }, \
		       __FILE__, __LINE__)

/* `text` holds `words`. */
void cli_holds_at(const char *text, const char *words, const char *file,
		  int line);
#define cli_holds(text, words) cli_holds_at(text, words, __FILE__, __LINE__)

/* Standard output, or a file, as JSON, which must be nothing else. Owned by
 * `c`. */
json_t *cli_json(struct cli *c);
json_t *cli_json_file(struct cli *c, const char *path);

/* The cell of a results document, and one of its counters. */
json_t *cli_cell(const json_t *document, const char *trace,
		 const char *allocator);
json_int_t cli_counter(const json_t *cell, const char *name);

/* True if there is such a file or folder. */
bool cli_exists(const char *path);

/* Number of files and folders under the test's folder, not counting itself. */
int cli_files(void);

#endif /* CLI_H */
