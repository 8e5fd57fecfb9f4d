/*
 * import_lttng: LTTng's kernel events as babeltrace2 prints them:
 *
 *   [HH:MM:SS.nnnnnnnnn] (+0.000000123) host kmem_kmalloc: { cpu_id = 0 },
 *       { procname = "init", pid = 1 }, { call_site = 0x…, ptr = 0x…, … }
 *
 * all in one line. Fields are found by name, wherever they are. With
 * --clock-seconds the time is a number of seconds, with --clock-cycles one of
 * ticks. With --names=all the line begins "timestamp = …, delta = …, name = …, ".
 * perf data convert --to-ctf calls its events kmem:kmalloc and so on.
 */
#include "kb_bits.h"
#include "trc_kmem.h"
#include "trc_rules.h"
#include "trc_scan.h"
#include "trc_text.h"

#include <string.h>

#define NS_PER_S   UINT64_C(1000000000)
#define NS_PER_DAY (UINT64_C(86400) * NS_PER_S)

struct lttng {
	struct trc_text text;

	/* The clock shows the time of day: midnights passed, ns, and the last
	 * time read. */
	uint64_t midnights_ns;
	uint64_t last_ns;

	/* The line at hand without its colors. */
	char plain[TRC_LINE_MAX];
};

/* What comes before an event's fields. */
struct prefix {
	struct trc_scan name;
	uint64_t time_ns;
	enum trc_clock clock;
	bool is_of_day;
	bool has_bad_time;
};

/* Reads "HH:MM:SS.nnnnnnnnn", "secs.nnnnnnnnn" or "cycles". */
static bool read_time(struct trc_scan *c, struct prefix *prefix)
{
	struct trc_scan start = *c;
	uint64_t hours;
	uint64_t minutes;
	bool has_fraction;

	prefix->clock = TRC_CLOCK_NS;
	prefix->is_of_day = trc_scan_decimal(c, &hours) && TRC_SKIP(c, ":");
	if (!prefix->is_of_day) {
		*c = start;
		if (!trc_scan_seconds(c, &prefix->time_ns, &has_fraction))
			return false;
		if (!has_fraction)
			prefix->clock = TRC_CLOCK_TICKS;
		return true;
	}
	if (!trc_scan_decimal(c, &minutes) || !TRC_SKIP(c, ":") ||
	    !trc_scan_seconds(c, &prefix->time_ns, &has_fraction) ||
	    !has_fraction || hours > 23 || minutes > 59 ||
	    prefix->time_ns >= 61 * NS_PER_S)
		return false;
	prefix->time_ns += (hours * 60 + minutes) * 60 * NS_PER_S;
	return true;
}

/* Steps over "YYYY-MM-DD " of --clock-date. */
static void skip_date(struct trc_scan *c)
{
	struct trc_scan date = *c;
	uint64_t number;

	if (trc_scan_decimal(&date, &number) && TRC_SKIP(&date, "-") &&
	    trc_scan_decimal(&date, &number) && TRC_SKIP(&date, "-") &&
	    trc_scan_decimal(&date, &number) && TRC_SKIP(&date, " "))
		*c = date;
}

/* Reads a time up to `stop`, which ends it; one that cannot be read is noted. */
static bool read_stamp(struct trc_scan *c, const char *stop,
		       struct prefix *prefix)
{
	size_t size = strlen(stop);
	const char *end;

	skip_date(c);
	if (read_time(c, prefix) && trc_scan_text(c, stop, size))
		return true;
	prefix->has_bad_time = true;
	end = memmem(c->p, trc_scan_left(c), stop, size);
	if (!end)
		return false;
	c->p = end + size;
	return true;
}

/* Reads "timestamp = T, delta = D, … name = NAME, " up to the first brace or the
 * name before it. */
static bool read_named_prefix(struct trc_scan *c, struct prefix *prefix)
{
	const char *comma;

	if (!TRC_SKIP(c, "timestamp = ") || !read_stamp(c, ", ", prefix))
		return false;
	/* "trace:hostname" may be before it. */
	while (!TRC_SKIP(c, "name = ")) {
		comma = memmem(c->p, trc_scan_left(c), ", ", 2);
		if (!comma)
			return false;
		c->p = comma + 2;
	}
	comma = memmem(c->p, trc_scan_left(c), ", ", 2);
	if (!comma)
		return false;
	prefix->name = (struct trc_scan){ c->p, comma };
	c->p = comma + 2;
	return true;
}

