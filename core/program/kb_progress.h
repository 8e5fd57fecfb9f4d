/*
 * kb_progress: one line on stderr that says what is running, how far it is and
 * how long it may take; only if stderr is a terminal.
 *
 * For the programs' own files.
 */
#ifndef KB_PROGRESS_H
#define KB_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kb_progress {
	bool enabled;

	/* System clock, ns: when it began, and when the line was last drawn;
	 * before that, when it began. */
	uint64_t start_ns;
	uint64_t drawn_ns;

	/* The line is on the screen. */
	bool is_drawn;

	/* Steps done and expected in all; the latter may grow. */
	size_t done;
	size_t total;

	/* The part of the whole that `total` is: shares of it, 0 to 1 from the
	 * start. The line never goes back: `shown` is the highest share so far. */
	double from;
	double to;
	double shown;

	/* What runs now. */
	char what[256];
};

void kb_progress_begin(struct kb_progress *p);

/* Says what runs now and draws the line. */
void kb_progress_step(struct kb_progress *p, const char *pass,
		      const char *alloc);

/* Redraws the line, at most ten times per second. `events` of `events_total` are
 * done in this step. */
void kb_progress_tick(struct kb_progress *p, uint64_t events,
		      uint64_t events_total);

/* Stops drawing, for --quiet. */
void kb_progress_hush(struct kb_progress *p);

/*
 * For work in a single step: `done` of `total` bytes, or other units, are read
 * and have yielded `events` events. A total of 0 means unknown; `done` is bytes
 * then. Draws at most ten times per second; cheap enough for every few thousand
 * events.
 */
void kb_progress_events(struct kb_progress *p, uint64_t done, uint64_t total,
			uint64_t events);

/* The steps from here on are the part `from` to `to` of the whole; none is done. */
void kb_progress_part(struct kb_progress *p, double from, double to);

/* Wipes the line: what is done is not done yet as a whole, or is at its end. */
void kb_progress_end(struct kb_progress *p);

/* Shows 100%, if anything was ever shown, and wipes the line. */
void kb_progress_finish(struct kb_progress *p);

#endif /* KB_PROGRESS_H */
