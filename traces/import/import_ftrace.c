/*
 * import_ftrace: the text of /sys/kernel/tracing/trace, as
 * kernel/trace/trace_output.c prints it:
 *
 *      systemd-1       [000] d..1.     3.456076: kmalloc: call_site=… ptr=…
 *   |----comm------| |pid|  |cpu| |flags| |--time--|  |name|   |--fields--|
 *
 * The pid may be followed by " (tgid)"; the flags may be absent; the time is
 * a bare integer with some clocks. With options/latency-format the lines are
 * those of trc_dump.h. Android's atrace and systrace wrap the text: a word
 * before it, or a page of HTML around it.
 */
#include "import_ftrace_fast.h"
#include "kb_bits.h"
#include "trc_dump.h"
#include "trc_kmem.h"
#include "trc_scan.h"
#include "trc_text.h"

#include <string.h>

/* Width that the kernel pads a comm to; it is never longer. */
#define COMM_WIDTH 16

/* Longest "comm-pid [cpu] " that is remembered. */
#define PREFIX_MAX 64

/* Longest "comm-pid". */
#define TASK_MAX (COMM_WIDTH + 11)

/* What the trace begins after in a page of systrace. */
#define PAGE_DATA "class=\"trace-data\""

/* What precedes the flags. */
struct prefix {
	const char *comm;
	size_t comm_size;
	int32_t pid;
	uint16_t cpu;
};

struct ftrace {
	struct trc_text text;

	/* Accept trace-cmd's markers instead of the kernel's. */
	bool is_report;

	/* The recording is an HTML page, and whether the line belongs to the
	 * trace in it. */
	bool is_page;
	bool is_in_page;

	/* A header has been read after an event: the next event must not be
	 * earlier than those before the header. */
	bool has_events;
	bool is_after_header;

	/* The line at hand has none that can be read. */
	bool has_no_time;
	bool has_no_cpu;

	/* The beginning of the line before, up to its "] ": neighbors are
	 * mostly of one task. */
	char prefix[PREFIX_MAX];
	size_t prefix_size;
	uint32_t prefix_task;
	uint16_t prefix_cpu;

	/* It does not have the kernel's layout: what else begins so may be
	 * another. */
	bool is_prefix_odd;

	/* NULL where every line is to be read here. Owned. */
	struct ftrace_fast *fast;
};

/* "(  tgid) " of options/record-tgid; "(-------) " if it is unknown. */
static bool skip_tgid(struct trc_scan *c)
{
	if (!TRC_SKIP(c, "("))
		return true;
	while (c->p < c->end &&
	       (trc_scan_is_digit(*c->p) || *c->p == '-' || *c->p == ' '))
		c->p++;
	if (!TRC_SKIP(c, ")"))
		return false;
	trc_scan_spaces(c);
	return true;
}

/* Reads "pid [cpu] " after the dash that ends the comm. */
static bool read_pid_and_cpu(struct trc_scan *c, struct prefix *prefix)
{
	uint64_t pid;
	uint64_t cpu;

	if (!trc_scan_decimal(c, &pid) || pid > INT32_MAX || !TRC_SKIP(c, " "))
		return false;
	trc_scan_spaces(c);
	if (!skip_tgid(c) || !TRC_SKIP(c, "[") || !trc_scan_decimal(c, &cpu) ||
	    cpu > UINT16_MAX || !TRC_SKIP(c, "] "))
		return false;
	prefix->pid = (int32_t)pid;
	prefix->cpu = (uint16_t)cpu;
	return true;
}

/* Reads the prefix whose comm ends before `dash`. */
static bool read_prefix_at(struct trc_scan *c, const char *dash,
			   struct prefix *prefix)
{
	struct trc_scan rest = { dash + 1, c->end };

	if (!read_pid_and_cpu(&rest, prefix))
		return false;
	trc_scan_spaces(c);
	prefix->comm = c->p < dash ? c->p : dash;
	prefix->comm_size = (size_t)(dash - prefix->comm);
	c->p = rest.p;
	return true;
}

