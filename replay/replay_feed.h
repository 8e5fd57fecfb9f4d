/*
 * replay_feed: where a timed replay's operations come from, so that nothing of
 * the harness runs between them that would take the allocator's data out of the
 * caches.
 *
 *   whole   the trace was decoded before the clock starts: traces of up to
 *           REPLAY_WHOLE_EVENTS events, 64 MiB of operations;
 *   ahead   another process decodes it on another CPU, into shared memory;
 *   inline  it is decoded between slices, where there is no other CPU.
 *
 * A slice has 65,536 to 131,072 operations, but for the last: entering one then
 * costs next to nothing. After a trace's last operation come the frees of what it
 * leaves live, in slot order, which nobody times.
 *
 * The replay engine and bench include this file.
 */
#ifndef REPLAY_FEED_H
#define REPLAY_FEED_H

#include "kb_status.h"
#include "replay_op.h"
#include "trc_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest trace that is decoded whole, events. */
#define REPLAY_WHOLE_EVENTS (UINT64_C(1) << 23)

enum replay_feed_kind {
	REPLAY_FEED_WHOLE,
	REPLAY_FEED_AHEAD,
	REPLAY_FEED_INLINE
};
#define REPLAY_FEED_KINDS 3

/* "whole", "ahead", "inline". */
const char *replay_feed_name(enum replay_feed_kind kind);

struct replay_feed_config {
	/* The CPU that a long trace is decoded ahead on; -1 if there is none but
	 * the one that is timed. */
	int cpu;

	/* In place of REPLAY_WHOLE_EVENTS, for tests. */
	uint64_t whole_events;
};

struct replay_slice {
	/* Valid until the next call. */
	const struct replay_op *ops;
	size_t count;

	/* The recording's time of each operation; NULL from a feed, and if the
	 * reader does not decode it. */
	const uint64_t *time_ns;

	/* Number of the first event, from 0. */
	uint64_t first_event;

	/* All slots so far are below this. */
	size_t slots;

	/* These are the frees of what the trace leaves live. */
	bool is_left;
};

struct replay_feed;

/*
 * Opens a feed of a reader that is at its first event, borrowed. A process that
 * decodes ahead is started here: before an allocator is opened, and by a process
 * with one thread. Returns 0 with `*out` to be closed, or <0 with `diag` filled:
 * what replay_compile.h says, KB_E_IO.
 */
int replay_feed_open(struct replay_feed **out, struct trc_reader *reader,
		     const struct replay_feed_config *config,
		     struct kb_diag *diag);

/* NULL is ignored. */
void replay_feed_close(struct replay_feed *feed);

enum replay_feed_kind replay_feed_kind(const struct replay_feed *feed);

/* The next slice; KB_END after the last one. Or <0 with `diag` filled. */
int replay_feed_next(struct replay_feed *feed, struct replay_slice *slice,
		     struct kb_diag *diag);

/* Reads what is decoded, in order: the first replay then finds it in the caches as
 * each later one does, and what it takes longer is the allocator's. */
void replay_feed_warm(const struct replay_feed *feed);

/* Goes back to the first event, from wherever it is. Returns 0 or <0 with `diag`
 * filled. */
int replay_feed_rewind(struct replay_feed *feed, struct kb_diag *diag);

#endif /* REPLAY_FEED_H */