/* Reads "[time] [(+delta)] host event: ", up to the first brace. The event's name
 * is the last word before the colon: it holds neither a space nor a brace, and
 * nothing before it is called by a task. An event without fields has no brace. */
static bool read_prefix(struct trc_scan *c, struct prefix *prefix)
{
	struct trc_scan *event = &prefix->name;
	const char *stop;

	memset(prefix, 0, sizeof(*prefix));
	if (!TRC_SKIP(c, "["))
		return read_named_prefix(c, prefix);
	if (!read_stamp(c, "] ", prefix))
		return false;
	stop = memmem(c->p, trc_scan_left(c), ": {", 3);
	if (!stop) {
		while (c->end > c->p && c->end[-1] == ' ')
			c->end--;
		if (c->end == c->p || c->end[-1] != ':')
			return false;
		stop = c->end - 1;
	}
	event->p = stop;
	while (event->p > c->p && event->p[-1] != ' ' && event->p[-1] != ')')
		event->p--;
	event->end = stop;
	c->p = stop + 2 < c->end ? stop + 2 : c->end;
	return event->p < event->end;
}

/* A time of day that goes far back means that midnight has passed. */
static uint64_t unwrap(struct lttng *lttng, uint64_t ns)
{
	if (lttng->last_ns > ns && lttng->last_ns - ns > NS_PER_DAY / 2)
		lttng->midnights_ns += NS_PER_DAY;
	lttng->last_ns = ns;
	return lttng->midnights_ns + ns;
}

/* Skips a value: a quoted text, in which a backslash escapes the next
 * character, or anything up to a comma or brace. */
static void skip_value(struct trc_scan *c)
{
	/* The fields in it are next. */
	if (TRC_SKIP(c, "{"))
		return;
	if (!TRC_SKIP(c, "\"")) {
		while (c->p < c->end && *c->p != ',' && *c->p != '}')
			c->p++;
		return;
	}
	while (c->p < c->end && *c->p != '"')
		c->p += *c->p == '\\' && trc_scan_left(c) > 1 ? 2 : 1;
	if (c->p < c->end)
		c->p++;
}

/*
 * Finds a field by its name in "{ name = value, … }, { … }" and sets `value` to
 * the text from its value to the line's end. Names inside values do not count.
 */
static bool find_field(const struct trc_scan *fields, const char *name,
		       struct trc_scan *value)
{
	size_t size = strlen(name);
	struct trc_scan c = *fields;

	while (c.p < c.end) {
		const char *start;

		while (c.p < c.end && strchr("{}, ", *c.p))
			c.p++;
		start = c.p;
		while (c.p < c.end && *c.p != ' ' && *c.p != '}')
			c.p++;
		if (!TRC_SKIP(&c, " = "))
			continue;
		*value = c;
		if ((size_t)(c.p - 3 - start) == size &&
		    memcmp(start, name, size) == 0)
			return true;
		skip_value(&c);
	}
	return false;
}

/* Whether the fields are "{ … }, { … }" and no more; with --names=all each has
 * "name = " before it. */
static bool are_whole(const struct trc_scan *fields)
{
	struct trc_scan c = *fields;

	do {
		while (c.p < c.end && *c.p != '{' && *c.p != ',')
			c.p++;
		if (!TRC_SKIP(&c, "{"))
			return false;
		while (c.p < c.end && *c.p != '}') {
			if (*c.p == '"')
				skip_value(&c);
			else
				c.p++;
		}
		if (!TRC_SKIP(&c, "}"))
			return false;
	} while (TRC_SKIP(&c, ", "));
	return trc_scan_is_end(&c);
}

/* A field's number, decimal or hexadecimal. */
static bool find_number(const struct trc_scan *fields, const char *name,
			uint64_t *number)
{
	struct trc_scan value;

	if (!find_field(fields, name, &value))
		return false;
	return TRC_SKIP(&value, "0x") || TRC_SKIP(&value, "0X")
		       ? trc_scan_hex(&value, number) > 0
		       : trc_scan_decimal(&value, number);
}