/* The kernel puts the dash in column 16, whatever the comm holds; text that
 * other programs have processed may have it elsewhere. A comm may look like a
 * prefix itself: the last dash that can follow a comm is the right one. */
static bool read_prefix(struct trc_scan *c, struct prefix *prefix)
{
	const char *dash = c->p + COMM_WIDTH;
	struct trc_scan found = { NULL, NULL };

	if (trc_scan_left(c) > COMM_WIDTH && *dash == '-' &&
	    read_prefix_at(c, dash, prefix))
		return true;
	for (dash = memchr(c->p, '-', trc_scan_left(c)); dash;
	     dash = memchr(dash + 1, '-', (size_t)(c->end - dash - 1))) {
		struct trc_scan here = *c;
		struct prefix other;

		if (!read_prefix_at(&here, dash, &other) ||
		    other.comm_size > COMM_WIDTH)
			continue;
		*prefix = other;
		found = here;
	}
	if (found.p)
		*c = found;
	return found.p != NULL;
}

/* Reads "secs.usecs: " or "ticks: "; c is not moved on failure. */
static bool read_time(struct trc_scan *c, uint64_t *time_ns,
		      enum trc_clock *clock)
{
	struct trc_scan t = *c;
	bool has_fraction;

	if (!trc_scan_seconds(&t, time_ns, &has_fraction) ||
	    !TRC_SKIP(&t, ": "))
		return false;
	*clock = has_fraction ? TRC_CLOCK_NS : TRC_CLOCK_TICKS;
	*c = t;
	return true;
}

/* Reads the flags, if they are there, and the time. */
static bool read_flags_and_time(struct trc_text *text, struct trc_scan *c,
				struct trc_record *record,
				enum trc_clock *clock)
{
	const char *flags;

	trc_scan_spaces(c);
	record->context = TRC_CONTEXT_NONE;
	if (read_time(c, &record->time_ns, clock))
		return true;
	flags = c->p;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	record->context = trc_kmem_context(flags, (size_t)(c->p - flags));
	if (record->context == TRC_CONTEXT_NONE)
		trc_text_drop(text);
	trc_scan_spaces(c);
	return read_time(c, &record->time_ns, clock);
}

/* Takes task and cpu from the line's beginning, or from the previous line's if
 * it is the same. KB_END if there are none. */
static int take_prefix(struct ftrace *ft, struct trc_scan *c,
		       struct trc_record *record)
{
	const uint32_t dropped = ft->text.dropped;
	const char *start = c->p;
	struct prefix prefix;
	bool is_whole;
	int err;

	if (ft->prefix_size == 0 ||
	    !trc_scan_text(c, ft->prefix, ft->prefix_size)) {
		if (!read_prefix(c, &prefix))
			return KB_END;
		ft->prefix_size = 0;
		err = trc_text_task(&ft->text, prefix.comm, prefix.comm_size,
				    prefix.pid, &ft->prefix_task);
		if (err < 0)
			return err;
		ft->prefix_cpu = prefix.cpu;
		/* A name that cannot be read counts in each line that has it. */
		is_whole = ft->text.dropped == dropped;
		if (is_whole && c->p - start <= PREFIX_MAX) {
			ft->prefix_size = (size_t)(c->p - start);
			memcpy(ft->prefix, start, ft->prefix_size);
		}
		ft->is_prefix_odd =
			prefix.comm + prefix.comm_size != start + COMM_WIDTH;
		if (ft->fast && is_whole && !ft->is_prefix_odd &&
		    c->end - start >= FTRACE_FAST_LINE_MIN)
			ftrace_fast_learn(ft->fast, start,
					  (size_t)(c->p - start),
					  ft->prefix_task, ft->prefix_cpu);
	}
	record->task = ft->prefix_task;
	record->cpu = ft->prefix_cpu;
	return 0;
}

/* "(+602) ", the time since the previous event, which trace-cmd's --ts-diff
 * adds. */
