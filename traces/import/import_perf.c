/*
 * import_perf: the text of `perf script`, with or without call chains:
 *
 *   comm  pid[/tid] [cpu] secs.usecs: [period] kmem:kmalloc: call_site=…
 *           ffffffff81234567 function+0x10 ([kernel.kallsyms])
 *
 * The comm may hold anything, so reading starts at the cpu's brackets.
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
		struct prefix here;

		if (read_cpu_and_time(&rest, &here) &&
		    read_task(start, bracket, &here) &&
		    (!found || here.comm_size <= COMM_MAX)) {
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

/* A frame of a call chain: a tab or blanks, an address, then whatever fields
 * were requested. */
static bool is_frame(struct trc_scan c)
{
	const char *start = c.p;
	uint64_t address;

	trc_scan_blanks(&c);
	return c.p > start && trc_scan_hex(&c, &address) > 0 &&
	       (c.p == c.end || *c.p == ' ');
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

/* Reads an event that represents `period` events: the others are lost. */
static int read_sampled(struct trc_text *text, struct trc_scan *c,
			struct trc_record *record, uint64_t period)
{
	struct trc_counts *counts = &text->job->rules.counts;
	uint64_t others = counts->other_events;
	int err = trc_kmem_event(text, c, record);

	if (err == 0 && counts->other_events == others)
		counts->lost_events += period - 1;
	return err;
}

static int read_line(struct trc_text *text)
{
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_scan blank = c;
	struct trc_record record = { .size = 0 };
	struct prefix prefix;
	uint64_t period;
	int err;

	if (trc_scan_is_end(&blank) || *c.p == '#')
		return 0;
	if (!read_prefix(&c, &prefix)) {
		if (is_frame(c))
			return 0;
		return trc_text_bad(text, "it is not an event (comm pid [cpu] "
					  "time: event: …), a frame or a "
					  "comment");
	}
	err = trc_text_clock(text, TRC_CLOCK_NS);
	if (err == 0)
		err = trc_text_task(text, prefix.comm, prefix.comm_size,
				    prefix.pid, &record.task);
	if (err < 0)
		return err;
	record.time_ns = prefix.time_ns;
	record.cpu = prefix.cpu;
	period = read_period(&c);
	if (TRC_SKIP(&c, "PERF_RECORD_LOST lost ") ||
	    TRC_SKIP(&c, "PERF_RECORD_LOST_SAMPLES lost "))
		return read_lost(text, &c);
	if (!skip_group(&c))
		return trc_text_other(text, &c);
	err = trc_text_time(text, TRC_ORDER_BY_CPU, record.cpu, record.time_ns);
	if (err != 0)
		return err < 0 ? err : 0;
	return read_sampled(text, &c, &record, period);
}

static int import_perf(struct trc_job *job, struct kb_diag *diag)
{
	struct trc_text text = { .job = job, .diag = diag };

	return trc_text_run(&text, read_line);
}

/* perf's event names have their group in front. Old ones have none, but then
 * the cpu follows the pid, where ftrace has a dash before the pid. */
static bool is_ours(struct trc_scan c)
{
	struct prefix prefix;

	if (!read_prefix(&c, &prefix))
		return false;
	read_period(&c);
	return TRC_SKIP(&c, "kmem:") || trc_kmem_is_in(c.p, trc_scan_left(&c));
}

static size_t detect_perf(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_perf = {
	.name = "perf",
	.detect = detect_perf,
	.import = import_perf,
};
