/*
 * trc_cli: what trc's commands share: common options, exit statuses and
 * endings.
 *
 * Private to the trc program.
 */
#ifndef TRC_CLI_H
#define TRC_CLI_H

#include "kb_complain.h"
#include "kb_exit.h"
#include "kb_options.h"
#include "kb_progress.h"
#include "kb_signal.h"
#include "kb_status.h"
#include "trc_import.h"

#include <stdbool.h>
#include <stdint.h>

/* zstd's level, an int at this offset of the target. */
#define CLI_OPTION_LEVEL(at)                                      \
	{                                                         \
		.name = "level", .value = "N",                    \
		.help = "zstd level, 1 to 19 (default 3)",        \
		.kind = KB_OPTION_NUMBER32, .low = TRC_LEVEL_MIN, \
		.high = TRC_LEVEL_MAX, .offset = (at)             \
	}

/* Nothing but errors, a bool at this offset of the target. */
#define CLI_OPTION_QUIET(at, text)                                         \
	{                                                                  \
		.name = "quiet", .help = (text), .kind = KB_OPTION_SWITCH, \
		.offset = (at)                                             \
	}

/* The exit statuses of a command that writes no output but stdout. */
#define CLI_EXITS                                                   \
	"0 good\n"                                                  \
	"2 wrong usage; a file that cannot be read or is damaged\n" \
	"130 after SIGINT\n"                                        \
	"143 after SIGTERM"

/* Those of one that writes a file. */
#define CLI_EXITS_OUT                                                  \
	"0 good\n"                                                     \
	"2 wrong usage; a file that cannot be read or written, or is " \
	"damaged\n"                                                    \
	"130 after SIGINT, with no output written\n"                   \
	"143 after SIGTERM, likewise"

/* Prints a call site and, unless it is "", its [module]; NULL as "-". */
void cli_put_site(const char *site, const char *module);

/* The same in at most `columns` columns, at least 1, with an ellipsis where it is cut. */
void cli_fit_site(const char *site, const char *module, size_t columns);

/*
 * The exit status after a library's error: reports `diag` or, after a signal,
 * that `path`, if any, was not written.
 */
int cli_fail(const struct kb_diag *diag, const char *path);

/* A command over files: the target of its table. */
struct cli_files {
	struct kb_words files;

	/* The command's one switch, passed on for each file. */
	bool flag;
};

/* The operands of such a command. */
extern const struct kb_operand cli_files_operands[];

/*
 * Runs such a command: `each` does one file's work and returns its exit status.
 * Takes the files in order. The highest status is the command's. Stops at a
 * signal.
 */
int cli_each_file(const struct kb_command *command, int argc, char **argv,
		  int (*each)(const char *path, bool flag));

#endif /* TRC_CLI_H */