static void skip_difference(struct trc_scan *c)
{
	struct trc_scan t = *c;
	bool has_fraction;
	uint64_t ns;

	trc_scan_spaces(&t);
	if (TRC_SKIP(&t, "(+") && trc_scan_seconds(&t, &ns, &has_fraction) &&
	    TRC_SKIP(&t, ")"))
		*c = t;
}

/* Reads an event whose line has been read up to its name. */
static int take_event(struct ftrace *ft, struct trc_scan *c,
		      struct trc_record *record)
{
	enum trc_order_rule rule = ft->is_after_header ? TRC_ORDER_STRICT
				   : ft->has_no_cpu    ? TRC_ORDER_BY_TIME
						       : TRC_ORDER_BY_CPU;
	int err = ft->has_no_time
			  ? trc_text_no_time(&ft->text, &record->time_ns)
			  : trc_text_time(&ft->text, rule, record->cpu,
					  record->time_ns);

	ft->has_events = true;
	ft->is_after_header = false;
	if (err != 0)
		return err < 0 ? err : 0;
	return trc_kmem_event(&ft->text, c, record);
}

/* The time, the last word before the event's name. */
static int take_damaged_time(struct ftrace *ft, struct trc_scan *before,
			     struct trc_record *record)
{
	struct trc_scan word = trc_scan_last_word(before);
	enum trc_clock clock;

	/* The name's colon and space are still there. */
	word.end += 2;
	ft->has_no_time = !read_time(&word, &record->time_ns, &clock);
	if (!ft->has_no_time)
		return trc_text_clock(&ft->text, clock);
	trc_text_drop(&ft->text);
	return 0;
}

/* The flags, if they are there, and "[cpu]". False if no cpu is marked by a
 * bracket. */
static bool take_damaged_cpu(struct ftrace *ft, struct trc_scan *before,
			     struct trc_record *record)
{
	struct trc_scan word = trc_scan_last_word(before);
	uint64_t cpu;

	if (trc_scan_left(&word) == 0)
		return false;
	if (word.end[-1] != ']' && *word.p != '[') {
		record->context =
			trc_kmem_context(word.p, trc_scan_left(&word));
		if (!record->context)
			trc_text_drop(&ft->text);
		word = trc_scan_last_word(before);
	}
	if (trc_scan_left(&word) == 0 ||
	    (word.end[-1] != ']' && *word.p != '['))
		return false;
	ft->has_no_cpu = !TRC_SKIP(&word, "[") ||
			 !trc_scan_decimal(&word, &cpu) || cpu > UINT16_MAX ||
			 !TRC_SKIP(&word, "]") || word.p < word.end;
	if (ft->has_no_cpu)
		trc_text_drop(&ft->text);
	else
		record->cpu = (uint16_t)cpu;
	return true;
}

/* The task, which is all that is left. False if it is more than that. */
static bool take_damaged_task(struct ftrace *ft, struct trc_scan *before,
			      struct trc_record *record, int *err)
{
	struct trc_scan pid;
	const char *open;
	uint64_t number;

	while (before->end > before->p && before->end[-1] == ' ')
		before->end--;
	open = before->end > before->p && before->end[-1] == ')'
		       ? memrchr(before->p, '(', trc_scan_left(before))
		       : NULL;
	before->end = open ? open : before->end;
	while (before->end > before->p && before->end[-1] == ' ')
		before->end--;
	trc_scan_spaces(before);
	if (trc_scan_left(before) > TASK_MAX)
		return false;
	pid.end = before->end;
	pid.p = memrchr(before->p, '-', trc_scan_left(before));
	before->end = pid.p ? pid.p : before->end;
	*err = 0;
	if (pid.p && TRC_SKIP(&pid, "-") && trc_scan_decimal(&pid, &number) &&
	    pid.p == pid.end && number <= INT32_MAX)
		*err = trc_text_task(&ft->text, before->p,
				     trc_scan_left(before), (int32_t)number,
				     &record->task);
	else
		trc_text_drop(&ft->text);
	return trc_scan_left(before) <= COMM_WIDTH;
}

