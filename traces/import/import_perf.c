/*
 * import_perf: the text of `perf script`, with or without call chains:
 *
 *   comm  pid[/tid] [cpu] secs.usecs: [period] kmem:kmalloc: call_site=…
 *           ffffffff81234567 function+0x10 ([kernel.kallsyms])
 *
 * The comm may hold anything, so the line is read from the cpu's brackets. With
 * other fields (-F), with -L, or where a column cannot be read, the words are
 * taken backward from the event's name.
 */
#include "trc_kmem.h"
#include "trc_scan.h"
#include "trc_text.h"

#include <string.h>

/* What precedes the event's name. */
struct prefix {
	const char *comm;
	size_t comm_size;
	int32_t pid;
	uint16_t cpu;
	uint64_t time_ns;

	/* Columns that are not there, or cannot be read. */
	bool has_no_task;
	bool has_no_cpu;
	bool has_no_time;
	bool has_bad_time;
};

struct perf {
	struct trc_text text;

	/* An event has been read; its number is the time of one that has none. */
	uint64_t events;
};

/* Steps back over the digits that end at `p`. */
static const char *back_over_digits(const char *p, const char *start)
{
	while (p > start && trc_scan_is_digit(p[-1]))
		p--;
	return p;
}

/* Reads "comm  pid[/tid] " up to its end at `end`, which is a bracket. If there
 * are two numbers, the second is the thread's; a single one is too. */
static bool read_task(const char *start, const char *end, struct prefix *prefix)
{
	struct trc_scan digits;
	const char *p = end;
	uint64_t pid;

	while (p > start && p[-1] == ' ')
		p--;
	digits.end = p;
	p = back_over_digits(p, start);
	digits.p = p;
	if (p == end || !trc_scan_decimal(&digits, &pid) || pid > INT32_MAX)
		return false;
	if (p > start && p[-1] == '/')
		p = back_over_digits(p - 1, start);
	if (p == start || p[-1] != ' ')
		return false;
	while (p > start && p[-1] == ' ')
		p--;
	while (start < p && *start == ' ')
		start++;
	prefix->comm = start;
	prefix->comm_size = (size_t)(p - start);
	prefix->pid = (int32_t)pid;
	return true;
}

/* Reads "[cpu] secs.usecs: ". */
static bool read_cpu_and_time(struct trc_scan *c, struct prefix *prefix)
{
	bool has_fraction;
	uint64_t cpu;

	if (!TRC_SKIP(c, "[") || !trc_scan_decimal(c, &cpu) ||
	    cpu > UINT16_MAX || !TRC_SKIP(c, "]"))
		return false;
	trc_scan_spaces(c);
	if (!trc_scan_seconds(c, &prefix->time_ns, &has_fraction) ||
	    !has_fraction || !TRC_SKIP(c, ":"))
		return false;
	prefix->cpu = (uint16_t)cpu;
	return true;
}

/* A task's name is at most this long, so brackets further on belong to the
 * event. */
#define COMM_MAX 15

/*
 * A task may be called "a 1 [0] 1.5:", so the last bracket that fits is the
 * right one, as long as the text before it can be a task's name.
 */
static bool read_prefix(struct trc_scan *c, struct prefix *prefix)
{
	const char *start = c->p;
	const char *bracket = memchr(start, '[', trc_scan_left(c));
	const char *found = NULL;

	while (bracket) {
		struct trc_scan rest = { bracket, c->end };
		struct prefix here = { .pid = 0 };

		if (read_cpu_and_time(&rest, &here) &&
		    read_task(start, bracket, &here) &&
		    here.comm_size <= COMM_MAX) {
			*prefix = here;
			found = rest.p;
		}
		bracket = memchr(bracket + 1, '[',
				 (size_t)(c->end - bracket - 1));
	}
	if (found)
		c->p = found;
	return found != NULL;
}

/* Reads the period that perf prints before a name when it sampled: one event
 * per period was recorded. 1 if there is none. */
static uint64_t read_period(struct trc_scan *c)
{
	struct trc_scan number;
	uint64_t period;

	trc_scan_spaces(c);
	number = *c;
	if (!trc_scan_decimal(&number, &period) || !TRC_SKIP(&number, " "))
		return 1;
	trc_scan_spaces(&number);
	*c = number;
	return period > 0 ? period : 1;
}

/* A word that is a number and no more. */
static bool is_number(struct trc_scan word, uint64_t *number)
{
	return trc_scan_decimal(&word, number) && word.p == word.end;
}

