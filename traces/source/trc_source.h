/*
 * trc_source: where the bytes of a recording come from: a file or a pipe,
 * memory, and zstd or gzip on top of either.
 *
 * Private to the importer.
 */
#ifndef TRC_SOURCE_H
#define TRC_SOURCE_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that are given at once. */
#define TRC_SOURCE_PIECE (128ul * 1024)

/* How many times its size a compressed recording may unpack to, and how many
 * bytes in any case. */
#define TRC_SOURCE_RATIO_MAX  4096
#define TRC_SOURCE_RATIO_FREE (UINT64_C(64) << 20)

struct trc_source_ops {
	/*
	 * Points `*data` to the next `*size` bytes, valid until the next
	 * call. Returns 0; KB_END when there are no more; or <0 with `diag`
	 * filled. 0 with no bytes means that a signal came in between: ask
	 * again, or stop. Bytes come with 0 only: whatever else is returned,
	 * `*data` and `*size` mean nothing. It is not called again after
	 * anything but 0. Required.
	 */
	int (*next)(void *ctx, const char **data, size_t *size,
		    struct kb_diag *diag);

	/* Frees the context. Required. */
	void (*release)(void *ctx);
};

struct trc_source {
	/* NULL in a source that is not open. */
	const struct trc_source_ops *ops;
	void *ctx;

	/* What `next` returned last; anything but 0 is final. */
	int ended;

	/* Bytes that `next` has given and the source's whole size, or 0 where
	 * nobody knows it. */
	uint64_t bytes_given;
	uint64_t bytes_total;

	/* Running xxHash64 of the bytes given; NULL where not wanted. Owned.
	 */
	void *hash;

	/* What trc_source_peek has read ahead. */
	const char *ahead;
	size_t ahead_size;
};

/*
 * Opens a file, or standard input for "-". 0, KB_E_IO or KB_E_NOMEM.
 *
 * A regular file that changes while it is read, by its size or the time of its
 * last change, ends with KB_E_IO: what has been read may be half of one
 * recording and half of another. Files whose size the kernel gives as 0, such
 * as /sys/kernel/tracing/trace, are read to their end like a pipe.
 */
int trc_source_open_file(struct trc_source *source, const char *path,
			 struct kb_diag *diag);

/* As trc_source_open_file, from the open `fd`, which stays the caller's, at its
 * place. `name` is for errors; copied. */
int trc_source_open_fd(struct trc_source *source, int fd, const char *name,
		       struct kb_diag *diag);

/* Takes its bytes from memory, which the caller keeps. 0 or KB_E_NOMEM. */
int trc_source_open_memory(struct trc_source *source, const void *data,
			   size_t size, struct kb_diag *diag);

/*
 * Inflates what `inner` gives, which stays the caller's and must outlive it.
 * What unpacks to TRC_SOURCE_RATIO_MAX times its size is refused: no recording
 * does, and whoever made it means harm.
 * `name` is for errors, borrowed. 0 or KB_E_NOMEM.
 */
int trc_source_open_zstd(struct trc_source *source, struct trc_source *inner,
			 const char *name, struct kb_diag *diag);

/* As trc_source_open_zstd, for gzip, of one member or several. */
int trc_source_open_gz(struct trc_source *source, struct trc_source *inner,
		       const char *name, struct kb_diag *diag);

/*
 * Points `*data` to the next `*size` bytes, valid until the next call, and
 * returns 0; 0 with no bytes means that a signal came in between. Else `*data`
 * is NULL, `*size` is 0 and it returns KB_END, or <0 with `diag` filled; and
 * the same, `diag` apart, at every further call.
 */
int trc_source_next(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag);

/* As trc_source_next, but the next call gives the same bytes again. */
int trc_source_peek(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag);

/* Gives `size` bytes at `data` back: the next call gives them again, the caller
 * keeps them until the one after that. Nothing may be peeked at then. */
void trc_source_unread(struct trc_source *source, const char *data,
		       size_t size);

/* Whether these first bytes of an input are zstd's. */
bool trc_source_is_zstd(const char *head, size_t size);

/* Whether they are gzip's. */
bool trc_source_is_gz(const char *head, size_t size);

/* xxHash64 of the bytes given so far; only of files and memory. */
uint64_t trc_source_hash(const struct trc_source *source);

/* Closes a source; harmless on a zeroed one. */
void trc_source_release(struct trc_source *source);

/*
 * Whether `given` bytes are too many to have been unpacked from `inner` bytes;
 * then it fills `diag`, with `name` for the file, and returns KB_E_CORRUPT,
 * else 0.
 */
int trc_source_check_ratio(uint64_t given, uint64_t inner, const char *name,
			   struct kb_diag *diag);

#endif /* TRC_SOURCE_H */
