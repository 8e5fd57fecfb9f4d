#include "import_ftrace_fast.h"

#include "kb_bits.h"
#include "trc_kmem.h"
#include "trc_swar.h"

#include <stdlib.h>
#include <string.h>

/* The most bytes that each part of a line may have; all together with what
 * is between them, and a word more, they have less than LINE_ROOM. */
#define PREFIX_MAX 64
#define SITE_MAX   116
#define TAIL_MAX   152
#define LINE_ROOM  512

/* Entries of each memory, powers of two. Two names that share a place push each
 * other out, which costs time only. Sites begin with few: a fuzzer imports thousands of
 * short recordings per second. */
#define PREFIXES    256
#define SITES_FIRST 256
#define SITES	    4096
#define TAILS	    256

#define NS_PER_S    UINT64_C(1000000000)
#define NS_PER_US   1000

/* "comm-pid [cpu] ", with the kernel's padding. */
struct known_prefix {
	uint32_t size;
	uint32_t task;
	uint16_t cpu;
	char text[PREFIX_MAX];
};

/* A call site's spelling, and the tail of the alloc that it made last. */
struct known_site {
	uint32_t size;
	uint32_t number;
	uint32_t tail;
	char text[SITE_MAX];
};

/* " gfp_flags=…" up to the newline, which it includes: all that can be read. */
struct known_tail {
	uint32_t size;
	char text[TAIL_MAX];
};

struct ftrace_fast {
	/* The prefix of the line before. */
	uint32_t prefix;

	/* What stood between the flags and the point of the time last, as a
	 * word's upper bytes, how many these are, and the seconds that it
	 * means. */
	unsigned gap;
	uint64_t gap_text;
	uint64_t seconds_ns;

	/* The upper eight digits of the last pointer, and what they mean. */
	uint64_t high_text;
	uint64_t high;

	struct known_prefix prefixes[PREFIXES];
	struct known_tail tails[TAILS];

	/* Owned; how many places there are, and how often one was learned. */
	struct known_site *sites;
	uint32_t site_room;
	uint32_t sites_learned;
};

/* One line as it is read: where the next byte is, and what has been found. */
struct reading {
	struct ftrace_fast *fast;
	struct trc_text *text;
	const char *p;
	enum trc_repeat_kind kind;
	struct trc_record record;

	/* 0 or KB_E_NOMEM. */
	int err;
};

struct ftrace_fast *ftrace_fast_new(void)
{
	struct ftrace_fast *fast = calloc(1, sizeof(*fast));

	if (!fast)
		return NULL;
	/* A gap that no line has. */
	fast->gap = 1;
	fast->gap_text = UINT64_MAX;
	fast->site_room = SITES_FIRST;
	fast->sites = calloc(SITES_FIRST, sizeof(*fast->sites));
	if (!fast->sites) {
		free(fast);
		return NULL;
	}
	return fast;
}

void ftrace_fast_free(struct ftrace_fast *fast)
{
	if (fast)
		free(fast->sites);
	free(fast);
}

/* A place for a text of `size` >= 8 bytes, by its first and last bytes. The
 * factors are 2^64 over the golden ratio and MurmurHash3's first (Appleby). */
static uint32_t place(const char *text, size_t size)
{
	uint64_t h = trc_swar_load(text) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 29 ^ trc_swar_load(text + size - 8)) + size;
	return (uint32_t)(h * UINT64_C(0xff51afd7ed558ccd) >> 40);
}

/* A place for the prefix of a line: what tells it from others is in bytes 8 to
 * 30, the cpu last. */
static uint32_t prefix_place(const char *line)
{
	return (place(line + 8, 16) ^ place(line + 15, 16)) % PREFIXES;
}

void ftrace_fast_learn(struct ftrace_fast *fast, const char *line, size_t size,
		       uint32_t task, uint16_t cpu)
{
	struct known_prefix *known;

	/* The kernel pads a comm: it never begins in the first column, where
	 * other lines do. */
	if (size < 8 || size > PREFIX_MAX || *line != ' ')
		return;
	known = &fast->prefixes[prefix_place(line)];
	known->size = (uint32_t)size;
	known->task = task;
	known->cpu = cpu;
	memcpy(known->text, line, size);
}

