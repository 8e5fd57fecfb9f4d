/*
 * kb_exit: the programs' exit statuses.
 *
 * For the programs' own files.
 */
#ifndef KB_EXIT_H
#define KB_EXIT_H

enum kb_exit {
	/* All went well. */
	KB_EXIT_GOOD = 0,

	/* A gate found a regression. */
	KB_EXIT_WORSE = 1,

	/* Usage, unreadable or corrupt input, an output that cannot be
	 * written. */
	KB_EXIT_USAGE = 2,

	/* A gate came to no verdict. */
	KB_EXIT_UNDECIDED = 3,

	/* The machine cannot do what was asked. */
	KB_EXIT_ENVIRONMENT = 4,

	/* A failed verification, an allocator that crashed. */
	KB_EXIT_WRONG = 5,

	/* After a signal: this plus its number. */
	KB_EXIT_SIGNAL = 128
};

/*
 * The exit status for a result (enum kb_status): WRONG and ENVIRONMENT for the
 * errors of those names, GOOD for no error, USAGE for all others, including
 * KB_E_UNSUPPORTED, an input that this build cannot read. After a signal it is
 * that signal's, whatever the error.
 */
int kb_exit_of(int status);

/* The more important of two exit statuses of gates, in the order 5, 1, 2, 4, 3,
 * 0: "inconclusive" must not hide a failure, nor a failure a wrong result. */
int kb_exit_graver(int a, int b);

#endif /* KB_EXIT_H */
