/*
 * kb_status: how every library of this project reports an outcome.
 *
 * A function that can fail returns an enum kb_status as int:
 *   <0  an error, one of the KB_E_ codes below;
 *    0  done (KB_OK);
 *   >0  the end of a stream (KB_END); only where a header says so.
 *
 * Libraries never print, exit or abort. Where a person must be told what is
 * wrong with a file, the function also fills a caller-owned struct kb_diag.
 *
 * Anyone may include this file.
 */
#ifndef KB_STATUS_H
#define KB_STATUS_H

#include <stdint.h>

enum kb_status {
	/* The stream has ended; nothing is wrong. */
	KB_END = 1,

	/* Done. */
	KB_OK = 0,

	/* The host has no memory left for our own data structures. */
	KB_E_NOMEM = -1,

	/* Reading, writing, opening or renaming failed; errno says why. */
	KB_E_IO = -2,

	/* The input is not in the expected format. */
	KB_E_FORMAT = -3,

	/* The format is right but the content is damaged: truncated, wrong
	 * checksum, counts that do not add up. */
	KB_E_CORRUPT = -4,

	/* The file needs a version or feature that this build lacks. */
	KB_E_UNSUPPORTED = -5,

	/* A number is outside the documented limits. */
	KB_E_RANGE = -6,

	/* The caller asked for something that does not exist or misused the
	 * interface; the object's state is unchanged. */
	KB_E_ARG = -7,

	/* The address is not the first byte of a live cluster: a double, wild
	 * or interior free. Nothing has changed. */
	KB_E_NOT_LIVE = -8,

	/* The simulated machine has no page frame left. Nothing has changed. */
	KB_E_NO_FRAMES = -9,

	/* A result is wrong: the replay's shadow model and the allocator
	 * disagree. */
	KB_E_WRONG = -10,

	/* Stopped early by SIGINT, SIGTERM or a time budget. */
	KB_E_STOPPED = -11,

	/* This machine cannot do what was asked: it lacks a CPU or a tool. */
	KB_E_ENVIRONMENT = -12
};

/*
 * Names a status in a few lower-case words ("corrupt file"). The string is
 * static; an unknown value gives "unknown status". Never NULL. Programs only: a kernel
 * does not link kb_status.c.
 */
const char *kb_status_str(int status);

/* Room for a diagnostic's text, the terminating NUL included, in bytes. */
#define KB_DIAG_TEXT_SIZE 400

/*
 * What is wrong, where, and what to do about it: one line for a person.
 * Owned by the caller, who zeroes it or calls kb_diag_init first. The first
 * error wins: a filled diagnostic is not overwritten.
 */
struct kb_diag {
	/* The status that goes with the text; 0 while nothing is wrong. */
	int status;

	/* 1-based line of a text input; 0 where lines mean nothing. */
	uint64_t line;

	/* Offset in the input, bytes; only meaningful if has_offset. */
	uint64_t offset;
	int has_offset;

	/* The whole sentence: file, place, reason, remedy. No newline. */
	char text[KB_DIAG_TEXT_SIZE];
};

/* Empties a diagnostic. */
void kb_diag_init(struct kb_diag *diag);

/*
 * Fills an empty diagnostic with printf-style text and returns `status`, so
 * that `return kb_fail(diag, KB_E_IO, "...", ...)` reads well. `diag` may be
 * NULL: then only the status is passed on. Control characters in the result
 * are replaced by '?', so that a hostile file name or line cannot drive a
 * terminal.
 */
#if __STDC_HOSTED__
int kb_fail(struct kb_diag *diag, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#else
/* A kernel has nothing to format a text with: there is only the status. */
#define kb_fail(diag, status, ...) ((void)(diag), (status))
#endif

/*
 * As kb_fail, and also records the place: 1-based `line` of a text input.
 * The text gets "PATH:LINE: " in front.
 */
int kb_fail_line(struct kb_diag *diag, int status, const char *path,
		 uint64_t line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * As kb_fail, and also records the place: byte `offset` of a binary input.
 * The text gets "PATH: byte OFFSET: " in front.
 */
int kb_fail_at(struct kb_diag *diag, int status, const char *path,
	       uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif /* KB_STATUS_H */