/* Whether the last word is a number, which is then taken. */
static bool take_number(struct trc_scan *before, uint64_t *number)
{
	struct trc_scan rest = *before;

	if (!is_number(trc_scan_last_word(&rest), number))
		return false;
	*before = rest;
	return true;
}

/* "secs.usecs:", if the last word ends so. */
static void take_time(struct trc_text *text, struct trc_scan *before,
		      struct prefix *prefix)
{
	struct trc_scan rest = *before;
	struct trc_scan word = trc_scan_last_word(&rest);
	bool has_fraction;

	prefix->has_no_time = trc_scan_left(&word) == 0 || word.end[-1] != ':';
	if (prefix->has_no_time)
		return;
	*before = rest;
	word.end--;
	if (trc_scan_seconds(&word, &prefix->time_ns, &has_fraction) &&
	    has_fraction && word.p == word.end)
		return;
	prefix->has_bad_time = true;
	trc_text_drop(text);
}

/* "[cpu]", or without brackets where another number, the pid, is before it (-L).
 * -F misc puts a letter or two after it. */
static void take_cpu(struct trc_text *text, struct trc_scan *before,
		     struct prefix *prefix)
{
	struct trc_scan rest = *before;
	struct trc_scan word = trc_scan_last_word(&rest);
	uint64_t cpu = 0;
	uint64_t pid;

	prefix->has_no_cpu = true;
	if (is_number(word, &cpu) && take_number(&rest, &pid)) {
		trc_scan_last_word(before);
		prefix->cpu = (uint16_t)cpu;
		prefix->has_no_cpu = cpu > UINT16_MAX;
		return;
	}
	if (trc_scan_left(&word) <= 2 && trc_scan_left(&word) > 0 &&
	    !trc_scan_is_digit(*word.p))
		word = trc_scan_last_word(&rest);
	if (trc_scan_left(&word) == 0 ||
	    (*word.p != '[' && word.end[-1] != ']'))
		return;
	*before = rest;
	prefix->has_no_cpu = !TRC_SKIP(&word, "[") ||
			     !trc_scan_decimal(&word, &cpu) ||
			     cpu > UINT16_MAX || !TRC_SKIP(&word, "]");
	prefix->cpu = prefix->has_no_cpu ? 0 : (uint16_t)cpu;
	if (prefix->has_no_cpu)
		trc_text_drop(text);
}

/* "comm", "pid[/tid]" or both: all that is left. False if it is more. */
static bool take_task(struct trc_text *text, struct trc_scan *before,
		      struct prefix *prefix)
{
	struct trc_scan word;
	const char *slash;
	uint64_t pid;

	trc_scan_spaces(before);
	while (before->end > before->p && before->end[-1] == ' ')
		before->end--;
	prefix->has_no_task = before->p == before->end;
	prefix->comm = before->p;
	if (prefix->has_no_task)
		return true;
	word = trc_scan_last_word(before);
	slash = memchr(word.p, '/', trc_scan_left(&word));
	if (slash)
		word.p = slash + 1;
	if (is_number(word, &pid) && pid <= INT32_MAX) {
		prefix->pid = (int32_t)pid;
		while (before->end > before->p && before->end[-1] == ' ')
			before->end--;
	} else if (before->p < before->end) {
		/* The pid cannot be read, or there is a comm of two words. */
		prefix->has_no_task = true;
		trc_text_drop(text);
	} else {
		before->end = word.end;
	}
	prefix->comm_size = trc_scan_left(before);
	return prefix->comm_size <= COMM_MAX + 1;
}

/* Finds an event of ours, by its group, its name and its first field, at the
 * beginning of a word: no task's name is as long. */
static const char *find_event(struct trc_scan c)
{
	const char *start = c.p;

	for (;;) {
		c.p = memmem(c.p, trc_scan_left(&c), "kmem:", 5);
		if (!c.p)
			return NULL;
		if (trc_kmem_is_next((struct trc_scan){ c.p + 5, c.end }) &&
		    (c.p == start || c.p[-1] == ' '))
			return c.p;
		c.p += 5;
	}
}

/*
 * Reads what precedes an event of ours where it has not its usual columns, and
 * leaves `c` at the count of a sample or at the event's name. False if it is not
 * that, or if more is before it: two lines that have run together.
 */
static bool read_other_prefix(struct trc_text *text, struct trc_scan *c,
			      struct prefix *prefix)
{
	struct trc_scan before = *c;
	uint64_t period;

