/*
 * import_csapp: the .rep traces of the CS:APP malloc lab. A header of numbers,
 * one per line, then
 *
 *   a ID BYTES | r ID BYTES | f ID
 *
 * Courses wrote the header in three ways. All have the number of operations
 * third, except for the one of two lines, which has it last. The header is
 * whatever numbers precede the first operation.
 */
#include "trc_scan.h"
#include "trc_user.h"

#include <inttypes.h>

/* Numbers in the longest header. */
#define HEADER_MAX 4

struct csapp {
	struct trc_user user;

	uint64_t header[HEADER_MAX];
	unsigned header_count;

	uint64_t operations;
};

/* A line of the header; a bare number. */
static int read_header(struct csapp *csapp, struct trc_scan *c)
{
	struct trc_text *text = &csapp->user.text;
	uint64_t number;

	TRC_SKIP(c, "-");
	if (!trc_scan_decimal(c, &number) || !trc_scan_is_end(c))
		return trc_text_bad(text, "it is neither a number of the "
					  "header nor an operation (a ID "
					  "BYTES, r ID BYTES, f ID)");
	if (csapp->operations > 0 || csapp->header_count == HEADER_MAX)
		return trc_text_bad(text, "a number is where an operation "
					  "should be");
	csapp->header[csapp->header_count++] = number;
	return 0;
}

/* Reads " NUMBER". */
static bool read_number(struct trc_scan *c, uint64_t *number)
{
	const char *start = c->p;

	trc_scan_blanks(c);
	return c->p > start && trc_scan_decimal(c, number);
}

static int read_operation(struct csapp *csapp, char operation,
			  struct trc_scan *c)
{
	struct trc_user *user = &csapp->user;
	uint64_t size = 0;
	uint64_t id;

	if (!read_number(c, &id) || id >= TRC_USER_ID_MAX)
		return trc_text_bad(&user->text, "the id is missing or absurd");
	if (operation != 'f' && !read_number(c, &size))
		return trc_text_bad(&user->text,
				    "the size is missing or not a number");
	if (!trc_scan_is_end(c))
		return trc_text_bad(&user->text,
				    "something follows the operation");
	csapp->operations++;
	id = TRC_USER_ID_POINTER(id);
	if (operation == 'a')
		return trc_user_malloc(user, id, size);
	if (operation == 'f')
		return trc_user_free(user, id);
	/* The object keeps its number; a new number is an alloc. */
	if (!trc_rules_knows(&user->text.job->rules, id))
		return size > 0 ? trc_user_malloc(user, id, size) : 0;
	return trc_user_realloc(user, id, size > 0 ? id : 0, size);
}

static int read_line(struct trc_text *text)
{
	struct csapp *csapp = (struct csapp *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	char operation;

	if (trc_scan_is_end(&c) || *c.p == '#')
		return 0;
	operation = *c.p;
	if (operation != 'a' && operation != 'r' && operation != 'f')
		return read_header(csapp, &c);
	c.p++;
	/* "f -1" frees NULL. */
	if (operation == 'f' && trc_scan_left(&c) == 3 && TRC_SKIP(&c, " -1")) {
		csapp->operations++;
		return trc_user_free(&csapp->user, 0);
	}
	return read_operation(csapp, operation, &c);
}

/* The number of operations according to the header. */
static uint64_t promised(const struct csapp *csapp)
{
	return csapp->header[csapp->header_count == 2 ? 1 : 2];
}

static int import_csapp(struct trc_job *job, struct kb_diag *diag)
{
	struct csapp csapp = { .header_count = 0 };
	int err;

	trc_user_init(&csapp.user, job, diag);
	err = trc_text_run(&csapp.user.text, read_line);
	if (err < 0 || job->lenient)
		return err;
	if (csapp.header_count != 2 && csapp.header_count != HEADER_MAX)
		return kb_fail(diag, KB_E_FORMAT,
			       "%s: the header has %u numbers; a .rep has 2 "
			       "or 4",
			       job->name, csapp.header_count);
	if (promised(&csapp) != csapp.operations)
		return kb_fail_line(diag, KB_E_CORRUPT, job->name,
				    csapp.user.text.line.number,
				    "the header promises %" PRIu64
				    " operations, but there are %" PRIu64
				    ": the file is cut off or its header is "
				    "wrong; --lenient takes what is there",
				    promised(&csapp), csapp.operations);
	return 0;
}

/* Two to four numbers, then an operation. */
static bool is_csapp(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };
	unsigned numbers = 0;
	uint64_t number;

	while (numbers < HEADER_MAX && trc_scan_decimal(&c, &number)) {
		numbers++;
		while (c.p < c.end && (*c.p == ' ' || *c.p == '\r'))
			c.p++;
		if (!TRC_SKIP(&c, "\n"))
			return false;
		while (c.p < c.end && (*c.p == '\n' || *c.p == '\r'))
			c.p++;
	}
	return (numbers == 2 || numbers == HEADER_MAX) &&
	       (TRC_SKIP(&c, "a ") || TRC_SKIP(&c, "f ") || TRC_SKIP(&c, "r "));
}

static size_t detect_csapp(const char *head, size_t size)
{
	return trc_scan_first(is_csapp(head, size));
}

const struct trc_format trc_format_csapp = {
	.name = "csapp",
	.detect = detect_csapp,
	.import = import_csapp,
};
