/*
 * trc_cli: what the trc program's commands share: options, errors, output.
 *
 * Private to the trc program.
 */
#ifndef TRC_CLI_H
#define TRC_CLI_H

#include <stddef.h>

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

/* Prints "trc: …" and a newline to stderr; control characters become '?'.
 * Returns CLI_FAILED. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints `text` with '?' for control characters. */
void cli_put_text(const char *text);

/* Flushes stdout. Returns CLI_GOOD, also if the reader of a pipe has gone;
 * else complains and returns CLI_FAILED. */
int cli_flush(void);

/* The signal that asked the program to stop, or 0. */
int cli_signal(void);

/* Starts to listen for SIGINT and SIGTERM. */
void cli_catch_signals(void);

#endif /* TRC_CLI_H */