/* The quote that ends a text; NULL if there is none. */
static const char *end_of_text(const struct trc_scan *text)
{
	struct trc_scan c = *text;

	while (c.p < c.end && *c.p != '"')
		c.p += *c.p == '\\' && trc_scan_left(&c) > 1 ? 2 : 1;
	return c.p < c.end ? c.p : NULL;
}

/* Whether a field is there, but cannot be read as a number. */
static bool is_unreadable(const struct trc_scan *fields, const char *name)
{
	struct trc_scan value;
	uint64_t number;

	return find_field(fields, name, &value) &&
	       !find_number(fields, name, &number);
}

/* The task, if the recording has one. */
static int read_task(struct trc_text *text, const struct trc_scan *fields,
		     uint32_t *task)
{
	struct trc_scan name = { 0 };
	const char *quote = NULL;
	uint64_t pid = 0;

	*task = TRC_NAME_NONE;
	if (find_field(fields, "procname", &name) && TRC_SKIP(&name, "\""))
		quote = end_of_text(&name);
	if (!find_number(fields, "tid", &pid) &&
	    !find_number(fields, "pid", &pid) &&
	    !find_number(fields, "perf_tid", &pid) &&
	    (is_unreadable(fields, "tid") || is_unreadable(fields, "pid")))
		trc_text_drop(text);
	if (!quote && pid == 0)
		return 0;
	if (pid > INT32_MAX) {
		trc_text_drop(text);
		return 0;
	}
	return trc_text_task(text, quote ? name.p : "",
			     quote ? (size_t)(quote - name.p) : 0, (int32_t)pid,
			     task);
}

static int read_site(struct trc_text *text, const struct trc_scan *fields,
		     uint32_t *site)
{
	struct trc_scan value;
	const char *start;
	uint64_t address;

	*site = TRC_NAME_NONE;
	if (!find_field(fields, "call_site", &value))
		return 0;
	start = value.p;
	if (!(TRC_SKIP(&value, "0x") || TRC_SKIP(&value, "0X")) ||
	    trc_scan_hex(&value, &address) == 0) {
		trc_text_drop(text);
		return 0;
	}
	if (address == 0)
		return 0;
	return trc_text_site(text, start + 2, (size_t)(value.p - start - 2),
			     site);
}

static int read_sizes(struct trc_text *text, const struct trc_scan *fields,
		      struct trc_record *record)
{
	if (!find_number(fields, "bytes_req", &record->size))
		return trc_text_bad(text,
				    "bytes_req is missing or not a number");
	if (find_number(fields, "bytes_alloc", &record->size_granted))
		return 0;
	record->size_granted = record->size;
	if (is_unreadable(fields, "bytes_alloc"))
		trc_text_drop(text);
	return 0;
}

/* What an event is about, which determines the option that imports it. */
enum event_takes { EVENT_KMALLOC, EVENT_CACHE, EVENT_PAGE };

struct event {
	/* Without the "kmem_" that LTTng puts before most of them, or perf's
	 * "kmem:"; lttng-modules before 2.2 had none. */
	const char *name;
	enum event_takes takes;
	enum trc_repeat_kind kind;
};

static const struct event events[] = {
	{ "kmalloc", EVENT_KMALLOC, TRC_REPEAT_KMALLOC },
	{ "kmalloc_node", EVENT_KMALLOC, TRC_REPEAT_KMALLOC },
	{ "kfree", EVENT_KMALLOC, TRC_REPEAT_KFREE },
	{ "cache_alloc", EVENT_CACHE, TRC_REPEAT_OTHER_ALLOC },
	{ "cache_alloc_node", EVENT_CACHE, TRC_REPEAT_OTHER_ALLOC },
	{ "cache_free", EVENT_CACHE, TRC_REPEAT_OTHER_FREE },
	{ "mm_page_alloc", EVENT_PAGE, TRC_REPEAT_OTHER_ALLOC },
	{ "mm_page_free", EVENT_PAGE, TRC_REPEAT_OTHER_FREE },
	{ "mm_page_free_direct", EVENT_PAGE, TRC_REPEAT_OTHER_FREE },
	{ "mm_pagevec_free", EVENT_PAGE, TRC_REPEAT_OTHER_FREE },
};

