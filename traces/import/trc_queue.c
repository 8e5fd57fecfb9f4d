#include "trc_queue.h"

#include <stdlib.h>
#include <string.h>

/* How many pointers' places are fetched at once, so that their misses overlap,
 * and as many records ahead. */
#define GROUP 64

/* How far on the record that decides about a repeat is looked for. */
#define NEAR 16

void trc_queue_init(struct trc_queue *queue, struct trc_rules *rules)
{
	memset(queue, 0, sizeof(*queue));
	queue->rules = rules;
}

/* Whether record `i` of a batch need not wait to be known for no repeat: it is no
 * kmalloc, or the next kmalloc or kfree of its cpu is near and is none of the same
 * pointer. */
static bool is_settled(const struct trc_batch *batch, uint32_t i)
{
	const struct trc_record *record = &batch->records[i];
	uint32_t end = i + NEAR < batch->count ? i + NEAR : batch->count;

	if (batch->kinds[i] != TRC_REPEAT_KMALLOC)
		return true;
	for (uint32_t k = i + 1; k < end; k++)
		if (batch->records[k].cpu == record->cpu &&
		    batch->kinds[k] <= TRC_REPEAT_KFREE)
			return batch->kinds[k] == TRC_REPEAT_KFREE ||
			       batch->records[k].pointer != record->pointer;
	return false;
}

/* Gives record `i` of a batch to the rules. */
static int give_one(struct trc_queue *queue, const struct trc_batch *batch,
		    uint32_t i, struct kb_diag *diag)
{
	const struct trc_record *record = &batch->records[i];
	enum trc_repeat_kind kind = batch->kinds[i];
	bool is_open = !is_settled(batch, i);

	if (!is_open && trc_repeat_is_empty(&queue->repeat))
		return trc_repeat_give(queue->rules, record, kind, diag);
	return trc_repeat_add(&queue->repeat, queue->rules, record, kind,
			      is_open, diag);
}

/* Fetches the places of a group of pointers, from record `first` on. */
static void expect(const struct trc_queue *queue, const struct trc_batch *batch,
		   uint32_t first)
{
	for (uint32_t i = first; i < first + GROUP && i < batch->count; i++)
		trc_rules_expect(queue->rules, batch->records[i].pointer);
}

/* Gives a batch to the rules. */
static int give(struct trc_queue *queue, const struct trc_batch *batch,
		struct kb_diag *diag)
{
	int err = 0;

	expect(queue, batch, 0);
	for (uint32_t i = 0; i < batch->count && err == 0; i++) {
		if (i % GROUP == 0)
			expect(queue, batch, i + GROUP);
		err = give_one(queue, batch, i, diag);
	}
	return err;
}

int trc_queue_pass(struct trc_queue *queue, struct kb_diag *diag)
{
	int err;

	if (!queue->batch) {
		queue->batch = malloc(sizeof(*queue->batch));
		if (!queue->batch)
			return kb_fail(diag, KB_E_NOMEM,
				       "out of memory for the records");
		queue->batch->count = 0;
	}
	err = give(queue, queue->batch, diag);
	queue->batch->count = 0;
	return err;
}

int trc_queue_finish(struct trc_queue *queue, struct kb_diag *diag)
{
	int err = queue->batch ? trc_queue_pass(queue, diag) : 0;

	if (err < 0)
		return err;
	return trc_repeat_finish(&queue->repeat, queue->rules, diag);
}

void trc_queue_release(struct trc_queue *queue)
{
	free(queue->batch);
	trc_repeat_release(&queue->repeat);
	memset(queue, 0, sizeof(*queue));
}
