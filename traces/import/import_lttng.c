/*
 * import_lttng: LTTng's kernel events as babeltrace2 prints them:
 *
 *   [HH:MM:SS.nnnnnnnnn] (+0.000000123) host kmem_kmalloc: { cpu_id = 0 },
 *       { procname = "init", pid = 1 }, { call_site = 0x…, ptr = 0x…, … }
 *
 * all in one line. Fields are found by name, wherever they stand. With
 * --clock-seconds the time is a number of seconds.
 */
#include "kb_bits.h"
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
};

/* Reads "HH:MM:SS.nnnnnnnnn" or "secs.nnnnnnnnn". */
static bool read_time(struct trc_scan *c, uint64_t *ns, bool *is_of_day)
{
	struct trc_scan start = *c;
	uint64_t hours;
	uint64_t minutes;
	bool has_fraction;

	*is_of_day = trc_scan_decimal(c, &hours) && TRC_SKIP(c, ":");
	if (!*is_of_day) {
		*c = start;
		return trc_scan_seconds(c, ns, &has_fraction) && has_fraction;
	}
	if (!trc_scan_decimal(c, &minutes) || !TRC_SKIP(c, ":") ||
	    !trc_scan_seconds(c, ns, &has_fraction) || hours > 23 ||
	    minutes > 59 || *ns >= 61 * NS_PER_S)
		return false;
	*ns += (hours * 60 + minutes) * 60 * NS_PER_S;
	return true;
}

/* Reads "[time] (+delta) host event: ", up to the colon. */
static bool read_prefix(struct trc_scan *c, uint64_t *ns, bool *is_of_day,
			struct trc_scan *event)
{
	const char *stop;

	if (!TRC_SKIP(c, "[") || !read_time(c, ns, is_of_day) ||
	    !TRC_SKIP(c, "] (+"))
		return false;
	stop = memmem(c->p, trc_scan_left(c), ": {", 3);
	if (!stop)
		return false;
	event->p = stop;
	while (event->p > c->p && event->p[-1] != ' ' && event->p[-1] != ')')
		event->p--;
	event->end = stop;
	c->p = stop + 2;
	return event->p < event->end;
}

/* A time of day that lies far back means that midnight has passed. */
static uint64_t unwrap(struct lttng *lttng, uint64_t ns)
{
	if (lttng->last_ns > ns && lttng->last_ns - ns > NS_PER_DAY / 2)
		lttng->midnights_ns += NS_PER_DAY;
	lttng->last_ns = ns;
	return lttng->midnights_ns + ns;
}

/* Finds " name = " and leaves `value` behind it, up to the line's end. */
static bool find_field(const struct trc_scan *fields, const char *name,
		       struct trc_scan *value)
{
	size_t size = strlen(name);
	const char *p = fields->p;

	while ((p = memmem(p, (size_t)(fields->end - p), name, size))) {
		if (p > fields->p && p[-1] == ' ') {
			value->p = p + size;
			value->end = fields->end;
			return TRC_SKIP(value, " = ");
		}
		p += size;
	}
	return false;
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

/* The task, if the recording has one. */
static int read_task(struct trc_text *text, const struct trc_scan *fields,
		     uint32_t *task)
{
	struct trc_scan name = { 0 };
	const char *quote = NULL;
	uint64_t pid = 0;

	*task = TRC_NAME_NONE;
	if (find_field(fields, "procname", &name) && TRC_SKIP(&name, "\""))
		quote = memchr(name.p, '"', trc_scan_left(&name));
	if (!find_number(fields, "tid", &pid))
		find_number(fields, "pid", &pid);
	if (!quote && pid == 0)
		return 0;
	if (pid > INT32_MAX)
		return trc_text_bad(text, "the pid is absurd");
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

	if (!find_field(fields, "call_site", &value))
		return trc_text_bad(text, "call_site is missing");
	start = value.p;
	if (!(TRC_SKIP(&value, "0x") || TRC_SKIP(&value, "0X")) ||
	    trc_scan_hex(&value, &address) == 0)
		return trc_text_bad(text, "call_site is no address");
	return trc_text_site(text, start + 2, (size_t)(value.p - start - 2),
			     site);
}

static int read_sizes(struct trc_text *text, const struct trc_scan *fields,
		      struct trc_record *record)
{
	if (!find_number(fields, "bytes_req", &record->size) ||
	    !find_number(fields, "bytes_alloc", &record->size_granted))
		return trc_text_bad(text, "bytes_req or bytes_alloc is missing "
					  "or not a number");
	return 0;
}

static int read_fields(struct trc_text *text, const struct trc_scan *fields,
		       enum trc_repeat_kind kind, struct trc_record *record)
{
	uint64_t cpu = 0;
	int err;

