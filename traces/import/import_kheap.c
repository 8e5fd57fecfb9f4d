/*
 * import_kheap: what a kernel that includes traces/emit/kheap_trace.h writes to
 * its debug console. traces/FORMAT.md, "kheap text", specifies it:
 *
 *   kh+ SIZE VA [t=TICKS] [c=CPU] [s=ADDRESS]
 *   kh- VA      [t=TICKS] [c=CPU] [s=ADDRESS]
 *
 * All numbers are hexadecimal. Other lines are the kernel's own output, but a
 * mark inside a line means that two outputs have run into each other.
 */
#include "trc_scan.h"
#include "trc_user.h"

static bool read_hex(struct trc_scan *c, uint64_t *value)
{
	return TRC_SKIP(c, " ") && trc_scan_hex(c, value) > 0;
}

/* Reads a field's number. One that is a word of its own but no number is left
 * out; false for that. */
static bool read_number(struct trc_user *user, struct trc_scan *c,
			uint64_t *number)
{
	if (trc_scan_hex(c, number) > 0 && (c->p == c->end || *c->p == ' '))
		return true;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	trc_text_drop(&user->text);
	return false;
}

/* Reads the optional fields. */
static int read_options(struct trc_user *user, struct trc_scan *c)
{
	uint64_t number;
	int err = 0;

	user->now.site = TRC_NAME_NONE;
	user->now.cpu = 0;
	while (err == 0 && TRC_SKIP(c, " ")) {
		const char *start = c->p + 2;

		if (TRC_SKIP(c, "t=")) {
			user->counts_time = false;
			if (read_number(user, c, &number))
				user->now.time_ns = number;
		} else if (TRC_SKIP(c, "c=")) {
			if (!read_number(user, c, &number))
				continue;
			if (number <= UINT16_MAX)
				user->now.cpu = (uint16_t)number;
			else
				trc_text_drop(&user->text);
		} else if (TRC_SKIP(c, "s=")) {
			if (read_number(user, c, &number))
				err = trc_text_site(&user->text, start,
						    (size_t)(c->p - start),
						    &user->now.site);
		} else {
			break;
		}
	}
	if (err < 0 || (trc_scan_is_end(c) && user->text.line.is_terminated))
		return err;
	return trc_text_bad(&user->text,
			    "the line is cut off, or something follows "
			    "its fields (t=, c=, s=)");
}

static int read_alloc(struct trc_user *user, struct trc_scan *c)
{
	uint64_t pointer;
	uint64_t size;
	int err;

	if (!read_hex(c, &size) || !read_hex(c, &pointer))
		return trc_text_bad(&user->text, "it is not kh+ SIZE VA");
	err = read_options(user, c);
	return err < 0 ? err : trc_user_malloc(user, pointer, size);
}

static int read_free(struct trc_user *user, struct trc_scan *c)
{
	uint64_t pointer;
	int err;

	if (!read_hex(c, &pointer))
		return trc_text_bad(&user->text, "it is not kh- VA");
	err = read_options(user, c);
	return err < 0 ? err : trc_user_free(user, pointer);
}

static int read_line(struct trc_text *text)
{
	struct trc_user *user = (struct trc_user *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };

	if (TRC_SKIP(&c, "kh+"))
		return read_alloc(user, &c);
	if (TRC_SKIP(&c, "kh-"))
		return read_free(user, &c);
	if (memmem(c.p, trc_scan_left(&c), "kh+ ", 4) ||
	    memmem(c.p, trc_scan_left(&c), "kh- ", 4))
		return trc_text_bad(text, "other output has run into the line; "
					  "give the trace a port of its own, "
					  "or let nothing interrupt a line");
	return 0;
}

static int import_kheap(struct trc_job *job, struct kb_diag *diag)
{
	struct trc_user user;

	trc_user_init(&user, job, diag);
	return trc_text_run(&user.text, read_line);
}

static bool is_ours(struct trc_scan c)
{
	uint64_t value;

	if (TRC_SKIP(&c, "kh-"))
		return read_hex(&c, &value);
	if (!TRC_SKIP(&c, "kh+") || !read_hex(&c, &value))
		return false;
	return read_hex(&c, &value);
}

static size_t detect_kheap(const char *head, size_t size)
{
	return trc_scan_lines(head, size, is_ours);
}

const struct trc_format trc_format_kheap = {
	.name = "kheap",
	.detect = detect_kheap,
	.import = import_kheap,
};
