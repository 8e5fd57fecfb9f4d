/*
 * import_valgrind: what valgrind --trace-malloc=yes prints amid other lines:
 *
 *   --PID-- malloc(10) = 0x4A44040            --PID-- free(0x4A44040)
 *   --PID-- calloc(3,7) = 0x4A44090           --PID-- _Znwm(4) = 0x4D71C80
 *   --PID-- realloc(0x4A44040,20) = 0x4A440F0
 *   --PID-- realloc(0x0,33)malloc(33) = 0x4A48FB0
 *   --PID-- realloc(0x4A48FB0,0)free(0x4A48FB0)
 *   --PID--  = 0
 *   --PID-- memalign(al 64, size 128) = 0x4A49080
 *   --PID-- _ZnwmSt11align_val_t(size 64, al 64) = 0x4D71D80
 */
#include "trc_scan.h"
#include "trc_user.h"

/* What a call in the text does. */
enum call { CALL_ALLOC, CALL_CALLOC, CALL_REALLOC, CALL_FREE };

/* Reads "name(" and tells what the function does. C++'s names begin with _Zn
 * for new and _Zd for delete; "builtin" ones are the same by another name. */
static bool read_name(struct trc_scan *c, enum call *call)
{
	const char *start = c->p;
	const char *open = memchr(c->p, '(', trc_scan_left(c));
	struct trc_scan name = { start, open };

	if (!open)
		return false;
	c->p = open + 1;
	if (TRC_SKIP(&name, "calloc"))
		*call = CALL_CALLOC;
	else if (TRC_SKIP(&name, "realloc"))
		*call = CALL_REALLOC;
	else if (TRC_SKIP(&name, "free") || TRC_SKIP(&name, "cfree") ||
		 TRC_SKIP(&name, "_Zd"))
		*call = CALL_FREE;
	else if (TRC_SKIP(&name, "malloc") || TRC_SKIP(&name, "memalign") ||
		 TRC_SKIP(&name, "posix_memalign") ||
		 TRC_SKIP(&name, "aligned_alloc") ||
		 TRC_SKIP(&name, "valloc") || TRC_SKIP(&name, "pvalloc") ||
		 TRC_SKIP(&name, "_Zn"))
		*call = CALL_ALLOC;
	else
		return false;
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

static int read_realloc(struct trc_user *user, struct trc_scan *c)
{
	uint64_t old_pointer;
	uint64_t pointer;
	uint64_t size;

	if (!trc_scan_0x(c, &old_pointer) || !TRC_SKIP(c, ",") ||
	    !trc_scan_decimal(c, &size))
		return trc_text_bad(&user->text,
				    "the arguments of realloc are unreadable");
	if (TRC_SKIP(c, ")free("))
		return trc_user_free(user, old_pointer);
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

	if (!trc_scan_0x(c, &pointer) || !TRC_SKIP(c, ")"))
		return trc_text_bad(&user->text,
				    "the pointer freed is not a number");
	return trc_user_free(user, pointer);
}

/* Steps over "--PID-- "; other lines are of another kind. */
static bool skip_prefix(struct trc_scan *c)
{
	uint64_t pid;

	return TRC_SKIP(c, "--") && trc_scan_decimal(c, &pid) &&
	       TRC_SKIP(c, "-- ");
}

static int read_line(struct trc_text *text)
{
	struct trc_user *user = (struct trc_user *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	enum call call;

	/* The program's own output stands between valgrind's lines. */
	if (!skip_prefix(&c))
		return 0;
	if (!read_name(&c, &call))
		return 0;
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
	enum call call;

	return skip_prefix(&c) && read_name(&c, &call);
}

static bool detect_valgrind(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_valgrind = {
	.name = "valgrind",
	.detect = detect_valgrind,
	.import = import_valgrind,
};
