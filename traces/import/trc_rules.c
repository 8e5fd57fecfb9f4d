#include "trc_rules.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "trc_array.h"
#include "trc_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The value of a pointer whose allocation was skipped. */
#define TRC_EXCLUDED UINT32_MAX

/* What the kernel gives for an allocation of no bytes. */
#define ZERO_SIZE_PTR UINT64_C(16)

/* Pointers are multiples of at least 8, often of much more: the multiplication
 * carries the differences upward, and the high bits choose the place. The
 * factors are 2^64 over the golden ratio (Knuth, TAOCP vol. 3, 6.4) and the one
 * of degski's 64-bit mixer. */
static uint64_t home(const struct trc_pointer_table *t, uint64_t pointer)
{
	uint64_t h = pointer * UINT64_C(0x9e3779b97f4a7c15);

	return (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) >> t->shift;
}

/* The pointer in place `i`, 0 if none. */
static uint64_t at(const struct trc_pointer_table *t, uint64_t i)
{
	uint64_t pointer;

	memcpy(&pointer, t->places[i].key, sizeof(pointer));
	return pointer;
}

static void put(struct trc_pointer_table *t, uint64_t i, uint64_t pointer)
{
	memcpy(t->places[i].key, &pointer, sizeof(pointer));
}

/* The place of a pointer, or the empty one where it would go. */
static uint64_t find(const struct trc_pointer_table *t, uint64_t pointer)
{
	uint64_t i = home(t, pointer);

	while (at(t, i) && at(t, i) != pointer)
		i = (i + 1) & (t->room - 1);
	return i;
}

/* Gives the table twice the room, of which the new half is empty. */
static int extend(struct trc_pointer_table *t)
{
	const size_t old_size = t->room * sizeof(*t->places);
	const size_t size = old_size ? 2 * old_size : 256 * sizeof(*t->places);
	void *places = trc_array_grow(t->places, old_size, size);

	if (!places)
		return KB_E_NOMEM;
	t->places = places;
	t->room = size / sizeof(*t->places);
	t->shift = 64 - kb_log2(t->room);
	return 0;
}

/* Pointers taken out of the table for a moment. */
struct lifted {
	struct trc_pointer *pointers;
	size_t count;
	size_t room;
};

static int lift(struct lifted *lifted, const struct trc_pointer *pointer)
{
	size_t room = lifted->room ? 2 * lifted->room : 64;
	struct trc_pointer *grown;

	if (lifted->count == lifted->room) {
		grown = realloc(lifted->pointers, room * sizeof(*grown));
		if (!grown)
			return KB_E_NOMEM;
		lifted->pointers = grown;
		lifted->room = room;
	}
	lifted->pointers[lifted->count++] = *pointer;
	return 0;
}

/*
 * Spreads the pointers of the first `old_room` places over a table of twice the
 * room, in place. A home of number h becomes 2h or 2h + 1, so that, from the last
 * place to the first, each pointer moves up to where only moved ones are. The few
 * for which that is not true, near the beginning and at the very end, wait until
 * all others are done.
 */
static int spread(struct trc_pointer_table *t, uint64_t old_room)
{
	struct lifted lifted = { NULL, 0, 0 };
	int err = 0;

	for (uint64_t i = old_room; i-- > 0 && err == 0;) {
		const struct trc_pointer pointer = t->places[i];
		uint64_t to;

		if (!at(t, i))
			continue;
		to = home(t, at(t, i));
		put(t, i, 0);
		if (to >= i)
			while (to < t->room && at(t, to))
				to++;
		if (to >= i && to < t->room)
			t->places[to] = pointer;
		else
			err = lift(&lifted, &pointer);
	}
	for (size_t i = 0; i < lifted.count; i++) {
		uint64_t pointer;

		memcpy(&pointer, lifted.pointers[i].key, sizeof(pointer));
		t->places[find(t, pointer)] = lifted.pointers[i];
	}
	free(lifted.pointers);
	return err;
}

static int grow(struct trc_pointer_table *t)
{
	uint64_t old_room = t->room;
	int err = extend(t);

	return err < 0 ? err : spread(t, old_room);
}

