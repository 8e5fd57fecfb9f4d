#include "bench_walk.h"

#include "kb_bits.h"
#include "kb_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Fewest elements of a growing table. */
#define TABLE_MIN 1024

int bench_walk_open(struct bench_walk *walk, const struct bench_trace *trace,
		    const struct alloc_config *config, struct kb_diag *diag)
{
	int err;

	memset(walk, 0, sizeof(*walk));
	walk->trace = trace;
	err = trc_reader_open_fd(&walk->reader, trace->fd, trace->given,
				 TRC_COLUMNS_ALL, diag);
	if (err == 0)
		err = alloc_open(&walk->alloc, config, diag);
	return err;
}

int bench_walk_grow(void *table, size_t *count, size_t wanted, size_t size,
		    struct kb_diag *diag)
{
	size_t room = (size_t)kb_max(kb_max(2 * *count, wanted), TABLE_MIN);
	char *grown;

	if (wanted <= *count)
		return 0;
	memcpy(&grown, table, sizeof(grown));
	grown = realloc(grown, room * size);
	if (!grown)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	memset(grown + *count * size, 0, (room - *count) * size);
	memcpy(table, &grown, sizeof(grown));
	*count = room;
	return 0;
}

static void take_event(struct bench_walk *walk)
{
	const struct trc_block *b = &walk->block;
	uint32_t i = walk->played;

	walk->event = (struct bench_walk_event){
		.number = b->first_event + i + 1,
		.kind = b->kind[i],
		.slot = b->slot[i],
		.site = b->site[i],
		.size = b->size[i],
	};
}

int bench_walk_next(struct bench_walk *walk, struct kb_diag *diag)
{
	int err = 0;

	if (walk->played == walk->block.count) {
		if (kb_signal)
			return KB_E_STOPPED;
		walk->played = 0;
		walk->block.count = 0;
		err = trc_reader_next(walk->reader, &walk->block, diag);
	}
	if (err != 0)
		return err;
	take_event(walk);
	if (walk->event.size > UINT32_MAX)
		return kb_fail(diag, KB_E_RANGE,
			       "%s: event %" PRIu64
			       ": an object of 4 GiB or more",
			       walk->trace->given, walk->event.number);
	return bench_walk_grow(&walk->live, &walk->slots,
			       (size_t)walk->event.slot + 1,
			       sizeof(*walk->live), diag);
}

int bench_walk_play(struct bench_walk *walk, struct kb_diag *diag)
{
	const struct alloc *alloc = &walk->alloc;
	struct bench_walk_event *event = &walk->event;
	uint64_t *handle = &walk->live[event->slot];
	uint64_t nodes = walk->gauge.nodes_visited;

	walk->played++;
	event->handle = *handle;
	if (event->kind == TRC_ALLOC)
		event->handle = *handle =
			alloc->vt->alloc(alloc->ctx, (uint32_t)event->size);
	else if (*handle && alloc->vt->free(alloc->ctx, *handle) < 0)
		return kb_fail(diag, KB_E_WRONG,
			       "event %" PRIu64 ": the allocator does not know "
			       "the address it handed out",
			       event->number);
	if (!*handle && alloc_check_host(alloc, diag) < 0)
		return KB_E_NOMEM;
	if (alloc->vt->gauge)
		alloc->vt->gauge(alloc->ctx, &walk->gauge);
	event->nodes = walk->gauge.nodes_visited - nodes;
	return 0;
}

void bench_walk_close(struct bench_walk *walk)
{
	trc_reader_close(walk->reader);
	alloc_close(&walk->alloc);
	free(walk->live);
	walk->reader = NULL;
	walk->live = NULL;
	walk->slots = 0;
}
