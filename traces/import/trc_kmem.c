#include "trc_kmem.h"

#include "kb_bits.h"

/* Pages are objects separate from those of the slab allocators: bit 62 without
 * bit 63 is never a kernel address. */
#define PAGE_POINTER (UINT64_C(1) << 62)

/* Pages are assumed to have 4,096 bytes: the events do not say. */
#define PAGE_SHIFT 12

/* The largest plausible order; the kernel's is 10. */
#define ORDER_MAX 30

/* " (decimal)", which options/fields prints after a hexadecimal value. */
static void skip_decimal_note(struct trc_scan *c)
{
	struct trc_scan note = *c;

	if (!TRC_SKIP(&note, " ("))
		return;
	while (note.p < note.end &&
	       (trc_scan_is_digit(*note.p) || *note.p == '-'))
		note.p++;
	if (TRC_SKIP(&note, ")"))
		*c = note;
}

/* A size: decimal, or "0x1000 (4096)". */
static bool read_size(struct trc_scan *c, uint64_t *value)
{
	if (!TRC_SKIP(c, "0x"))
		return trc_scan_decimal(c, value);
	if (trc_scan_hex(c, value) == 0)
		return false;
	skip_decimal_note(c);
	return true;
}

/* The bytes of a call site: up to the space, including " [module]" if that
 * follows. With options/fields a decimal note is there instead. */
static bool read_site_text(struct trc_scan *c, const char **text, size_t *size)
{
	const char *space = memchr(c->p, ' ', trc_scan_left(c));
	const char *close;

	if (!space || space == c->p)
		return false;
	*text = c->p;
	c->p = space;
	if (trc_scan_left(c) > 2 && space[1] == '[') {
		close = memchr(space, ']', trc_scan_left(c));
		if (!close)
			return false;
		c->p = close + 1;
	}
	*size = (size_t)(c->p - *text);
	skip_decimal_note(c);
	return true;
}

/* Steps over what comes before `field` and cannot be read, and drops it.
 * A time in it means that another record was cut off there. False if the field
 * does not come. */
static bool skip_to(struct trc_text *text, struct trc_scan *c,
		    const char *field)
{
	const char *at = memmem(c->p, trc_scan_left(c), field, strlen(field));

	if (!at || memmem(c->p, (size_t)(at - c->p), ": ", 2))
		return false;
	if (at > c->p)
		trc_text_drop(text);
	c->p = at;
	return true;
}

/* Some recorders have no call sites; one that cannot be read is dropped. */
static int read_site(struct trc_text *text, struct trc_scan *c, uint32_t *site)
{
	const char *name;
	size_t size;

	*site = TRC_NAME_NONE;
	if (TRC_SKIP(c, "call_site=(nil)") || TRC_SKIP(c, "call_site=(null)"))
		return 0;
	if (kb_unlikely(!TRC_SKIP(c, "call_site=") ||
			!read_site_text(c, &name, &size)))
		return 0;
	return trc_text_site(text, name, size, site);
}

/* What the kernel prints instead of a pointer, in parentheses. */
static int read_special_pointer(struct trc_text *text, struct trc_scan *c,
				uint64_t *pointer)
{
	const char *close = memchr(c->p, ')', trc_scan_left(c));
	size_t size = close ? (size_t)(close + 1 - c->p) : 0;

	*pointer = 0;
	if (TRC_SKIP(c, "(null)") || TRC_SKIP(c, "(nil)"))
		return 0;
	if (size > 0 && memmem(c->p, size, "ptrval", 6))
		return kb_fail_line(text->diag, KB_E_FORMAT, text->job->name,
				    text->line.number,
				    "the pointer is hidden as %.*s, so no "
				    "object can be told from another; record "
				    "again with no_hash_pointers on the "
				    "kernel's command line",
				    (int)kb_min(size, 32), c->p);
	return trc_text_bad(text, "the pointer is not a number");
}

/*
 * Whether a pointer of this many digits, which ends at `c`, is complete. The
 * kernel prints pointers in full width, either 8 or 16 digits throughout a
 * recording; other programs print "0x" and may omit leading zeros, and NULL may
 * be a bare 0. A pointer shorter than others was cut off if it must have their
 * width, or if it ends a line without a newline.
 */
