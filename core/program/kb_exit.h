/*
 * kb_exit: what the programs exit with.
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

#endif /* KB_EXIT_H */
