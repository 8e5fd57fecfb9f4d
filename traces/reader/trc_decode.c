#include "trc_decode.h"

#include "kb_assert.h"
#include "kb_bits.h"
#include "trc_format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* Bytes after the inflated columns that a 64-bit load may touch. */
#define RAW_SLACK 16

/* Initial room of arrays, elements, a power of two: a short trace should need
 * little memory. */
#define ROOM_MIN 256

/* Bytes of all the arrays of struct classes, per class; of those of struct
 * trc_decoder, per event; of those of struct detail, per event. */
#define CLASS_BYTES  21
#define EVENT_BYTES  31
#define DETAIL_BYTES 27

/* A column of the current block. An absent column has zero bytes. */
struct column {
	const uint8_t *data;
	uint32_t raw_size;
	uint32_t stored_size;
	uint32_t coding;
};

/* The objects, with slots assigned as on import. */
struct slots {
	/* One byte a slot below `fresh`: 1 while its object lives. */
	uint8_t *live;

	/* Slots free to take again, the last freed on top. top < fresh. */
	uint32_t *stack;
	uint32_t top;

	/* Slots ever taken, and so the next fresh one. */
	uint32_t fresh;

	/* Elements that live and stack have room for. */
	uint64_t room;

	/* Objects ever allocated. For the latest of them, at most
	 * TRC_AGE_WINDOW, the slot of object n is at index n modulo
	 * window_room. */
	uint64_t objects;
	uint32_t *window;
	uint32_t window_room;
};

/* The rows of the class table, one array per field. */
struct classes {
	uint32_t count;

	/* What holds the arrays, and the elements of each. */
	uint8_t *memory;
	uint32_t room;

	uint64_t *size;
	uint8_t *kind;

	/* Filled in only where details are wanted. */
	uint64_t *granted;
	uint32_t *site;
};

/* The fields that only TRC_COLUMNS_ALL asks for. */
struct detail {
	/* Sites that classes have used so far, including the unknown one: the
	 * next site to appear has this id. */
	uint32_t next_site;

	struct trc_strings strings;

	/* The task last seen on each cpu of this block. */
	uint32_t *last_task;
	uint32_t cpu_room;

	/* Within the decoder's memory of events. */
	uint64_t *granted;
	uint64_t *time_ns;
	uint32_t *site;
	uint32_t *task;
	uint16_t *cpu;
	uint8_t *context;
};

struct trc_decoder {
	/* NULL until a column needs it. */
	ZSTD_DCtx *zstd;
	uint64_t live_max;

	/* The current block and where to report errors in it; NULL between
	 * calls. */
	const struct trc_raw_block *from;
	struct kb_diag *diag;

	struct column columns[TRC_COL_END];

	/* The inflated columns of the current block. */
	uint8_t *raw;
	size_t raw_room;

	/* Events and implied frees of the blocks so far. */
	uint64_t events;
	uint64_t implied;

	struct slots slots;
	struct classes classes;

	/* NULL unless every column is wanted. */
	struct detail *detail;

	/* What holds the arrays of events, and the elements of each. */
	uint8_t *memory;
	uint32_t room;

	/* Columns split into numbers, before use. */
	uint64_t *wide;
	uint32_t *numbers;
	uint32_t *more_numbers;

	uint64_t *size;
	uint32_t *slot;
	uint16_t *class_id;
	uint8_t *kind;
};

struct trc_decoder *trc_decoder_new(enum trc_columns columns, uint64_t live_max)
{
	struct trc_decoder *dec = calloc(1, sizeof(*dec));

	if (!dec)
		return NULL;
	dec->live_max = live_max;
	if (columns == TRC_COLUMNS_ALL)
		dec->detail = calloc(1, sizeof(*dec->detail));
	if (columns == TRC_COLUMNS_ALL && !dec->detail) {
		trc_decoder_free(dec);
		return NULL;
	}
	trc_decoder_rewind(dec);
	return dec;
}

void trc_decoder_free(struct trc_decoder *dec)
{
	if (!dec)
		return;
	if (dec->detail) {
		trc_strings_release(&dec->detail->strings);
		free(dec->detail->last_task);
	}
	free(dec->detail);
	free(dec->memory);
	free(dec->classes.memory);
	free(dec->slots.live);
	free(dec->slots.stack);
	free(dec->slots.window);
	free(dec->raw);
	ZSTD_freeDCtx(dec->zstd);
	free(dec);
}