static bool is_whole_pointer(struct trc_text *text, const struct trc_scan *c,
			     unsigned digits, bool has_0x)
{
	bool is_last = c->p == c->end && !text->line.is_terminated;
	unsigned most = text->pointer_digits[has_0x];

	if (!has_0x && digits <= 2)
		return !is_last;
	if (!has_0x && digits != 8 && digits != 16)
		return false;
	if (digits > most)
		text->pointer_digits[has_0x] = digits;
	if (has_0x)
		return digits >= most || !is_last;
	return digits == most || most == 0;
}

/* Reads the pointer after "ptr=". */
static int read_pointer_value(struct trc_text *text, struct trc_scan *c,
			      uint64_t *pointer)
{
	bool has_0x;
	unsigned digits;

	trc_scan_spaces(c);
	if (c->p < c->end && *c->p == '(')
		return read_special_pointer(text, c, pointer);
	has_0x = TRC_SKIP(c, "0x");
	digits = trc_scan_hex(c, pointer);
	if (digits == 0 || (c->p < c->end && *c->p != ' '))
		return trc_text_bad(text, "the pointer is not a number");
	if (!is_whole_pointer(text, c, digits, has_0x))
		return trc_text_bad(text, "the pointer is cut off");
	skip_decimal_note(c);
	return 0;
}

static int read_pointer(struct trc_text *text, struct trc_scan *c,
			uint64_t *pointer)
{
	TRC_SKIP(c, " ");
	if (kb_unlikely(!TRC_SKIP(c, "ptr=")) &&
	    (!skip_to(text, c, "ptr=") || !TRC_SKIP(c, "ptr=")))
		return trc_text_bad(text, "ptr= is missing");
	return read_pointer_value(text, c, pointer);
}

/* " name=CACHE", which newer kernels put after the pointer. A cache may be called
 * anything, " bytes_req=" included: the field is the last of that name. */
static void skip_cache_name(struct trc_scan *c)
{
	const char *stop = NULL;
	const char *p;

	if (!TRC_SKIP(c, " name="))
		return;
	p = c->p;
	while ((p = memmem(p, (size_t)(c->end - p), " bytes_req=", 11)))
		stop = p++;
	c->p = stop ? stop : c->end;
}

/* Whether a character may be part of a flag's name or number. */
static bool is_flag_character(char c)
{
	return trc_scan_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '|' || c == '-' ||
	       c == '~' || c == '(' || c == ')';
}

/* Steps over a word. The colon of another record's name ends it too. */
static struct trc_scan take_word(struct trc_scan *c)
{
	struct trc_scan word = { c->p, c->p };

	while (c->p < c->end && *c->p != ' ' && *c->p != ':')
		c->p++;
	word.end = c->p;
	return word;
}

/* Whether a word is flags or numbers. */
static bool is_flags(struct trc_scan word)
{
	while (word.p < word.end && is_flag_character(*word.p))
		word.p++;
	return word.p == word.end;
}

/* Whether a word is "name=value" and may follow a record's essential fields; not
 * if it is one of these itself. */
static bool may_follow(struct trc_scan word)
{
	return memchr(word.p, '=', trc_scan_left(&word)) &&
	       !TRC_SKIP(&word, "call_site=") && !TRC_SKIP(&word, "ptr=") &&
	       !TRC_SKIP(&word, "page=") && !TRC_SKIP(&word, "pfn=") &&
	       !TRC_SKIP(&word, "bytes_req=") && !TRC_SKIP(&word, "order=");
}

int trc_kmem_rest(struct trc_text *text, struct trc_scan *c)
{
	for (;;) {
		struct trc_scan word;
		const char *value;

		skip_decimal_note(c);
		if (trc_scan_is_end(c))
			return 0;
		word = take_word(c);
		if (!may_follow(word) || (c->p < c->end && *c->p != ' '))
			return trc_text_bad(text, "something follows the "
						  "record: a second one on "
						  "the line, or damage");
		value = memchr(word.p, '=', trc_scan_left(&word));
		if (is_flags((struct trc_scan){ word.p, value }) &&
		    is_flags((struct trc_scan){ value + 1, word.end }))
			continue;
		if (c->p == c->end && !text->line.is_terminated)
			return trc_text_bad(text,
					    "the recording is cut off here");
		trc_text_drop(text);
	}
}

