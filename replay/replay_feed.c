#include "replay_feed.h"

#include "kb_bits.h"
#include "replay_ahead.h"
#include "replay_compile.h"
#include "replay_fill.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Operations in a cache line of most machines. */
#define LINE_OPS (64 / sizeof(struct replay_op))

struct replay_feed {
	enum replay_feed_kind kind;
	struct replay_fill fill;

	/* Whole: all operations, then the frees of what they leave; inline: a
	 * slice's. Outside the C library's heap, which may be what is timed. */
	struct replay_op *ops;
	size_t room;

	/* Whole: how many there are of each, and where the replay is. */
	size_t count;
	size_t left;
	size_t at;

	struct replay_ahead *ahead;
};

const char *replay_feed_name(enum replay_feed_kind kind)
{
	static const char *const names[REPLAY_FEED_KINDS] = {
		[REPLAY_FEED_WHOLE] = "whole",
		[REPLAY_FEED_AHEAD] = "ahead",
		[REPLAY_FEED_INLINE] = "inline",
	};

	return names[kind];
}

/* Makes room for `count` operations, every page of it present. */
static int reserve(struct replay_feed *feed, size_t room)
{
	const size_t size = sizeof(*feed->ops);
	void *ops;

	if (room <= feed->room)
		return 0;
	room = (size_t)kb_max(room, 2 * feed->room);
	ops = feed->ops
		      ? mremap(feed->ops, feed->room * size, room * size,
			       MREMAP_MAYMOVE)
		      : mmap(NULL, room * size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (ops == MAP_FAILED)
		return KB_E_NOMEM;
	feed->ops = ops;
	feed->room = room;
	return 0;
}

/* Decodes the whole trace. */
static int load(struct replay_feed *feed, struct kb_diag *diag)
{
	struct replay_slice slice;
	int err = 0;

	while (err == 0) {
		err = reserve(feed, feed->count + feed->left + REPLAY_FILL_OPS);
		if (err < 0)
			return kb_fail(diag, err,
				       "out of memory for the trace");
		err = replay_fill_next(&feed->fill,
				       feed->ops + feed->count + feed->left,
				       &slice, diag);
		if (err == 0 && slice.is_left)
			feed->left += slice.count;
		else if (err == 0)
			feed->count += slice.count;
	}
	return err < 0 ? err : 0;
}

static int start(struct replay_feed *feed,
		 const struct replay_feed_config *config, struct kb_diag *diag)
{
	int err;

	switch (feed->kind) {
	case REPLAY_FEED_WHOLE:
		return load(feed, diag);
	case REPLAY_FEED_AHEAD:
		return replay_ahead_start(&feed->ahead, &feed->fill,
					  config->cpu, diag);
	default:
		err = reserve(feed, REPLAY_FILL_OPS);
		return err < 0 ? kb_fail(diag, err, "out of memory") : 0;
	}
}

int replay_feed_open(struct replay_feed **out, struct trc_reader *reader,
		     const struct replay_feed_config *config,
		     struct kb_diag *diag)
{
	const uint64_t whole = config->whole_events ? config->whole_events
						    : REPLAY_WHOLE_EVENTS;
	struct replay_feed *feed = calloc(1, sizeof(*feed));
	int err;

	*out = feed;
	if (!feed)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	replay_fill_init(&feed->fill, reader);
	if (trc_reader_info(reader)->counts.events <= whole)
		feed->kind = REPLAY_FEED_WHOLE;
	else
		feed->kind = config->cpu >= 0 ? REPLAY_FEED_AHEAD
					      : REPLAY_FEED_INLINE;
	err = start(feed, config, diag);
	if (err == 0)
		return 0;
	replay_feed_close(feed);
	*out = NULL;
	return err;
}

void replay_feed_close(struct replay_feed *feed)
{
	if (!feed)
		return;
	replay_ahead_stop(feed->ahead);
	replay_fill_release(&feed->fill);
	if (feed->ops)
		munmap(feed->ops, feed->room * sizeof(*feed->ops));
	free(feed);
}

enum replay_feed_kind replay_feed_kind(const struct replay_feed *feed)
{
	return feed->kind;
}

static int next_whole(struct replay_feed *feed, struct replay_slice *slice)
{
	const bool is_left = feed->at >= feed->count;
	const size_t end = is_left ? feed->count + feed->left : feed->count;

	if (feed->at == end)
		return KB_END;
	slice->ops = feed->ops + feed->at;
	slice->count = (size_t)kb_min(end - feed->at, REPLAY_FILL_OPS);
	slice->time_ns = NULL;
	slice->first_event = feed->at;
	slice->slots = feed->fill.compiler.slots;
	slice->is_left = is_left;
	feed->at += slice->count;
	return 0;
}

int replay_feed_next(struct replay_feed *feed, struct replay_slice *slice,
		     struct kb_diag *diag)
{
	switch (feed->kind) {
	case REPLAY_FEED_WHOLE:
		return next_whole(feed, slice);
	case REPLAY_FEED_AHEAD:
		return replay_ahead_next(feed->ahead, slice, diag);
	default:
		return replay_fill_next(&feed->fill, feed->ops, slice, diag);
	}
}

void replay_feed_warm(const struct replay_feed *feed)
{
	const volatile struct replay_op *op = feed->ops;

	for (size_t i = 0; i < feed->count; i += LINE_OPS)
		(void)op[i].size;
}

int replay_feed_rewind(struct replay_feed *feed, struct kb_diag *diag)
{
	switch (feed->kind) {
	case REPLAY_FEED_WHOLE:
		feed->at = 0;
		return 0;
	case REPLAY_FEED_AHEAD:
		replay_ahead_rewind(feed->ahead);
		return 0;
	default:
		return replay_fill_rewind(&feed->fill, diag);
	}
}
