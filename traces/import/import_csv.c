/*
 * import_csv: what `trc convert --to csv` writes. The first line names the
 * columns; the name of the time column tells the clock:
 *
 *   time_ns,cpu,comm,pid,kind,slot,size,granted,site,module,context
 *
 * Older versions wrote no context. A text that holds a comma, a quote or a line's
 * end is in quotes, quotes in it doubled; what is not known is empty. A text that
 * a spreadsheet would compute has an apostrophe in front.
 */
#include "trc_reader.h"
#include "trc_scan.h"
#include "trc_text.h"
#include "trc_user.h"

#include <stdio.h>

#define COLUMNS ",cpu,comm,pid,kind,slot,size,granted,site,module"

enum column {
	TIME,
	CPU,
	COMM,
	PID,
	KIND,
	SLOT,
	SIZE,
	GRANTED,
	SITE,
	MODULE,
	CONTEXT,
	COLUMN_COUNT
};

/* Longest text of a field. */
#define FIELD_MAX 1024

struct field {
	char text[FIELD_MAX];
	size_t size;
};

struct csv {
	struct trc_text text;
	enum trc_clock clock;

	/* Fields of a line; 0 before the header. */
	size_t columns;

	struct field fields[COLUMN_COUNT];
	uint64_t last_time_ns;
};

/* Removes the apostrophe that keeps spreadsheets from computing what follows
 * (kb_escape_csv). */
static void take_apostrophe(struct field *field)
{
	size_t at = 0;

	while (at < field->size && field->text[at] == '\'')
		at++;
	if (at == 0 || field->size < at + 2 ||
	    !memchr("=+-@", field->text[at], 4))
		return;
	memmove(field->text, field->text + 1, --field->size);
}

/* Reads a field that is a text, up to the comma or the end. */
static bool read_raw_field(struct trc_scan *c, struct field *field)
{
	bool is_quoted = TRC_SKIP(c, "\"");

	field->size = 0;
	while (c->p < c->end) {
		if (!is_quoted && *c->p == ',')
			break;
		if (is_quoted && *c->p == '"') {
			c->p++;
			if (c->p == c->end || *c->p != '"')
				return c->p == c->end || *c->p == ',';
		}
		if (field->size == FIELD_MAX)
			return false;
		field->text[field->size++] = *c->p++;
	}
	return !is_quoted;
}

static bool read_field(struct trc_scan *c, struct field *field)
{
	const bool is_whole = read_raw_field(c, field);

	take_apostrophe(field);
	return is_whole;
}

/* Takes a line apart; it has one field for each column. */
static bool read_fields(struct csv *csv, struct trc_scan *c)
{
	for (size_t i = 0; i < csv->columns; i++)
		if ((i > 0 && !TRC_SKIP(c, ",")) ||
		    !read_field(c, &csv->fields[i]))
			return false;
	return c->p == c->end;
}

static bool is_word(const struct field *field, const char *word)
{
	return field->size == strlen(word) &&
	       memcmp(field->text, word, field->size) == 0;
}

/* A field that is a number and no more. */
static bool read_number(const struct field *field, uint64_t *number)
{
	struct trc_scan c = { field->text, field->text + field->size };

	return trc_scan_decimal(&c, number) && c.p == c.end;
}

/* The task; comm and pid are empty where it is not known. */
static int read_task(struct csv *csv, uint32_t *task)
{
	const struct field *comm = &csv->fields[COMM];
	const struct field *field = &csv->fields[PID];
	struct trc_scan pid = { field->text, field->text + field->size };
	bool is_negative;
	uint64_t number;

	*task = TRC_NAME_NONE;
	if (comm->size == 0 && field->size == 0)
		return 0;
	is_negative = TRC_SKIP(&pid, "-");
	if (trc_scan_decimal(&pid, &number) && pid.p == pid.end &&
	    number <= INT32_MAX)
		return trc_text_task(
			&csv->text, comm->text, comm->size,
			is_negative ? -(int32_t)number : (int32_t)number, task);
	trc_text_drop(&csv->text);
	return 0;
}

static int read_site(struct csv *csv, uint32_t *site)
{
	const struct field *symbol = &csv->fields[SITE];
	const struct field *module = &csv->fields[MODULE];
	char spelling[2 * FIELD_MAX + 4];
	int size;

	*site = TRC_NAME_NONE;
	if (symbol->size == 0)
		return 0;
	size = snprintf(spelling, sizeof(spelling),
			module->size ? "%.*s [%.*s]" : "%.*s",
			(int)symbol->size, symbol->text, (int)module->size,
			module->text);
	return trc_text_site(&csv->text, spelling, (size_t)size, site);
}

