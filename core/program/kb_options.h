/*
 * kb_options: the command lines of bench and trc. A command is a table: its
 * options, its operands, what its help says. The parser, --help, the man page and
 * the shell completion all come from that table.
 *
 * It accepts "--name VALUE", "--name=VALUE", "-n VALUE", switches, -h and
 * --help, and "--", after which every word is an operand. It accepts no
 * abbreviations: a script that used "--al" would break with the next option.
 *
 * For the programs' own files.
 */
#ifndef KB_OPTIONS_H
#define KB_OPTIONS_H

#include "kb_files.h"
#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Most options that a command may have. */
#define KB_OPTIONS_MAX 40

/* Longest line of help, columns. */
#define KB_OPTIONS_COLUMNS 80

/* Words of a command line, in order. The words belong to argv, the array to the
 * caller of the parser. Zero it first. */
struct kb_words {
	const char **word;
	size_t count;
};

/* Frees the array; harmless on an empty one. */
void kb_words_release(struct kb_words *words);

/* How an option's value is stored. */
enum kb_option_kind {
	/* A bool, set to true. Takes no value. */
	KB_OPTION_SWITCH,

	/* A const char *, which points into argv. */
	KB_OPTION_TEXT,

	/* A struct kb_words, which each use adds to. */
	KB_OPTION_WORDS,

	/* A uint64_t, or a uint32_t or int, from `low` to `high`; decimal, or
	 * hexadecimal after 0x. */
	KB_OPTION_NUMBER,
	KB_OPTION_NUMBER32,

	/* Whatever `take` stores. */
	KB_OPTION_CALL,

	/* As KB_OPTION_WORDS, of whole words that begin with "--" and `name`:
	 * options that another library parses. */
	KB_OPTION_FOREIGN
};

struct kb_option {
	/* Without dashes. NULL ends a table. */
	const char *name;

	/* What the value is called in the help; NULL for a switch. */
	const char *value;

	/* A sentence for the help; it is wrapped, and "\n" ends a line. */
	const char *help;

	/* The heading over the options from here on; NULL continues under the
	 * last one. "Options" if the first option has none. */
	const char *heading;

	enum kb_option_kind kind;

	/* A letter, as in -h; 0 for none. */
	char letter;

	/* The command requires it, and the usage line says so. */
	bool is_required;

	/* KB_OPTION_TEXT and KB_OPTION_WORDS: what is done with the file that
	 * the value names. */
	enum kb_files_use file;

	/* The names, between blanks, of options that have no effect beside this one:
	 * it is an error to give both. "*": of all others. NULL: none. */
	const char *excludes;

	/* A second use is an error. Without this the last use counts, so that a
	 * user can override a script's options by appending others. */
	bool is_single;

	/* Where the value is stored: offset in the target, bytes. */
	size_t offset;

	/* KB_OPTION_NUMBER and NUMBER32: the range, both included. */
	uint64_t low;
	uint64_t high;

	/* KB_OPTION_CALL: stores `value`, NULL for a switch, at `field`. Returns
	 * 0, or <0 with `diag` filled. */
	int (*take)(void *field, const struct kb_option *option,
		    const char *value, struct kb_diag *diag);
};

struct kb_operand {
	/* As the usage line shows it. NULL ends a table. */
	const char *name;

	/* How many words, both included. */
	size_t min;
	size_t max;

	/* Where they are stored: a const char * if max is 1, else a struct
	 * kb_words. Offset in the target, bytes. */
	size_t offset;

	/* What is done with the files that they name. */
	enum kb_files_use file;
};

struct kb_command {
	/* "bench"; and "show", or NULL for the program itself. */
	const char *program;
	const char *name;

	/* What it does, for the list of commands and the man page's title:
	 * lower case, no period. NULL for the program itself. */
	const char *summary;

	/* Paragraphs, each one line, with an empty line between. A line that
	 * begins with a blank stays as it is, here and in the texts below. */
	const char *about;

	const struct kb_option *options;

	/* NULL for none. */
	const struct kb_operand *operands;

	/* The option that an extra operand was probably meant for, without
	 * dashes; NULL for none. */
	const char *stray;

	/* What follows the operands and a "--", as the usage line shows it; stored
	 * as a struct kb_words at rest_offset. NULL for none. */
	const char *rest;
	size_t rest_offset;

	/* Further sections, each a "Title:" line and its text; NULL for none. */
	const char *notes;

	/* Writes a section made from another table; NULL for none. */
	void (*write_more)(FILE *out);

	/* One command line per line. */
	const char *examples;

	/* A line per exit status: the number, a blank, what it means. */
	const char *exits;

	/* Checks the options together, once each is stored; NULL if there is
	 * nothing to check. Returns 0, or <0 with `diag` filled. */
	int (*check)(void *target, struct kb_diag *diag);

	/* Adds the files that the table does not tell of; NULL for none. Called
	 * after `check`. Returns 0, or <0 with `diag` filled. */
	int (*files)(const void *target, struct kb_files *files,
		     struct kb_diag *diag);

	/* Whether the command gets the list of its files, a struct kb_files at
	 * this offset of the target, to be judged (kb_files_judge) and released.
	 */
	bool keeps_files;
	size_t files_offset;

	/* The program's commands, ended by NULL; NULL for a command. */
	const struct kb_command *const *commands;

	/* Runs it; argv[0] is the word that named it. Returns the exit status. */
	int (*main)(int argc, char **argv);
};

/* kb_options_parse: the line asks for help; the rest of it is ignored. */
#define KB_OPTIONS_HELP 1

/*
 * Stores what the command line says in `target`, and looks at the files that it
 * names (kb_files_check). argv[0] is not looked at; argv stays as it is. Returns 0,
 * KB_OPTIONS_HELP, or KB_E_ARG, KB_E_IO or KB_E_NOMEM with `diag` filled. In any case the caller releases the words of `target`.
 */
int kb_options_parse(const struct kb_command *command, void *target, int argc,
		     char **argv, struct kb_diag *diag);

/* A whole number from low to high, in decimal, or in hexadecimal after 0x, as the
 * value of --`name`. Returns 0, or KB_E_ARG with `diag` filled. */
int kb_options_number(const char *name, const char *text, uint64_t low,
		      uint64_t high, uint64_t *out, struct kb_diag *diag);

/* Writes what --help shows. */
void kb_options_help(FILE *out, const struct kb_command *command);

/*
 * As kb_options_parse, for a program: prints the requested help, or the error.
 * Returns true if the command should continue; else `*status` is the exit
 * status.
 */
bool kb_options_go(const struct kb_command *command, void *target, int argc,
		   char **argv, int *status);

/*
 * Runs the command that argv[1] names; if there is none, says so and suggests
 * the nearest. If argv[1] is absent or an option, runs the program itself.
 * Returns the exit status.
 */
int kb_options_run(const struct kb_command *program, int argc, char **argv);

/* As kb_options_run, for a command that only groups others, as `bench sweep` does:
 * alone it says that one of them must be named. Needs no `main` of its own. */
int kb_options_group(const struct kb_command *group, int argc, char **argv);

#endif /* KB_OPTIONS_H */
