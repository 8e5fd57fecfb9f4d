/*
 * trc_lines: the lines of a text source, one by one, with their numbers.
 *
 * A line points into the source's own bytes; only one that crosses from one
 * piece to the next is copied. Lines longer than TRC_LINE_MAX are returned cut,
 * as soon as that is known, so that neither memory nor time grows with their
 * length; the next call skips the rest.
 *
 * Private to the importer.
 */
#ifndef TRC_LINES_H
#define TRC_LINES_H

#include "kb_status.h"
#include "trc_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRC_LINE_MAX (64ul * 1024)

/* The UTF-8 byte order mark, which editors and spreadsheets put first. */
#define TRC_LINES_BOM "\xef\xbb\xbf"

struct trc_line {
	/* The text without its newline, carriage returns before that, and a
	 * byte order mark; not terminated. */
	const char *text;
	size_t size;

	/* 1-based. */
	uint64_t number;

	/* There is a newline: false only for the last line of a file. */
	bool is_terminated;

	/* It had more bytes than TRC_LINE_MAX; `text` is its beginning. */
	bool is_too_long;
};

struct trc_lines {
	/* Borrowed. */
	struct trc_source *source;

	/* The rest of the current piece. */
	const char *next;
	const char *end;

	uint64_t number;

	/* The line returned last continues here: it was too long. */
	bool is_inside_long;

	/* Called before each new piece, or NULL; true stops the reading. */
	bool (*is_stopped)(void *user);
	void *user;

	/* A line that crosses pieces is assembled here. */
	size_t carried;
	char carry[TRC_LINE_MAX];
};

/* Starts before the first line of `source`. */
void trc_lines_init(struct trc_lines *lines, struct trc_source *source);

/*
 * Reads the next line; `*line` is valid until the next call. Returns 0;
 * KB_END after the last one; KB_E_STOPPED; or the source's error.
 */
int trc_lines_next(struct trc_lines *lines, struct trc_line *line,
		   struct kb_diag *diag);

#endif /* TRC_LINES_H */