static int give(struct trc_text *text, const struct trc_record *record,
		enum trc_repeat_kind kind)
{
	trc_text_used(text);
	return trc_queue_add(&text->job->queue, record, kind, text->diag);
}

/* Reads " bytes_alloc=N"; what was granted is what was requested where nobody
 * says. */
static int read_granted(struct trc_text *text, struct trc_scan *c,
			struct trc_record *record)
{
	uint64_t size;

	record->size_granted = record->size;
	if (kb_unlikely(!TRC_SKIP(c, " bytes_alloc="))) {
		if (c->p < c->end || text->line.is_terminated)
			return 0;
	} else if (kb_likely(read_size(c, &size) &&
			     (c->p < c->end ? *c->p == ' '
					    : text->line.is_terminated))) {
		record->size_granted = size;
		return 0;
	} else if (take_word(c).end < c->end || text->line.is_terminated) {
		trc_text_drop(text);
		return 0;
	}
	return trc_text_bad(text, "the recording is cut off here");
}

static int read_alloc(struct trc_text *text, struct trc_scan *c,
		      struct trc_record *record, enum trc_repeat_kind kind)
{
	int err = read_site(text, c, &record->site);

	if (err == 0)
		err = read_pointer(text, c, &record->pointer);
	if (err < 0)
		return err;
	skip_cache_name(c);
	if (!TRC_SKIP(c, " bytes_req=") || !read_size(c, &record->size) ||
	    (c->p < c->end && *c->p != ' '))
		return trc_text_bad(text,
				    "bytes_req= is missing or not a number");
	err = read_granted(text, c, record);
	if (err == 0)
		err = trc_kmem_rest(text, c);
	return err < 0 ? err : give(text, record, kind);
}

static int read_free(struct trc_text *text, struct trc_scan *c,
		     struct trc_record *record, enum trc_repeat_kind kind)
{
	int err;

	record->size = 0;
	record->size_granted = 0;
	err = read_site(text, c, &record->site);
	if (err == 0)
		err = read_pointer(text, c, &record->pointer);
	/* The line ends with a cache's name, which may be anything. */
	if (err == 0 && !TRC_SKIP(c, " name="))
		err = trc_kmem_rest(text, c);
	if (err == 0)
		err = give(text, record, kind);
	return err;
}

/* Skips a page's pointer; true if it is NULL, in any spelling. */
static bool skip_page_pointer(struct trc_scan *c)
{
	uint64_t pointer = 1;

	trc_scan_spaces(c);
	if (TRC_SKIP(c, "(nil)") || TRC_SKIP(c, "(null)"))
		return true;
	TRC_SKIP(c, "0x");
	trc_scan_hex(c, &pointer);
	return pointer == 0;
}

bool trc_kmem_page(struct trc_record *record, uint64_t page, uint64_t pfn,
		   uint64_t order)
{
	/* The kernel stores -1 if there is no page; older ones print 0. */
	bool is_null = page == 0 && (pfn == 0 || pfn == UINT64_MAX);

	if ((pfn >= PAGE_POINTER && !is_null) || order > ORDER_MAX)
		return false;
	record->pointer = is_null ? 0 : PAGE_POINTER | pfn;
	record->size = UINT64_C(1) << (order + PAGE_SHIFT);
	record->size_granted = record->size;
	return true;
}

/*
 * Reads "page=P pfn=N order=D". The pfn names the page: it is never hashed, and
 * programs that format the event themselves show no pointer. A failed
 * allocation has neither.
 */
static int read_page(struct trc_text *text, struct trc_scan *c,
		     struct trc_record *record)
{
	uint64_t pfn;
	uint64_t order;
	bool is_null;

	is_null = TRC_SKIP(c, "page=") && skip_page_pointer(c);
	skip_decimal_note(c);
	TRC_SKIP(c, " ");
	if (!TRC_SKIP(c, "pfn=") &&
	    (!skip_to(text, c, "pfn=") || !TRC_SKIP(c, "pfn=")))
		return trc_text_bad(text, "pfn= is missing");
	if (!read_size(c, &pfn))
		return trc_text_bad(text, "the pfn is not a number");