void trc_decoder_rewind(struct trc_decoder *dec)
{
	dec->events = 0;
	dec->implied = 0;
	dec->slots.top = 0;
	dec->slots.fresh = 0;
	dec->slots.objects = 0;
	dec->classes.count = 0;
	if (dec->detail) {
		dec->detail->next_site = 1;
		trc_strings_rewind(&dec->detail->strings);
	}
}

void trc_decoder_counts(const struct trc_decoder *dec,
			struct trc_counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	counts->events = dec->events;
	counts->allocs = dec->slots.objects;
	counts->objects = counts->allocs;
	counts->frees = counts->events - counts->allocs;
	counts->implied_frees = dec->implied;
	counts->live_max = dec->slots.fresh;
	counts->live_at_end = counts->allocs - counts->frees;
}

const struct trc_strings *trc_decoder_strings(const struct trc_decoder *dec)
{
	static const struct trc_strings none;

	return dec->detail ? &dec->detail->strings : &none;
}

static int corrupt(const struct trc_decoder *dec, const char *what)
{
	const struct trc_raw_block *from = dec->from;

	return kb_fail_at(dec->diag, KB_E_CORRUPT, from->name, from->offset,
			  "block %" PRIu64 ": %s", from->number, what);
}

static int no_memory(const struct trc_decoder *dec)
{
	return kb_fail(dec->diag, KB_E_NOMEM, "%s: out of memory",
		       dec->from->name);
}

/* The smallest power of two that is at least `have` and `need`. */
static uint32_t room_for(uint32_t have, uint32_t need)
{
	uint32_t room = have ? have : ROOM_MIN;

	while (room < need)
		room *= 2;
	return room;
}

/* The next `size` bytes of the memory at `*at`. */
static void *carve(uint8_t **at, size_t size)
{
	void *piece = *at;

	*at += size;
	return piece;
}

/* Makes room for a block's events; the arrays' old content is lost. */
static int reserve_events(struct trc_decoder *dec, uint32_t events)
{
	const uint32_t room = room_for(dec->room, events);
	struct detail *det = dec->detail;
	const size_t size =
		(size_t)room * (EVENT_BYTES + (det ? DETAIL_BYTES : 0));
	uint8_t *at;

	if (dec->room == room)
		return 0;
	free(dec->memory);
	dec->room = 0;
	dec->memory = at = malloc(size);
	if (!at)
		return no_memory(dec);
	dec->room = room;
	dec->wide = carve(&at, room * sizeof(*dec->wide));
	dec->size = carve(&at, room * sizeof(*dec->size));
	if (det) {
		det->granted = carve(&at, room * sizeof(*det->granted));
		det->time_ns = carve(&at, room * sizeof(*det->time_ns));
		det->site = carve(&at, room * sizeof(*det->site));
		det->task = carve(&at, room * sizeof(*det->task));
	}
	dec->numbers = carve(&at, room * sizeof(*dec->numbers));
	dec->more_numbers = carve(&at, room * sizeof(*dec->more_numbers));
	dec->slot = carve(&at, room * sizeof(*dec->slot));
	if (det)
		det->cpu = carve(&at, room * sizeof(*det->cpu));
	dec->class_id = carve(&at, room * sizeof(*dec->class_id));
	dec->kind = carve(&at, room * sizeof(*dec->kind));
	if (det)
		det->context = carve(&at, room * sizeof(*det->context));
	kb_assert(at == dec->memory + size);
	return 0;
}

/* Makes room for `need` classes; keeps those that there are. */
static int reserve_classes(struct trc_decoder *dec, uint32_t need)
{
	const struct classes old = dec->classes;
	const uint32_t room = room_for(old.room, need);
	struct classes *c = &dec->classes;
	uint8_t *at;

	if (old.room == room)
		return 0;
	at = malloc((size_t)room * CLASS_BYTES);
	if (!at)
		return no_memory(dec);
	c->memory = at;
	c->room = room;
	c->size = carve(&at, room * sizeof(*c->size));
	c->granted = carve(&at, room * sizeof(*c->granted));
	c->site = carve(&at, room * sizeof(*c->site));
	c->kind = carve(&at, room * sizeof(*c->kind));
	kb_assert(at == c->memory + (size_t)room * CLASS_BYTES);
	if (old.count > 0) {
		memcpy(c->size, old.size, old.count * sizeof(*c->size));
		memcpy(c->granted, old.granted,
		       old.count * sizeof(*c->granted));
		memcpy(c->site, old.site, old.count * sizeof(*c->site));
		memcpy(c->kind, old.kind, old.count * sizeof(*c->kind));
	}
	free(old.memory);
	return 0;
}

