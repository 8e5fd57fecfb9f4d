/*
 * import_csv: what `trc convert --to csv` writes. The first line names the
 * columns; the name of the time column tells the clock:
 *
 *   time_ns,cpu,comm,pid,kind,slot,size,granted,site,module
 *
 * A text that holds a comma, a quote or a newline is in quotes, with quotes in
 * it doubled. An unknown task or call site is empty.
 */
#include "trc_scan.h"
#include "trc_text.h"
#include "trc_user.h"

#include <stdio.h>

#define COLUMNS ",cpu,comm,pid,kind,slot,size,granted,site,module"

/* Longest text of a field. */
#define FIELD_MAX 1024

struct csv {
	struct trc_text text;
	enum trc_clock clock;
	bool has_header;
};

struct field {
	char text[FIELD_MAX];
	size_t size;
};

/* Reads a text field, up to the comma or the end. */
static bool read_field(struct trc_scan *c, struct field *field)
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

static bool skip_comma(struct trc_scan *c)
{
	return TRC_SKIP(c, ",");
}

/* "slot,size,granted", the sizes empty in a free. */
static bool read_object(struct trc_scan *c, bool is_alloc,
			struct trc_record *record)
{
	uint64_t slot;

	if (!trc_scan_decimal(c, &slot) || slot >= TRC_USER_ID_MAX ||
	    !skip_comma(c))
		return false;
	record->pointer = TRC_USER_ID_POINTER(slot);
	record->size = 0;
	record->size_granted = 0;
	if (!is_alloc)
		return TRC_SKIP(c, ",,");
	return trc_scan_decimal(c, &record->size) && skip_comma(c) &&
	       trc_scan_decimal(c, &record->size_granted) && skip_comma(c);
}

/* "comm,pid,"; both empty if the task is unknown. */
static int read_task(struct trc_text *text, struct trc_scan *c, uint32_t *task)
{
	struct field comm;
	struct trc_scan digits;
	bool is_negative;
	uint64_t pid;

	if (!read_field(c, &comm) || !skip_comma(c))
		return trc_text_bad(text, "the task's name is unreadable");
	*task = TRC_NAME_NONE;
	if (skip_comma(c))
		return 0;
	is_negative = TRC_SKIP(c, "-");
	digits = *c;
	if (!trc_scan_decimal(&digits, &pid) || pid > INT32_MAX ||
	    !skip_comma(&digits))
		return trc_text_bad(text, "the pid is not a number");
	*c = digits;
	return trc_text_task(text, comm.text, comm.size,
			     is_negative ? -(int32_t)pid : (int32_t)pid, task);
}

/* "site,module" to the line's end. A line with its last comma can only be cut
 * off within the module's name. */
static int read_site(struct trc_text *text, struct trc_scan *c, uint32_t *site)
{
	struct field symbol;
	struct field module;
	char spelling[2 * FIELD_MAX + 4];
	int size;

	if (!read_field(c, &symbol) || !skip_comma(c) ||
	    !read_field(c, &module) || c->p != c->end)
		return trc_text_bad(text, "the call site is unreadable");
	*site = TRC_NAME_NONE;
	if (symbol.size == 0)
		return 0;
	size = snprintf(spelling, sizeof(spelling),
			module.size ? "%.*s [%.*s]" : "%.*s", (int)symbol.size,
			symbol.text, (int)module.size, module.text);
	return trc_text_site(text, spelling, (size_t)size, site);
}

static int read_header(struct csv *csv, struct trc_scan *c)
{
	if (TRC_SKIP(c, "time_ns" COLUMNS))
		csv->clock = TRC_CLOCK_NS;
	else if (TRC_SKIP(c, "time_ticks" COLUMNS))
		csv->clock = TRC_CLOCK_TICKS;
	else
		return trc_text_bad(&csv->text, "the first line must be "
						"time_ns" COLUMNS);
	csv->has_header = true;
	return trc_text_clock(&csv->text, csv->clock);
}

static int read_event(struct csv *csv, struct trc_scan *c)
{
	struct trc_text *text = &csv->text;
	struct trc_rules *rules = &text->job->rules;
	struct trc_record record;
	bool is_alloc;
	bool is_implied;
	uint64_t cpu;
	int err;

	if (!trc_scan_decimal(c, &record.time_ns) || !skip_comma(c))
		return trc_text_bad(text, "the time is not a number");
	if (!trc_scan_decimal(c, &cpu) || cpu > UINT16_MAX || !skip_comma(c))
		return trc_text_bad(text, "the cpu is not a number");
	record.cpu = (uint16_t)cpu;
	err = read_task(text, c, &record.task);
	if (err < 0)
		return err;
	is_alloc = TRC_SKIP(c, "alloc,");
	is_implied = !is_alloc && TRC_SKIP(c, "free-implied,");
	if (!is_alloc && !is_implied && !TRC_SKIP(c, "free,"))
		return trc_text_bad(text, "the kind is none of alloc, free, "
					  "free-implied");
	if (!read_object(c, is_alloc, &record))
		return trc_text_bad(text, "slot, size or granted size is not "
					  "as its kind wants it");
	err = read_site(text, c, &record.site);
	if (err < 0)
		return err;
	if (is_alloc)
		return trc_rules_alloc(rules, &record, text->diag);
	return is_implied ? trc_rules_free_implied(rules, &record, text->diag)
			  : trc_rules_free(rules, &record, text->diag);
}

static int read_line(struct trc_text *text)
{
	struct csv *csv = (struct csv *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_scan blank = c;

	if (trc_scan_is_end(&blank))
		return 0;
	return csv->has_header ? read_event(csv, &c) : read_header(csv, &c);
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
