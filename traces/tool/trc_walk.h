/*
 * trc_walk: the events of a .trc one by one, with their names.
 *
 * Private to the trc program.
 */
#ifndef TRC_WALK_H
#define TRC_WALK_H

#include "kb_status.h"
#include "trc_reader.h"

#include <stdint.h>

struct kb_progress;

struct trc_walk {
	/* Owned. */
	struct trc_reader *reader;

	/* Of the header. Borrowed from the reader. */
	const struct trc_info *info;

	struct trc_block block;
	uint32_t next;

	/* The current event, and its number. */
	struct trc_event event;
	uint64_t number;

	/* Its call site and task; NULL and "" if unknown. Borrowed. */
	const char *site;
	const char *module;
	const char *comm;
	int32_t pid;
};

/* Opens `path`. Returns as trc_reader_open; release it in any case. */
int trc_walk_open(struct trc_walk *walk, const char *path,
		  struct kb_diag *diag);

/* Goes to the next event, the first one at first. Returns as
 * trc_reader_next; KB_E_STOPPED after a signal. */
int trc_walk_next(struct trc_walk *walk, struct kb_diag *diag);

/* Updates the progress line now and then. */
void trc_walk_show(const struct trc_walk *walk, struct kb_progress *line);

/* Closes it; harmless on one that could not be opened. */
void trc_walk_release(struct trc_walk *walk);

#endif /* TRC_WALK_H */