	if (!TRC_SKIP(c, " order=") || !read_size(c, &order))
		return trc_text_bad(text, "order= is missing or absurd");
	if (c->p == c->end && !text->line.is_terminated)
		return trc_text_bad(text, "the recording is cut off here");
	if (c->p < c->end && *c->p != ' ')
		return trc_text_bad(text, "order= is not a number");
	if (trc_kmem_rest(text, c) < 0)
		return KB_E_FORMAT;
	record->site = TRC_NAME_NONE;
	if (!trc_kmem_page(record, !is_null, pfn, order))
		return trc_text_bad(text,
				    "the pfn is not a number, or order= is "
				    "absurd");
	return 0;
}

static int read_page_alloc(struct trc_text *text, struct trc_scan *c,
			   struct trc_record *record)
{
	int err = read_page(text, c, record);

	if (err == 0)
		err = give(text, record, TRC_REPEAT_OTHER_ALLOC);
	return err;
}

static int read_page_free(struct trc_text *text, struct trc_scan *c,
			  struct trc_record *record)
{
	int err = read_page(text, c, record);

	record->size = 0;
	record->size_granted = 0;
	if (err == 0)
		err = give(text, record, TRC_REPEAT_OTHER_FREE);
	return err;
}

/* Skips the padding after a name, and "(call site) ", which trace-cmd puts
 * before the fields. */
static void skip_gap(struct trc_scan *c)
{
	const char *close;

	trc_scan_spaces(c);
	if (c->p == c->end || *c->p != '(')
		return;
	close = memmem(c->p, trc_scan_left(c), ") call_site=", 12);
	if (close)
		c->p = close + 2;
}

/* Whether an event's text is what a program has to say. */
static bool is_message(struct trc_scan name)
{
	static const char *const names[] = {
		"print", "bprint", "bputs", "raw_data", "tracing_mark_write",
	};

	TRC_SKIP(&name, "ftrace:");
	for (size_t i = 0; i < KB_ARRAY_LEN(names); i++)
		if (trc_scan_is(name, names[i]))
			return true;
	return false;
}

/* Whether a word may be the name of an event that is none of ours, with its group's
 * and a colon before it or without. */
static bool is_other_name(struct trc_scan word)
{
	const char *colon = memrchr(word.p, ':', trc_scan_left(&word));
	struct trc_scan own = { colon ? colon + 1 : word.p, word.end };

	if (trc_scan_is(own, "kmalloc") || trc_scan_is(own, "kfree") ||
	    (own.p < own.end && trc_scan_is_digit(*own.p)))
		return false;
	while (word.p < word.end && (trc_scan_is_digit(*word.p) ||
				     (*word.p >= 'a' && *word.p <= 'z') ||
				     (*word.p >= 'A' && *word.p <= 'Z') ||
				     *word.p == '_' || *word.p == ':'))
		word.p++;
	return word.p == word.end;
}

int trc_kmem_other(struct trc_text *text, const struct trc_scan *c)
{
	const char *colon = memmem(c->p, trc_scan_left(c), ": ", 2);
	struct trc_scan name = { c->p, colon ? colon : c->p };
	struct trc_scan fields = { colon ? colon + 2 : c->p, c->end };
	struct trc_scan first = fields;

	if (!text->line.is_terminated && !memchr(c->p, ':', trc_scan_left(c)))
		return trc_text_bad(text, "the recording is cut off here");
	skip_gap(&first);
	if (!is_other_name(name) && TRC_SKIP(&first, "call_site="))
		return trc_text_bad(text, "the event's name cannot be read");
	if (!is_message(name) && trc_text_alone(text, fields) < 0)
		return KB_E_FORMAT;
	trc_text_used(text);
	text->job->rules.counts.other_events++;
	text->is_after_other = true;
	text->dropped = 0;
	return 0;
}

/* The events of caches and pages, which are read only on request. */
static int read_optional(struct trc_text *text, struct trc_scan *c,
			 struct trc_record *record)
{
	const struct trc_job *job = text->job;

