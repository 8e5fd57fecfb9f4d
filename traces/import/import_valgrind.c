/*
 * import_valgrind: what valgrind --trace-malloc=yes prints among other lines:
 *
 *   --PID-- malloc(10) = 0x4A44040            --PID-- free(0x4A44040)
 *   --PID-- calloc(3,7) = 0x4A44090           --PID-- _Znwm(4) = 0x4D71C80
 *   --PID-- realloc(0x4A44040,20) = 0x4A440F0
 *   --PID-- realloc(0x0,33)malloc(33) = 0x4A48FB0
 *   --PID-- realloc(0x4A48FB0,0)free(0x4A48FB0)
 *   --PID--  = 0
 *   --PID-- memalign(al 64, size 128) = 0x4A49080
 *   --PID-- _ZnwmSt11align_val_t(size 64, al 64) = 0x4D71D80
 *
 * With --time-stamp=yes the time since the start is before the PID.
 */
#include "trc_scan.h"
#include "trc_user.h"

#define NS_PER_S UINT64_C(1000000000)

/* What a recorded call does. */
enum call { CALL_ALLOC, CALL_CALLOC, CALL_REALLOC, CALL_FREE };

/* What a function does, by its name; -1 for one that neither allocates nor
 * frees, such as malloc_usable_size. C++'s names begin with _Zn for new and _Zd
 * for delete. */
static int call_of(struct trc_scan name)
{
	static const struct {
		const char *name;
		int call;
	} calls[] = {
		{ "malloc", CALL_ALLOC },
		{ "free", CALL_FREE },
		{ "calloc", CALL_CALLOC },
		{ "realloc", CALL_REALLOC },
		{ "memalign", CALL_ALLOC },
		{ "cfree", CALL_FREE },
		{ "posix_memalign", CALL_ALLOC },
		{ "valloc", CALL_ALLOC },
		{ "aligned_alloc", CALL_ALLOC },
		{ "pvalloc", CALL_ALLOC },
		{ "builtin_new", CALL_ALLOC },
		{ "builtin_delete", CALL_FREE },
		{ "builtin_vec_new", CALL_ALLOC },
		{ "builtin_vec_delete", CALL_FREE },
	};
	size_t size;

	TRC_SKIP(&name, "__");
	size = trc_scan_left(&name);
	if (size > 3 && memcmp(name.p, "_Zn", 3) == 0)
		return CALL_ALLOC;
	if (size > 3 && memcmp(name.p, "_Zd", 3) == 0)
		return CALL_FREE;
	for (size_t i = 0; i < KB_ARRAY_LEN(calls); i++)
		if (trc_scan_is(name, calls[i].name))
			return calls[i].call;
	return -1;
}

/* Reads "name(" and determines what the function does. */
static bool read_name(struct trc_scan *c, enum call *call)
{
	const char *open = memchr(c->p, '(', trc_scan_left(c));
	int known;

	if (!open)
		return false;
	known = call_of((struct trc_scan){ c->p, open });
	c->p = open + 1;
	if (known < 0)
		return false;
	*call = (enum call)known;
	return true;
}

/* The size among an alloc's arguments: the only number, or "size N". */
static bool read_size(struct trc_scan *c, uint64_t *size)
{
	const char *close = memchr(c->p, ')', trc_scan_left(c));
	const char *word;

	if (!close)
		return false;
	word = memmem(c->p, (size_t)(close - c->p), "size ", 5);
	if (word)
		c->p = word + 5;
	if (!trc_scan_decimal(c, size))
		return false;
	c->p = close;
	return true;
}

