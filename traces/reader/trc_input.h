/*
 * trc_input: the bytes of a .trc file, from a descriptor or from memory, taken
 * in order.
 *
 * Private to the reader.
 */
#ifndef TRC_INPUT_H
#define TRC_INPUT_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trc_input {
	/* The file's name in errors. Owned. */
	char *name;

	/* -1 for memory. Owned, unless `shared`: then others read from it too,
	 * each with an offset of its own. */
	int fd;
	bool shared;

	/* The whole input, borrowed, if fd is -1. */
	const uint8_t *memory;

	/* Size of the input, bytes; 0 for a pipe, whose size is unknown. */
	uint64_t size;

	/* Bytes taken so far. */
	uint64_t offset;

	/* The last bytes taken, if fd is not -1. Owned. */
	uint8_t *buffer;
	size_t buffer_size;
};

/* Opens `path`; returns 0, KB_E_IO or KB_E_NOMEM. */
int trc_input_open(struct trc_input *in, const char *path,
		   struct kb_diag *diag);

/* Takes its bytes from an open regular file, which stays open and the caller's.
 * Its offset is not used. Returns 0, KB_E_IO or KB_E_NOMEM. */
int trc_input_open_fd(struct trc_input *in, int fd, const char *name,
		      struct kb_diag *diag);

/* Takes its bytes from memory, which the caller keeps; 0 or KB_E_NOMEM. */
int trc_input_open_memory(struct trc_input *in, const void *data, size_t size,
			  const char *name, struct kb_diag *diag);

/*
 * Takes up to `want` bytes: `*data` points to them until the next call and
 * `*got` is less than `want` only at the end of the input. Returns 0, KB_E_IO
 * or KB_E_NOMEM.
 */
int trc_input_take(struct trc_input *in, size_t want, const uint8_t **data,
		   size_t *got, struct kb_diag *diag);

/* Goes back to the first byte; 0 or KB_E_IO. */
int trc_input_rewind(struct trc_input *in, struct kb_diag *diag);

/* Releases what an open has taken; harmless on a zeroed input with fd -1. */
void trc_input_release(struct trc_input *in);

#endif /* TRC_INPUT_H */
