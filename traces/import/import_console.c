/*
 * import_console: the kernel's memory events in a console log, as written by
 * the boot option tp_printk, without task and cpu,
 *
 *   [    0.532799] kmalloc: call_site=… ptr=… …
 *   [    0.532799][    T1] kmalloc: …            (CONFIG_PRINTK_CALLER)
 *
 * and by ftrace_dump (panic, sysrq-z, ftrace_dump_on_oops):
 *
 *   [   12.345678]     init-1         0d..1. 532799us : kmalloc: …
 *
 * All other lines are other output. A line that has an event's fields and
 * cannot be read is an error, as everywhere.
 */
#include "kb_bits.h"
#include "trc_dump.h"
#include "trc_kmem.h"
#include "trc_scan.h"
#include "trc_text.h"

#include <string.h>

struct console {
	struct trc_text text;

	/* Use the events' own times, since the stamps hold dates as text. */
	struct trc_order events;

	/* There was an event that was printed as it happened. */
	bool has_printed;

	/* The line at hand without its colors. */
	char plain[TRC_LINE_MAX];
};

/* A console's line, without its prefix. */
struct console_line {
	uint64_t time_ns;
	bool has_time;

	/* "[ T123]" or "[ C0]": a task's number or a cpu's. */
	int32_t pid;
	uint16_t cpu;
};

/* Reads " <  secs.usecs>", the time since the line before that dmesg -d adds. */
static void skip_delta(struct trc_scan *c)
{
	struct trc_scan t = *c;
	bool has_fraction;
	uint64_t ns;

	if (!TRC_SKIP(&t, " <"))
		return;
	trc_scan_spaces(&t);
	if (trc_scan_seconds(&t, &ns, &has_fraction) && TRC_SKIP(&t, ">"))
		*c = t;
}

/* Reads "[  secs.usecs]" from its bracket on; c stays if it is not there. */
static bool read_stamp(struct trc_scan *c, uint64_t *time_ns)
{
	struct trc_scan t = *c;
	bool has_fraction;

	t.p++;
	trc_scan_spaces(&t);
	if (!trc_scan_seconds(&t, time_ns, &has_fraction) || !has_fraction)
		return false;
	skip_delta(&t);
	if (!TRC_SKIP(&t, "]"))
		return false;
	*c = t;
	return true;
}

/* Reads "[   T123]" or "[     C0]"; c stays if it is not there. */
static void read_caller(struct trc_scan *c, struct console_line *line)
{
	struct trc_scan t = *c;
	uint64_t number;
	bool is_task;

	if (!TRC_SKIP(&t, "["))
		return;
	trc_scan_spaces(&t);
	is_task = TRC_SKIP(&t, "T");
	if (!is_task && !TRC_SKIP(&t, "C"))
		return;
	if (!trc_scan_decimal(&t, &number) || !TRC_SKIP(&t, "]"))
		return;
	if (is_task && number <= INT32_MAX)
		line->pid = (int32_t)number;
	if (!is_task && number <= UINT16_MAX)
		line->cpu = (uint16_t)number;
	*c = t;
}

/* Reads "level,number,usecs,flags[,caller=T1];" of /dev/kmsg; c stays if it is not
 * there. */
static bool read_kmsg(struct trc_scan *c, struct console_line *line)
{
	struct trc_scan t = *c;
	uint64_t number;
	uint64_t us;
	const char *caller;

	if (!trc_scan_decimal(&t, &number) || !TRC_SKIP(&t, ",") ||
	    !trc_scan_decimal(&t, &number) || !TRC_SKIP(&t, ",") ||
	    !trc_scan_decimal(&t, &us) || us > UINT64_MAX / 1000 ||
	    !TRC_SKIP(&t, ","))
		return false;
	caller = t.p;
	t.p = memchr(t.p, ';', trc_scan_left(&t));
	if (!t.p)
		return false;
	caller = memmem(caller, (size_t)(t.p - caller), "caller=T", 8);
	if (caller) {
		struct trc_scan pid = { caller + 8, t.p };

		if (trc_scan_decimal(&pid, &number) && number <= INT32_MAX)
			line->pid = (int32_t)number;
	}
	line->has_time = true;
	line->time_ns = us * 1000;
	c->p = t.p + 1;
	return true;
}