/* The most bytes that column `id` can need for a block of this header. */
static uint64_t raw_limit(unsigned id, const struct trc_block_header *hdr)
{
	uint64_t events = hdr->events;

	switch (id) {
	case TRC_COL_CPU_CHANGED:
	case TRC_COL_TASK_CHANGED:
		return kb_div_up(events, 8);
	case TRC_COL_TIME_CODE:
	case TRC_COL_CONTEXT:
		return events;
	case TRC_COL_CLASS:
	case TRC_COL_AGE:
	case TRC_COL_CPU:
		return events * 2;
	case TRC_COL_FAR_SLOT:
	case TRC_COL_TASK:
		return events * 4;
	case TRC_COL_TIME_EXTRA:
		return events * 8;
	case TRC_COL_CLASS_KIND:
		return hdr->new_classes;
	case TRC_COL_CLASS_SITE:
		return (uint64_t)hdr->new_classes * 4;
	case TRC_COL_CLASS_SIZE:
	case TRC_COL_CLASS_GRANTED:
		return (uint64_t)hdr->new_classes * 8;
	case TRC_COL_TASK_PID:
		return (uint64_t)hdr->new_tasks * 4;
	case TRC_COL_SITE_STRINGS:
	case TRC_COL_TASK_STRINGS:
		return TRC_STRINGS_BLOCK_MAX;
	default:
		return 0;
	}
}

/* Whether this decoder uses column `id`. */
static bool is_wanted(const struct trc_decoder *dec, uint32_t id)
{
	if (id < TRC_COL_DETAIL)
		return id >= TRC_COL_CLASS && id <= TRC_COL_CLASS_SIZE;
	return dec->detail && id < TRC_COL_END;
}

/* Checks what the directory says about one column before it is used. */
static int check_column(const struct trc_decoder *dec, const struct column *col,
			uint32_t id)
{
	const struct trc_raw_block *from = dec->from;

	if (col->coding > TRC_CODING_ZSTD)
		return kb_fail_at(
			dec->diag, KB_E_UNSUPPORTED, from->name, from->offset,
			"block %" PRIu64 ": column %" PRIu32
			" has coding %" PRIu32 ", which this build cannot read",
			from->number, id, col->coding);
	if (col->raw_size > raw_limit(id, &from->header))
		return corrupt(dec, "a column is larger than its events need");
	if (col->coding == TRC_CODING_RAW && col->raw_size != col->stored_size)
		return corrupt(dec, "an uncompressed column has two sizes");
	return 0;
}

/* Finds the columns; `*total` receives the raw bytes of the wanted ones. */
static int read_directory(struct trc_decoder *dec, size_t *total)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const uint8_t *body = dec->from->body;
	size_t size = dec->from->size;
	size_t used = (size_t)hdr->columns * TRC_COLUMN_ENTRY_SIZE;
	uint32_t last_id = 0;

	memset(dec->columns, 0, sizeof(dec->columns));
	*total = 0;
	if (hdr->columns > TRC_BLOCK_COLUMNS_MAX || used > size)
		return corrupt(dec, "its column directory is too long");
	for (uint32_t i = 0; i < hdr->columns; i++) {
		const uint8_t *entry = body + (size_t)i * TRC_COLUMN_ENTRY_SIZE;
		uint32_t id = trc_get16(entry);
		struct column col = {
			.data = body + used,
			.coding = trc_get16(entry + 2),
			.raw_size = trc_get32(entry + 4),
			.stored_size = trc_get32(entry + 8),
		};
		bool wanted = is_wanted(dec, id);
		int err = wanted ? check_column(dec, &col, id) : 0;

		if (err < 0)
			return err;
		if (id <= last_id)
			return corrupt(dec, "its columns are out of order");
		last_id = id;
		if (col.stored_size > size - used)
			return corrupt(dec,
				       "a column is longer than the block");
		used += col.stored_size;
		if (wanted) {
			dec->columns[id] = col;
			*total += col.raw_size;
		}
	}
	if (used != size)
		return corrupt(dec, "its columns do not fill it");
	return 0;
}