/* Empties place `hole` and closes the gap, so that no search ends too early:
 * each following entry moves up unless its home is after the hole. */
static void erase(struct trc_pointer_table *t, uint64_t hole)
{
	uint64_t mask = t->room - 1;

	for (uint64_t i = (hole + 1) & mask; at(t, i); i = (i + 1) & mask) {
		uint64_t from_home = (i - home(t, at(t, i))) & mask;

		if (from_home < ((i - hole) & mask))
			continue;
		t->places[hole] = t->places[i];
		hole = i;
	}
	put(t, hole, 0);
	t->count--;
}

static bool is_null(uint64_t pointer)
{
	return pointer == 0 || pointer == ZERO_SIZE_PTR;
}

static bool is_excluded(const struct trc_rules *rules,
			const struct trc_record *record)
{
	return record->site != TRC_NAME_NONE &&
	       trc_names_site_at(rules->names, record->site)->is_excluded;
}

bool trc_rules_makes_object(const struct trc_rules *rules,
			    const struct trc_record *record)
{
	return !is_null(record->pointer) && !is_excluded(rules, record);
}

static int no_memory(struct kb_diag *diag)
{
	return kb_fail(diag, KB_E_NOMEM,
		       "out of memory for the objects that are live");
}

/* The id of a record's call site in the output, a new one if necessary. */
static int site_id(struct trc_rules *rules, uint32_t number, uint32_t *id,
		   struct kb_diag *diag)
{
	struct trc_name_site *site;
	int err = 0;

	*id = TRC_STRING_NONE;
	if (kb_unlikely(number == TRC_NAME_NONE))
		return 0;
	site = trc_names_site_at(rules->names, number);
	if (kb_unlikely(site->id == TRC_STRING_NONE))
		err = trc_writer_site(rules->writer, site->text, site->module,
				      &site->id, diag);
	*id = site->id;
	return err;
}

/* As site_id, for its task. */
static int task_id(struct trc_rules *rules, uint32_t number, uint32_t *id,
		   struct kb_diag *diag)
{
	struct trc_name_task *task;
	int err = 0;

	*id = TRC_STRING_NONE;
	if (kb_unlikely(number == TRC_NAME_NONE))
		return 0;
	task = trc_names_task_at(rules->names, number);
	if (kb_unlikely(task->id == TRC_STRING_NONE))
		err = trc_writer_task(rules->writer, task->comm, task->pid,
				      &task->id, diag);
	*id = task->id;
	return err;
}

static int emit(struct trc_rules *rules, const struct trc_record *record,
		enum trc_kind kind, uint32_t slot, struct kb_diag *diag)
{
	struct trc_event event = {
		.time_ns = record->time_ns,
		.slot = slot,
		.cpu = record->cpu,
		.kind = (uint8_t)kind,
		.context = record->context,
	};
	int err = site_id(rules, record->site, &event.site, diag);

	if (err == 0)
		err = task_id(rules, record->task, &event.task, diag);
	if (err < 0)
		return err;
	if (kind == TRC_ALLOC) {
		event.size = record->size;
		event.size_granted = record->size_granted;
	}
	return trc_writer_add(rules->writer, &event, diag);
}

/* Gives a slot back and writes the free. */
static int free_slot(struct trc_rules *rules, const struct trc_record *record,
		     enum trc_kind kind, uint32_t slot, struct kb_diag *diag)
{
	if (rules->free_count == rules->free_room) {
		uint64_t room = rules->free_room ? rules->free_room * 2 : 256;
		uint32_t *grown =
			realloc(rules->free_slots, room * sizeof(*grown));

		if (!grown)
			return no_memory(diag);
		rules->free_slots = grown;
		rules->free_room = room;
	}
	rules->free_slots[rules->free_count++] = slot;
	rules->counts.frees++;
	return emit(rules, record, kind, slot, diag);
}