static bool multiply(uint64_t a, uint64_t b, uint64_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

/* Reads ") = 0xP" to the line's end. */
static bool read_result(struct trc_scan *c, uint64_t *pointer)
{
	return TRC_SKIP(c, ") = ") && trc_scan_0x(c, pointer) &&
	       trc_scan_is_end(c);
}

/* Skips the rest of a call's arguments and its parenthesis. */
static bool skip_arguments(struct trc_scan *c)
{
	while (c->p < c->end && *c->p != ')' && *c->p != '(')
		c->p++;
	return TRC_SKIP(c, ")");
}

static int read_realloc(struct trc_user *user, struct trc_scan *c)
{
	uint64_t old_pointer;
	uint64_t pointer;
	uint64_t size;

	if (!trc_scan_0x(c, &old_pointer) || !TRC_SKIP(c, ",") ||
	    !trc_scan_decimal(c, &size))
		return trc_text_bad(&user->text,
				    "the arguments of realloc are unreadable");
	if (TRC_SKIP(c, ")free(")) {
		if (!skip_arguments(c) || !trc_scan_is_end(c))
			return trc_text_bad(&user->text, "the call is cut off");
		return trc_user_free(user, old_pointer);
	}
	if (TRC_SKIP(c, ")malloc(")) {
		c->p = memchr(c->p, ')', trc_scan_left(c));
		if (!c->p)
			return trc_text_bad(&user->text,
					    "the result is missing");
	}
	if (!read_result(c, &pointer))
		return trc_text_bad(&user->text, "the result is missing");
	return trc_user_realloc(user, old_pointer, pointer, size);
}

static int read_alloc(struct trc_user *user, struct trc_scan *c, bool is_calloc)
{
	uint64_t count = 1;
	uint64_t pointer;
	uint64_t size;

	if (is_calloc && (!trc_scan_decimal(c, &count) || !TRC_SKIP(c, ",")))
		return trc_text_bad(&user->text, "calloc's count is missing");
	if (!read_size(c, &size))
		return trc_text_bad(&user->text, "the size is not a number");
	if (!read_result(c, &pointer))
		return trc_text_bad(&user->text, "the result is missing");
	if (!multiply(count, size, &size) && pointer != 0)
		return trc_text_bad(&user->text, "the size is absurd");
	return trc_user_malloc(user, pointer, size);
}

static int read_free(struct trc_user *user, struct trc_scan *c)
{
	uint64_t pointer;

	/* A sized delete has its size, and maybe an alignment, after it. */
	if (!trc_scan_0x(c, &pointer) || !skip_arguments(c))
		return trc_text_bad(&user->text,
				    "the pointer freed is not a number");
	if (!trc_scan_is_end(c))
		return trc_text_bad(&user->text, "something follows the call");
	return trc_user_free(user, pointer);
}

/* Reads "DD:HH:MM:SS.mmm " of --time-stamp=yes as nanoseconds. */
static bool read_stamp(struct trc_scan *c, uint64_t *ns)
{
	uint64_t part[3];
	bool has_fraction;

	for (size_t i = 0; i < KB_ARRAY_LEN(part); i++)
		if (!trc_scan_decimal(c, &part[i]) || part[i] > 100000 ||
		    !TRC_SKIP(c, ":"))
			return false;
	if (!trc_scan_seconds(c, ns, &has_fraction) || !has_fraction ||
	    *ns > 60 * NS_PER_S || !TRC_SKIP(c, " "))
		return false;
	*ns += ((part[0] * 24 + part[1]) * 60 + part[2]) * 60 * NS_PER_S;
	return true;
}

/* What valgrind puts before each of its own lines. */
struct prefix {
	uint64_t pid;
	bool has_time;
	uint64_t time_ns;

	/* The process and the time cannot be read. */
	bool is_unknown;
};

/* Reads "--PID-- " or "--DD:HH:MM:SS.mmm PID-- "; other lines are the
 * program's own output. */
static bool read_prefix(struct trc_scan *c, struct prefix *prefix)
{
	struct trc_scan stamp;

	if (!TRC_SKIP(c, "--"))
		return false;
	stamp = *c;
	prefix->has_time = read_stamp(&stamp, &prefix->time_ns);
	if (prefix->has_time)
		*c = stamp;
	prefix->is_unknown = false;
	return trc_scan_decimal(c, &prefix->pid) && TRC_SKIP(c, "-- ");
}

/* Takes the time of a call, if it has one. */
static int take_time(struct trc_user *user, const struct prefix *prefix)
{
	struct trc_text *text = &user->text;
	int err;

	/* Its number is its time until one is read. */
	if (prefix->is_unknown || text->dropped > 0)
		return 0;
	err = trc_text_clock(text,
			     prefix->has_time ? TRC_CLOCK_NS : TRC_CLOCK_TICKS);
	if (err < 0 || !prefix->has_time)
		return err;
	user->counts_time = false;
	user->now.time_ns = prefix->time_ns;
	return 0;
}

/* Whether a call and its first argument come next. */
static bool is_call(struct trc_scan c)
{
	enum call call;

	return read_name(&c, &call) && c.p < c.end &&
	       (trc_scan_is_digit(*c.p) || *c.p == 's' || *c.p == 'a');
}

/* Finds "--PID-- call(" in a line. Returns whether it is there, `c` at the call. */
static bool find_call(struct trc_scan *c, struct prefix *prefix)
{
	for (;;) {
		struct trc_scan at;

		c->p = memmem(c->p, trc_scan_left(c), "--", 2);
		if (!c->p)
			return false;
		at = *c;
		if (read_prefix(&at, prefix) && is_call(at)) {
			*c = at;
			return true;
		}
		c->p++;
	}
}

/* A line that begins with "--", one word or, with the time, two, "-- " and a call,
 * but not as it should: the number of the process cannot be read, or the time. */
static bool read_damaged_prefix(struct trc_text *text, struct trc_scan *c,
				struct prefix *prefix)
{
	const char *space;
	const char *start = c->p;

	if (!TRC_SKIP(c, "--"))
		return false;
	c->p = memmem(c->p, trc_scan_left(c), "-- ", 3);
	if (!c->p)
		return false;
	space = memchr(start, ' ', (size_t)(c->p - start));
	if (space && memchr(space + 1, ' ', (size_t)(c->p - space - 1)))
		return false;
	c->p += 3;
	*prefix = (struct prefix){ .pid = text->process, .is_unknown = true };
	trc_text_drop(text);
	return is_call(*c);
}

/* Whether there is a call in a line that valgrind began, or after the end of a
 * prefix: what is before it is damaged. */
static bool has_call(struct trc_scan line)
{
	bool is_own = trc_scan_left(&line) > 0 && *line.p == '-';
	struct trc_scan c = line;

	for (; c.p < c.end; c.p++) {
		bool is_after_prefix =
			c.p - line.p >= 3 && memcmp(c.p - 3, "-- ", 3) == 0;
		bool is_word = c.p > line.p && strchr(" -", c.p[-1]);

		if ((is_after_prefix || (is_own && is_word)) && is_call(c))
			return true;
	}
	return false;
}

/* A line without a call that can be read. */
static int no_call(struct trc_text *text, struct trc_scan line)
{
	if (has_call(line))
		return trc_text_bad(text, "what is before the call is not "
					  "--PID--");
	return KB_END;
}

/*
 * Finds a call in a line. Valgrind's own begin with their prefix; the program may
 * have written to the same file and not have ended its line. Returns 0, KB_END
 * if there is none, or as trc_text_bad where one was cut off by the next.
 */
static int take_call(struct trc_text *text, struct trc_scan *c,
		     struct prefix *prefix, enum call *call)
{
	const struct trc_scan line = *c;
	struct trc_scan inner;

	if (!read_prefix(c, prefix)) {
		*c = line;
		if (!read_damaged_prefix(text, c, prefix)) {
			text->dropped = 0;
			*c = line;
			if (!find_call(c, prefix))
				return no_call(text, line);
			if (memcmp(line.p, "--", 2) == 0)
				return trc_text_bad(text, "two lines have run "
							  "together");
		}
	}
	inner = *c;
	if (read_name(c, call))
		return 0;
	if (find_call(&inner, prefix))
		return trc_text_bad(text, "two lines have run together");
	return no_call(text, line);
}

static int read_line(struct trc_text *text)
{
	struct trc_user *user = (struct trc_user *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	struct prefix prefix;
	enum call call;
	int err;

	if (trc_scan_left(&c) < sizeof("--1-- ") - 1)
		return 0;
	err = take_call(text, &c, &prefix, &call);
	if (err != 0)
		return err < 0 ? err : 0;
	err = prefix.is_unknown ? 0 : trc_text_process(text, prefix.pid);
	if (err == 0)
		err = take_time(user, &prefix);
	if (err != 0)
		return err < 0 ? err : 0;
	switch (call) {
	case CALL_FREE:
		return read_free(user, &c);
	case CALL_REALLOC:
		return read_realloc(user, &c);
	default:
		return read_alloc(user, &c, call == CALL_CALLOC);
	}
}

static int import_valgrind(struct trc_job *job, struct kb_diag *diag)
{
	struct trc_user user;

	trc_user_init(&user, job, diag);
	return trc_text_run(&user.text, read_line);
}

static bool is_ours(struct trc_scan c)
{
	struct prefix prefix;
	enum call call;

	return read_prefix(&c, &prefix) && read_name(&c, &call);
}

static size_t detect_valgrind(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_valgrind = {
	.name = "valgrind",
	.has_processes = true,
	.detect = detect_valgrind,
	.import = import_valgrind,
};
