/*
 * trc_text: what the text importers share: going through the lines, saying why
 * one cannot be read, naming call sites and tasks.
 *
 * Private to the importer.
 */
#ifndef TRC_TEXT_H
#define TRC_TEXT_H

#include "trc_job.h"
#include "trc_lines.h"
#include "trc_order.h"
#include "trc_scan.h"

/* A text import in progress; an importer that needs more state puts this first
 * in a struct of its own. */
struct trc_text {
	struct trc_job *job;
	struct kb_diag *diag;

	/* Reads lines of the piece at hand from lines->next on, as many as it
	 * likes to, and counts them; NULL if there is nothing faster than
	 * reading line by line. Returns 0, or <0 with `diag` filled. */
	int (*read_fast)(struct trc_text *text, struct trc_lines *lines);

	/* Whether a piece of a line holds an event of ours; NULL for formats
	 * whose every line is read to its end. */
	bool (*holds_event)(const struct trc_text *text, struct trc_scan piece);

	/* The line at hand. */
	struct trc_line line;

	/* What of it no event accounts for: the whole line, until its reader
	 * says otherwise. It must hold no event of ours: nothing is swallowed
	 * where two lines have run together. */
	struct trc_scan rest;

	/* Why the line cannot be read; set with KB_E_FORMAT. Without it that
	 * status does not concern just one line, and --lenient does not
	 * help. */
	const char *reason;

	/* An event has been read, so the recording's clock is known. */
	bool has_clock;

	/* The process that owns the heap, once known; see trc_text_process. */
	bool has_process;
	uint64_t process;

	/* The times so far, and how often they went back. */
	struct trc_order order;
	uint64_t boot;

	/* Room for a reason that names numbers. */
	char reason_text[256];

	/* The last event was of another kind: lines after it that are not
	 * events are the rest of its text, or its stack. */
	bool is_after_other;

	/* Fields of the line at hand that cannot be read and are dropped. */
	uint32_t dropped;

	/* The most hexadecimal digits that a pointer of the recording had:
	 * without "0x" before them, and with it. */
	unsigned pointer_digits[2];
};

/* Marks the line as unreadable; returns KB_E_FORMAT. */
static inline int trc_text_bad(struct trc_text *text, const char *reason)
{
	text->reason = reason;
	return KB_E_FORMAT;
}

/* Leaves a field out that cannot be read and that no event needs: all but its
 * name, pointer and size. */
static inline void trc_text_drop(struct trc_text *text)
{
	text->dropped++;
}

/* Says that the line at hand has been read, or is skipped, up to its end. */
static inline void trc_text_used(struct trc_text *text)
{
	text->rest.p = text->rest.end;
}

/* What is no event must not have one in its text: returns 0, or as trc_text_bad where
 * a piece of the line at hand does. */
int trc_text_alone(struct trc_text *text, struct trc_scan piece);

/* Notes the clock of an event; one recording has one. Returns 0 or as
 * trc_text_bad. */
static inline int trc_text_clock(struct trc_text *text, enum trc_clock clock)
{
	if (text->has_clock && clock != text->job->clock)
		return trc_text_bad(text, "its clock is not that of the lines "
					  "before");
	text->job->clock = clock;
	text->has_clock = true;
	return 0;
}

/*
 * Passes each line of the job's source to `read_line`, which returns 0, what
 * trc_text_bad returned, or another error with `diag` filled. Does not pass
 * lines that are too long. Returns 0 at the end, or the error.
 */
int trc_text_run(struct trc_text *text, int (*read_line)(struct trc_text *));

/*
 * Decides whether an event of process `pid` belongs to the heap being imported:
 * the one that --pid names, else the first, which must be the only one. Returns
 * 0, 1 to skip the event, or as trc_text_bad.
 */
int trc_text_process(struct trc_text *text, uint64_t pid);

/*
 * Notes the time of an event and decides whether it belongs to the recording,
 * or boot, being imported: the one that --boot names, else the first, which
 * must be the only one. Returns as trc_text_process, or KB_E_NOMEM.
 */
int trc_text_time(struct trc_text *text, enum trc_order_rule rule, uint16_t cpu,
		  uint64_t time_ns);

/* As trc_text_time, of an event whose time cannot be read: it gets the latest
 * so far. Never fails. */
int trc_text_no_time(struct trc_text *text, uint64_t *time_ns);

/* Bytes of a line that detection takes the colors off. */
#define TRC_TEXT_PLAIN_SIZE 4096

/*
 * A line without the escape sequences that color it on a terminal ("ESC [ 31 m"),
 * as dmesg and babeltrace2 write them with --color=always: the line itself where
 * there are none or it does not fit `size` bytes, else a copy in `plain`.
 */
struct trc_scan trc_text_without_colors(struct trc_scan line, char *plain,
					size_t size);

/* The same of the line at hand; `plain` has TRC_LINE_MAX bytes. */
struct trc_scan trc_text_plain(const struct trc_text *text, char *plain);

/* Finds the number of a call site as recorders spell it; 0 or an error as
 * read_line may return it. "0x0" is TRC_NAME_NONE; so is what is no call site,
 * by trc_text_drop. */
int trc_text_site(struct trc_text *text, const char *site, size_t size,
		  uint32_t *number);

/* As above for a task. No comm and pid 0 is TRC_NAME_NONE; so is a name that
 * is too long or holds a NUL, by trc_text_drop. */
int trc_text_task(struct trc_text *text, const char *comm, size_t size,
		  int32_t pid, uint32_t *number);

#endif /* TRC_TEXT_H */