/* The event of this name that the import takes, or NULL. */
static const struct event *find_event(const struct trc_job *job,
				      struct trc_scan name)
{
	TRC_SKIP(&name, "kmem:");
	TRC_SKIP(&name, "kmem_");
	for (size_t i = 0; i < KB_ARRAY_LEN(events); i++) {
		const struct event *event = &events[i];

		if (!trc_scan_is(name, event->name))
			continue;
		if ((event->takes == EVENT_CACHE && !job->takes_caches) ||
		    (event->takes == EVENT_PAGE && !job->takes_pages))
			return NULL;
		return event;
	}
	return NULL;
}

/* The end of the text in quotes at `p`; NULL where it has none, or has an event's
 * stamp in it: then the quote that ends it is of the event that follows. */
static const char *end_of_quoted(const struct trc_scan *p)
{
	const struct trc_scan text = { p->p + 1, p->end };
	const char *end = *p->p == '"' ? end_of_text(&text) : NULL;
	struct trc_scan c = text;
	struct prefix prefix;

	while (end && (c.p = memchr(c.p, '[', (size_t)(end - c.p)))) {
		struct trc_scan stamp = { ++c.p, end };

		memset(&prefix, 0, sizeof(prefix));
		if (read_stamp(&stamp, "] ", &prefix) && !prefix.has_bad_time)
			return NULL;
	}
	return end;
}

/* Whether the fields of an event are followed by another event of ours. */
static bool holds_event(const struct trc_text *text, struct trc_scan piece)
{
	struct trc_scan name = piece;

	while (piece.p < piece.end) {
		const char *end = end_of_quoted(&piece);

		if (end) {
			piece.p = end + 1;
			name.p = piece.p;
			continue;
		}
		name.end = piece.p;
		if (TRC_SKIP(&piece, ": {") && find_event(text->job, name))
			return true;
		if (name.end == piece.p && strchr(" )", *piece.p++))
			name.p = piece.p;
	}
	return false;
}

/* A page is named by its pfn; a failed allocation has none. */
static int read_page(struct trc_text *text, const struct trc_scan *fields,
		     struct trc_record *record)
{
	uint64_t page = 0;
	uint64_t pfn;
	uint64_t order;

	record->site = TRC_NAME_NONE;
	if (!find_number(fields, "pfn", &pfn))
		return trc_text_bad(text, "pfn is missing or not a number");
	if (!find_number(fields, "order", &order))
		return trc_text_bad(text, "order is missing or not a number");
	find_number(fields, "page", &page);
	if (!trc_kmem_page(record, page, pfn, order))
		return trc_text_bad(text, "pfn or order is absurd");
	return 0;
}

/* Which cpu it was; the first where nobody says, which is false. */
static bool read_cpu(const struct trc_scan *fields, uint16_t *cpu)
{
	uint64_t number;

	*cpu = 0;
	if (!find_number(fields, "cpu_id", &number) || number > UINT16_MAX)
		return false;
	*cpu = (uint16_t)number;
	return true;
}

static int read_object(struct trc_text *text, const struct trc_scan *fields,
		       enum trc_repeat_kind kind, struct trc_record *record)
{
	int err = read_site(text, fields, &record->site);

	if (err < 0)
		return err;
	if (!find_number(fields, "ptr", &record->pointer))
		return trc_text_bad(text,
				    "ptr is missing or not a number; print the "
				    "fields' names (babeltrace2 "
				    "--names=payload,context)");
	record->size = 0;
	record->size_granted = 0;
	if (kind == TRC_REPEAT_KMALLOC || kind == TRC_REPEAT_OTHER_ALLOC)
		err = read_sizes(text, fields, record);
	return err;
}

static int read_fields(struct trc_text *text, const struct trc_scan *fields,
		       const struct event *event, struct trc_record *record)
{
	enum trc_repeat_kind kind = event->kind;
	uint64_t period = 1;
	int err;

	if (!are_whole(fields))
		return trc_text_bad(text, "the closing brace is missing, or "
					  "something follows the record");
	err = read_task(text, fields, &record->task);
	if (err == 0)
		err = event->takes == EVENT_PAGE
			      ? read_page(text, fields, record)
			      : read_object(text, fields, kind, record);
	if (err < 0)
		return err;
	if (kind == TRC_REPEAT_OTHER_FREE) {
		record->size = 0;
		record->size_granted = 0;
	}
	/* Each of perf's samples may represent more. */
	find_number(fields, "perf_period", &period);
	text->job->rules.counts.lost_events += period > 0 ? period - 1 : 0;
	return trc_queue_add(&text->job->queue, record, kind, text->diag);
}