/* "comm-pid [cpu] " */
static kb_always_inline bool take_prefix(struct reading *r)
{
	struct ftrace_fast *fast = r->fast;
	const struct known_prefix *known = &fast->prefixes[fast->prefix];

	if (kb_unlikely(known->size == 0 ||
			!trc_swar_equal(known->text, r->p, known->size))) {
		fast->prefix = prefix_place(r->p);
		known = &fast->prefixes[fast->prefix];
		if (known->size == 0 ||
		    !trc_swar_equal(known->text, r->p, known->size))
			return false;
	}
	r->record.task = known->task;
	r->record.cpu = known->cpu;
	r->p += known->size;
	return true;
}

/* Finds how far from the flags the time's point is, and remembers the seconds. */
static kb_noinline bool find_gap(struct ftrace_fast *fast, const char *gap)
{
	struct trc_scan c = { gap, gap + 9 };
	uint64_t seconds;

	trc_scan_spaces(&c);
	if (c.p == gap || !trc_scan_decimal(&c, &seconds) || c.p == c.end ||
	    *c.p != '.')
		return false;
	fast->gap = (unsigned)(c.p - gap);
	fast->gap_text = trc_swar_load(c.p - 8) >> (64 - 8 * fast->gap);
	fast->seconds_ns = seconds * NS_PER_S;
	return true;
}

/* The context, from a line's 4 to 7 flags. False if they do not tell it. */
static kb_always_inline bool take_context(struct reading *r, unsigned flags)
{
	r->record.context = TRC_CONTEXT_TASK;
	if (kb_likely(flags != 7 && r->p[2] == '.'))
		return true;
	r->record.context = trc_kmem_context(r->p, flags);
	return r->record.context != TRC_CONTEXT_NONE;
}

/* "d..1.     2.779778: " */
static kb_always_inline bool take_time(struct reading *r)
{
	struct ftrace_fast *fast = r->fast;
	uint64_t word = trc_swar_load(r->p);
	unsigned flags = trc_swar_before(word, ' ');
	const char *gap = r->p + flags;
	const char *point = gap + fast->gap;
	uint64_t us;

	/* A time would begin with a digit; a newline would end the line. */
	if (kb_unlikely(flags < 4 || flags > 7 || trc_scan_is_digit(*r->p) ||
			trc_swar_before(word, '\n') < flags ||
			!take_context(r, flags)))
		return false;
	if (kb_unlikely(*point != '.' ||
			trc_swar_load(point - 8) >> (64 - 8 * fast->gap) !=
				fast->gap_text)) {
		if (!find_gap(fast, gap))
			return false;
		point = gap + fast->gap;
	}
	if (kb_unlikely(!trc_swar_micros(trc_swar_load(point + 1), &us)))
		return false;
	r->record.time_ns = fast->seconds_ns + us * NS_PER_US;
	r->p = point + 9;
	return true;
}

/* "kmalloc: call_site=" or "kfree: call_site=" */
static kb_always_inline bool take_name(struct reading *r)
{
	const char *p = r->p;
	uint64_t name = trc_swar_load(p);

	if (name == TRC_SWAR_TEXT("kmalloc:")) {
		r->kind = TRC_REPEAT_KMALLOC;
		r->p = p + 19;
		return trc_swar_load(p + 8) == TRC_SWAR_TEXT(" call_si") &&
		       trc_swar_load(p + 11) == TRC_SWAR_TEXT("ll_site=");
	}
	r->kind = TRC_REPEAT_KFREE;
	r->p = p + 17;
	return name == TRC_SWAR_TEXT("kfree: c") &&
	       trc_swar_load(p + 9) == TRC_SWAR_TEXT("ll_site=") && p[8] == 'a';
}

