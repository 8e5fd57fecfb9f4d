/*
 * trc_reader: streams a .trc file (version 1, traces/FORMAT.md).
 *
 * The file is untrusted: every length, count, slot and string id is checked
 * before it is used, every block's checksum before it is decoded. Memory is
 * bounded by the largest block that the format allows and by the objects that
 * are live, whatever the header promises.
 *
 * A reader is owned by its opener and used by one thread at a time.
 *
 * Code that replays traces may include this file.
 */
#ifndef TRC_READER_H
#define TRC_READER_H

#include "kb_status.h"
#include "trc_event.h"

#include <stddef.h>
#include <stdint.h>

struct trc_reader;

/* The header of a trace. Strings are owned by the reader, never NULL. */
struct trc_info {
	/* The format's version, 1. */
	uint32_t version;

	/* enum trc_clock. */
	uint32_t clock;

	struct trc_counts counts;

	/* `uname -r` of the recorded kernel, or "" if not known. */
	const char *kernel_release;

	/* Where the trace comes from: source format ("ftrace"), base name of
	 * the source file ("-" for a pipe) and the hexadecimal xxHash64 of its
	 * bytes as read; "" if unknown. */
	const char *source_format;
	const char *source_name;
	const char *source_hash;
};

/* Which columns to decode; the others' pointers are NULL in a block. */
enum trc_columns {
	/* kind, slot and size: what a replay needs. */
	TRC_COLUMNS_REPLAY = 0,

	/* Every column. */
	TRC_COLUMNS_ALL = 1
};

/*
 * A block of events as columns of `count` elements each, count >= 1. Owned by
 * the reader; valid until its next call. Fields are as in struct trc_event.
 */
struct trc_block {
	/* Number of the first event of the block, from 0. */
	uint64_t first_event;

	uint32_t count;

	const uint8_t *kind;
	const uint32_t *slot;
	const uint64_t *size;

	/* TRC_COLUMNS_ALL only, else NULL. */
	const uint64_t *size_granted;
	const uint64_t *time_ns;
	const uint16_t *cpu;
	const uint32_t *site;
	const uint32_t *task;
	const uint8_t *context;
};

/*
 * Opens `path` and reads its header.
 *
 * Returns 0 and a reader in `*out`, which the caller closes; or <0, with
 * `*out` NULL and `diag` filled: KB_E_IO (missing, unreadable), KB_E_FORMAT
 * (not a .trc; the text says to try `trc import`), KB_E_CORRUPT,
 * KB_E_UNSUPPORTED, KB_E_RANGE (beyond the format's limits), KB_E_NOMEM.
 */
int trc_reader_open(struct trc_reader **out, const char *path,
		    enum trc_columns columns, struct kb_diag *diag);

/*
 * As trc_reader_open, from an open regular file. The caller still owns it and
 * must keep it open until the reader is closed. Its offset is not used, so
 * several readers can share it. Errors name `name` as the path.
 */
int trc_reader_open_fd(struct trc_reader **out, int fd, const char *name,
		       enum trc_columns columns, struct kb_diag *diag);

/*
 * As trc_reader_open, from `size` bytes at `data`, which the caller keeps
 * alive until the reader is closed. Errors name `name` as the path.
 */
int trc_reader_open_memory(struct trc_reader **out, const void *data,
			   size_t size, const char *name,
			   enum trc_columns columns, struct kb_diag *diag);

/* The header. Valid until the reader is closed. Never fails. */
const struct trc_info *trc_reader_info(const struct trc_reader *reader);

/*
 * Reads the next block.
 *
 * Returns 0 with `*block` filled; KB_END after the last one, once the header's
 * counts have been verified (events, allocs, frees, implied_frees, live_max,
 * live_at_end); or <0 with `diag` filled, now and on every later call. A block
 * never holds a free of a slot that is not live, nor an alloc into one that is.
 */
int trc_reader_next(struct trc_reader *reader, struct trc_block *block,
		    struct kb_diag *diag);

/*
 * Goes back to the first event. Returns 0, or KB_E_IO if the input cannot seek.
 */
int trc_reader_rewind(struct trc_reader *reader, struct kb_diag *diag);

/*
 * The call site of id `site`: "symbol+0xoff" or "0xaddress", and its module
 * or "" in `*module`. NULL for TRC_STRING_NONE or an id not yet seen in any
 * block read so far. Needs TRC_COLUMNS_ALL. Strings live as long as the
 * reader.
 */
const char *trc_reader_site(const struct trc_reader *reader, uint32_t site,
			    const char **module);

/*
 * The task of id `task`: its comm, and its pid in `*pid`. NULL as above.
 */
const char *trc_reader_task(const struct trc_reader *reader, uint32_t task,
			    int32_t *pid);

/* The word for a context: "task", "softirq", "hardirq" or "nmi"; "" where it is
 * not known. */
const char *trc_reader_context(enum trc_context context);

/* Closes a reader; NULL is ignored. */
void trc_reader_close(struct trc_reader *reader);

#endif /* TRC_READER_H */