static int read_context(struct csv *csv, uint8_t *context)
{
	*context = TRC_CONTEXT_NONE;
	if (csv->columns == CONTEXT)
		return 0;
	for (unsigned i = 0; i < TRC_CONTEXT_END; i++) {
		*context = (uint8_t)i;
		if (is_word(&csv->fields[CONTEXT],
			    trc_reader_context((enum trc_context)i)))
			return 0;
	}
	*context = TRC_CONTEXT_NONE;
	if (!csv->text.line.is_terminated)
		return trc_text_bad(&csv->text,
				    "the recording is cut off here");
	trc_text_drop(&csv->text);
	return 0;
}

/* Which object it is and, in an alloc, its sizes. */
static int read_object(struct csv *csv, bool is_alloc,
		       struct trc_record *record)
{
	uint64_t slot;

	if (!read_number(&csv->fields[SLOT], &slot) || slot >= TRC_USER_ID_MAX)
		return trc_text_bad(&csv->text, "the slot is not a number");
	record->pointer = TRC_USER_ID_POINTER(slot);
	if (is_alloc ? !read_number(&csv->fields[SIZE], &record->size)
		     : csv->fields[SIZE].size > 0)
		return trc_text_bad(&csv->text, "the size is not a number, or "
						"that of a free");
	record->size_granted = record->size;
	if (is_alloc
		    ? !read_number(&csv->fields[GRANTED], &record->size_granted)
		    : csv->fields[GRANTED].size > 0) {
		record->size_granted = record->size;
		trc_text_drop(&csv->text);
	}
	return 0;
}

/* The columns that every event has: time, cpu, task, call site, context. */
static int read_details(struct csv *csv, struct trc_record *record)
{
	uint64_t cpu;
	int err;

	if (read_number(&csv->fields[TIME], &record->time_ns)) {
		csv->last_time_ns = record->time_ns;
	} else {
		record->time_ns = csv->last_time_ns;
		trc_text_drop(&csv->text);
	}
	if (read_number(&csv->fields[CPU], &cpu) && cpu <= UINT16_MAX)
		record->cpu = (uint16_t)cpu;
	else
		trc_text_drop(&csv->text);
	err = read_context(csv, &record->context);
	if (err == 0)
		err = read_task(csv, &record->task);
	return err < 0 ? err : read_site(csv, &record->site);
}

static int read_header(struct csv *csv, struct trc_scan *c)
{
	bool is_ours = true;

	if (TRC_SKIP(c, "time_ns" COLUMNS))
		csv->clock = TRC_CLOCK_NS;
	else if (TRC_SKIP(c, "time_ticks" COLUMNS))
		csv->clock = TRC_CLOCK_TICKS;
	else
		is_ours = false;
	csv->columns = TRC_SKIP(c, ",context") ? COLUMN_COUNT : CONTEXT;
	if (is_ours && trc_scan_is_end(c))
		return trc_text_clock(&csv->text, csv->clock);
	csv->columns = 0;
	return trc_text_bad(&csv->text, "the first line must be time_ns" COLUMNS
					",context");
}

static int read_event(struct csv *csv, struct trc_scan *c)
{
	struct trc_text *text = &csv->text;
	struct trc_rules *rules = &text->job->rules;
	struct trc_record record = { .cpu = 0 };
	const struct field *kind = &csv->fields[KIND];
	bool is_alloc;
	int err;

	if (!read_fields(csv, c))
		return trc_text_bad(text, "it has too few fields, too many or "
					  "one that is too long");
	is_alloc = is_word(kind, "alloc");
	if (!is_alloc && !is_word(kind, "free") &&
	    !is_word(kind, "free-implied"))
		return trc_text_bad(text, "the kind is none of alloc, free, "
					  "free-implied");
	err = read_object(csv, is_alloc, &record);
	if (err == 0)
		err = read_details(csv, &record);
	if (err < 0)
		return err;
	if (is_alloc)
		return trc_rules_alloc(rules, &record, text->diag);
	return is_word(kind, "free")
		       ? trc_rules_free(rules, &record, text->diag)
		       : trc_rules_free_implied(rules, &record, text->diag);
}

static int read_line(struct trc_text *text)
{
	struct csv *csv = (struct csv *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_scan blank = c;

	if (trc_scan_is_end(&blank))
		return 0;
	return csv->columns > 0 ? read_event(csv, &c) : read_header(csv, &c);
}

static int import_csv(struct trc_job *job, struct kb_diag *diag)
{
	struct csv csv = { .text = { .job = job, .diag = diag } };

	return trc_text_run(&csv.text, read_line);
}

static bool is_csv(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };

	return TRC_SKIP(&c, "time_ns" COLUMNS) ||
	       TRC_SKIP(&c, "time_ticks" COLUMNS);
}

static size_t detect_csv(const char *head, size_t size)
{
	return trc_scan_first(is_csv(head, size));
}

const struct trc_format trc_format_csv = {
	.name = "csv",
	.detect = detect_csv,
	.import = import_csv,
};
