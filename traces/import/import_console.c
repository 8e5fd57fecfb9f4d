/*
 * import_console: the kernel's memory events amid a console log, as the boot
 * option tp_printk writes them, which tells neither task nor cpu,
 *
 *   [    0.532799] kmalloc: call_site=… ptr=… …
 *   [    0.532799][    T1] kmalloc: …            (CONFIG_PRINTK_CALLER)
 *
 * and as ftrace_dump (panic, sysrq-z, ftrace_dump_on_oops) does:
 *
 *   [   12.345678]     init-1         0d..1. 532799us : kmalloc: …
 *
 * All other lines are other output. A line with the fields of an event that
 * cannot be read is an error, as anywhere.
 */
#include "trc_kmem.h"
#include "trc_scan.h"
#include "trc_text.h"

/* A line of a console, its beginning taken off. */
struct console_line {
	uint64_t time_ns;
	bool has_time;

	/* "[ T123]" or "[ C0]": a task's number or a cpu's. */
	int32_t pid;
	uint16_t cpu;
};

/* Reads "[  secs.usecs]" from its bracket on; c stays if it is not there. */
static bool read_stamp(struct trc_scan *c, uint64_t *time_ns)
{
	struct trc_scan t = *c;
	bool has_fraction;

	t.p++;
	trc_scan_spaces(&t);
	if (!trc_scan_seconds(&t, time_ns, &has_fraction) || !has_fraction ||
	    !TRC_SKIP(&t, "]"))
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

/* Takes a console's own beginning off a line: "<6>", whatever a log daemon has
 * put before, the stamp, the caller. */
static void read_start(struct trc_scan *c, struct console_line *line)
{
	struct trc_scan at = *c;

	memset(line, 0, sizeof(*line));
	while (at.p < at.end) {
		at.p = memchr(at.p, '[', trc_scan_left(&at));
		if (!at.p)
			return;
		if (read_stamp(&at, &line->time_ns)) {
			line->has_time = true;
			read_caller(&at, line);
			TRC_SKIP(&at, " ");
			*c = at;
			return;
		}
		at.p++;
	}
}

/* Reads "ddddus: ", with a mark for long waits before the colon. */
static bool read_dump_time(struct trc_scan *c, uint64_t *time_ns)
{
	uint64_t us;

	trc_scan_spaces(c);
	if (!trc_scan_decimal(c, &us) || us > UINT64_MAX / 1000 ||
	    !TRC_SKIP(c, "us"))
		return false;
	if (c->p < c->end && *c->p != ':')
		c->p++;
	*time_ns = us * 1000;
	return TRC_SKIP(c, ": ");
}

/* Reads "comm-pid   cpuflags time: " with the comm ending at `dash`. */
static bool read_dump_at(struct trc_scan *c, const char *dash,
			 struct trc_scan *comm, int32_t *pid,
			 struct trc_record *record)
{
	struct trc_scan rest = { dash + 1, c->end };
	uint64_t number;
	uint64_t cpu;

	if (!trc_scan_decimal(&rest, &number) || number > INT32_MAX ||
	    !TRC_SKIP(&rest, " "))
		return false;
	trc_scan_spaces(&rest);
	if (!trc_scan_decimal(&rest, &cpu) || cpu > UINT16_MAX)
		return false;
	while (rest.p < rest.end && *rest.p != ' ')
		rest.p++;
	if (!read_dump_time(&rest, &record->time_ns))
		return false;
	trc_scan_spaces(c);
	*comm = (struct trc_scan){ c->p < dash ? c->p : dash, dash };
	*pid = (int32_t)number;
	record->cpu = (uint16_t)cpu;
	c->p = rest.p;
	return true;
}

static bool read_dump(struct trc_scan *c, struct trc_scan *comm, int32_t *pid,
		      struct trc_record *record)
{
	const char *dash = memchr(c->p, '-', trc_scan_left(c));

	for (; dash; dash = memchr(dash + 1, '-', (size_t)(c->end - dash - 1)))
		if (read_dump_at(c, dash, comm, pid, record))
			return true;
	return false;
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

/* Whether the text begins with a memory event's name and its fields. */
static bool is_event(struct trc_scan c)
{
	const char *colon = memchr(c.p, ':', trc_scan_left(&c));
	struct trc_scan fields = { colon, c.end };

	if (!colon || memchr(c.p, ' ', (size_t)(colon - c.p)))
		return false;
	return TRC_SKIP(&fields, ": call_site=") ||
	       TRC_SKIP(&fields, ": page=");
}

static int read_line(struct trc_text *text)
{
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_record record = { .task = TRC_NAME_NONE };
	struct console_line line;
	struct trc_scan comm;
	int32_t pid;
	int err;

	read_start(&c, &line);
	if (read_lost(text, c) || !trc_kmem_is_in(c.p, trc_scan_left(&c)))
		return 0;
	if (is_event(c)) {
		if (!line.has_time)
			return trc_text_bad(text, "the event has no time: "
						  "boot with printk.time=1");
		record.time_ns = line.time_ns;
		record.cpu = line.cpu;
		err = trc_text_task(text, "", 0, line.pid, &record.task);
	} else if (read_dump(&c, &comm, &pid, &record)) {
		err = trc_text_task(text, comm.p, trc_scan_left(&comm), pid,
				    &record.task);
	} else {
		return trc_text_bad(text, "an event's fields stand in it, but "
					  "neither a stamp nor a task before "
					  "them");
	}
	return err < 0 ? err : trc_kmem_event(text, &c, &record);
}

static int import_console(struct trc_job *job, struct kb_diag *diag)
{
	struct trc_text text = { .job = job, .diag = diag };

	return trc_text_run(&text, read_line);
}

/* A console's stamp within the first bytes, and an event anywhere. */
static bool detect_console(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };
	uint64_t time_ns;

	if (!trc_kmem_is_in(head, size))
		return false;
	while (c.p < c.end) {
		c.p = memchr(c.p, '[', trc_scan_left(&c));
		if (!c.p)
			return false;
		if (read_stamp(&c, &time_ns))
			return true;
		c.p++;
	}
	return false;
}

const struct trc_format trc_format_console = {
	.name = "console",
	.detect = detect_console,
	.import = import_console,
};