	if (fields->p == fields->end || fields->end[-1] != '}')
		return trc_text_bad(text, "the closing brace is missing");
	if (!find_number(fields, "cpu_id", &cpu) || cpu > UINT16_MAX)
		return trc_text_bad(text, "cpu_id is missing or absurd");
	record->cpu = (uint16_t)cpu;
	err = read_task(text, fields, &record->task);
	if (err == 0)
		err = read_site(text, fields, &record->site);
	if (err < 0)
		return err;
	if (!find_number(fields, "ptr", &record->pointer))
		return trc_text_bad(text, "ptr is missing or not a number");
	record->size = 0;
	record->size_granted = 0;
	if (kind == TRC_REPEAT_KMALLOC || kind == TRC_REPEAT_OTHER_ALLOC)
		err = read_sizes(text, fields, record);
	if (err < 0)
		return err;
	return trc_repeat_add(&text->job->repeat, &text->job->rules, record,
			      kind, text->diag);
}

/* Which event it is: an enum trc_repeat_kind, or -1 for another. */
static int event_kind(const struct trc_job *job, struct trc_scan name)
{
	static const struct {
		const char *name;
		bool is_cache;
		int kind;
	} events[] = {
		{ "kmem_kmalloc", false, TRC_REPEAT_KMALLOC },
		{ "kmem_kmalloc_node", false, TRC_REPEAT_KMALLOC },
		{ "kmem_kfree", false, TRC_REPEAT_KFREE },
		{ "kmem_cache_alloc", true, TRC_REPEAT_OTHER_ALLOC },
		{ "kmem_cache_alloc_node", true, TRC_REPEAT_OTHER_ALLOC },
		{ "kmem_cache_free", true, TRC_REPEAT_OTHER_FREE },
	};

	for (size_t i = 0; i < KB_ARRAY_LEN(events); i++)
		if (strlen(events[i].name) == trc_scan_left(&name) &&
		    memcmp(events[i].name, name.p, trc_scan_left(&name)) == 0)
			return events[i].is_cache && !job->takes_caches
				       ? -1
				       : events[i].kind;
	return -1;
}

static int read_line(struct trc_text *text)
{
	struct lttng *lttng = (struct lttng *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_scan blank = c;
	struct trc_scan event;
	struct trc_record record;
	bool is_of_day;
	uint64_t ns;
	int kind;
	int err;

	if (trc_scan_is_end(&blank))
		return 0;
	if (!read_prefix(&c, &ns, &is_of_day, &event))
		return trc_text_bad(text, "it is not an event ([time] (+delta) "
					  "host event: { … })");
	/* It is the only one here: no test has it refused. */
	err = trc_text_clock(text, TRC_CLOCK_NS);
	if (err < 0)
		return err;
	record.time_ns = is_of_day ? unwrap(lttng, ns) : ns;
	kind = event_kind(text->job, event);
	if (kind >= 0)
		return read_fields(text, &c, (enum trc_repeat_kind)kind,
				   &record);
	text->job->rules.counts.other_events++;
	return 0;
}

static int import_lttng(struct trc_job *job, struct kb_diag *diag)
{
	struct lttng lttng = { .text = { .job = job, .diag = diag } };

	return trc_text_run(&lttng.text, read_line);
}

static bool is_ours(struct trc_scan c)
{
	struct trc_scan event;
	bool is_of_day;
	uint64_t ns;

	return read_prefix(&c, &ns, &is_of_day, &event);
}

static bool detect_lttng(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_lttng = {
	.name = "lttng",
	.detect = detect_lttng,
	.import = import_lttng,
};