	memset(prefix, 0, sizeof(*prefix));
	c->p = find_event(*c);
	if (!c->p)
		return false;
	before.end = c->p;
	if (take_number(&before, &period)) {
		struct trc_scan rest = before;
		struct trc_scan word = trc_scan_last_word(&rest);
		uint64_t pid;

		/* It is the task's number where neither that nor a time is
		 * before it. */
		if (trc_scan_left(&word) > 0 &&
		    (word.end[-1] == ':' || is_number(word, &pid)))
			c->p = before.end;
		else
			before.end = c->p;
	}
	take_time(text, &before, prefix);
	take_cpu(text, &before, prefix);
	return take_task(text, &before, prefix);
}

/* A frame of a call chain: a tab or blanks, an address, then whatever fields were
 * asked for; or the frame's line in a source file. */
static bool is_frame(struct trc_scan c)
{
	const char *start = c.p;
	struct trc_scan frame;
	const char *colon;
	uint64_t address;

	trc_scan_blanks(&c);
	if (c.p == start)
		return false;
	frame = c;
	if (trc_scan_hex(&frame, &address) > 0 &&
	    (frame.p == frame.end || *frame.p == ' '))
		return true;
	colon = memrchr(c.p, ':', trc_scan_left(&c));
	return colon && !memchr(c.p, ' ', trc_scan_left(&c)) &&
	       colon + 1 < c.end &&
	       (trc_scan_is_digit(colon[1]) || colon[1] == '?');
}

/* What perf tells of its own work, on standard error. `has_events` is whether an
 * event has been read: before it may be anything. */
static bool read_note(struct trc_text *text, struct trc_scan c, bool has_events)
{
	struct trc_scan note = c;
	uint64_t number;

	TRC_SKIP(&note, "Warning: ");
	if (TRC_SKIP(&note, "Processed ") && trc_scan_decimal(&note, &number) &&
	    TRC_SKIP(&note, " events and lost ") &&
	    trc_scan_decimal(&note, &number) && TRC_SKIP(&note, " chunks")) {
		text->job->rules.counts.lost_events += number;
		return true;
	}
	note = c;
	return TRC_SKIP(&note, "Warning:") ||
	       TRC_SKIP(&note, "Check IO/CPU overload!") || !has_events;
}

/* Skips an event's group, "kmem:", which RHEL 6's perf does not print. False
 * for an event of another group, whose name has a second colon. */
static bool skip_group(struct trc_scan *c)
{
	const char *p = c->p;

	if (TRC_SKIP(c, "kmem:"))
		return true;
	while (p < c->end && *p != ':' && *p != ' ')
		p++;
	return p < c->end && *p == ':' && (p + 1 == c->end || p[1] == ' ');
}

/* What --show-lost-events adds: how many events were lost here. */
static int read_lost(struct trc_text *text, struct trc_scan *c)
{
	uint64_t lost;

	if (!trc_scan_decimal(c, &lost))
		return trc_text_bad(text, "how many were lost is no number");
	text->job->rules.counts.lost_events += lost;
	return 0;
}

/* Takes " address symbol (object)" off a record's end, which -F ip puts there. */
static void cut_address(struct trc_scan *c)
{
	const char *p = memmem(c->p, trc_scan_left(c), " ptr=", 5);

	while (p && (p = memchr(p + 1, ' ', (size_t)(c->end - p - 1)))) {
		struct trc_scan word = { p + 1, c->end };
		uint64_t address;

		if (trc_scan_hex(&word, &address) < 8 ||
		    (word.p < word.end && *word.p != ' '))
			continue;
		if (!memchr(word.p, '=', trc_scan_left(&word)) &&
		    !memmem(word.p, trc_scan_left(&word), ": ", 2))
			c->end = p;
		return;
	}
}

/* Reads an event of which each represents `period`: the others are lost. */
static int read_sampled(struct trc_text *text, struct trc_scan *c,
			struct trc_record *record, uint64_t period)
{
	struct trc_counts *counts = &text->job->rules.counts;
	uint64_t others = counts->other_events;
	int err;

	cut_address(c);
	err = trc_kmem_event(text, c, record);
	if (err == 0 && counts->other_events == others)
		counts->lost_events += period - 1;
	return err;
}

/* Takes task, cpu and time from before an event. Returns as trc_text_time. */
static int take_prefix(struct perf *perf, const struct prefix *prefix,
		       struct trc_record *record)
{
	struct trc_text *text = &perf->text;
	int err = trc_text_clock(text, prefix->has_no_time ? TRC_CLOCK_TICKS
							   : TRC_CLOCK_NS);

