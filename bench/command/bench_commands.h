/*
 * bench_commands: what `bench WORD …` runs when the first word is no option. One
 * file and one line in bench_commands.c each.
 *
 * Only bench's own files include this file.
 */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

struct bench_command_entry {
	/* The word on the command line. */
	const char *name;

	/* One line for `bench --help`. */
	const char *help;

	/* Runs it; argv[0] is the word. Returns the exit status. */
	int (*main)(int argc, char **argv);
};

/* All commands, ended by one whose name is NULL. */
extern const struct bench_command_entry bench_commands[];

/* Runs the command called argv[1], or says on stderr that there is none and
 * which name is nearest; where argv[1] is no word, the replay that the options
 * ask for. Returns the exit status. */
int bench_commands_run(int argc, char **argv);

/* The exit status of a command that ends with this error (enum kb_status): 5, 4 or
 * 2. */
int bench_commands_status(int err);

/* Of two exit statuses of gates the one that counts: 5, 1, 2, 4, 3, 0. An open
 * question must not hide a failure, nor a failure a wrong result. */
int bench_commands_graver(int a, int b);

#endif /* BENCH_COMMANDS_H */