/* Inflates one column to exactly the size that the directory promised. */
static int inflate_column(struct trc_decoder *dec, struct column *col,
			  uint8_t *to)
{
	unsigned long long content;
	size_t got;

	if (!dec->zstd)
		dec->zstd = ZSTD_createDCtx();
	if (!dec->zstd)
		return no_memory(dec);
	content = ZSTD_getFrameContentSize(col->data, col->stored_size);
	if (content != col->raw_size)
		return corrupt(
			dec,
			"a compressed column does not hold what it should");
	got = ZSTD_decompressDCtx(dec->zstd, to, col->raw_size, col->data,
				  col->stored_size);
	if (ZSTD_isError(got) || got != col->raw_size)
		return corrupt(dec, "a compressed column is damaged");
	kb_written(to, got);
	col->data = to;
	return 0;
}

static int inflate_columns(struct trc_decoder *dec, size_t total)
{
	uint8_t *to;

	if (total + RAW_SLACK > dec->raw_room) {
		uint8_t *raw = realloc(dec->raw, total + RAW_SLACK);

		if (!raw)
			return no_memory(dec);
		dec->raw = raw;
		dec->raw_room = total + RAW_SLACK;
	}
	to = dec->raw;
	for (unsigned id = 0; id < TRC_COL_END; id++) {
		struct column *col = &dec->columns[id];
		int err = 0;

		if (!col->data)
			continue;
		if (col->coding == TRC_CODING_ZSTD) {
			err = inflate_column(dec, col, to);
		} else {
			memcpy(to, col->data, col->raw_size);
			col->data = to;
		}
		if (err < 0)
			return err;
		to += col->raw_size;
	}
	memset(to, 0, RAW_SLACK);
	return 0;
}

/*
 * Takes `count` numbers out of a column of byte planes: first the lowest byte
 * of each, then the next higher of each, … Planes of zeros at the end are left
 * out. False if the column is not a whole number of planes, `max` at most.
 */
static bool planes64(const struct column *col, uint32_t count, unsigned max,
		     uint64_t *out)
{
	uint32_t planes = count > 0 ? col->raw_size / count : 0;

	if (planes > max || planes * count != col->raw_size)
		return false;
	memset(out, 0, (size_t)count * sizeof(*out));
	for (uint32_t k = 0; k < planes; k++) {
		const uint8_t *plane = col->data + (size_t)k * count;

		for (uint32_t i = 0; i < count; i++)
			out[i] |= (uint64_t)plane[i] << (8 * k);
	}
	return true;
}

static bool planes32(const struct column *col, uint32_t count, unsigned max,
		     uint32_t *out)
{
	uint32_t planes = count > 0 ? col->raw_size / count : 0;

	if (planes > max || planes * count != col->raw_size)
		return false;
	memset(out, 0, (size_t)count * sizeof(*out));
	for (uint32_t k = 0; k < planes; k++) {
		const uint8_t *plane = col->data + (size_t)k * count;

		for (uint32_t i = 0; i < count; i++)
			out[i] |= (uint32_t)plane[i] << (8 * k);
	}
	return true;
}

/* Reads the kinds and sizes of the classes that this block brings. */
static int add_classes(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const struct column *kinds = &dec->columns[TRC_COL_CLASS_KIND];
	struct classes *classes = &dec->classes;
	uint32_t first;
	uint32_t allocs = 0;
	int err;

	if (hdr->flags & TRC_BLOCK_NEW_CLASSES)
		classes->count = 0;
	first = classes->count;
	if (hdr->new_classes > TRC_CLASSES_MAX - first)
		return corrupt(dec, "it brings too many classes");
	err = reserve_classes(dec, first + hdr->new_classes);
	if (err < 0)
		return err;
	if (kinds->raw_size != 0 && kinds->raw_size != hdr->new_classes)
		return corrupt(dec, "its classes lack kinds");
	for (uint32_t i = 0; i < hdr->new_classes; i++) {
		uint8_t kind = kinds->raw_size ? kinds->data[i] : TRC_ALLOC;

		if (kind > TRC_FREE_IMPLIED)
			return corrupt(dec, "it has an unknown kind of event");
		classes->kind[first + i] = kind;
		allocs += kind == TRC_ALLOC;
	}
	if (!planes64(&dec->columns[TRC_COL_CLASS_SIZE], allocs, 8, dec->wide))
		return corrupt(dec, "its classes lack sizes");
	for (uint32_t i = 0, a = 0; i < hdr->new_classes; i++)
		classes->size[first + i] = classes->kind[first + i] == TRC_ALLOC
						   ? dec->wide[a++]
						   : 0;
	classes->count += hdr->new_classes;
	return 0;
}