	record->task = TRC_NAME_NONE;
	if (err == 0 && !prefix->has_no_task)
		err = trc_text_task(text, prefix->comm, prefix->comm_size,
				    prefix->pid, &record->task);
	if (err < 0)
		return err;
	record->time_ns = prefix->has_no_time ? perf->events : prefix->time_ns;
	record->cpu = prefix->cpu;
	return 0;
}

/* Notes an event's time. Returns as trc_text_time. */
static int note_time(struct perf *perf, const struct prefix *prefix,
		     struct trc_record *record)
{
	struct trc_text *text = &perf->text;
	int err;

	perf->events++;
	if (prefix->has_bad_time)
		return trc_text_no_time(text, &record->time_ns);
	err = trc_text_time(
		text, prefix->has_no_cpu ? TRC_ORDER_BY_TIME : TRC_ORDER_BY_CPU,
		record->cpu, record->time_ns);
	if (err == KB_E_FORMAT)
		strcat(text->reason_text,
		       ", or print the times without --deltatime");
	return err;
}

/* Whether a word of a line is "group:event:". */
static bool has_event(struct trc_scan c)
{
	while (c.p < c.end) {
		struct trc_scan word = trc_scan_last_word(&c);
		size_t size = trc_scan_left(&word);

		if (size > 3 && word.end[-1] == ':' &&
		    memchr(word.p + 1, ':', size - 3))
			return true;
	}
	return false;
}

/* A line that is no event, or one of another kind with columns of its own. */
static int read_no_event(struct perf *perf, const struct trc_scan *c)
{
	const char *field = memmem(c->p, trc_scan_left(c), "call_site=", 10);

	if (!field && has_event(*c))
		return trc_kmem_other(&perf->text, c);
	if (is_frame(*c) ||
	    read_note(&perf->text, *c, perf->events > 0 || field))
		return 0;
	return trc_text_bad(&perf->text,
			    "it is not an event ([comm] [pid] [cpu] [time:] "
			    "event: …), a frame or a comment; print it with "
			    "perf script -F comm,tid,cpu,time,event,trace");
}

static int read_line(struct trc_text *text)
{
	struct perf *perf = (struct perf *)text;
	const struct trc_scan line = { text->line.text,
				       text->line.text + text->line.size };
	struct trc_record record = { .size = 0 };
	struct trc_scan c = line;
	struct trc_scan blank = c;
	struct prefix prefix = { .pid = 0 };
	uint64_t period;
	int err;

	if (trc_scan_is_end(&blank) || *c.p == '#')
		return 0;
	if (!read_prefix(&c, &prefix)) {
		c = line;
		if (!read_other_prefix(text, &c, &prefix))
			return read_no_event(perf, &line);
	}
	err = take_prefix(perf, &prefix, &record);
	if (err < 0)
		return err;
	period = read_period(&c);
	/* Without the event's name there is no telling what it was. */
	if (TRC_SKIP(&c, "call_site="))
		return read_no_event(perf, &line);
	if (TRC_SKIP(&c, "PERF_RECORD_LOST lost ") ||
	    TRC_SKIP(&c, "PERF_RECORD_LOST_SAMPLES lost "))
		return read_lost(text, &c);
	if (!skip_group(&c))
		return trc_kmem_other(text, &c);
	err = note_time(perf, &prefix, &record);
	if (err != 0)
		return err < 0 ? err : 0;
	return read_sampled(text, &c, &record, period);
}

static int import_perf(struct trc_job *job, struct kb_diag *diag)
{
	struct perf perf = { .text = { .job = job,
				       .diag = diag,
				       .holds_event = trc_kmem_holds } };

	return trc_text_run(&perf.text, read_line);
}

/* perf's event names have their group in front. Old ones have none, but then
 * the cpu follows the pid, where ftrace has a dash before the pid. */
static bool is_ours(struct trc_scan c)
{
	struct trc_scan other = c;
	struct prefix prefix;

	if (find_event(c))
		return true;
	/* -F trace: what is missing is said later. */
	if (TRC_SKIP(&other, "call_site="))
		return memmem(other.p, trc_scan_left(&other), " ptr=", 5);
	if (!read_prefix(&c, &prefix))
		return false;
	read_period(&c);
	return TRC_SKIP(&c, "kmem:") || TRC_SKIP(&c, "call_site=") ||
	       trc_kmem_is_in(c);
}

static size_t detect_perf(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_perf = {
	.name = "perf",
	.is_of_kernel = true,
	.detect = detect_perf,
	.import = import_perf,
};