/*
 * A line with an event of ours whose beginning cannot be read: its words are taken
 * from the event's name backward, and those that make no sense are skipped. If
 * there are more words than an event has, two lines have run together.
 */
static int read_damaged_line(struct ftrace *ft, const struct trc_scan *line)
{
	struct trc_record record = { .task = TRC_NAME_NONE };
	struct trc_scan c = *line;
	struct trc_scan before = *line;
	int err;

	ft->text.dropped = 0;
	c.p = trc_kmem_find(line);
	if (!c.p)
		return KB_END;
	before.end = c.p - 2;
	err = take_damaged_time(ft, &before, &record);
	if (err < 0)
		return err;
	if (!take_damaged_cpu(ft, &before, &record) ||
	    !take_damaged_task(ft, &before, &record, &err))
		return KB_END;
	return err < 0 ? err : take_event(ft, &c, &record);
}

/* A line of the latency format. */
static int read_dump_line(struct ftrace *ft, struct trc_scan *c)
{
	struct trc_record record = { .size = 0 };
	struct trc_scan comm;
	int32_t pid;
	int err;

	if (!trc_dump_prefix(c, &comm, &pid, &record))
		return KB_END;
	if (!record.context)
		trc_text_drop(&ft->text);
	err = trc_text_clock(&ft->text, TRC_CLOCK_NS);
	if (err == 0)
		err = trc_text_task(&ft->text, comm.p, trc_scan_left(&comm),
				    pid, &record.task);
	return err < 0 ? err : take_event(ft, c, &record);
}

static int read_event_line(struct ftrace *ft, struct trc_scan *c)
{
	const struct trc_scan line = *c;
	struct trc_record record;
	enum trc_clock clock;
	int err;

	ft->has_no_time = false;
	ft->has_no_cpu = false;
	err = take_prefix(ft, c, &record);

	if (err == KB_END) {
		err = read_dump_line(ft, c);
		return err == KB_END ? read_damaged_line(ft, &line) : err;
	}
	if (err < 0)
		return err;
	if (!read_flags_and_time(&ft->text, c, &record, &clock))
		return read_damaged_line(ft, &line);
	err = trc_text_clock(&ft->text, clock);
	if (err < 0)
		return err;
	skip_difference(c);
	return take_event(ft, c, &record);
}

/* "# entries-in-buffer/entries-written: A/B": B - A were overwritten. */
static int read_comment(struct ftrace *ft, struct trc_scan *c)
{
	uint64_t kept;
	uint64_t written;

	if (TRC_SKIP(c, "# tracer:"))
		ft->is_after_header = ft->has_events;
	if (!TRC_SKIP(c, "# entries-in-buffer/entries-written: "))
		return 0;
	if (!trc_scan_decimal(c, &kept) || !TRC_SKIP(c, "/") ||
	    !trc_scan_decimal(c, &written) || kept > written)
		return trc_text_bad(&ft->text,
				    "the numbers of entries make no sense");
	ft->text.job->rules.counts.lost_events += written - kept;
	return 0;
}

/*
 * "CPU:n [LOST m EVENTS]" from the kernel, "CPU:n [m EVENTS DROPPED]" from
 * trace-cmd; without m if it is unknown, which counts as one. False if the line
 * is anything else.
 */
static bool read_lost(struct ftrace *ft, struct trc_scan *c)
{
	uint64_t cpu;
	uint64_t lost = 1;

	if (!TRC_SKIP(c, "CPU:") || !trc_scan_decimal(c, &cpu))
		return false;
	trc_scan_spaces(c);
	if (!TRC_SKIP(c, "["))
		return false;
	TRC_SKIP(c, "LOST ");
	if (!TRC_SKIP(c, "EVENTS") &&
	    !(trc_scan_decimal(c, &lost) && TRC_SKIP(c, " EVENTS")))
		return false;
	if ((!TRC_SKIP(c, "]") && !TRC_SKIP(c, " DROPPED]")) ||
	    !trc_scan_is_end(c))
		return false;
	ft->text.job->rules.counts.lost_events += lost;
	return true;
}