/* Bytes of a call site, the module's name included; 0 if it is none that is read
 * here. */
static kb_always_inline size_t site_size(const char *p)
{
	size_t size = 0;
	unsigned step;

	do {
		step = trc_swar_before(trc_swar_load(p + size), ' ');
		size += step;
	} while (step == 8 && size < SITE_MAX - 8);
	if (kb_likely(p[size + 1] != '['))
		return size;
	while (size < SITE_MAX && p[size] != ']' && p[size] != '\n')
		size++;
	return p[size] == ']' ? size + 1 : 0;
}

/* Gives the sites all the room there is, once they fill what they have. */
static bool make_room_for_sites(struct ftrace_fast *fast)
{
	struct known_site *sites;

	if (++fast->sites_learned != SITES_FIRST / 2)
		return true;
	sites = calloc(SITES, sizeof(*sites));
	if (!sites)
		return false;
	free(fast->sites);
	fast->sites = sites;
	fast->site_room = SITES;
	return true;
}

/* Learns a call site; one that the names refuse is not for us. Sets `*site` to its
 * place. */
static kb_noinline bool learn_site(struct reading *r, uint32_t *site,
				   size_t size)
{
	struct known_site *known;

	if (!make_room_for_sites(r->fast)) {
		r->err = KB_E_NOMEM;
		return false;
	}
	*site = place(r->p, size) & (r->fast->site_room - 1);
	known = &r->fast->sites[*site];
	/* A newline would make the line another one. */
	if (memchr(r->p, '\n', size) || *r->p == '(' ||
	    trc_names_site(&r->text->job->names, r->p, size, &known->number) !=
		    0) {
		known->size = 0;
		return false;
	}
	known->size = (uint32_t)size;
	memcpy(known->text, r->p, size);
	return true;
}

/* "f+0x1/0x2" or "f+0x1/0x2 [module]" */
static kb_always_inline bool take_site(struct reading *r, uint32_t *site)
{
	size_t size = site_size(r->p);
	struct known_site *known;

	if (kb_unlikely(size < 8 || size > SITE_MAX))
		return false;
	*site = place(r->p, size) & (r->fast->site_room - 1);
	known = &r->fast->sites[*site];
	if (kb_unlikely(known->size != size ||
			!trc_swar_equal(known->text, r->p, size))) {
		if (!learn_site(r, site, size))
			return false;
		known = &r->fast->sites[*site];
	}
	r->record.site = known->number;
	r->p += size;
	return true;
}

/* " ptr=ffff8e9aa6507c80" */
static kb_always_inline bool take_pointer(struct reading *r)
{
	struct ftrace_fast *fast = r->fast;
	const char *p = r->p;
	const uint64_t high = trc_swar_load(p + 5);
	uint64_t low;

	if (kb_unlikely(high != fast->high_text)) {
		if (!trc_swar_hex8(high, &low))
			return false;
		fast->high_text = high;
		fast->high = low << 32;
	}
	if (!trc_swar_hex8(trc_swar_load(p + 13), &low))
		return false;
	r->record.pointer = fast->high | low;
	r->p = p + 21;
	return trc_swar_load4(p) == trc_swar_load4(" ptr") && p[4] == '=';
}

/* " bytes_req=64 bytes_alloc=64" */
static kb_always_inline bool take_sizes(struct reading *r)
{
	const char *p = r->p;
	unsigned digits =
		trc_swar_decimal(trc_swar_load(p + 11), &r->record.size);

	if (kb_unlikely(trc_swar_load(p) != TRC_SWAR_TEXT(" bytes_r") ||
			trc_swar_load(p + 3) != TRC_SWAR_TEXT("tes_req=") ||
			digits == 0))
		return false;
	p += 11 + digits;
	digits = trc_swar_decimal(trc_swar_load(p + 13),
				  &r->record.size_granted);
	r->p = p + 13 + digits;
	return trc_swar_load(p) == TRC_SWAR_TEXT(" bytes_a") &&
	       trc_swar_load(p + 5) == TRC_SWAR_TEXT("s_alloc=") && digits > 0;
}

