#include "trc_repeat.h"

#include <stdlib.h>
#include <string.h>

/* Initial room for records and cpus. */
#define ROOM_MIN 64

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM,
		       "out of memory for the records that are held back");
}

static struct trc_held *at(const struct trc_repeat *r, uint64_t number)
{
	return &r->ring[number & (r->room - 1)];
}

/* Makes room for one more record. */
static bool reserve_record(struct trc_repeat *r)
{
	const struct trc_repeat old = *r;
	uint64_t room = old.room ? old.room * 2 : ROOM_MIN;
	struct trc_held *ring;

	if (r->next - r->first < r->room)
		return true;
	ring = malloc(room * sizeof(*ring));
	if (!ring)
		return false;
	r->ring = ring;
	r->room = room;
	for (uint64_t n = old.first; n < old.next; n++)
		*at(r, n) = *at(&old, n);
	free(old.ring);
	return true;
}

static bool reserve_cpu(struct trc_repeat *r, uint32_t cpu)
{
	uint32_t cpus = r->cpus ? r->cpus : ROOM_MIN;
	uint64_t *grown;

	if (cpu < r->cpus)
		return true;
	while (cpus <= cpu)
		cpus *= 2;
	grown = realloc(r->open, cpus * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + r->cpus, 0, (cpus - r->cpus) * sizeof(*grown));
	r->open = grown;
	r->cpus = cpus;
	return true;
}

int trc_repeat_give(struct trc_rules *rules, const struct trc_record *record,
		    enum trc_repeat_kind kind, struct kb_diag *diag)
{
	if (kind == TRC_REPEAT_KMALLOC || kind == TRC_REPEAT_OTHER_ALLOC)
		return trc_rules_alloc(rules, record, diag);
	return trc_rules_free(rules, record, diag);
}

/* Gives the oldest record to the rules. */
static int give_first(struct trc_repeat *r, struct trc_rules *rules,
		      struct kb_diag *diag)
{
	const struct trc_held *held = at(r, r->first);

	if (held->is_open)
		r->open[held->record.cpu] = 0;
	r->first++;
	return trc_repeat_give(rules, &held->record, held->kind, diag);
}

/* Passes on to the rules what nothing holds back any more. */
static int give_settled(struct trc_repeat *r, struct trc_rules *rules,
			struct kb_diag *diag)
{
	int err = 0;

	while (err == 0 && r->first < r->next && !at(r, r->first)->is_open)
		err = give_first(r, rules, diag);
	return err;
}

/* Whether an alloc names the live object that open record `number` made: the
 * same pointer and sizes, and the object has not ended between. */
static bool is_repeat(const struct trc_repeat *r, uint64_t number,
		      const struct trc_record *record)
{
	const struct trc_record *first = &at(r, number)->record;

	if (first->pointer != record->pointer || first->size != record->size ||
	    first->size_granted != record->size_granted)
		return false;
	while (++number < r->next)
		if (at(r, number)->record.pointer == record->pointer)
			return false;
	return true;
}

int trc_repeat_add(struct trc_repeat *repeat, struct trc_rules *rules,
		   const struct trc_record *record, enum trc_repeat_kind kind,
		   bool is_open, struct kb_diag *diag)
{
	struct trc_held held = { .record = *record, .kind = (uint8_t)kind };
	bool decides = kind == TRC_REPEAT_KMALLOC || kind == TRC_REPEAT_KFREE;
	int err = 0;

	if (!reserve_cpu(repeat, record->cpu))
		return no_memory(diag);
	if (decides && repeat->open[record->cpu]) {
		uint64_t number = repeat->open[record->cpu] - 1;

		repeat->open[record->cpu] = 0;
		at(repeat, number)->is_open = false;
		if (kind == TRC_REPEAT_KMALLOC &&
		    is_repeat(repeat, number, record)) {
			at(repeat, number)->record.site = record->site;
			rules->counts.duplicate_allocs++;
			return give_settled(repeat, rules, diag);
		}
	}
	if (repeat->next - repeat->first == TRC_REPEAT_MAX)
		err = give_first(repeat, rules, diag);
	if (err < 0)
		return err;
	if (!reserve_record(repeat))
		return no_memory(diag);
	held.is_open = is_open && kind == TRC_REPEAT_KMALLOC &&
		       trc_rules_makes_object(rules, record);
	if (held.is_open)
		repeat->open[record->cpu] = repeat->next + 1;
	*at(repeat, repeat->next++) = held;
	return give_settled(repeat, rules, diag);
}

int trc_repeat_finish(struct trc_repeat *repeat, struct trc_rules *rules,
		      struct kb_diag *diag)
{
	int err = 0;

	while (err == 0 && repeat->first < repeat->next)
		err = give_first(repeat, rules, diag);
	return err;
}

void trc_repeat_release(struct trc_repeat *repeat)
{
	free(repeat->ring);
	free(repeat->open);
	memset(repeat, 0, sizeof(*repeat));
}