/* What bpftrace says beside the text that a script of one's own prints in this
 * form: how many probes, and how many events it has lost. */
static bool read_bpftrace_note(struct ftrace *ft, struct trc_scan c)
{
	uint64_t lost;

	if (TRC_SKIP(&c, "Attaching ") || TRC_SKIP(&c, "Attached "))
		return true;
	TRC_SKIP(&c, "WARNING: ");
	if (!TRC_SKIP(&c, "Lost ") || !trc_scan_decimal(&c, &lost) ||
	    !TRC_SKIP(&c, " events"))
		return false;
	ft->text.job->rules.counts.lost_events += lost;
	return true;
}

/* What trace-cmd prints about the recording as a whole. */
static bool is_report_note(struct trc_scan c)
{
	if (TRC_SKIP(&c, "CPU "))
		return memmem(c.p, trc_scan_left(&c), " is empty", 9) != NULL;
	return TRC_SKIP(&c, "cpus=") || TRC_SKIP(&c, "version = ") ||
	       TRC_SKIP(&c, "trace-cmd version");
}

/* Whether a line is part of an HTML page's markup, not of the trace in it. */
static bool is_markup(struct ftrace *ft, struct trc_scan c)
{
	struct trc_scan page = c;

	if (ft->text.line.number == 1 &&
	    (TRC_SKIP(&page, "<!DOCTYPE html") || TRC_SKIP(&page, "<html")))
		ft->is_page = true;
	if (!ft->is_page)
		return false;
	if (ft->is_in_page) {
		ft->is_in_page =
			!memmem(c.p, trc_scan_left(&c), "</script>", 9);
		return !ft->is_in_page;
	}
	ft->is_in_page = memmem(c.p, trc_scan_left(&c), PAGE_DATA,
				sizeof(PAGE_DATA) - 1) != NULL;
	return true;
}

/*
 * Lines of other tracers, which hold no event: "TRACE:" of atrace, the function
 * graph, and other events' output over several lines. A memory event in a
 * comment of the graph has neither time nor task: it is refused.
 */
static int read_foreign(struct ftrace *ft, struct trc_scan c)
{
	struct trc_scan graph = c;
	uint64_t cpu;

	trc_scan_spaces(&graph);
	if (TRC_SKIP(&graph, "TRACE:") || TRC_SKIP(&graph, "-----") ||
	    read_bpftrace_note(ft, c))
		return 0;
	/* trace-cmd's notes (--stat) come before the events. */
	if (ft->text.is_after_other || (ft->is_report && !ft->has_events) ||
	    (trc_scan_decimal(&graph, &cpu) && TRC_SKIP(&graph, ")")))
		return trc_kmem_is_in(c)
			       ? trc_text_bad(&ft->text,
					      "a memory event is in "
					      "another tracer's line: record "
					      "with the nop tracer")
			       : 0;
	return KB_END;
}

static const char no_event[] = "it is not an event (comm-pid [cpu] time: name: "
			       "…), a comment or a known "
			       "marker";

/* With these options the kernel prints less, or in another order. */
static const char no_beginning[] =
	"it is not an event (comm-pid [cpu] time: name: …), but holds one: two "
	"lines have run together, or the trace was printed with "
	"options/context-info 0 or options/verbose 1";

