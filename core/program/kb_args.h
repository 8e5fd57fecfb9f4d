/*
 * kb_args: the command line of bench's commands: options with a value,
 * switches, and words.
 *
 * Only bench's own files include this file.
 */
#ifndef KB_ARGS_H
#define KB_ARGS_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a command takes. */
struct kb_arg {
	/* "--alloc"; NULL for a word that is no option. Words are taken in the
	 * table's order. */
	const char *name;

	/* Where the value or the word goes; NULL for a switch. */
	const char **value;

	/* A switch, set to true. */
	bool *is_on;
};

/*
 * Takes argv[1] and all behind it as the table says; argv[0] is the command's
 * name. Of an option given twice the last counts. Returns 0, or KB_E_ARG with
 * `diag` filled.
 */
int kb_args_parse(const struct kb_arg *args, size_t count, int argc,
		  char **argv, struct kb_diag *diag);

/*
 * The same, but what begins with "--" and is not in the table stays in argv, for
 * bench_options_parse, with the value that follows it. Returns the new argc, or
 * KB_E_ARG with `diag` filled.
 */
int kb_args_take(const struct kb_arg *args, size_t count, int argc, char **argv,
		 struct kb_diag *diag);

/* A whole number from low to high, in decimal, or in hexadecimal behind 0x.
 * Returns 0, or KB_E_ARG with `diag` filled. */
int kb_args_number(const char *option, const char *text, uint64_t low,
		   uint64_t high, uint64_t *out, struct kb_diag *diag);

#endif /* KB_ARGS_H */
