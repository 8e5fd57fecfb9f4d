/*
 * import_ftrace: the text of /sys/kernel/tracing/trace, as
 * kernel/trace/trace_output.c prints it:
 *
 *      systemd-1       [000] d..1.     3.456076: kmalloc: call_site=… ptr=…
 *   |----comm------| |pid|  |cpu| |flags| |--time--|  |name|   |--fields--|
 *
 * The pid may be followed by " (tgid)"; the flags may be absent; the time is
 * a bare integer with some clocks.
 */
#include "trc_job.h"

#include "kb_bits.h"

#include <string.h>

/* Width that the kernel pads a comm to; it is never longer. */
#define COMM_WIDTH 16

/* Longest "comm-pid [cpu] " that is worth remembering. */
#define PREFIX_MAX 64

/* Lines of a file's beginning that detection looks at. */
#define DETECT_LINES 64

/* A line's text from `p` on; `p` moves as it is read. */
struct cursor {
	const char *p;
	const char *end;
};

/* What stands before the flags. */
struct prefix {
	const char *comm;
	size_t comm_size;
	int32_t pid;
	uint16_t cpu;
};

struct ftrace {
	struct trc_job *job;
	struct kb_diag *diag;
	struct trc_line line;

	/* Why the line cannot be read; set with KB_E_FORMAT. Without it that
	 * status is no matter of one line, and --lenient does not help. */
	const char *reason;

	/* An event has been read, so the clock is known. */
	bool has_clock;

	/* The beginning of the line before, up to its "] ": neighbours are
	 * mostly of one task. */
	char prefix[PREFIX_MAX];
	size_t prefix_size;
	uint32_t prefix_task;
	uint16_t prefix_cpu;
};

