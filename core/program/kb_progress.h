/*
 * kb_progress: one line on stderr that says what runs, how far it is and how
 * long it may take; only where stderr is a terminal.
 *
 * Only bench's own files include this file.
 */
#ifndef KB_PROGRESS_H
#define KB_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kb_progress {
	bool enabled;

	/* System clock, ns: when it began, and when the line was last drawn. */
	uint64_t start_ns;
	uint64_t drawn_ns;

	/* Steps done and expected in all; the latter may grow. */
	size_t done;
	size_t total;

	/* What runs now. */
	char what[256];
};

void kb_progress_begin(struct kb_progress *p);

/* Says what runs now and draws the line. */
void kb_progress_step(struct kb_progress *p, const char *pass,
		      const char *alloc);

/* Redraws the line, at most ten times a second. `events` of `events_total` are
 * done in this step. */
void kb_progress_tick(struct kb_progress *p, uint64_t events,
		      uint64_t events_total);

/* Wipes the line. */
void kb_progress_end(struct kb_progress *p);

#endif /* KB_PROGRESS_H */
