/*
 * trc_writer: writes a .trc file (version 1, traces/FORMAT.md) event by event.
 *
 * The events must already obey the format: an alloc takes the slot freed last,
 * else the lowest never used; a free is of a live slot.
 *
 * Memory: one block, the tables of classes, and 8 bytes per slot.
 *
 * Private to this folder.
 */
#ifndef TRC_WRITER_H
#define TRC_WRITER_H

#include "kb_status.h"
#include "trc_event.h"

#include <stdint.h>

struct trc_writer;

/* Origin and settings of a new file. Strings are copied. */
struct trc_writer_options {
	/* Open, seekable, empty; stays the caller's. */
	int fd;

	/* The file's name in errors. */
	const char *name;

	/* zstd level, TRC_LEVEL_MIN to TRC_LEVEL_MAX (trc_import.h). */
	int level;

	/* See struct trc_info; NULL for "". Cut after TRC_ORIGIN_MAX bytes. */
	const char *kernel_release;
	const char *source_format;
	const char *source_name;
};

/* What is known only at the end. */
struct trc_writer_totals {
	const struct trc_counts *counts;
	enum trc_clock clock;
	uint64_t source_hash;
};

/* Starts a file, at first in memory; trc_writer_free frees `*out`. Returns 0 or
 * KB_E_NOMEM. */
int trc_writer_open(struct trc_writer **out,
		    const struct trc_writer_options *opts,
		    struct kb_diag *diag);

/*
 * Adds a call site to the file's table; the next event must be its first.
 * Returns 0 and its id in `*id`; KB_E_RANGE if the table is full; or KB_E_NOMEM.
 */
int trc_writer_site(struct trc_writer *writer, const char *text,
		    const char *module, uint32_t *id, struct kb_diag *diag);

/* As trc_writer_site, for a task. */
int trc_writer_task(struct trc_writer *writer, const char *comm, int32_t pid,
		    uint32_t *id, struct kb_diag *diag);

/* Adds an event. Returns 0, KB_E_IO or KB_E_NOMEM. */
int trc_writer_add(struct trc_writer *writer, const struct trc_event *event,
		   struct kb_diag *diag);

/* Writes the remaining events, the index, the end record and, last, the header.
 * Returns 0, KB_E_IO or KB_E_NOMEM. */
int trc_writer_finish(struct trc_writer *writer,
		      const struct trc_writer_totals *totals,
		      struct kb_diag *diag);

/* Frees a writer; NULL is ignored. The file stays as it is. */
void trc_writer_free(struct trc_writer *writer);

#endif /* TRC_WRITER_H */
