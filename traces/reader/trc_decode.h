/*
 * trc_decode: turns a block of a .trc file into columns of events.
 *
 * The bytes it is given have passed their checksum but are not trusted:
 * whoever forges a file can also forge its checksum.
 *
 * Private to the reader.
 */
#ifndef TRC_DECODE_H
#define TRC_DECODE_H

#include "kb_status.h"
#include "trc_reader.h"
#include "trc_strings.h"

#include <stddef.h>
#include <stdint.h>

/* The fixed part of a block, taken apart. */
struct trc_block_header {
	/* Size of the whole block in the file, checksum included. */
	uint32_t bytes;

	uint64_t first_event;
	uint32_t events;
	uint32_t columns;
	uint32_t flags;
	uint64_t time_base;
	uint32_t time_unit;
	uint32_t new_classes;
	uint32_t new_sites;
	uint32_t new_tasks;
};

/* A block as in the file, with its checksum verified and the header's numbers
 * within the limits that trc_reader.c checks. */
struct trc_raw_block {
	struct trc_block_header header;

	/* The column directory and the columns' bytes. Borrowed. */
	const uint8_t *body;
	size_t size;

	/* The file, and where in it, for errors. Borrowed. */
	const char *name;
	uint64_t offset;
	uint64_t number;
};

struct trc_decoder;

/* Returns a decoder, or NULL without memory. `live_max` is the most objects
 * that may be live at once; memory grows with those that are. */
struct trc_decoder *trc_decoder_new(enum trc_columns columns,
				    uint64_t live_max);

void trc_decoder_free(struct trc_decoder *dec);

/* Forgets all objects and classes, as before the first block. */
void trc_decoder_rewind(struct trc_decoder *dec);

/*
 * Decodes the block `from` into `*block`, which is valid until the next call.
 * Returns 0, or <0 with `diag` filled; after an error call rewind before
 * anything else.
 */
int trc_decoder_block(struct trc_decoder *dec, const struct trc_raw_block *from,
		      struct trc_block *block, struct kb_diag *diag);

/* Counts over the blocks since the start: events, allocs, frees, implied_frees,
 * objects, live_max and live_at_end; the rest is 0. */
void trc_decoder_counts(const struct trc_decoder *dec,
			struct trc_counts *counts);

/* The string tables; empty unless columns are TRC_COLUMNS_ALL. */
const struct trc_strings *trc_decoder_strings(const struct trc_decoder *dec);

#endif /* TRC_DECODE_H */