/* Looks up the class of every event: its kind and size. */
static int expand_classes(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const struct column *col = &dec->columns[TRC_COL_CLASS];
	const uint64_t *restrict class_size = dec->classes.size;
	const uint8_t *restrict class_kind = dec->classes.kind;
	uint16_t *restrict class_id = dec->class_id;
	uint64_t *restrict size = dec->size;
	uint8_t *restrict kind = dec->kind;
	uint16_t highest = 0;

	if (col->raw_size != 0 && col->raw_size != hdr->events * 2)
		return corrupt(dec, "its events lack classes");
	if (col->raw_size == 0)
		memset(class_id, 0, hdr->events * sizeof(*class_id));
	for (uint32_t i = 0; i < col->raw_size / 2; i++) {
		class_id[i] = (uint16_t)trc_get16(col->data + 2 * (size_t)i);
		highest = class_id[i] > highest ? class_id[i] : highest;
	}
	if (highest >= dec->classes.count)
		return corrupt(dec, "an event is of a class not yet defined");
	for (uint32_t i = 0; i < hdr->events; i++) {
		/* Filled above, whichever length the column has. */
		/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.*) */
		kind[i] = class_kind[class_id[i]];
		size[i] = class_size[class_id[i]];
	}
	return 0;
}

/* Counts the frees of the block, and the implied ones among them. */
static uint32_t count_frees(struct trc_decoder *dec, uint32_t events)
{
	uint32_t frees = 0;
	uint32_t implied = 0;

	for (uint32_t i = 0; i < events; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.*) */
		frees += dec->kind[i] != TRC_ALLOC;
		implied += dec->kind[i] == TRC_FREE_IMPLIED;
	}
	dec->implied += implied;
	return frees;
}

/* Makes the window hold `objects` objects, up to its maximum. Until that is
 * reached, no object has left it, so its content does not have to move. */
static int reserve_window(struct slots *slots, uint64_t objects)
{
	const uint32_t room = room_for(
		slots->window_room, (uint32_t)kb_min(objects, TRC_AGE_WINDOW));
	uint32_t *window;

	if (room == slots->window_room)
		return 0;
	window = realloc(slots->window, room * sizeof(*window));
	if (!window)
		return KB_E_NOMEM;
	slots->window = window;
	slots->window_room = room;
	return 0;
}

/* Makes room for every slot that `events` more events could take. */
static int reserve_slots(struct slots *slots, uint32_t events)
{
	uint64_t need = (uint64_t)slots->fresh + events;
	uint64_t room = slots->room ? slots->room : ROOM_MIN;
	uint8_t *live;
	uint32_t *stack;

	if (reserve_window(slots, slots->objects + events) < 0)
		return KB_E_NOMEM;
	if (need <= slots->room)
		return 0;
	while (room < need)
		room *= 2;
	live = realloc(slots->live, (size_t)room);
	if (!live)
		return KB_E_NOMEM;
	slots->live = live;
	stack = realloc(slots->stack, (size_t)room * sizeof(*stack));
	if (!stack)
		return KB_E_NOMEM;
	slots->stack = stack;
	slots->room = room;
	return 0;
}

/*
 * Gives every event its slot: an alloc takes the slot freed last, else a fresh
 * one; a free names its object by age or, if that is out of the window, by its
 * slot. False if a free's object is not live.
 */
