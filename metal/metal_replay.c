#include "metal_replay.h"

#include "kb_host.h"
#include "metal_digest.h"
#include "metal_machine.h"
#include "pager_sim.h"

/* Operations, or pages touched, between two words on how far the kernel is. */
#define PROGRESS_EVERY 1024

#define DIGEST_FAILED  UINT64_MAX

/* The heap's own trace, in the words of kheap_trace.h. */
#define KHEAP_TRACE_PUTCHAR(c) metal_machine_put_com1(c)
#include "kheap_trace.h"

/* What can be wrong: X(name, what is said of it). Of each kind the first is told,
 * and all are counted. */
#define PROBLEMS(X)                                                         \
	X(lost, "a page of a live cluster faults")                          \
	X(payload, "a page does not hold what was written there")           \
	X(stale, "a touch after the free does not fault: the TLB has it")   \
	X(kept, "a touch after the free does not fault: the PTE is there")  \
	X(unknown, "kfree does not find a cluster that kmalloc handed out") \
	X(invalid, "the heap's data structures do not agree")

enum problem {
#define X(name, text) PROBLEM_##name,
	PROBLEMS(X)
#undef X
		PROBLEM_COUNT
};

static const char *const problem_name[] = {
#define X(name, text) #name,
	PROBLEMS(X)
#undef X
};

static const char *const problem_text[] = {
#define X(name, text) text,
	PROBLEMS(X)
#undef X
};

/* A counted replay on its way. */
struct counting {
	const struct metal_replay *replay;

	/* By slot: the number of the operation that made what lives there. */
	uint32_t *born;

	/* The operation under way, from 1. */
	uint32_t event;

	struct metal_digest digest;
	struct metal_digest state;

	uint32_t problems[PROBLEM_COUNT];
	uint32_t accessed_dirty;
	uint32_t faults;

	/* Pages touched so far. */
	uint32_t touches;
};

static void print_event(uint32_t event)
{
	metal_machine_text("event ");
	metal_machine_number(event);
	metal_machine_put('\n');
}

static void progress(uint32_t event)
{
	if (event % PROGRESS_EVERY == 0)
		print_event(event);
}

/* A page was touched, of which an operation may have very many. */
static void progress_page(struct counting *c)
{
	if (++c->touches % PROGRESS_EVERY == 0)
		print_event(c->event);
}

static void print_count(const char *name, uint32_t count)
{
	metal_machine_text("count ");
	metal_machine_text(name);
	metal_machine_put(' ');
	metal_machine_number(count);
	metal_machine_put('\n');
}

static void print_digest(const char *name, const struct metal_digest *digest)
{
	metal_machine_text(name);
	metal_machine_put(' ');
	metal_machine_hex(metal_digest_end(digest), 16);
	metal_machine_put('\n');
}

static void report(struct counting *c, enum problem problem, kva_t va)
{
	if (c->problems[problem]++ > 0)
		return;
	metal_machine_text("problem ");
	metal_machine_number(c->event);
	metal_machine_text(" 0x");
	metal_machine_hex(va, 8);
	metal_machine_put(' ');
	metal_machine_text(problem_text[problem]);
	metal_machine_put('\n');
}

/* The word of a page: of which cluster, which page. Knuth's multiplier (TAOCP
 * vol. 3, 6.4) makes neighbors differ in many bits. */
static uint32_t token(uint32_t born, uint32_t page)
{
	return (born * 1024 + page + 1) * UINT32_C(2654435769);
}

/* Adds the page's PTE to the state. Returns it. */
static uint32_t add_state(struct counting *c, kva_t va)
{
	const uint32_t first = c->replay->first_frame << KVA_PAGE_SHIFT;
	const uint32_t entry = metal_heap_entry(c->replay->heap, va);
	const uint32_t as_numbered = entry ? entry - first : 0;

	metal_digest_add(&c->state, (uint64_t)va << 32 | as_numbered);
	return entry;
}

static void count_alloc(struct counting *c, uint32_t slot, uint32_t size)
{
	const struct metal_replay *r = c->replay;
	const kva_t va = metal_heap_kmalloc_counted(r->heap, size);
	uint32_t page;

	r->live[slot] = va;
	c->born[slot] = c->event;
	metal_digest_add(&c->digest,
			 va ? va - r->request->base : DIGEST_FAILED);
	if (!va)
		return;
	if (r->request->flags & METAL_EMIT)
		KHEAP_TRACE_ALLOC(size, va);
	for (page = 0; page < kva_pages_of(size); page++) {
		const kva_t at = va + (page << KVA_PAGE_SHIFT);

		if (!metal_probe_write(at, token(c->event, page)))
			report(c, PROBLEM_lost, at);
		add_state(c, at);
		progress_page(c);
	}
}

