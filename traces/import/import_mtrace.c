/*
 * import_mtrace: what glibc's mtrace(3) writes:
 *
 *   = Start
 *   @ ./prog:(main+0x10)[0x55d0] + 0x55d0…2a0 0xa
 *   @ ./prog:[0x11d3] - 0x55d0…2a0
 *   @ ./prog:[0x11e8] < 0x55d0…2a0          a realloc, in two lines
 *   @ ./prog:[0x11e8] > 0x55d0…4c0 0x4e20
 *   @ ./prog:[0x11e8] ! 0x55d0…4c0 0x4e20   a realloc that failed
 *   = End
 */
#include "trc_scan.h"
#include "trc_user.h"

#include <stdio.h>
#include <string.h>

/* Longest symbol that is examined. */
#define SYMBOL_MAX 1000

struct mtrace {
	struct trc_user user;

	/* "= Start" has been read. */
	bool has_begun;

	/* A "<" has been read, whose ">" must come next. */
	bool has_old;
	uint64_t old_pointer;
};

/* A pointer or size: "0x…", "(nil)", or 0, which the C library prints without
 * "0x". */
static bool read_value(struct trc_scan *c, uint64_t *value)
{
	*value = 0;
	if (!TRC_SKIP(c, " "))
		return false;
	return TRC_SKIP(c, "(nil)") || trc_scan_0x(c, value) ||
	       TRC_SKIP(c, "0");
}

/* "symbol+0xoff"; glibc since 2.36 omits "0x". */
static int read_symbol(struct trc_text *text, const char *symbol, size_t size,
		       uint32_t *site)
{
	char spelling[SYMBOL_MAX + 8];
	const char *plus = memrchr(symbol, '+', size);
	int name_size;

	if (!plus || size > SYMBOL_MAX || (size_t)(symbol + size - plus) < 2 ||
	    memchr(plus, 'x', (size_t)(symbol + size - plus)))
		return trc_text_site(text, symbol, size, site);
	name_size = (int)(plus - symbol);
	snprintf(spelling, sizeof(spelling), "%.*s+0x%.*s", name_size, symbol,
		 (int)size - name_size - 1, plus + 1);
	return trc_text_site(text, spelling, strlen(spelling), site);
}

/* Reads "[file:](symbol+0xoff)[0xaddress]": the symbol if there is one. */
static int read_site(struct mtrace *mtrace, struct trc_scan *c)
{
	struct trc_text *text = &mtrace->user.text;
	uint32_t *site = &mtrace->user.now.site;
	const char *close = memmem(c->p, trc_scan_left(c), "] ", 2);
	const char *open = close;
	const char *symbol;
	uint64_t address;
	struct trc_scan number;

	if (!close)
		return trc_text_bad(text, "the caller has no [0xaddress]");
	while (open > c->p && *open != '[')
		open--;
	number = (struct trc_scan){ open + 1, close };
	if (*open != '[' || !trc_scan_0x(&number, &address) ||
	    number.p != number.end)
		return trc_text_bad(text, "the caller's address is no number");
	symbol = open;
	while (symbol > c->p && *symbol != '(')
		symbol--;
	c->p = close + 2;
	if (open > symbol + 2 && *symbol == '(' && open[-1] == ')' &&
	    symbol[1] != '+')
		return read_symbol(text, symbol + 1,
				   (size_t)(open - symbol - 2), site);
	return trc_text_site(text, open + 1, (size_t)(close - open - 1), site);
}

static int read_operation(struct mtrace *mtrace, char operation,
			  struct trc_scan *c)
{
	struct trc_user *user = &mtrace->user;
	uint64_t pointer;
	uint64_t size = 0;
	bool has_size = operation != '-' && operation != '<';

	if (!read_value(c, &pointer))
		return trc_text_bad(&user->text, "the pointer is not a number");
	if (has_size && !read_value(c, &size))
		return trc_text_bad(&user->text, "the size is not a number");
	if (!trc_scan_is_end(c))
		return trc_text_bad(&user->text,
				    "something follows the operation");
	switch (operation) {
	case '+':
		return trc_user_malloc(user, pointer, size);
	case '-':
		return trc_user_free(user, pointer);
	case '<':
		mtrace->has_old = true;
		mtrace->old_pointer = pointer;
		return 0;
	case '>':
		mtrace->has_old = false;
		return trc_user_realloc(user, mtrace->old_pointer, pointer,
					size);
	default:
		return trc_user_realloc(user, pointer, 0, size ? size : 1);
	}
}

/* "= Start": a second one belongs to another program. */
static int begin_program(struct mtrace *mtrace)
{
	if (mtrace->has_begun)
		return trc_text_bad(&mtrace->user.text,
				    "a second program begins here: import "
				    "each by itself");
	mtrace->has_begun = true;
	return 0;
}

static int read_line(struct trc_text *text)
{
	struct mtrace *mtrace = (struct mtrace *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	char operation;
	int err;

	if (trc_scan_is_end(&c) || TRC_SKIP(&c, "= End"))
		return 0;
	if (TRC_SKIP(&c, "= "))
		return begin_program(mtrace);
	if (!TRC_SKIP(&c, "@ "))
		return trc_text_bad(text, "it is neither = nor @ caller "
					  "operation");
	err = read_site(mtrace, &c);
	if (err < 0)
		return err;
	operation = c.p < c.end ? *c.p : ' ';
	if (!strchr("+-<>!", operation) || operation == 0)
		return trc_text_bad(text, "the operation is none of + - < > !");
	c.p++;
	if (mtrace->has_old != (operation == '>')) {
		mtrace->has_old = false;
		return trc_text_bad(text, operation == '>'
						  ? "no < came before this >"
						  : "a > should come here, "
						    "after its <");
	}
	return read_operation(mtrace, operation, &c);
}

static int import_mtrace(struct trc_job *job, struct kb_diag *diag)
{
	struct mtrace mtrace = { .has_old = false };
	int err;

	trc_user_init(&mtrace.user, job, diag);
	err = trc_text_run(&mtrace.user.text, read_line);
	if (err == 0 && mtrace.has_old && !job->lenient)
		return kb_fail_line(diag, KB_E_CORRUPT, job->name,
				    mtrace.user.text.line.number,
				    "the recording ends between a < and its >");
	return err;
}

static bool is_mtrace(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };

	return TRC_SKIP(&c, "= Start") ||
	       (TRC_SKIP(&c, "@ ") && memchr(c.p, '[', trc_scan_left(&c)) &&
		memmem(c.p, trc_scan_left(&c), "] ", 2));
}

static size_t detect_mtrace(const char *head, size_t size)
{
	return trc_scan_first(is_mtrace(head, size));
}

const struct trc_format trc_format_mtrace = {
	.name = "mtrace",
	.detect = detect_mtrace,
	.import = import_mtrace,
};