static bool assign_slots(struct slots *slots, uint32_t events,
			 const uint8_t *kind, const uint32_t *age,
			 const uint32_t *far_slot, uint32_t *restrict out)
{
	uint32_t *restrict window = slots->window;
	uint32_t *restrict stack = slots->stack;
	uint8_t *restrict live = slots->live;
	const uint32_t mask = slots->window_room - 1;
	uint64_t objects = slots->objects;
	uint32_t fresh = slots->fresh;
	uint32_t top = slots->top;
	uint32_t slot;

	for (uint32_t i = 0; i < events; i++) {
		if (kind[i] == TRC_ALLOC) {
			slot = top > 0 ? stack[--top] : fresh++;
			live[slot] = 1;
			window[objects++ & mask] = slot;
		} else {
			uint64_t object = objects - 1 - *age;

			if (kb_unlikely(*age == TRC_AGE_FAR)) {
				slot = *far_slot++;
				if (slot >= fresh)
					return false;
			} else {
				if (kb_unlikely(*age >= objects))
					return false;
				slot = window[object & mask];
			}
			age++;
			if (kb_unlikely(!live[slot]))
				return false;
			live[slot] = 0;
			stack[top++] = slot;
		}
		out[i] = slot;
	}
	slots->top = top;
	slots->fresh = fresh;
	slots->objects = objects;
	return true;
}

static int decode_slots(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	uint32_t frees = count_frees(dec, hdr->events);
	uint32_t far_count = 0;

	if (!planes32(&dec->columns[TRC_COL_AGE], frees, 2, dec->numbers))
		return corrupt(dec, "its frees lack ages");
	for (uint32_t i = 0; i < frees; i++)
		far_count += dec->numbers[i] == TRC_AGE_FAR;
	if (!planes32(&dec->columns[TRC_COL_FAR_SLOT], far_count, 4,
		      dec->more_numbers))
		return corrupt(dec, "its frees lack slots");
	if (reserve_slots(&dec->slots, hdr->events) < 0)
		return no_memory(dec);
	if (!assign_slots(&dec->slots, hdr->events, dec->kind, dec->numbers,
			  dec->more_numbers, dec->slot))
		return corrupt(dec, "a free is of an object not live");
	if (dec->slots.fresh > dec->live_max)
		return corrupt(dec, "more objects live than the header says");
	return 0;
}

/* Reads the sites and granted sizes of the classes that this block brings. */
static int add_class_details(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	struct detail *det = dec->detail;
	uint32_t first = dec->classes.count - hdr->new_classes;
	uint32_t allocs = 0;

	if (!planes32(&dec->columns[TRC_COL_CLASS_SITE], hdr->new_classes, 4,
		      dec->numbers))
		return corrupt(dec, "its classes lack call sites");
	for (uint32_t i = 0; i < hdr->new_classes; i++) {
		uint32_t back = dec->numbers[i];

		if (back > det->next_site)
			return corrupt(dec, "a class has no call site");
		dec->classes.site[first + i] = det->next_site - back;
		det->next_site += back == 0;
		allocs += dec->classes.kind[first + i] == TRC_ALLOC;
	}
	if (det->next_site != det->strings.sites_seen + 1)
		return corrupt(dec, "it names call sites not in its table");
	if (!planes64(&dec->columns[TRC_COL_CLASS_GRANTED], allocs, 8,
		      dec->wide))
		return corrupt(dec, "its classes lack granted sizes");
	for (uint32_t i = 0, a = 0; i < hdr->new_classes; i++)
		dec->classes.granted[first + i] =
			dec->classes.kind[first + i] == TRC_ALLOC
				? dec->wide[a++]
				: 0;
	return 0;
}

/* Takes the call sites and tasks that this block brings into the tables. */
static int add_strings(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const struct column *sites = &dec->columns[TRC_COL_SITE_STRINGS];
	const struct column *tasks = &dec->columns[TRC_COL_TASK_STRINGS];
	struct trc_strings *strings = &dec->detail->strings;
	int32_t *pids = (int32_t *)dec->more_numbers;
	int err;

	if (!planes32(&dec->columns[TRC_COL_TASK_PID], hdr->new_tasks, 4,
		      dec->numbers))
		return corrupt(dec, "its tasks lack pids");
	for (uint32_t i = 0; i < hdr->new_tasks; i++)
		pids[i] = trc_unzigzag32(dec->numbers[i]);
	err = trc_strings_add_sites(strings, sites->data, sites->raw_size,
				    hdr->new_sites);
	if (err == 0)
		err = trc_strings_add_tasks(strings, tasks->data,
					    tasks->raw_size, pids,
					    hdr->new_tasks);
	if (err == KB_E_NOMEM)
		return no_memory(dec);
	if (err == KB_E_RANGE)
		return kb_fail_at(dec->diag, err, dec->from->name,
				  dec->from->offset,
				  "block %" PRIu64 ": more call sites or tasks "
				  "than the format allows",
				  dec->from->number);
	return err < 0 ? corrupt(dec, "its string tables are damaged") : 0;
}