/* Steps over "host kernel: ", which journalctl puts after the stamp. */
static void skip_journal(struct trc_scan *c)
{
	struct trc_scan t = *c;

	while (t.p < t.end && *t.p != ' ')
		t.p++;
	if (TRC_SKIP(&t, " kernel: "))
		*c = t;
}

/* Strips a console's prefix off a line: "<6>", whatever a log daemon has put in
 * front, the stamp, the caller. */
static void read_start(struct trc_scan *c, struct console_line *line)
{
	struct trc_scan at = *c;

	memset(line, 0, sizeof(*line));
	if (read_kmsg(c, line))
		return;
	while (at.p < at.end) {
		at.p = memchr(at.p, '[', trc_scan_left(&at));
		if (!at.p)
			return;
		if (read_stamp(&at, &line->time_ns)) {
			line->has_time = true;
			read_caller(&at, line);
			TRC_SKIP(&at, " ");
			skip_journal(&at);
			*c = at;
			return;
		}
		at.p++;
	}
}

/* Takes "[LOST n EVENTS]" of a dump. */
static bool read_lost(struct trc_text *text, struct trc_scan c)
{
	uint64_t cpu;
	uint64_t lost = 1;

	if (!TRC_SKIP(&c, "CPU:") || !trc_scan_decimal(&c, &cpu) ||
	    !TRC_SKIP(&c, " [LOST "))
		return false;
	if (!TRC_SKIP(&c, "EVENTS]") && !trc_scan_decimal(&c, &lost))
		return false;
	text->job->rules.counts.lost_events += lost;
	return true;
}

/* Whether the text begins with the name of an event of ours, whatever follows. */
static bool is_named(struct trc_scan c)
{
	return TRC_SKIP(&c, "kmalloc: ") || TRC_SKIP(&c, "kmalloc_node: ") ||
	       TRC_SKIP(&c, "kfree: ");
}

/* Whether the text begins with the name and the fields of a memory event. */
static bool is_event(struct trc_scan c)
{
	const char *colon = memchr(c.p, ':', trc_scan_left(&c));
	struct trc_scan fields = { colon, c.end };

	if (!colon || memchr(c.p, ' ', (size_t)(colon - c.p)))
		return false;
	return TRC_SKIP(&fields, ": call_site=") ||
	       TRC_SKIP(&fields, ": page=");
}

/* Whether the number at `p` counts lost messages: what must precede it in the
 * line, for each of the words of count_dropped. */
static bool is_loss(struct trc_scan c, const char *p, size_t word)
{
	static const char *const before[] = { "** ", "issed ", "uppressed " };
	size_t size = strlen(before[word]);

	return (size_t)(p - c.p) >= size &&
	       memcmp(p - size, before[word], size) == 0;
}

/* What a log says about lost messages: the words of the kernel, of journald and
 * of syslog daemons. The number is before or after its word. */
static void count_dropped(struct trc_text *text, struct trc_scan *c)
{
	static const char *const words[] = {
		" printk messages dropped **",
		" kernel messages",
		" messages from",
	};
	struct trc_scan number;
	uint64_t lost;

	for (size_t i = 0; i < KB_ARRAY_LEN(words); i++) {
		const char *word = memmem(c->p, trc_scan_left(c), words[i],
					  strlen(words[i]));
		const char *p = word;

		while (p && p > c->p && trc_scan_is_digit(p[-1]))
			p--;
		number = (struct trc_scan){ p, word };
		if (!p || p == word || !is_loss(*c, p, i) ||
		    !trc_scan_decimal(&number, &lost))
			continue;
		text->job->rules.counts.lost_events += lost;
		c->p = word + strlen(words[i]);
		return;
	}
}

