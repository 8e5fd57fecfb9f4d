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

/* Reads "[file:](symbol+0xoff)[0xaddress]": the symbol if there is one. The file
 * may be called anything, so it is read from its end. */
static int read_site(struct mtrace *mtrace, struct trc_scan c)
{
	struct trc_text *text = &mtrace->user.text;
	uint32_t *site = &mtrace->user.now.site;
	const char *open = memrchr(c.p, '[', trc_scan_left(&c));
	const char *symbol;

	*site = TRC_NAME_NONE;
	if (!open || c.end[-1] != ']') {
		trc_text_drop(text);
		return 0;
	}
	symbol = open > c.p && open[-1] == ')'
			 ? memmem(c.p, (size_t)(open - c.p), ":(", 2)
			 : NULL;
	/* The last such: a file's name may have one. */
	for (const char *p = symbol; p; symbol = p ? p : symbol)
		p = memmem(p + 1, (size_t)(open - p - 1), ":(", 2);
	if (symbol && symbol[2] != '+')
		return read_symbol(text, symbol + 2,
				   (size_t)(open - symbol - 3), site);
	return trc_text_site(text, open + 1, (size_t)(c.end - open - 2), site);
}

/* The last word before `c->end`, which moves before the space in front of it. */
static struct trc_scan take_last_word(struct trc_scan *c)
{
	struct trc_scan word = { c->end, c->end };

	while (word.p > c->p && word.p[-1] != ' ')
		word.p--;
	c->end = word.p > c->p ? word.p - 1 : word.p;
	return word;
}

static bool is_one_of(struct trc_scan word, const char *operations)
{
	return trc_scan_left(&word) == 1 && *word.p != 0 &&
	       strchr(operations, *word.p);
}

/* Takes " operation pointer [size]" off a line's end; 0 if it is not there. */
static char take_operation(struct trc_scan *c, struct trc_scan *values)
{
	struct trc_scan before = *c;
	struct trc_scan words[3];

	while (before.end > before.p && before.end[-1] == ' ')
		before.end--;
	values->end = before.end;
	for (size_t i = 0; i < KB_ARRAY_LEN(words); i++) {
		words[i] = take_last_word(&before);
		if ((i == 1 && is_one_of(words[i], "-<")) ||
		    (i == 2 && is_one_of(words[i], "+>!"))) {
			values->p = words[i].end;
			c->end = before.end;
			return *words[i].p;
		}
	}
	return 0;
}

/* Whether what should be a caller holds an operation or another caller: two
 * lines that have run together. */
static bool is_glued(struct trc_scan caller)
{
	static const char *const signs[] = { "] + 0x", "] - 0x", "] < 0x",
					     "] > 0x", "] ! 0x", "@ " };

	for (size_t i = 0; i < KB_ARRAY_LEN(signs); i++)
		if (memmem(caller.p, trc_scan_left(&caller), signs[i],
			   strlen(signs[i])))
			return true;
	return false;
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

/* "Start" or "End" after "= ": a second start belongs to another program. */
static int read_mark(struct mtrace *mtrace, struct trc_scan *c)
{
	bool is_end = TRC_SKIP(c, "End");

	if ((!is_end && !TRC_SKIP(c, "Start")) || !trc_scan_is_end(c))
		return trc_text_bad(&mtrace->user.text,
				    "it is neither = Start nor = End");
	if (is_end)
		return 0;
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
	struct trc_scan values;
	char operation;
	int err;

	if (trc_scan_is_end(&c))
		return 0;
	if (TRC_SKIP(&c, "= "))
		return read_mark(mtrace, &c);
	if (!TRC_SKIP(&c, "@ "))
		return trc_text_bad(text, "it is neither = nor @ caller "
					  "operation");
	operation = take_operation(&c, &values);
	if (operation == 0)
		return trc_text_bad(text, "the operation is none of + - < > !, "
					  "or its numbers are missing");
	if (is_glued(c))
		return trc_text_bad(text, "two lines have run together");
	err = read_site(mtrace, c);
	if (err < 0)
		return err;
	if (mtrace->has_old != (operation == '>')) {
		mtrace->has_old = false;
		return trc_text_bad(text, operation == '>'
						  ? "no < came before this >"
						  : "a > should come here, "
						    "after its <");
	}
	return read_operation(mtrace, operation, &values);
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