/* Reads the word of a page back. */
static void check_page(struct counting *c, uint32_t slot, uint32_t page)
{
	const kva_t va = c->replay->live[slot] + (page << KVA_PAGE_SHIFT);
	uint32_t value;

	progress_page(c);
	if (!metal_probe_read(va, &value))
		report(c, PROBLEM_lost, va);
	else if (value != token(c->born[slot], page))
		report(c, PROBLEM_payload, va);
}

static void count_pair(struct counting *c, uint32_t entry)
{
	const uint32_t both = PAGER_PTE_ACCESSED | PAGER_PTE_DIRTY;

	c->accessed_dirty += (entry & both) == both;
}

/* The page's cluster is free: it must be gone for the processor too. */
static void check_gone(struct counting *c, kva_t va)
{
	uint32_t value;

	progress_page(c);
	if (!metal_probe_read(va, &value))
		c->faults++;
	else if (metal_heap_entry(c->replay->heap, va) & PAGER_PTE_PRESENT)
		report(c, PROBLEM_kept, va);
	else
		report(c, PROBLEM_stale, va);
}

static void count_free(struct counting *c, uint32_t slot, uint32_t size)
{
	const struct metal_replay *r = c->replay;
	const uint32_t pages = kva_pages_of(size);
	const kva_t va = r->live[slot];
	uint32_t page;

	if (!va)
		return;
	for (page = 0; page < pages; page++) {
		check_page(c, slot, page);
		count_pair(c, add_state(c, va + (page << KVA_PAGE_SHIFT)));
	}
	metal_digest_add(&c->digest, metal_heap_size_at(r->heap, va));
	if (r->request->flags & METAL_EMIT)
		KHEAP_TRACE_FREE(va);
	if (metal_heap_kfree_counted(r->heap, va) < 0)
		report(c, PROBLEM_unknown, va);
	r->live[slot] = 0;
	for (page = 0; page < pages; page++)
		check_gone(c, va + (page << KVA_PAGE_SHIFT));
}

/* What lives at the end must be intact too. */
static void check_rest(struct counting *c)
{
	const struct metal_replay *r = c->replay;
	uint32_t slot;
	uint32_t page;

	for (slot = 0; slot < r->request->slots; slot++) {
		const kva_t va = r->live[slot];
		const uint32_t pages =
			va ? metal_heap_size_at(r->heap, va) >> KVA_PAGE_SHIFT
			   : 0;

		for (page = 0; page < pages; page++) {
			check_page(c, slot, page);
			count_pair(c, metal_heap_entry(
					      r->heap,
					      va + (page << KVA_PAGE_SHIFT)));
		}
	}
	if (!metal_heap_is_valid(r->heap))
		report(c, PROBLEM_invalid, 0);
}

static void print_results(const struct counting *c)
{
	unsigned i;

	for (i = 0; i < PROBLEM_COUNT; i++)
		print_count(problem_name[i], c->problems[i]);
	print_count("accessed_dirty_pairs", c->accessed_dirty);
	print_count("faults_after_free", c->faults);
	print_digest("digest", &c->digest);
	print_digest("state", &c->state);
}

void metal_replay_counted(const struct metal_replay *r)
{
	struct counting c = { .replay = r };
	uint32_t i;

	c.born = calloc(r->request->slots + 1, sizeof(*c.born));
	if (!c.born)
		metal_machine_fail("out of memory for the slots");
	metal_digest_init(&c.digest);
	metal_digest_init(&c.state);
	for (i = 0; i < r->request->ops; i++) {
		const struct metal_op op = r->ops[i];

		c.event = i + 1;
		if (op.slot_kind & 1)
			count_free(&c, op.slot_kind >> 1, op.size);
		else
			count_alloc(&c, op.slot_kind >> 1, op.size);
		progress(c.event);
	}
	check_rest(&c);
	print_results(&c);
	metal_heap_print_counters(r->heap);
}

uint32_t metal_replay_plain(const struct metal_replay *r, uint32_t *ticks)
{
	uint32_t frees = 0;
	uint32_t i;

	for (i = 0; i < r->request->ops; i++) {
		const struct metal_op op = r->ops[i];
		kva_t *va = &r->live[op.slot_kind >> 1];

		if (!(op.slot_kind & 1))
			*va = metal_heap_kmalloc(r->heap, op.size);
		else if (*va)
			ticks[frees++] = metal_heap_kfree_ticks(r->heap, *va);
		progress(i + 1);
	}
	return frees;
}
