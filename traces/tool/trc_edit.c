#include "trc_edit.h"

#include "trc_import.h"

#include <stdlib.h>
#include <string.h>

/* Makes a slot an address that no rule drops. */
#define SLOT_POINTER(slot, space) \
	((uint64_t)(slot) + 4096 + ((uint64_t)(space) << 40))

int trc_edit_open(struct trc_edit *edit, const char *path,
		  const struct trc_info *info, int level, struct kb_diag *diag)
{
	struct trc_writer_options options = { .name = path };
	int err;

	memset(edit, 0, sizeof(*edit));
	err = kb_out_open_fd(&edit->output, path, diag);
	if (err < 0)
		return err;
	options.fd = edit->output.fd;
	options.level = level ? level : TRC_LEVEL_DEFAULT;
	if (info) {
		options.kernel_release = info->kernel_release;
		options.source_format = info->source_format;
		options.source_name = info->source_name;
	}
	/* The import has already excluded the recorder's own allocations. */
	edit->names.keep_recorder = true;
	edit->rules.names = &edit->names;
	err = trc_writer_open(&edit->writer, &options, diag);
	edit->rules.writer = edit->writer;
	return err;
}

void trc_edit_forget(struct trc_edit *edit)
{
	if (edit->site_numbers)
		memset(edit->site_numbers, 0,
		       edit->site_room * sizeof(*edit->site_numbers));
	if (edit->task_numbers)
		memset(edit->task_numbers, 0,
		       edit->task_room * sizeof(*edit->task_numbers));
}

/* Makes room for id `id` in one of the tables; NULL if out of memory. */
static uint32_t *place(uint32_t **table, uint32_t *room, uint32_t id)
{
	uint32_t want = *room ? *room : 256;
	uint32_t *grown;

	if (id < *room)
		return *table + id;
	while (want <= id)
		want *= 2;
	grown = realloc(*table, want * sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + *room, 0, (want - *room) * sizeof(*grown));
	*table = grown;
	*room = want;
	return grown + id;
}

static int find_site(struct trc_edit *edit, const struct trc_walk *walk,
		     uint32_t *number)
{
	uint32_t *known;
	int err = 0;

	*number = TRC_NAME_NONE;
	if (!walk->site)
		return 0;
	known = place(&edit->site_numbers, &edit->site_room, walk->event.site);
	if (!known)
		return KB_E_NOMEM;
	if (*known == 0) {
		err = trc_names_site_of(&edit->names, walk->site, walk->module,
					number);
		if (err == 0)
			*known = *number + 1;
	}
	*number = *known - 1;
	return err;
}

static int find_task(struct trc_edit *edit, const struct trc_walk *walk,
		     uint32_t *number)
{
	uint32_t *known;
	int err = 0;

	*number = TRC_NAME_NONE;
	if (!walk->comm)
		return 0;
	known = place(&edit->task_numbers, &edit->task_room, walk->event.task);
	if (!known)
		return KB_E_NOMEM;
	if (*known == 0) {
		err = trc_names_task(&edit->names, walk->comm,
				     strlen(walk->comm), walk->pid, number);
		if (err == 0)
			*known = *number + 1;
	}
	*number = *known - 1;
	return err;
}

int trc_edit_add(struct trc_edit *edit, const struct trc_walk *walk,
		 uint32_t space, struct kb_diag *diag)
{
	const struct trc_event *event = &walk->event;
	struct trc_record record = {
		.pointer = SLOT_POINTER(event->slot, space),
		.size = event->size,
		.size_granted = event->size_granted,
		.time_ns = event->time_ns,
		.cpu = event->cpu,
		.context = event->context,
	};
	int err = find_site(edit, walk, &record.site);

	if (err == 0)
		err = find_task(edit, walk, &record.task);
	if (err < 0)
		return kb_fail(diag, err, "%s: %s in the names of event %lu",
			       edit->output.final_path, kb_status_str(err),
			       (unsigned long)walk->number);
	return trc_edit_record(edit, &record, (enum trc_kind)event->kind, diag);
}

int trc_edit_record(struct trc_edit *edit, const struct trc_record *record,
		    enum trc_kind kind, struct kb_diag *diag)
{
	switch (kind) {
	case TRC_ALLOC:
		return trc_rules_alloc(&edit->rules, record, diag);
	case TRC_FREE_IMPLIED:
		return trc_rules_free_implied(&edit->rules, record, diag);
	default:
		return trc_rules_free(&edit->rules, record, diag);
	}
}

void trc_edit_carry(struct trc_edit *edit, const struct trc_counts *counts)
{
	struct trc_counts *c = &edit->rules.counts;

	c->null_frees += counts->null_frees;
	c->null_allocs += counts->null_allocs;
	c->unmatched_frees += counts->unmatched_frees;
	c->excluded_allocs += counts->excluded_allocs;
	c->excluded_frees += counts->excluded_frees;
	c->lost_events += counts->lost_events;
	c->other_events += counts->other_events;
	c->bad_lines += counts->bad_lines;
	c->duplicate_allocs += counts->duplicate_allocs;
	c->dropped_fields += counts->dropped_fields;
}

int trc_edit_finish(struct trc_edit *edit, const struct trc_info *info,
		    uint32_t clock, struct kb_diag *diag)
{
	struct trc_writer_totals totals = {
		.counts = &edit->rules.counts,
		.clock = (enum trc_clock)clock,
		.source_hash = info ? strtoull(info->source_hash, NULL, 16) : 0,
	};
	int err;

	trc_rules_finish(&edit->rules);
	err = trc_writer_finish(edit->writer, &totals, diag);
	return err < 0 ? err : kb_out_commit(&edit->output, diag);
}

void trc_edit_release(struct trc_edit *edit)
{
	trc_writer_free(edit->writer);
	trc_rules_release(&edit->rules);
	trc_names_release(&edit->names);
	kb_out_release(&edit->output);
	free(edit->site_numbers);
	free(edit->task_numbers);
}
