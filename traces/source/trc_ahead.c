#include "trc_ahead.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Several pieces are passed on at once, so that the threads seldom wait for one
 * another. */
#define SLOT_SIZE (4 * TRC_SOURCE_PIECE)
#define SLOTS	  4

/* Bytes, or the status that ends them. */
struct slot {
	size_t size;
	int status;
	struct kb_diag diag;
	uint64_t bytes_in;
	char bytes[SLOT_SIZE];
};

struct ahead_ctx {
	struct trc_source *inner;
	struct trc_source *root;

	/* What the taker has got. */
	uint64_t given;
	uint64_t bytes_in;

	/* Whether the thread has been started; whether there can be none. */
	bool is_ahead;
	bool is_alone;
	pthread_t thread;

	/* Readable once the thread is to stop waiting for bytes. */
	int wake;
	atomic_bool is_stopping;

	/* A ring: slots to be taken and slots to be filled, and the next of
	 * each. The taker holds a slot until it wants the next. Owned. */
	sem_t filled;
	sem_t empty;
	unsigned take;
	unsigned put;
	bool is_holding;
	struct slot *slots;
};

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

/* Whether a piece more is to go into the slot at hand: not if there is no room,
 * or if nothing else is left to take. */
static bool wants_more(struct ahead_ctx *ctx, const struct slot *slot)
{
	int ready = 0;

	if (slot->size + TRC_SOURCE_PIECE > SLOT_SIZE || ctx->is_stopping)
		return false;
	sem_getvalue(&ctx->filled, &ready);
	return slot->size == 0 || ready > 0;
}

/* Fills a slot; the status goes into the next one if this has bytes. */
static int fill(struct ahead_ctx *ctx, struct slot *slot, struct kb_diag *diag)
{
	int err = 0;

	slot->size = 0;
	while (err == 0 && wants_more(ctx, slot)) {
		char *to = slot->bytes + slot->size;
		const char *data = NULL;
		size_t size = 0;

		trc_source_lend(ctx->inner, to);
		err = trc_source_next(ctx->inner, &data, &size, diag);
		if (err == 0)
			slot->size += size;
	}
	slot->bytes_in = ctx->root->bytes_given;
	return err;
}

static void *run(void *arg)
{
	struct ahead_ctx *ctx = arg;
	struct kb_diag diag = { 0 };
	int err = 0;

	while (!ctx->is_stopping) {
		struct slot *slot = &ctx->slots[ctx->put++ % SLOTS];

		wait_for(&ctx->empty);
		slot->size = 0;
		if (err == 0)
			err = fill(ctx, slot, &diag);
		slot->status = slot->size > 0 ? 0 : err;
		slot->diag = diag;
		sem_post(&ctx->filled);
		if (slot->status != 0)
			break;
	}
	return NULL;
}

/* Starts the thread; signals stay the caller's. */
static bool start(struct ahead_ctx *ctx)
{
	sigset_t all;
	sigset_t old;
	int err;

	ctx->wake = eventfd(0, EFD_CLOEXEC);
	ctx->slots = malloc(SLOTS * sizeof(*ctx->slots));
	if (ctx->wake < 0 || !ctx->slots)
		return false;
	trc_source_wake(ctx->root, ctx->wake);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&ctx->thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err == 0;
}

/* Takes the next slot. 0 with no bytes if a signal comes in between. */
static int take(struct ahead_ctx *ctx, const char **data, size_t *size,
		struct kb_diag *diag)
{
	const struct slot *slot = &ctx->slots[ctx->take % SLOTS];

	*size = 0;
	if (ctx->is_holding) {
		ctx->is_holding = false;
		ctx->take++;
		slot = &ctx->slots[ctx->take % SLOTS];
		sem_post(&ctx->empty);
	}
	if (sem_wait(&ctx->filled) < 0)
		return 0;
	ctx->is_holding = true;
	ctx->bytes_in = slot->bytes_in;
	*data = slot->bytes;
	*size = slot->size;
	if (slot->status < 0 && diag->status == 0)
		*diag = slot->diag;
	return slot->status;
}

static int ahead_next(void *arg, const char **data, size_t *size,
		      struct kb_diag *diag)
{
	struct ahead_ctx *ctx = arg;
	int err;

	if (!ctx->is_ahead && !ctx->is_alone && ctx->given >= TRC_AHEAD_AFTER) {
		ctx->is_ahead = trc_source_can_lend(ctx->inner) && start(ctx);
		ctx->is_alone = !ctx->is_ahead;
	}
	if (ctx->is_ahead)
		return take(ctx, data, size, diag);
	err = trc_source_next(ctx->inner, data, size, diag);
	if (err == 0)
		ctx->given += *size;
	ctx->bytes_in = ctx->root->bytes_given;
	return err;
}

static void ahead_release(void *arg)
{
	struct ahead_ctx *ctx = arg;
	const uint64_t one = 1;

	if (ctx->is_ahead) {
		ctx->is_stopping = true;
		/* It cannot fail: the counter is far from full. */
		(void)!write(ctx->wake, &one, sizeof(one));
		sem_post(&ctx->empty);
		pthread_join(ctx->thread, NULL);
	}
	trc_source_wake(ctx->root, -1);
	if (ctx->wake >= 0)
		close(ctx->wake);
	sem_destroy(&ctx->filled);
	sem_destroy(&ctx->empty);
	free(ctx->slots);
	free(ctx);
}

static const struct trc_source_ops ahead_ops = {
	.next = ahead_next,
	.release = ahead_release,
};

int trc_source_open_ahead(struct trc_source *source, struct trc_source *inner,
			  struct trc_source *root, struct kb_diag *diag)
{
	struct ahead_ctx *ctx = calloc(1, sizeof(*ctx));

	memset(source, 0, sizeof(*source));
	if (!ctx)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	ctx->inner = inner;
	ctx->root = root;
	ctx->wake = -1;
	sem_init(&ctx->filled, 0, 0);
	sem_init(&ctx->empty, 0, SLOTS);
	source->ops = &ahead_ops;
	source->ctx = ctx;
	return 0;
}

uint64_t trc_ahead_bytes_in(const struct trc_source *source)
{
	const struct ahead_ctx *ctx = source->ctx;

	return ctx->bytes_in;
}