/* An event in the log must have a time. */
static int no_time(struct trc_text *text)
{
	return trc_text_bad(text,
			    "the event has no time since boot, neither a "
			    "stamp nor a task before it: print the log "
			    "without dmesg -T, -H, -e, -t or --time-format, "
			    "by journalctl -o short-monotonic, or boot "
			    "with printk.time=1");
}

/* Notes the time of an event. A dump has a clock of its own. If it follows
 * events that were printed as they happened, it repeats them. */
static int take_time(struct console *console, bool is_dumped, uint64_t time_ns)
{
	enum trc_order_rule rule = is_dumped && console->has_printed
					   ? TRC_ORDER_STRICT
					   : TRC_ORDER_BY_TIME;
	uint64_t back;

	console->has_printed |= !is_dumped;
	if (trc_order_take(&console->events, rule, 0, time_ns, &back) < 0)
		return kb_fail(console->text.diag, KB_E_NOMEM,
			       "%s: out of memory", console->text.job->name);
	if (is_dumped && back > 0)
		return trc_text_bad(&console->text,
				    "time goes back to events that the log "
				    "has already: cut the dump off, or what "
				    "is before it");
	return 0;
}

/* Reads an event, from its name or from the task before it. */
static int read_event(struct console *console, struct trc_scan *c,
		      const struct console_line *line)
{
	struct trc_record record = { .task = TRC_NAME_NONE };
	struct trc_text *text = &console->text;
	struct trc_scan comm;
	int32_t pid;
	int err;

	if (is_event(*c) || is_named(*c)) {
		if (!line->has_time)
			return no_time(text);
		record.time_ns = line->time_ns;
		record.cpu = line->cpu;
		err = take_time(console, false, record.time_ns);
		if (err == 0)
			err = trc_text_task(text, "", 0, line->pid,
					    &record.task);
	} else if (trc_dump_prefix(c, &comm, &pid, &record)) {
		err = take_time(console, true, record.time_ns);
		if (err == 0)
			err = trc_text_task(text, comm.p, trc_scan_left(&comm),
					    pid, &record.task);
	} else {
		return no_time(text);
	}
	return err < 0 ? err : trc_kmem_event(text, c, &record);
}

/* Whether a line of other output has an event in it, or the beginning of one
 * after a stamp. */
static bool holds_event(const struct trc_text *text, struct trc_scan piece)
{
	if (trc_kmem_holds(text, piece))
		return true;
	while ((piece.p = memmem(piece.p, trc_scan_left(&piece), "] ", 2))) {
		piece.p += 2;
		if (is_named(piece))
			return true;
	}
	return false;
}

static int read_line(struct trc_text *text)
{
	struct console *console = (struct console *)text;
	struct trc_scan c = trc_text_plain(text, console->plain);
	struct console_line line;
	int err;

	count_dropped(text, &c);
	read_start(&c, &line);
	if (line.has_time) {
		err = trc_text_time(text, TRC_ORDER_BY_TIME, 0, line.time_ns);
		if (err != 0)
			return err < 0 ? err : 0;
	}
	if (read_lost(text, c) ||
	    !(trc_kmem_is_in(c) || (line.has_time && is_named(c))))
		return 0;
	return read_event(console, &c, &line);
}

static int import_console(struct trc_job *job, struct kb_diag *diag)
{
	struct console console = {
		.text = { .job = job, .diag = diag, .holds_event = holds_event }
	};
	int err = trc_text_run(&console.text, read_line);

	trc_order_release(&console.events);
	return err;
}

/* A console's stamp, and an event after it. */
static bool is_ours(struct trc_scan c)
{
	char plain[TRC_TEXT_PLAIN_SIZE];
	struct console_line line;

	c = trc_text_without_colors(c, plain, sizeof(plain));
	if (!trc_kmem_is_in(c))
		return false;
	read_start(&c, &line);
	return line.has_time;
}

static size_t detect_console(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_console = {
	.name = "console",
	.is_of_kernel = true,
	.detect = detect_console,
	.import = import_console,
};
