/*
 * trc_queue: the records of the kernel's events on their way from whoever reads
 * the lines to the rules, by way of trc_repeat: a batch at a time, so that what a
 * record will be looked up in can be fetched from memory ahead of it, and so that
 * the rules, and the writer after them, can be a thread of their own.
 *
 * While there is a thread, it alone uses the rules, their writer, and of each
 * name its id; its caller may still add names and count in those counts that the
 * rules do not touch.
 *
 * Private to this folder.
 */
#ifndef TRC_QUEUE_H
#define TRC_QUEUE_H

#include "kb_bits.h"
#include "trc_repeat.h"
#include "trc_rules.h"

#include <stdint.h>

/* Records of one batch. One thread that does all finds few of them in its caches. For
 * another thread a batch is larger than the cache of the first one's CPU: what it
 * fetches from that cache takes three times as long as what has left it. */
#define TRC_QUEUE_NEAR 1024
#define TRC_QUEUE_FAR  16384

struct trc_batch {
	uint32_t count;
	uint8_t kinds[TRC_QUEUE_FAR];
	struct trc_record records[TRC_QUEUE_FAR];
};

struct trc_queue {
	/* Borrowed. */
	struct trc_rules *rules;

	struct trc_repeat repeat;

	/* What is being filled; NULL before the first record. Owned where there
	 * is no thread. */
	struct trc_batch *batch;

	/* How many records a batch takes. */
	uint32_t room;

	/* The rules' error, after which nothing more is given to them. */
	int err;

	/* The first full batch is worth a thread. */
	bool may_have_thread;

	/* The thread and the batches that it shares; NULL without. Owned. */
	struct trc_queue_thread *thread;
};

/* Starts empty; the rules must outlive it. */
void trc_queue_init(struct trc_queue *queue, struct trc_rules *rules,
		    bool may_have_thread);

/* Passes the batch at hand on, and has room for one more record. Returns 0,
 * KB_E_NOMEM or the rules' error. */
int trc_queue_pass(struct trc_queue *queue, struct kb_diag *diag);

/* Takes a record. Returns as trc_queue_pass; the rules' error may be about an
 * earlier record. */
static inline int trc_queue_add(struct trc_queue *queue,
				const struct trc_record *record,
				enum trc_repeat_kind kind, struct kb_diag *diag)
{
	struct trc_batch *batch = queue->batch;
	int err;

	if (kb_unlikely(!batch || batch->count == queue->room)) {
		err = trc_queue_pass(queue, diag);
		if (err < 0)
			return err;
		batch = queue->batch;
	}
	batch->records[batch->count] = *record;
	batch->kinds[batch->count++] = (uint8_t)kind;
	return 0;
}

/* Passes all on, after the last record, and ends the thread. Returns as
 * trc_queue_pass; an error that has been returned before, without `diag`. */
int trc_queue_finish(struct trc_queue *queue, struct kb_diag *diag);

/* Events that have been written so far. */
uint64_t trc_queue_events(const struct trc_queue *queue);

/* Ends the thread and frees all; harmless on a zeroed struct. */
void trc_queue_release(struct trc_queue *queue);

#endif /* TRC_QUEUE_H */