/* The `bits`, 1 to 63 of them, that start at bit `at` of a column. */
static uint64_t take_bits(const struct column *col, uint64_t at, unsigned bits)
{
	unsigned shift = (unsigned)(at % 8);
	const uint8_t *p;
	uint64_t v;

	if (col->raw_size == 0)
		return 0;
	p = col->data + at / 8;
	v = trc_get64(p) >> shift;
	if (shift > 0)
		v |= (uint64_t)p[8] << (64 - shift);
	return v & (UINT64_MAX >> (64 - bits));
}

/* Bits that the time code `code` has in TIME_EXTRA. */
static unsigned extra_bits(uint8_t code)
{
	unsigned low = code & 0x7f;

	return low < TRC_TIME_LINEAR ? 0 : low - TRC_TIME_CODE_BIAS;
}

static int decode_times(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const struct column *codes = &dec->columns[TRC_COL_TIME_CODE];
	const struct column *extra = &dec->columns[TRC_COL_TIME_EXTRA];
	uint64_t time_ns = hdr->time_base;
	uint64_t at = 0;

	if (codes->raw_size != 0 && codes->raw_size != hdr->events)
		return corrupt(dec, "its events lack times");
	for (uint32_t i = 0; i < codes->raw_size; i++) {
		if ((codes->data[i] & 0x7f) > TRC_TIME_CODE_MAX)
			return corrupt(dec, "it has an unknown time code");
		at += extra_bits(codes->data[i]);
	}
	if (extra->raw_size != 0 && extra->raw_size != kb_div_up(at, 8))
		return corrupt(dec, "its time codes lack bits");
	at = 0;
	for (uint32_t i = 0; i < hdr->events; i++) {
		uint8_t code = codes->raw_size ? codes->data[i] : 0;
		unsigned bits = extra_bits(code);
		uint64_t step = code & 0x7f;

		if (bits > 0)
			step = UINT64_C(1) << bits | take_bits(extra, at, bits);
		at += bits;
		step *= hdr->time_unit;
		time_ns += code & TRC_TIME_NEGATIVE ? 0 - step : step;
		dec->detail->time_ns[i] = time_ns;
	}
	return 0;
}

/* Counts the events flagged in a column of bits; false if it has another size
 * than `events` need. */
static bool count_flags(const struct column *col, uint32_t events,
			uint32_t *count)
{
	*count = 0;
	if (col->raw_size == 0)
		return true;
	if (col->raw_size != kb_div_up(events, 8))
		return false;
	for (uint32_t i = 0; i < events; i++)
		*count += col->data[i / 8] >> (i % 8) & 1;
	return true;
}

static bool flag(const struct column *col, uint32_t i)
{
	return col->raw_size && (col->data[i / 8] >> (i % 8) & 1);
}

/* Forgets the tasks of the cpus that the block's `changes` of cpu, in
 * dec->numbers, name; makes room for them. */
static int clear_last_tasks(struct trc_decoder *dec, uint32_t changes)
{
	struct detail *det = dec->detail;
	uint32_t cpus = 1;
	uint32_t room;

	for (uint32_t i = 0; i < changes; i++)
		if (dec->numbers[i] >= cpus)
			cpus = dec->numbers[i] + 1;
	room = room_for(det->cpu_room, cpus);
	if (room != det->cpu_room) {
		free(det->last_task);
		det->cpu_room = 0;
		det->last_task = malloc(room * sizeof(*det->last_task));
		if (!det->last_task)
			return no_memory(dec);
		det->cpu_room = room;
	}
	memset(det->last_task, 0, cpus * sizeof(*det->last_task));
	return 0;
}

