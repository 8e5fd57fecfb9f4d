#include "trc_queue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* How many pointers' places are fetched at once, so that their misses overlap,
 * and as many records ahead. */
#define GROUP 64

/* Batches that a thread shares with its caller. */
#define BATCHES 3

struct trc_queue_thread {
	pthread_t id;

	/* A ring: batches to be given to the rules, batches to be filled, and
	 * the next of each. */
	sem_t filled;
	sem_t empty;
	unsigned give;
	unsigned fill;
	struct trc_batch *batches[BATCHES];

	/* No batch comes after those that are filled. */
	atomic_bool is_last;

	/* What went wrong; `diag` is the thread's until it has ended. */
	atomic_int err;
	struct kb_diag diag;

	/* Events written. */
	atomic_uint_least64_t events;
};

void trc_queue_init(struct trc_queue *queue, struct trc_rules *rules,
		    bool may_have_thread)
{
	memset(queue, 0, sizeof(*queue));
	queue->rules = rules;
	queue->may_have_thread = may_have_thread;
	queue->room = TRC_QUEUE_FIRST;
}

/* An empty batch; NULL if there is no memory. */
static struct trc_batch *new_batch(uint32_t room)
{
	struct trc_batch *batch;

	batch = malloc(sizeof(*batch) +
		       (size_t)room * (sizeof(*batch->records) + 2));
	if (!batch)
		return NULL;
	batch->count = 0;
	batch->kinds = (uint8_t *)(batch->records + room);
	batch->is_open = batch->kinds + room;
	return batch;
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

/* Gives record `i` of a batch to the rules. */
static int give_one(struct trc_queue *queue, const struct trc_batch *batch,
		    uint32_t i, struct kb_diag *diag)
{
	const struct trc_record *record = &batch->records[i];
	const enum trc_repeat_kind kind = batch->kinds[i];
	const bool is_open = batch->is_open[i];

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

/* Gives batches to the rules until the last. After an error they are only passed
 * over, so that nobody waits for room. */
static void *run(void *arg)
{
	struct trc_queue *queue = arg;
	struct trc_queue_thread *thread = queue->thread;
	const struct trc_counts *counts = &queue->rules->counts;

	for (;;) {
		struct trc_batch *batch =
			thread->batches[thread->give++ % BATCHES];

		wait_for(&thread->filled);
		if (batch->count == 0 && thread->is_last)
			return NULL;
		if (thread->err == 0)
			thread->err = give(queue, batch, &thread->diag);
		batch->count = 0;
		thread->events = counts->allocs + counts->frees;
		sem_post(&thread->empty);
	}
}

static void free_thread(struct trc_queue_thread *thread)
{
	sem_destroy(&thread->filled);
	sem_destroy(&thread->empty);
	for (unsigned i = 0; i < BATCHES; i++)
		free(thread->batches[i]);
	free(thread);
}

static bool make_ring(struct trc_queue_thread *thread)
{
	for (unsigned i = 0; i < BATCHES; i++) {
		thread->batches[i] = new_batch(TRC_QUEUE_FAR);
		if (!thread->batches[i])
			return false;
	}
	return true;
}

/* Starts the thread, if the system lets; signals stay the caller's. The batch at hand
 * is empty. */
static void start(struct trc_queue *queue)
{
	struct trc_queue_thread *thread = calloc(1, sizeof(*thread));
	sigset_t all;
	sigset_t old;
	int err = 1;

	queue->may_have_thread = false;
	if (!thread)
		return;
	sem_init(&thread->filled, 0, 0);
	sem_init(&thread->empty, 0, BATCHES - 1);
	queue->thread = thread;
	if (make_ring(thread)) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		err = pthread_create(&thread->id, NULL, run, queue);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (err != 0) {
		free_thread(thread);
		queue->thread = NULL;
		return;
	}
	free(queue->batch);
	queue->batch = thread->batches[0];
	queue->room = TRC_QUEUE_FAR;
}

/* Passes the batch at hand to the thread and takes an empty one. */
static void pass_to_thread(struct trc_queue *queue)
{
	struct trc_queue_thread *thread = queue->thread;

	sem_post(&thread->filled);
	wait_for(&thread->empty);
	queue->batch = thread->batches[++thread->fill % BATCHES];
}

/* Ends the thread once it has given all that is filled. Returns its error. */
static int end_thread(struct trc_queue *queue, struct kb_diag *diag)
{
	struct trc_queue_thread *thread = queue->thread;
	int err;

	if (queue->batch->count > 0)
		pass_to_thread(queue);
	thread->is_last = true;
	sem_post(&thread->filled);
	pthread_join(thread->id, NULL);
	err = thread->err;
	if (err < 0 && diag->status == 0)
		*diag = thread->diag;
	free_thread(thread);
	queue->thread = NULL;
	queue->batch = NULL;
	return err;
}

/* Takes an empty batch of `room` records in place of the one at hand. */
static int take_batch(struct trc_queue *queue, uint32_t room,
		      struct kb_diag *diag)
{
	free(queue->batch);
	queue->batch = new_batch(room);
	if (!queue->batch)
		return kb_fail(diag, KB_E_NOMEM,
			       "out of memory for the records");
	queue->room = room;
	return 0;
}

/* Gives the batch at hand to the rules; the next one is larger. */
static int pass_on(struct trc_queue *queue, struct kb_diag *diag)
{
	const int err = give(queue, queue->batch, diag);

	queue->batch->count = 0;
	if (err < 0)
		return err;
	if (queue->room == TRC_QUEUE_FIRST)
		return take_batch(queue, TRC_QUEUE_NEAR, diag);
	if (queue->may_have_thread)
		start(queue);
	return 0;
}

int trc_queue_pass(struct trc_queue *queue, struct kb_diag *diag)
{
	if (!queue->batch)
		return take_batch(queue, TRC_QUEUE_FIRST, diag);
	if (!queue->thread) {
		queue->err = pass_on(queue, diag);
	} else {
		pass_to_thread(queue);
		if (queue->thread->err < 0)
			queue->err = end_thread(queue, diag);
	}
	return queue->err;
}

int trc_queue_finish(struct trc_queue *queue, struct kb_diag *diag)
{
	if (queue->err < 0)
		return queue->err;
	if (queue->thread)
		queue->err = end_thread(queue, diag);
	else if (queue->batch)
		queue->err = give(queue, queue->batch, diag);
	if (queue->batch)
		queue->batch->count = 0;
	if (queue->err == 0)
		queue->err =
			trc_repeat_finish(&queue->repeat, queue->rules, diag);
	return queue->err;
}

uint64_t trc_queue_events(const struct trc_queue *queue)
{
	const struct trc_counts *counts = &queue->rules->counts;

	return queue->thread ? queue->thread->events
			     : counts->allocs + counts->frees;
}

void trc_queue_release(struct trc_queue *queue)
{
	struct kb_diag diag = { 0 };

	if (queue->thread)
		end_thread(queue, &diag);
	free(queue->batch);
	trc_repeat_release(&queue->repeat);
	memset(queue, 0, sizeof(*queue));
}