static int read_line(struct trc_text *text)
{
	struct ftrace *ft = (struct ftrace *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct trc_scan first = c;
	int err;

	if (kb_unlikely(ft->is_page || text->line.number == 1) &&
	    is_markup(ft, c)) {
		trc_text_used(text);
		return 0;
	}

	if (kb_unlikely(trc_scan_left(&c) > 0 && *c.p == '#'))
		return read_comment(ft, &c);
	if (kb_unlikely(trc_scan_left(&c) > 0 && *c.p == 'C') &&
	    read_lost(ft, &first))
		return 0;
	if (kb_unlikely(ft->is_report) && is_report_note(c))
		return 0;
	first = c;
	if (trc_scan_left(&c) < COMM_WIDTH) {
		trc_scan_spaces(&first);
		if (trc_scan_left(&first) == 0)
			return 0;
	}
	/* The frames of a stack trace, an event of another kind. */
	if (TRC_SKIP(&first, " => ") || TRC_SKIP(&first, "=> "))
		return 0;
	err = read_event_line(ft, &c);
	if (kb_likely(err == 0))
		return 0;
	if (err == KB_END || text->reason) {
		const char *reason = text->reason;
		int foreign = read_foreign(ft, c);

		text->dropped = 0;
		if (foreign != KB_END)
			return foreign;
		if (err == KB_END)
			reason = trc_kmem_is_in(c) ? no_beginning : no_event;
		return trc_text_bad(text, reason);
	}
	return err;
}

/* Reads what lines it can the fast way; a page's markup, and the first event of
 * a recording, want more care. */
static int read_fast(struct trc_text *text, struct trc_lines *lines)
{
	struct ftrace *ft = (struct ftrace *)text;

	if (!ft->has_events || ft->is_after_header || ft->is_page ||
	    ft->is_prefix_odd)
		return 0;
	return ftrace_fast_run(ft->fast, text, lines);
}

static int import(struct trc_job *job, bool is_report, struct kb_diag *diag)
{
	struct ftrace ft = { .text = { .job = job,
				       .diag = diag,
				       .holds_event = trc_kmem_holds },
			     .is_report = is_report };
	int err;

	if (!is_report && !job->is_plain) {
		ft.fast = ftrace_fast_new();
		if (!ft.fast)
			return kb_fail(diag, KB_E_NOMEM, "out of memory");
		ft.text.read_fast = read_fast;
	}
	err = trc_text_run(&ft.text, read_line);
	ftrace_fast_free(ft.fast);
	return err;
}

static int import_ftrace(struct trc_job *job, struct kb_diag *diag)
{
	return import(job, false, diag);
}

static int import_report(struct trc_job *job, struct kb_diag *diag)
{
	return import(job, true, diag);
}

/* Whether only ftrace writes this line. */
static bool is_ftrace(struct trc_scan c)
{
	struct prefix prefix;
	struct trc_record record = { .size = 0 };
	struct trc_text text = { .dropped = 0 };
	struct trc_scan comm;
	enum trc_clock clock;
	int32_t pid;

	if (TRC_SKIP(&c, "# tracer: ") || TRC_SKIP(&c, "##### CPU ") ||
	    memmem(c.p, trc_scan_left(&c), PAGE_DATA, sizeof(PAGE_DATA) - 1))
		return true;
	if (TRC_SKIP(&c, "CPU:"))
		return memmem(c.p, trc_scan_left(&c), " [LOST ", 7) != NULL;
	if (trc_dump_prefix(&c, &comm, &pid, &record))
		return trc_kmem_is_in(c);
	return read_prefix(&c, &prefix) &&
	       read_flags_and_time(&text, &c, &record, &clock);
}

static size_t detect_ftrace(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ftrace);
}

/* The kernel never writes a report's first line. */
static bool is_report_line(struct trc_scan c)
{
	struct trc_scan dropped = c;

	if (TRC_SKIP(&dropped, "CPU:"))
		return memmem(dropped.p, trc_scan_left(&dropped),
			      "EVENTS DROPPED]", 15) != NULL;
	return is_report_note(c);
}

static size_t detect_report(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_report_line);
}

const struct trc_format trc_format_ftrace = {
	.name = "ftrace",
	.is_of_kernel = true,
	.detect = detect_ftrace,
	.import = import_ftrace,
};

/* Whatever trace-cmd prints around its events, they have ftrace's format. */
const struct trc_format trc_format_trace_cmd = {
	.name = "trace-cmd",
	.is_of_kernel = true,
	.detect = detect_report,
	.import = import_report,
};
