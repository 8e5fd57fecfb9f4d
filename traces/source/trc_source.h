/*
 * trc_source: where the bytes of a recording come from: a file or a pipe,
 * memory; on top of either zstd, gzip, xz, bzip2 or zip; and UTF-16 as UTF-8.
 *
 * Private to the importer.
 */
#ifndef TRC_SOURCE_H
#define TRC_SOURCE_H

#include "kb_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most bytes returned at a time. */
#define TRC_SOURCE_PIECE (128ul * 1024)

/* How many times its size a compressed recording may expand to, and how many
 * bytes are always allowed. */
#define TRC_SOURCE_RATIO_MAX  4096
#define TRC_SOURCE_RATIO_FREE (UINT64_C(64) << 20)

struct trc_source_ops {
	/*
	 * Points `*data` to the next `*size` bytes, valid until the next
	 * call. Returns 0; KB_END when there are no more; or <0 with `diag`
	 * filled. 0 with no bytes means that a signal arrived: call again, or
	 * stop. With any other result, `*data` and `*size` mean nothing. It is
	 * not called again after anything but 0. Required.
	 */
	int (*next)(void *ctx, const char **data, size_t *size,
		    struct kb_diag *diag);

	/* Frees the context. Required. */
	void (*release)(void *ctx);

	/* Has `next` put its bytes, TRC_SOURCE_PIECE at most, into `buffer` from
	 * now on. NULL for a source that points to bytes it has not made. */
	void (*lend)(void *ctx, char *buffer);
};

struct trc_source {
	/* NULL in a source that is not open. */
	const struct trc_source_ops *ops;
	void *ctx;

	/* The last result of `next`; anything but 0 is final. */
	int ended;

	/* Bytes that `next` has returned and the source's total size, or 0 if
	 * it is unknown. */
	uint64_t bytes_given;
	uint64_t bytes_total;

	/* Running xxHash64 of the bytes returned; NULL if not wanted. Owned.
	 */
	void *hash;

	/* What trc_source_peek has read ahead. */
	const char *ahead;
	size_t ahead_size;
};

/*
 * Opens a file, or standard input for "-". 0, KB_E_IO or KB_E_NOMEM.
 *
 * A regular file that changes while it is read, judging by its size and
 * modification time, ends with KB_E_IO: the bytes may be half of one recording
 * and half of another. Files whose size the kernel reports as 0, such as
 * /sys/kernel/tracing/trace, are read to their end like a pipe.
 */
int trc_source_open_file(struct trc_source *source, const char *path,
			 struct kb_diag *diag);

/* As trc_source_open_file, from the open `fd`, which stays the caller's, at its
 * current offset. `name` is for errors; copied. */
int trc_source_open_fd(struct trc_source *source, int fd, const char *name,
		       struct kb_diag *diag);

/* Takes its bytes from memory, which the caller keeps. 0 or KB_E_NOMEM. */
int trc_source_open_memory(struct trc_source *source, const void *data,
			   size_t size, struct kb_diag *diag);

/*
 * Inflates the bytes of `inner`, which stays the caller's and must outlive it.
 * Refuses data that expands to TRC_SOURCE_RATIO_MAX times its size: no
 * recording does, so it is malicious. `name` is for errors, borrowed. 0 or
 * KB_E_NOMEM.
 */
int trc_source_open_zstd(struct trc_source *source, struct trc_source *inner,
			 const char *name, struct kb_diag *diag);

/* As trc_source_open_zstd, for gzip, of one member or several. */
int trc_source_open_gz(struct trc_source *source, struct trc_source *inner,
		       const char *name, struct kb_diag *diag);

/* As trc_source_open_zstd, for xz, bzip2, and zip with one file in it. What does
 * not hold exactly one ends with KB_E_FORMAT; a signal ends it with
 * KB_E_STOPPED. */
int trc_source_open_archive(struct trc_source *source, struct trc_source *inner,
			    const char *name, struct kb_diag *diag);

/* Gives the UTF-16 text of `inner` as UTF-8, byte order mark included. Half a
 * character becomes U+FFFD, and at the end KB_E_CORRUPT. 0 or KB_E_NOMEM. */
int trc_source_open_utf16(struct trc_source *source, struct trc_source *inner,
			  const char *name, bool is_big_endian,
			  struct kb_diag *diag);

/*
 * Points `*data` to the next `*size` bytes, valid until the next call, and
 * returns 0; 0 with no bytes means that a signal arrived. Otherwise `*data` is
 * NULL, `*size` is 0 and it returns KB_END, or <0 with `diag` filled; every
 * later call returns the same, without filling `diag`.
 */
int trc_source_next(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag);

/* As trc_source_next, but the next call returns the same bytes again. */
int trc_source_peek(struct trc_source *source, const char **data, size_t *size,
		    struct kb_diag *diag);

/* Gives `size` bytes at `data` back: the next call returns them again, and the
 * caller keeps them until the one after that. No peeked bytes may be
 * pending. */
void trc_source_unread(struct trc_source *source, const char *data,
		       size_t size);

/* Whether a source can put its bytes where it is told. */
bool trc_source_can_lend(const struct trc_source *source);

/* Has such a source put what it gives from now on into `buffer`, which has room
 * for TRC_SOURCE_PIECE bytes and stays the caller's. */
void trc_source_lend(struct trc_source *source, char *buffer);

/* Has a file that waits for bytes, as from a pipe, end with KB_E_STOPPED once the
 * descriptor `fd` is readable; -1 for none. Other sources never wait. */
void trc_source_wake(struct trc_source *source, int fd);

/* Whether these first bytes of an input are zstd's. */
bool trc_source_is_zstd(const char *head, size_t size);

/* Whether they are gzip's. */
bool trc_source_is_gz(const char *head, size_t size);

/* Whether they are xz's, bzip2's or zip's. */
bool trc_source_is_archive(const char *head, size_t size);

/* Whether they are UTF-16's byte order mark, and which order. */
bool trc_source_is_utf16(const char *head, size_t size, bool *is_big_endian);

/* xxHash64 of the bytes given so far; only of files and memory. */
uint64_t trc_source_hash(const struct trc_source *source);

/* Closes a source; harmless on a zeroed one. */
void trc_source_release(struct trc_source *source);

/*
 * Checks that `given` bytes are not too many to be expanded from `inner` bytes.
 * Returns 0, or KB_E_CORRUPT with `diag` filled, naming the file `name`.
 */
int trc_source_check_ratio(uint64_t given, uint64_t inner, const char *name,
			   struct kb_diag *diag);

#endif /* TRC_SOURCE_H */