/* babeltrace's notes, in the words of either version, say how many events a
 * tracer has discarded. False if the line is not a note. */
static bool read_note(struct trc_text *text, const struct trc_scan *c)
{
	static const char *const words[] = { "discarded ", "lost " };
	struct trc_scan number;
	uint64_t lost;
	struct trc_scan event = *c;

	if (TRC_SKIP(&event, "timestamp = ") ||
	    (TRC_SKIP(&event, "[") && event.p < event.end &&
	     trc_scan_is_digit(*event.p)))
		return false;
	for (size_t i = 0; i < KB_ARRAY_LEN(words); i++) {
		number.end = c->end;
		number.p = memmem(c->p, trc_scan_left(c), words[i],
				  strlen(words[i]));
		if (!number.p || !memmem(c->p, trc_scan_left(c), "racer", 5))
			continue;
		number.p += strlen(words[i]);
		text->job->rules.counts.lost_events +=
			trc_scan_decimal(&number, &lost) ? lost : 1;
		return true;
	}
	return false;
}

/* Notes the clock and the time of an event. Returns as trc_text_time. */
static int take_time(struct lttng *lttng, const struct prefix *prefix,
		     bool has_cpu, struct trc_record *record)
{
	struct trc_text *text = &lttng->text;
	int err;

	if (prefix->has_bad_time)
		return trc_text_no_time(text, &record->time_ns);
	err = trc_text_clock(text, prefix->clock);
	if (err < 0)
		return err;
	record->time_ns = prefix->is_of_day ? unwrap(lttng, prefix->time_ns)
					    : prefix->time_ns;
	return trc_text_time(text,
			     has_cpu ? TRC_ORDER_BY_CPU : TRC_ORDER_BY_TIME,
			     record->cpu, record->time_ns);
}

static int read_line(struct trc_text *text)
{
	struct lttng *lttng = (struct lttng *)text;
	struct trc_scan c = trc_text_plain(text, lttng->plain);
	struct trc_scan blank = c;
	const struct event *event;
	struct trc_record record = { .size = 0 };
	struct prefix prefix;
	bool has_cpu;
	int err;

	if (trc_scan_is_end(&blank) || read_note(text, &c))
		return 0;
	if (!read_prefix(&c, &prefix))
		return trc_text_bad(text, "it is not an event ([time] (+delta) "
					  "host event: { … })");
	event = find_event(text->job, prefix.name);
	has_cpu = read_cpu(&c, &record.cpu);
	if (prefix.has_bad_time && !event)
		return trc_text_bad(text, "the time is not a number");
	err = take_time(lttng, &prefix, has_cpu, &record);
	if (err != 0)
		return err < 0 ? err : 0;
	if (trc_text_alone(text, c) < 0)
		return KB_E_FORMAT;
	trc_text_used(text);
	if (!event) {
		text->job->rules.counts.other_events++;
		return 0;
	}
	if (prefix.has_bad_time)
		trc_text_drop(text);
	if (is_unreadable(&c, "cpu_id"))
		trc_text_drop(text);
	return read_fields(text, &c, event, &record);
}

static int import_lttng(struct trc_job *job, struct kb_diag *diag)
{
	struct lttng lttng = {
		.text = { .job = job, .diag = diag, .holds_event = holds_event }
	};

	return trc_text_run(&lttng.text, read_line);
}

static bool is_ours(struct trc_scan c)
{
	char plain[TRC_TEXT_PLAIN_SIZE];
	struct prefix prefix;

	c = trc_text_without_colors(c, plain, sizeof(plain));
	return read_prefix(&c, &prefix) && !prefix.has_bad_time;
}

static size_t detect_lttng(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_lttng = {
	.name = "lttng",
	.is_of_kernel = true,
	.detect = detect_lttng,
	.import = import_lttng,
};