/* Takes a slot for the object at place `i` and writes the alloc. */
static int take_slot(struct trc_rules *rules, const struct trc_record *record,
		     uint64_t i, struct kb_diag *diag)
{
	struct trc_counts *c = &rules->counts;
	uint32_t slot;

	if (rules->free_count > 0) {
		slot = rules->free_slots[--rules->free_count];
	} else {
		/* No test holds 2^31 objects. */
		if (c->live_max >= TRC_LIVE_MAX)
			return kb_fail(diag, KB_E_RANGE,
				       "more than %" PRIu64
				       " objects live at once",
				       TRC_LIVE_MAX);
		slot = (uint32_t)c->live_max++;
	}
	rules->table.places[i].value = slot;
	c->allocs++;
	return emit(rules, record, TRC_ALLOC, slot, diag);
}

void trc_rules_expect(const struct trc_rules *rules, uint64_t pointer)
{
	const struct trc_pointer_table *t = &rules->table;

	const struct trc_pointer *place;

	if (t->room == 0)
		return;
	/* Many a search goes on in the next line. */
	place = &t->places[home(t, pointer)];
	kb_prefetch(place);
	kb_prefetch(place + 5);
}

int trc_rules_alloc(struct trc_rules *rules, const struct trc_record *record,
		    struct kb_diag *diag)
{
	struct trc_pointer_table *t = &rules->table;
	uint64_t i;

	if (is_null(record->pointer)) {
		rules->counts.null_allocs++;
		return 0;
	}
	if (t->count >= t->room / 16 * 13 && grow(t) < 0)
		return no_memory(diag);
	i = find(t, record->pointer);
	if (!at(t, i)) {
		put(t, i, record->pointer);
		t->count++;
	} else if (t->places[i].value != TRC_EXCLUDED) {
		int err = free_slot(rules, record, TRC_FREE_IMPLIED,
				    t->places[i].value, diag);

		if (err < 0)
			return err;
		rules->counts.implied_frees++;
	}
	if (is_excluded(rules, record)) {
		t->places[i].value = TRC_EXCLUDED;
		rules->counts.excluded_allocs++;
		return 0;
	}
	return take_slot(rules, record, i, diag);
}

/* Applies the rules to a free of either kind. */
static int free_as(struct trc_rules *rules, const struct trc_record *record,
		   enum trc_kind kind, struct kb_diag *diag)
{
	struct trc_pointer_table *t = &rules->table;
	uint32_t value;
	uint64_t i;

	if (is_null(record->pointer)) {
		rules->counts.null_frees++;
		return 0;
	}
	i = t->room ? find(t, record->pointer) : 0;
	if (t->room == 0 || !at(t, i)) {
		rules->counts.unmatched_frees++;
		return 0;
	}
	value = t->places[i].value;
	erase(t, i);
	if (value == TRC_EXCLUDED) {
		rules->counts.excluded_frees++;
		return 0;
	}
	rules->counts.implied_frees += kind == TRC_FREE_IMPLIED;
	return free_slot(rules, record, kind, value, diag);
}

int trc_rules_free(struct trc_rules *rules, const struct trc_record *record,
		   struct kb_diag *diag)
{
	return free_as(rules, record, TRC_FREE, diag);
}

int trc_rules_free_implied(struct trc_rules *rules,
			   const struct trc_record *record,
			   struct kb_diag *diag)
{
	return free_as(rules, record, TRC_FREE_IMPLIED, diag);
}

bool trc_rules_knows(const struct trc_rules *rules, uint64_t pointer)
{
	const struct trc_pointer_table *t = &rules->table;

	return t->room > 0 && at(t, find(t, pointer)) != 0;
}

void trc_rules_finish(struct trc_rules *rules)
{
	struct trc_counts *c = &rules->counts;

	kb_assert(c->frees <= c->allocs);
	c->events = c->allocs + c->frees;
	c->objects = c->allocs;
	c->live_at_end = c->allocs - c->frees;
}

void trc_rules_release(struct trc_rules *rules)
{
	trc_array_free(rules->table.places,
		       rules->table.room * sizeof(*rules->table.places));
	free(rules->free_slots);
	memset(rules, 0, sizeof(*rules));
}
