/*
 * import_heaptrack: heaptrack's raw recording (heaptrack --raw), all numbers
 * hexadecimal:
 *
 *   v 10400 3                version of heaptrack, of the file
 *   t IP PARENT              one more backtrace, numbered from 1
 *   + SIZE TRACE POINTER     - POINTER           c MILLISECONDS
 *
 * The interpreted form, which heaptrack writes by default, has no addresses:
 * its frees do not say which object.
 */
#include "trc_scan.h"
#include "trc_user.h"

#include <stdlib.h>

/* Most backtraces in a recording: 64 MiB of numbers. */
#define TRACES_MAX (UINT32_C(1) << 24)

struct heaptrack {
	struct trc_user user;

	/* The call site of each backtrace, trace 1 at index 0. Owned. */
	uint32_t *sites;
	uint32_t site_count;
	uint32_t site_room;
};

/* Reads " HEX". */
static bool read_hex(struct trc_scan *c, uint64_t *value)
{
	return TRC_SKIP(c, " ") && trc_scan_hex(c, value) > 0;
}

static int no_memory(struct heaptrack *ht)
{
	return kb_fail(ht->user.text.diag, KB_E_NOMEM, "%s: out of memory",
		       ht->user.text.job->name);
}

/* Reads a number that no event needs, a word. False if there is no word; one that
 * is no number is skipped, and 0. */
static bool take_number(struct trc_text *text, struct trc_scan *c,
			uint64_t *number)
{
	struct trc_scan word = *c;

	if (read_hex(&word, number) && (word.p == word.end || *word.p == ' ')) {
		*c = word;
		return true;
	}
	*number = 0;
	if (!TRC_SKIP(c, " "))
		return false;
	while (c->p < c->end && *c->p != ' ')
		c->p++;
	trc_text_drop(text);
	return true;
}

/* "t IP PARENT": the innermost frame is the call site. */
static int read_trace(struct heaptrack *ht, struct trc_scan *c)
{
	struct trc_text *text = &ht->user.text;
	const char *start = c->p + 1;
	uint64_t address;
	uint64_t parent;
	uint32_t site;
	int err;

	if (!take_number(text, c, &address))
		trc_text_drop(text);
	site = TRC_NAME_NONE;
	err = address ? trc_text_site(text, start, (size_t)(c->p - start),
				      &site)
		      : 0;
	if (err < 0)
		return err;
	/* The parent tells nothing that a trace keeps. */
	if (!take_number(text, c, &parent))
		trc_text_drop(text);
	if (ht->site_count == ht->site_room) {
		uint32_t room = ht->site_room ? ht->site_room * 2 : 4096;
		uint32_t *grown;

		/* No test has 2^24 backtraces. */
		if (room > TRACES_MAX)
			return kb_fail_line(text->diag, KB_E_RANGE,
					    text->job->name, text->line.number,
					    "more than %u backtraces",
					    TRACES_MAX);
		grown = realloc(ht->sites, room * sizeof(*grown));
		if (!grown)
			return no_memory(ht);
		ht->sites = grown;
		ht->site_room = room;
	}
	ht->sites[ht->site_count++] = site;
	return 0;
}

static int read_alloc(struct heaptrack *ht, struct trc_scan *c)
{
	struct trc_text *text = &ht->user.text;
	uint64_t size;
	uint64_t trace;
	uint64_t pointer;

	if (!read_hex(c, &size) || !take_number(text, c, &trace) ||
	    !read_hex(c, &pointer) || !trc_scan_is_end(c))
		return trc_text_bad(text,
				    "it is not + SIZE TRACE POINTER; only "
				    "the raw form (heaptrack --raw) says "
				    "which object is which");
	ht->user.now.site = TRC_NAME_NONE;
	if (trace > ht->site_count)
		trc_text_drop(text);
	else if (trace > 0)
		ht->user.now.site = ht->sites[trace - 1];
	return trc_user_malloc(&ht->user, pointer, size);
}

static int read_free(struct heaptrack *ht, struct trc_scan *c)
{
	uint64_t pointer;

	if (!read_hex(c, &pointer) || !trc_scan_is_end(c))
		return trc_text_bad(&ht->user.text, "it is not - POINTER");
	ht->user.now.site = TRC_NAME_NONE;
	return trc_user_free(&ht->user, pointer);
}

static int read_clock(struct heaptrack *ht, struct trc_scan *c)
{
	uint64_t ms;

	if (!read_hex(c, &ms) || ms > UINT64_MAX / 1000000) {
		trc_text_drop(&ht->user.text);
		return 0;
	}
	if (ms * 1000000 < ht->user.now.time_ns)
		return trc_text_bad(&ht->user.text,
				    "time goes back: another recording begins "
				    "here; import each by itself");
	ht->user.now.time_ns = ms * 1000000;
	return 0;
}

static int read_line(struct trc_text *text)
{
	struct heaptrack *ht = (struct heaptrack *)text;
	struct trc_scan c = { text->line.text,
			      text->line.text + text->line.size };
	char kind;

	if (trc_scan_is_end(&c))
		return 0;
	kind = *c.p++;
	switch (kind) {
	case 't':
		return read_trace(ht, &c);
	case '+':
		return read_alloc(ht, &c);
	case '-':
		return read_free(ht, &c);
	case 'c':
		return read_clock(ht, &c);
	case 'a':
	case 'i':
		return kb_fail_line(text->diag, KB_E_FORMAT, text->job->name,
				    text->line.number,
				    "this is heaptrack's interpreted form, "
				    "whose frees do not say which object; "
				    "record with heaptrack --raw");
	case 'v': /* versions */
	case 'x': /* executable */
	case 'X': /* command line */
	case 'I': /* system */
	case 'R': /* resident size */
	case 'A': /* attached */
	case 'S': /* suppression */
	case 's': /* string */
	case 'm': /* module */
	case '#':
		return 0;
	default:
		return trc_text_bad(text, "no line of heaptrack's begins so");
	}
}

static int import_heaptrack(struct trc_job *job, struct kb_diag *diag)
{
	struct heaptrack ht = { .site_count = 0 };
	int err;

	trc_user_init(&ht.user, job, diag);
	ht.user.counts_time = false;
	job->clock = TRC_CLOCK_NS;
	err = trc_text_run(&ht.user.text, read_line);
	free(ht.sites);
	return err;
}

static bool is_heaptrack(const char *head, size_t size)
{
	struct trc_scan c = { head, head + size };
	uint64_t version;

	return TRC_SKIP(&c, "v ") && trc_scan_hex(&c, &version) > 0 &&
	       TRC_SKIP(&c, " ") && trc_scan_hex(&c, &version) > 0 &&
	       c.p < c.end && (*c.p == '\n' || *c.p == '\r');
}

static size_t detect_heaptrack(const char *head, size_t size)
{
	return trc_scan_first(is_heaptrack(head, size));
}

const struct trc_format trc_format_heaptrack = {
	.name = "heaptrack",
	.detect = detect_heaptrack,
	.import = import_heaptrack,
};
