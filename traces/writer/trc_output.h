/*
 * trc_output: a file that appears under its name only when it is whole. Until
 * then it lies beside it under another name; whatever was there before stays.
 *
 * Private to this folder.
 */
#ifndef TRC_OUTPUT_H
#define TRC_OUTPUT_H

#include "kb_status.h"

struct trc_output {
	/* Borrowed. */
	const char *path;

	/* The name until then. Owned. */
	char *temporary;

	/* Open for reading and writing, or -1. Owned. */
	int fd;
};

/*
 * Makes the file beside `path`, which must outlive it and must not be "-", a
 * directory, a device or a pipe. Returns 0, KB_E_IO or KB_E_NOMEM; release it
 * in any case.
 */
int trc_output_open(struct trc_output *output, const char *path,
		    struct kb_diag *diag);

/* Refuses (KB_E_IO) an input, a path or "-", that is the output too. */
int trc_output_check_input(const struct trc_output *output, const char *in_path,
			   struct kb_diag *diag);

/* Writes it out and gives it its name. Returns 0 or KB_E_IO. */
int trc_output_commit(struct trc_output *output, struct kb_diag *diag);

/* Removes what has not been committed. */
void trc_output_release(struct trc_output *output);

#endif /* TRC_OUTPUT_H */
