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

/* Records of one batch. The first is small, for a fuzzer imports thousands of short
 * recordings per second. One thread that does all finds few of them in its caches.
 * For another thread a batch is larger than the cache of the first one's CPU: what it
 * fetches from that cache takes three times as long as what has left it. */
#define TRC_QUEUE_FIRST 256
#define TRC_QUEUE_NEAR	4096
#define TRC_QUEUE_FAR	16384

/* CPUs, from 0 on, whose records are compared with the next ones of their CPU as
 * they come. Those of others are held back (trc_repeat). */
#define TRC_QUEUE_CPUS 1024

struct trc_batch {
	uint32_t count;

	/* For each record, its enum trc_repeat_kind. */
	uint8_t *kinds;

	/* Whether it may be the first half of a repeat: false if a later one of
	 * the batch shows that it is not. */
	uint8_t *is_open;

	struct trc_record records[];
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

	/* The number of the next record, that of the batch's first one, and for
	 * each CPU the number + 1 of its last kmalloc if no kfree came after
	 * it. */
	uint64_t next;
	uint64_t first;
	uint64_t last_kmalloc[TRC_QUEUE_CPUS];

	/* The rules' error, after which nothing more is given to them. */
	int err;

	/* A batch of TRC_QUEUE_NEAR records is worth a thread. */
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

/* Notes whether the record that comes next, in place `i`, may be the first half of a
 * repeat, and that the last one of its CPU is none if this one does not repeat it. */
static kb_always_inline void trc_queue_settle(struct trc_queue *queue,
					      const struct trc_record *record,
					      enum trc_repeat_kind kind,
					      uint32_t i)
{
	struct trc_batch *batch = queue->batch;
	const bool is_kmalloc = kind == TRC_REPEAT_KMALLOC;
	uint64_t *last;
	uint64_t before;

	batch->is_open[i] = is_kmalloc;
	if (kind > TRC_REPEAT_KFREE || record->cpu >= TRC_QUEUE_CPUS)
		return;
	last = &queue->last_kmalloc[record->cpu];
	if (*last > queue->first) {
		before = *last - 1 - queue->first;
		batch->is_open[before] =
			is_kmalloc &&
			batch->records[before].pointer == record->pointer;
	}
	*last = is_kmalloc ? queue->next + 1 : 0;
}

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
		queue->first = queue->next;
	}
	trc_queue_settle(queue, record, kind, batch->count);
	queue->next++;
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