/* The cpu of each event, and the task: by default the one last seen there. */
static int decode_cpus_and_tasks(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	const struct column *cpu_flags = &dec->columns[TRC_COL_CPU_CHANGED];
	const struct column *task_flags = &dec->columns[TRC_COL_TASK_CHANGED];
	const uint32_t *next_cpu = dec->numbers;
	const uint32_t *next_task = dec->more_numbers;
	struct detail *det = dec->detail;
	uint32_t changes;
	uint32_t cpu = 0;
	uint32_t highest = 0;
	int err;

	if (!count_flags(cpu_flags, hdr->events, &changes) ||
	    !planes32(&dec->columns[TRC_COL_CPU], changes, 2, dec->numbers))
		return corrupt(dec, "its events lack cpus");
	err = clear_last_tasks(dec, changes);
	if (err < 0)
		return err;
	if (!count_flags(task_flags, hdr->events, &changes) ||
	    !planes32(&dec->columns[TRC_COL_TASK], changes, 4,
		      dec->more_numbers))
		return corrupt(dec, "its events lack tasks");
	for (uint32_t i = 0; i < hdr->events; i++) {
		if (flag(cpu_flags, i))
			cpu = *next_cpu++;
		if (flag(task_flags, i))
			det->last_task[cpu] = *next_task++;
		det->cpu[i] = (uint16_t)cpu;
		det->task[i] = det->last_task[cpu];
		if (det->task[i] > highest)
			highest = det->task[i];
	}
	if (highest > det->strings.tasks_seen)
		return corrupt(dec, "it names tasks not in its table");
	return 0;
}

static int decode_contexts(struct trc_decoder *dec)
{
	const uint32_t events = dec->from->header.events;
	const struct column *col = &dec->columns[TRC_COL_CONTEXT];
	uint8_t *context = dec->detail->context;
	uint8_t highest = 0;

	if (col->raw_size == 0) {
		memset(context, TRC_CONTEXT_NONE, events);
		return 0;
	}
	if (col->raw_size != events)
		return corrupt(dec, "its events lack contexts");
	for (uint32_t i = 0; i < events; i++) {
		context[i] = col->data[i];
		highest = context[i] > highest ? context[i] : highest;
	}
	if (highest >= TRC_CONTEXT_END)
		return corrupt(dec, "it has an unknown context");
	return 0;
}

static int decode_details(struct trc_decoder *dec)
{
	const struct trc_block_header *hdr = &dec->from->header;
	struct detail *det = dec->detail;
	int err = add_strings(dec);

	if (err == 0)
		err = add_class_details(dec);
	if (err == 0)
		err = decode_times(dec);
	if (err == 0)
		err = decode_cpus_and_tasks(dec);
	if (err == 0)
		err = decode_contexts(dec);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < hdr->events; i++) {
		det->granted[i] = dec->classes.granted[dec->class_id[i]];
		det->site[i] = dec->classes.site[dec->class_id[i]];
	}
	return 0;
}

int trc_decoder_block(struct trc_decoder *dec, const struct trc_raw_block *from,
		      struct trc_block *block, struct kb_diag *diag)
{
	size_t total;
	int err;

	dec->from = from;
	dec->diag = diag;
	err = read_directory(dec, &total);
	if (err == 0)
		err = reserve_events(dec, from->header.events);
	if (err == 0)
		err = inflate_columns(dec, total);
	if (err == 0)
		err = add_classes(dec);
	if (err == 0)
		err = expand_classes(dec);
	if (err == 0)
		err = decode_slots(dec);
	if (err == 0 && dec->detail)
		err = decode_details(dec);
	dec->from = NULL;
	dec->diag = NULL;
	if (err < 0)
		return err;
	dec->events += from->header.events;
	memset(block, 0, sizeof(*block));
	block->first_event = from->header.first_event;
	block->count = from->header.events;
	block->kind = dec->kind;
	block->slot = dec->slot;
	block->size = dec->size;
	if (dec->detail) {
		block->size_granted = dec->detail->granted;
		block->time_ns = dec->detail->time_ns;
		block->cpu = dec->detail->cpu;
		block->site = dec->detail->site;
		block->task = dec->detail->task;
		block->context = dec->detail->context;
	}
	return 0;
}