static int bad(struct ftrace *ft, const char *reason)
{
	ft->reason = reason;
	return KB_E_FORMAT;
}

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_spaces(struct cursor *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

/* Steps over `text` of `size` bytes, if it comes next. */
static kb_always_inline bool skip(struct cursor *c, const char *text,
				  size_t size)
{
	if (left(c) < size || memcmp(c->p, text, size) != 0)
		return false;
	c->p += size;
	return true;
}

#define SKIP(c, literal) skip(c, literal, sizeof(literal) - 1)

/* Reads decimal digits, at least one, below 2^64. */
static bool read_decimal(struct cursor *c, uint64_t *value)
{
	const char *start = c->p;
	uint64_t v = 0;

	while (c->p < c->end && is_digit(*c->p)) {
		unsigned digit = (unsigned)(*c->p - '0');

		if (kb_unlikely(v > (UINT64_MAX - digit) / 10))
			return false;
		v = v * 10 + digit;
		c->p++;
	}
	*value = v;
	return c->p > start;
}

/* The value of a hexadecimal digit; 16 or more for any other byte. */
static unsigned hex_value(char c)
{
	unsigned byte = (unsigned char)c;

	if (byte - '0' < 10)
		return byte - '0';
	byte = (byte | 0x20) - 'a';
	return byte < 6 ? byte + 10 : 16;
}

/* Reads 1 to 16 hexadecimal digits; returns how many, 0 on failure. */
static unsigned read_hex(struct cursor *c, uint64_t *value)
{
	unsigned digits = 0;
	uint64_t v = 0;

	for (; c->p < c->end; c->p++, digits++) {
		unsigned digit = hex_value(*c->p);

		if (digit > 15)
			break;
		v = v << 4 | digit;
	}
	*value = v;
	return digits <= 16 ? digits : 0;
}

/* " (decimal)", which options/fields prints behind a hexadecimal value. */
static void skip_decimal_note(struct cursor *c)
{
	struct cursor note = *c;

	if (!SKIP(&note, " ("))
		return;
	while (note.p < note.end && (is_digit(*note.p) || *note.p == '-'))
		note.p++;
	if (SKIP(&note, ")"))
		*c = note;
}

/* A size: decimal, or "0x1000 (4096)". */
static bool read_size(struct cursor *c, uint64_t *value)
{
	if (!SKIP(c, "0x"))
		return read_decimal(c, value);
	if (read_hex(c, value) == 0)
		return false;
	skip_decimal_note(c);
	return true;
}

/* "(  tgid) " of options/record-tgid; "(-------) " where it is not known. */
static bool skip_tgid(struct cursor *c)
{
	if (!SKIP(c, "("))
		return true;
	while (c->p < c->end &&
	       (is_digit(*c->p) || *c->p == '-' || *c->p == ' '))
		c->p++;
	if (!SKIP(c, ")"))
		return false;
	skip_spaces(c);
	return true;
}

/* Reads "pid [cpu] " behind the dash that ends the comm. */
static bool read_pid_and_cpu(struct cursor *c, struct prefix *prefix)
{
	uint64_t pid;
	uint64_t cpu;

	if (!read_decimal(c, &pid) || pid > INT32_MAX || !SKIP(c, " "))
		return false;
	skip_spaces(c);
	if (!skip_tgid(c) || !SKIP(c, "[") || !read_decimal(c, &cpu) ||
	    cpu > UINT16_MAX || !SKIP(c, "] "))
		return false;
	prefix->pid = (int32_t)pid;
	prefix->cpu = (uint16_t)cpu;
	return true;
}

/* Reads the prefix whose comm ends before `dash`. */
static bool read_prefix_at(struct cursor *c, const char *dash,
			   struct prefix *prefix)
{
	struct cursor rest = { dash + 1, c->end };

	if (!read_pid_and_cpu(&rest, prefix))
		return false;
	skip_spaces(c);
	prefix->comm = c->p < dash ? c->p : dash;
	prefix->comm_size = (size_t)(dash - prefix->comm);
	c->p = rest.p;
	return true;
}

/* The kernel puts the dash in column 16, whatever the comm holds; text that
 * has been through other hands may have it elsewhere. */
static bool read_prefix(struct cursor *c, struct prefix *prefix)
{
	const char *dash = c->p + COMM_WIDTH;

	if (left(c) > COMM_WIDTH && *dash == '-' &&
	    read_prefix_at(c, dash, prefix))
		return true;
	for (dash = memchr(c->p, '-', left(c)); dash;
	     dash = memchr(dash + 1, '-', (size_t)(c->end - dash - 1)))
		if (read_prefix_at(c, dash, prefix))
			return true;
	return false;
}

/* Nanoseconds in `digits` decimal digits behind the point. */
static bool scale_fraction(uint64_t fraction, size_t digits, uint64_t *ns)
{
	if (digits < 1 || digits > 9)
		return false;
	for (; digits < 9; digits++)
		fraction *= 10;
	*ns = fraction;
	return true;
}

/* Reads "secs.usecs: " or "ticks: "; c is not moved on failure. */
static bool read_time(struct cursor *c, uint64_t *time_ns,
		      enum trc_clock *clock)
{
	struct cursor t = *c;
	uint64_t whole;
	uint64_t ns = 0;

	if (!read_decimal(&t, &whole))
		return false;
	*clock = TRC_CLOCK_TICKS;
	if (SKIP(&t, ".")) {
		const char *start = t.p;
		uint64_t fraction;

		if (!read_decimal(&t, &fraction) ||
		    !scale_fraction(fraction, (size_t)(t.p - start), &ns) ||
		    whole > UINT64_MAX / UINT64_C(1000000000) - 1)
			return false;
		*clock = TRC_CLOCK_NS;
		whole *= UINT64_C(1000000000);
	}
	if (!SKIP(&t, ": "))
		return false;
	*time_ns = whole + ns;
	*c = t;
	return true;
}

/* Reads the flags, if they are there, and the time. */
static bool read_flags_and_time(struct cursor *c, uint64_t *time_ns,
				enum trc_clock *clock)
{
	const char *flags;

	skip_spaces(c);
	if (read_time(c, time_ns, clock))
		return true;
	flags = c->p;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	if (c->p - flags < 4 || c->p - flags > 8)
		return false;
	skip_spaces(c);
	return read_time(c, time_ns, clock);
}

/* The bytes of a call site: up to the space, and " [module]" if that follows.
 * Options/fields has a decimal note there instead. */
static bool read_site_text(struct cursor *c, const char **text, size_t *size)
{
	const char *space = memchr(c->p, ' ', left(c));
	const char *close;

	if (!space || space == c->p)
		return false;
	*text = c->p;
	c->p = space;
	if (left(c) > 2 && space[1] == '[') {
		close = memchr(space, ']', left(c));
		if (!close)
			return false;
		c->p = close + 1;
	}
	*size = (size_t)(c->p - *text);
	skip_decimal_note(c);
	return true;
}

static int read_site(struct ftrace *ft, struct cursor *c, uint32_t *site)
{
	const char *text;
	size_t size;
	int err;

	if (!SKIP(c, "call_site=") || !read_site_text(c, &text, &size))
		return bad(ft, "call_site= is missing");
	err = trc_names_site(&ft->job->names, text, size, site);
	if (err == KB_E_FORMAT)
		return bad(ft, "the call site is neither symbol+0xoff nor an "
			       "address");
	if (err == KB_E_RANGE)
		return bad(ft, "the call site's name is too long");
	if (err == KB_E_NOMEM)
		return kb_fail(ft->diag, err, "%s: out of memory",
			       ft->job->name);
	return err;
}

/* What the kernel prints instead of a pointer, in parentheses. */
static int read_special_pointer(struct ftrace *ft, struct cursor *c,
				uint64_t *pointer)
{
	const char *close = memchr(c->p, ')', left(c));
	size_t size = close ? (size_t)(close + 1 - c->p) : 0;

	*pointer = 0;
	if (SKIP(c, "(null)") || SKIP(c, "(nil)"))
		return 0;
	if (size > 0 && memmem(c->p, size, "ptrval", 6))
		return kb_fail_line(ft->diag, KB_E_FORMAT, ft->job->name,
				    ft->line.number,
				    "the pointer is hidden as %.*s, so no "
				    "object can be told from another; record "
				    "again with no_hash_pointers on the "
				    "kernel's command line",
				    (int)kb_min(size, 32), c->p);
	return bad(ft, "the pointer is not a number");
}

/*
 * Reads " ptr=…". The kernel prints pointers in full width, so a pointer that
 * ends an unterminated line and is shorter was cut off with it.
 */
static int read_pointer(struct ftrace *ft, struct cursor *c, uint64_t *pointer)
{
	bool has_0x;
	unsigned digits;

	if (!SKIP(c, " ptr="))
		return bad(ft, "ptr= is missing");
	skip_spaces(c);
	if (c->p < c->end && *c->p == '(')
		return read_special_pointer(ft, c, pointer);
	has_0x = SKIP(c, "0x");
	digits = read_hex(c, pointer);
	if (digits == 0 || (c->p < c->end && *c->p != ' '))
		return bad(ft, "the pointer is not a number");
	if (c->p == c->end && !ft->line.is_terminated && !has_0x &&
	    digits != 16 && digits != 8)
		return bad(ft, "the recording is cut off here");
	skip_decimal_note(c);
	return 0;
}

static int read_alloc(struct ftrace *ft, struct cursor *c,
		      struct trc_record *record)
{
	int err = read_site(ft, c, &record->site);

	if (err == 0)
		err = read_pointer(ft, c, &record->pointer);
	if (err < 0)
		return err;
	if (!SKIP(c, " bytes_req=") || !read_size(c, &record->size))
		return bad(ft, "bytes_req= is missing or not a number");
	if (!SKIP(c, " bytes_alloc=") || !read_size(c, &record->size_granted))
		return bad(ft, "bytes_alloc= is missing or not a number");
	if (!SKIP(c, " gfp_flags="))
		return bad(ft, "gfp_flags= is missing");
	return trc_rules_alloc(&ft->job->rules, record, ft->diag);
}

static int read_free(struct ftrace *ft, struct cursor *c,
		     struct trc_record *record)
{
	int err;

	record->size = 0;
	record->size_granted = 0;
	err = read_site(ft, c, &record->site);
	if (err == 0)
		err = read_pointer(ft, c, &record->pointer);
	if (err == 0)
		err = trc_rules_free(&ft->job->rules, record, ft->diag);
	return err;
}

/* Whether an event's name and its colon come next. */
static bool is_event_name(const struct cursor *c)
{
	const char *p = c->p;

	while (p < c->end && *p != ':' && *p != ' ')
		p++;
	if (p > c->p && p < c->end && *p == ':')
		return true;
	return left(c) >= 13 && memcmp(c->p, "<stack trace>", 13) == 0;
}

/* Reads what stands behind the time: one event of interest or another. */
static int read_event(struct ftrace *ft, struct cursor *c,
		      struct trc_record *record)
{
	skip_spaces(c);
	if (SKIP(c, "kmalloc: ") || SKIP(c, "kmalloc_node: "))
		return read_alloc(ft, c, record);
	if (SKIP(c, "kfree: "))
		return read_free(ft, c, record);
	if (!is_event_name(c))
		return bad(ft, "no event's name follows the time");
	ft->job->rules.counts.other_events++;
	return 0;
}

/* Takes task and cpu from the line's beginning, or from the line before's. */
static int take_prefix(struct ftrace *ft, struct cursor *c,
		       struct trc_record *record)
{
	const char *start = c->p;
	struct prefix prefix;
	int err;

	if (ft->prefix_size == 0 || !skip(c, ft->prefix, ft->prefix_size)) {
		if (!read_prefix(c, &prefix))
			return bad(ft, "it is not an event (comm-pid [cpu] "
				       "time: name: …), a comment or a known "
				       "marker");
		err = trc_names_task(&ft->job->names, prefix.comm,
				     prefix.comm_size, prefix.pid,
				     &ft->prefix_task);
		ft->prefix_size = 0;
		if (err == KB_E_RANGE)
			return bad(ft, "the task's name is too long");
		if (err < 0)
			return kb_fail(ft->diag, err, "%s: out of memory",
				       ft->job->name);
		ft->prefix_cpu = prefix.cpu;
		if (c->p - start <= PREFIX_MAX) {
			ft->prefix_size = (size_t)(c->p - start);
			memcpy(ft->prefix, start, ft->prefix_size);
		}
	}
	record->task = ft->prefix_task;
	record->cpu = ft->prefix_cpu;
	return 0;
}

static int read_event_line(struct ftrace *ft, struct cursor *c)
{
	struct trc_record record;
	enum trc_clock clock;
	int err = take_prefix(ft, c, &record);

	if (err < 0)
		return err;
	if (!read_flags_and_time(c, &record.time_ns, &clock))
		return bad(ft, "the time is not a number");
	if (ft->has_clock && clock != ft->job->clock)
		return bad(ft, "its clock is not that of the lines before");
	ft->job->clock = clock;
	ft->has_clock = true;
	return read_event(ft, c, &record);
}

/* "# entries-in-buffer/entries-written: A/B": B - A were overwritten. */
static int read_comment(struct ftrace *ft, struct cursor *c)
{
	uint64_t kept;
	uint64_t written;

	if (!SKIP(c, "# entries-in-buffer/entries-written: "))
		return 0;
	if (!read_decimal(c, &kept) || !SKIP(c, "/") ||
	    !read_decimal(c, &written) || kept > written)
		return bad(ft, "the numbers of entries make no sense");
	ft->job->rules.counts.lost_events += written - kept;
	return 0;
}

/* "CPU:n [LOST m EVENTS]"; without m where the kernel does not know, which is
 * one at least. False if it is not that. */
static bool read_lost(struct ftrace *ft, struct cursor *c)
{
	uint64_t cpu;
	uint64_t lost = 1;

	if (!SKIP(c, "CPU:") || !read_decimal(c, &cpu) || !SKIP(c, " [LOST "))
		return false;
	if (!SKIP(c, "EVENTS]") &&
	    !(read_decimal(c, &lost) && SKIP(c, " EVENTS]")))
		return false;
	ft->job->rules.counts.lost_events += lost;
	return true;
}

static int read_line(struct ftrace *ft)
{
	struct cursor c = { ft->line.text, ft->line.text + ft->line.size };
	struct cursor first;

	if (ft->line.is_too_long)
		return bad(ft, "it is longer than 64 KiB");
	if (kb_unlikely(left(&c) > 0 && *c.p == '#'))
		return read_comment(ft, &c);
	if (kb_unlikely(left(&c) > 0 && *c.p == 'C') && read_lost(ft, &c))
		return 0;
	first = c;
	if (left(&c) < COMM_WIDTH) {
		skip_spaces(&first);
		if (left(&first) == 0)
			return 0;
	}
	/* The frames of a stack trace, an event of another kind. */
	if (SKIP(&first, " => ") || SKIP(&first, "=> "))
		return 0;
	return read_event_line(ft, &c);
}

static int import_ftrace(struct trc_job *job, struct kb_diag *diag)
{
	struct ftrace ft = { .job = job, .diag = diag };
	struct trc_lines lines;
	int err;

	trc_lines_init(&lines, job->source);
	lines.is_stopped = job->is_stopped;
	lines.user = job->user;
	for (;;) {
		err = trc_lines_next(&lines, &ft.line, diag);
		if (err != 0)
			break;
		ft.reason = NULL;
		err = read_line(&ft);
		if (kb_unlikely(err == KB_E_FORMAT && ft.reason))
			err = trc_job_bad_line(job, &ft.line, ft.reason, diag);
		if (err < 0)
			break;
	}
	return err == KB_END ? 0 : err;
}

/* Whether a line is one that only ftrace writes. */
static bool is_ours(struct cursor c)
{
	struct prefix prefix;
	enum trc_clock clock;
	uint64_t time_ns;

	if (SKIP(&c, "# tracer: ") || SKIP(&c, "##### CPU "))
		return true;
	if (SKIP(&c, "CPU:"))
		return memmem(c.p, left(&c), " [LOST ", 7) != NULL;
	return read_prefix(&c, &prefix) &&
	       read_flags_and_time(&c, &time_ns, &clock);
}

static bool detect_ftrace(const char *head, size_t size)
{
	const char *end = head + size;

	for (unsigned i = 0; i < DETECT_LINES && head < end; i++) {
		const char *newline = memchr(head, '\n', (size_t)(end - head));
		const char *stop = newline ? newline : end;

		if (is_ours((struct cursor){ head, stop }))
			return true;
		head = newline ? newline + 1 : end;
	}
	return false;
}

const struct trc_format trc_format_ftrace = {
	.name = "ftrace",
	.detect = detect_ftrace,
	.import = import_ftrace,
};
