/*
 * trc_cli: what the trc program's commands share: options, errors, output.
 *
 * Private to the trc program.
 */
#ifndef TRC_CLI_H
#define TRC_CLI_H

#include "kb_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit statuses; after a signal it is 128 + the signal's number. */
enum { CLI_GOOD = 0, CLI_FAILED = 2 };

struct cli_option {
	/* Without the dashes. */
	const char *name;

	/* What its argument is called, or NULL if it takes none. */
	const char *argument;
};

/* A command line being read. Options and operands come in any order; what
 * follows "--" is operands. Every command knows --help and -h. */
struct cli {
	int argc;
	char **argv;

	/* The command's options, the last one with a NULL name. */
	const struct cli_option *options;

	/* Next of argv to read, from 0; and "--" has been seen. */
	int next;
	int only_operands;

	/* The option's argument or the operand just read. */
	const char *value;
};

/* Other results of cli_next than an index into the options. */
enum { CLI_END = -1, CLI_OPERAND = -2, CLI_HELP = -3, CLI_BAD = -4 };

/* Reads on: the index of an option, or one of the above; CLI_BAD has been
 * complained about. */
int cli_next(struct cli *cli);

/* Ends a command whose line asks for help, which is then printed, or is wrong:
 * CLI_HELP or CLI_BAD. Returns the exit status. */
int cli_leave(int option, const char *help);

/* Prints "trc: …" and a newline to stderr; control characters become '?'.
 * Returns CLI_FAILED. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The character, or '?' for one that drives a terminal or ends a line. */
static inline char cli_shown(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
}

/* Prints `text` with '?' for control characters. */
void cli_put_text(const char *text);

/* Prints a call site and, unless it is "", its [module]; NULL as "-". */
void cli_put_site(const char *site, const char *module);

/*
 * Reads a whole number for --`name`, in decimal. Returns CLI_GOOD or, after a
 * complaint, CLI_FAILED.
 */
int cli_number(const char *name, const char *text, uint64_t *number);

/* As cli_number, for zstd's level. */
int cli_level(const char *text, int *level);

/*
 * What to exit with after a library's error: complains with `diag`, or, after a
 * signal, with the news that `path`, if any, was not written.
 */
int cli_fail(const struct kb_diag *diag, const char *path);

/* The progress line, on a terminal only. Zero it, and begin. */
struct cli_progress {
	bool is_shown;
	bool has_printed;
	uint64_t last_ms;
};

/* Starts it, unless `quiet` or where nobody sees it. */
void cli_progress_begin(struct cli_progress *progress, bool quiet);

/* Shows "NN %, EVENTS events", now and then; `total` is 0 if not known. Cheap
 * enough for every few thousand events. */
void cli_progress_show(struct cli_progress *progress, uint64_t done,
		       uint64_t total, uint64_t events);

/* Wipes it. */
void cli_progress_end(struct cli_progress *progress);

/* Flushes stdout. Returns CLI_GOOD, also if the reader of a pipe has gone;
 * else complains and returns CLI_FAILED. */
int cli_flush(void);

/* The signal that asked the program to stop, or 0. */
int cli_signal(void);

/* Starts to listen for SIGINT and SIGTERM. */
void cli_catch_signals(void);

/* A command over files: options, and what is done with each file. */
struct cli_files {
	/* The command's name and --help's text. */
	const char *name;
	const char *help;

	const struct cli_option *options;

	/* The one option that is a switch, and is handed on. */
	int flag;

	/* Does one file's work. Returns its exit status. */
	int (*each)(const char *path, bool flag);
};

/*
 * Runs such a command: options count wherever they stand, files are taken in
 * their order, and the highest status is the command's. Stops at a signal's.
 */
int cli_each_file(int argc, char **argv, const struct cli_files *files);

#endif /* TRC_CLI_H */