/* Finds a tail among the known ones, or learns it if nothing in it stops an
 * event. */
static kb_noinline bool find_tail(struct reading *r, struct known_site *site)
{
	const char *newline = memchr(r->p, '\n', TAIL_MAX);
	size_t size = newline ? (size_t)(newline + 1 - r->p) : 0;
	struct trc_scan c = { r->p, newline };
	struct trc_scan name = c;
	struct known_tail *known;
	uint64_t h = size;

	if (size < 8)
		return false;
	for (size_t i = 0; i + 8 <= size; i += 8)
		h = (h ^ trc_swar_load(r->p + i)) *
		    UINT64_C(0xff51afd7ed558ccd);
	site->tail = (uint32_t)(h >> 40) % TAILS;
	known = &r->fast->tails[site->tail];
	if (known->size == size && trc_swar_equal(known->text, r->p, size))
		return true;
	known->size = 0;
	r->text->dropped = 0;
	if (newline[-1] == '\r' || !TRC_SKIP(&name, " gfp_flags=") ||
	    trc_kmem_rest(r->text, &c) < 0 || r->text->dropped > 0)
		return false;
	known->size = (uint32_t)size;
	memcpy(known->text, r->p, size);
	return true;
}

/* " gfp_flags=GFP_KERNEL node=-1 accounted=false" and the newline. */
static kb_always_inline bool take_tail(struct reading *r, uint32_t site)
{
	struct known_site *from = &r->fast->sites[site];
	const struct known_tail *known = &r->fast->tails[from->tail];

	if (kb_unlikely(known->size == 0 ||
			!trc_swar_equal(known->text, r->p, known->size))) {
		if (!find_tail(r, from))
			return false;
		known = &r->fast->tails[from->tail];
	}
	r->p += known->size;
	return true;
}

/* Reads a line from r->p on, past its newline. */
static kb_always_inline bool read_line(struct reading *r)
{
	uint32_t site;

	if (!take_prefix(r) || !take_time(r) || !take_name(r) ||
	    !take_site(r, &site) || !take_pointer(r))
		return false;
	if (r->kind == TRC_REPEAT_KMALLOC)
		return take_sizes(r) && take_tail(r, site);
	r->record.size = 0;
	r->record.size_granted = 0;
	return *r->p++ == '\n';
}

/* Whether time goes on as it may; then it has been noted. */
static kb_always_inline bool is_in_order(struct reading *r)
{
	struct trc_order *order = &r->text->order;
	uint64_t back = 0;

	return kb_likely(trc_order_goes_on(order, r->record.cpu,
					   r->record.time_ns)) ||
	       (trc_order_take(order, TRC_ORDER_BY_CPU, r->record.cpu,
			       r->record.time_ns, &back) == 0 &&
		back == 0);
}

int ftrace_fast_run(struct ftrace_fast *fast, struct trc_text *text,
		    struct trc_lines *lines)
{
	struct reading r = { .fast = fast, .text = text };
	struct trc_job *job = text->job;
	int err = 0;

	/* A pointer of 16 digits after shorter ones is an error. */
	if (lines->is_inside_long || !text->has_clock || job->boot != 0 ||
	    job->clock != TRC_CLOCK_NS ||
	    (text->pointer_digits[0] != 0 && text->pointer_digits[0] != 16))
		return 0;
	while (err == 0 && lines->end - lines->next > LINE_ROOM) {
		r.p = lines->next;
		if (kb_unlikely(!read_line(&r)) || !is_in_order(&r))
			break;
		lines->next = r.p;
		lines->number++;
		text->is_after_other = false;
		text->pointer_digits[0] = 16;
		err = trc_queue_add(&job->queue, &r.record, r.kind, text->diag);
	}
	if (r.err < 0)
		return kb_fail(text->diag, r.err,
			       "out of memory for the call sites");
	return err;
}
