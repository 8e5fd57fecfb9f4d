#include "trc_walk.h"

#include "kb_assert.h"
#include "trc_cli.h"

#include <string.h>

/* Events between two checks of the clock for the progress line. */
#define PROGRESS_EVENTS 8192

int trc_walk_open(struct trc_walk *walk, const char *path, struct kb_diag *diag)
{
	int err;

	memset(walk, 0, sizeof(*walk));
	err = trc_reader_open(&walk->reader, path, TRC_COLUMNS_ALL, diag);
	if (err == 0)
		walk->info = trc_reader_info(walk->reader);
	return err;
}

/* Assembles event `i` of the block from its columns. */
static void take(struct trc_walk *walk, uint32_t i)
{
	const struct trc_block *b = &walk->block;
	struct trc_event *event = &walk->event;

	event->time_ns = b->time_ns[i];
	event->kind = b->kind[i];
	event->size = event->kind == TRC_ALLOC ? b->size[i] : 0;
	event->size_granted = event->kind == TRC_ALLOC ? b->size_granted[i] : 0;
	event->slot = b->slot[i];
	event->site = b->site[i];
	event->task = b->task[i];
	event->cpu = b->cpu[i];
	event->context = b->context[i];
	walk->number = b->first_event + i;
	walk->module = "";
	walk->site = trc_reader_site(walk->reader, event->site, &walk->module);
	walk->pid = 0;
	walk->comm = trc_reader_task(walk->reader, event->task, &walk->pid);
	/* The reader refuses a block whose names are not in the tables. */
	kb_assert(walk->site || event->site == TRC_STRING_NONE);
	kb_assert(walk->comm || event->task == TRC_STRING_NONE);
}

int trc_walk_next(struct trc_walk *walk, struct kb_diag *diag)
{
	if (walk->next == walk->block.count) {
		int err = trc_reader_next(walk->reader, &walk->block, diag);

		walk->next = 0;
		if (err != 0) {
			walk->block.count = 0;
			return err;
		}
		if (kb_signal)
			return kb_fail(diag, KB_E_STOPPED, "stopped");
	}
	take(walk, walk->next++);
	return 0;
}

void trc_walk_show(const struct trc_walk *walk, struct kb_progress *line)
{
	if (walk->number % PROGRESS_EVENTS == 0)
		kb_progress_events(line, walk->number,
				   walk->info->counts.events, walk->number);
}

void trc_walk_release(struct trc_walk *walk)
{
	trc_reader_close(walk->reader);
	memset(walk, 0, sizeof(*walk));
}