	if (job->takes_caches && (TRC_SKIP(c, "kmem_cache_alloc:") ||
				  TRC_SKIP(c, "kmem_cache_alloc_node:"))) {
		skip_gap(c);
		return read_alloc(text, c, record, TRC_REPEAT_OTHER_ALLOC);
	}
	if (job->takes_caches && TRC_SKIP(c, "kmem_cache_free:")) {
		skip_gap(c);
		return read_free(text, c, record, TRC_REPEAT_OTHER_FREE);
	}
	if (job->takes_pages && TRC_SKIP(c, "mm_page_alloc:")) {
		skip_gap(c);
		return read_page_alloc(text, c, record);
	}
	if (job->takes_pages && (TRC_SKIP(c, "mm_page_free:") ||
				 TRC_SKIP(c, "mm_page_free_direct:") ||
				 TRC_SKIP(c, "mm_pagevec_free:"))) {
		skip_gap(c);
		return read_page_free(text, c, record);
	}
	return trc_kmem_other(text, c);
}

int trc_kmem_event(struct trc_text *text, struct trc_scan *c,
		   struct trc_record *record)
{
	trc_scan_spaces(c);
	text->is_after_other = false;
	if (TRC_SKIP(c, "kmalloc:") || TRC_SKIP(c, "kmalloc_node:")) {
		skip_gap(c);
		return read_alloc(text, c, record, TRC_REPEAT_KMALLOC);
	}
	if (TRC_SKIP(c, "kfree:")) {
		skip_gap(c);
		return read_free(text, c, record, TRC_REPEAT_KFREE);
	}
	return read_optional(text, c, record);
}

bool trc_kmem_is_next(struct trc_scan c)
{
	static const char *const names[] = {
		"kmalloc:",	    "kmalloc_node:",
		"kfree:",	    "kmem_cache_alloc:",
		"kmem_cache_free:", "kmem_cache_alloc_node:",
		"mm_page_alloc:",   "mm_page_free:",
		"mm_pagevec_free:", "mm_page_free_direct:",
	};
	const char *start;
	size_t i = 0;

	while (i < KB_ARRAY_LEN(names) &&
	       !trc_scan_text(&c, names[i], strlen(names[i])))
		i++;
	if (i == KB_ARRAY_LEN(names))
		return false;
	start = c.p;
	skip_gap(&c);
	return !memmem(start, (size_t)(c.p - start), ": ", 2) &&
	       (TRC_SKIP(&c, "call_site=") || TRC_SKIP(&c, "page="));
}

const char *trc_kmem_find(const struct trc_scan *line)
{
	struct trc_scan c = *line;

	for (;;) {
		c.p = memmem(c.p, trc_scan_left(&c), ": ", 2);
		if (!c.p)
			return NULL;
		c.p += 2;
		if (trc_kmem_is_next(c))
			return c.p;
	}
}

enum trc_context trc_kmem_context(const char *flags, size_t size)
{
	/* The kernels of PREEMPT_RT have a column more before it. */
	size_t at = size == 7 ? 3 : 2;

	if (size <= at)
		return TRC_CONTEXT_NONE;
	switch (flags[at]) {
	case '.':
		return TRC_CONTEXT_TASK;
	case 's':
		return TRC_CONTEXT_SOFTIRQ;
	case 'h':
	case 'H':
		return TRC_CONTEXT_HARDIRQ;
	case 'z':
	case 'Z':
		return TRC_CONTEXT_NMI;
	default:
		return TRC_CONTEXT_NONE;
	}
}

bool trc_kmem_is_in(struct trc_scan piece)
{
	size_t size = trc_scan_left(&piece);

	if (!memmem(piece.p, size, "call_site=", 10) &&
	    !memmem(piece.p, size, "page=", 5))
		return false;
	return memmem(piece.p, size, ": call_site=", 12) ||
	       trc_kmem_is_next(piece) || trc_kmem_find(&piece);
}

bool trc_kmem_holds(const struct trc_text *text, struct trc_scan piece)
{
	(void)text;
	return trc_kmem_is_in(piece);
}
