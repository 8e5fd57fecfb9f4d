/*
 * bench's side of a teaching kernel's tree: the plugin object, the memory of the
 * machine, and everything about the heap that is checked while it is replayed.
 *
 * In a pass that is not timed each page of the heap is mapped to its own frame's
 * memory and to nothing otherwise, and every call is checked: what kmalloc returns
 * and where, both translations, what kfree leaves, krealloc, kfree of an address
 * that was never handed out. In a timed pass the heap is plain memory and nothing
 * is checked.
 */
#include "allocator_plugin.h"
#include "fos_host.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_SIZE 512
#define WORD	  4u
#define LOCKS	  64

/* Calls between two looks at live pages, and how many of them are looked at. */
#define WALK_EVERY 1024
#define WALK_PAGES 16

/* What a call of the heap that may panic came back with. */
enum outcome { RETURNED, PANICKED, OUTSIDE };

/* What can be looked for or not; whatever keeps a heap from working always is. */
enum aspect {
	PLACEMENT = 1,
	TRANSLATION = 2,
	UNSERVED = 4,
	LEAK = 8,
	REALLOC = 16,
	INVALID = 32
};
#define ASPECTS 63u

/* What one function of the heap has executed. */
struct effort {
	uint64_t calls, instructions, most;
};

/* Instructions that one call may execute if nobody says otherwise. */
#define BUDGET 100000000

struct machine {
	const struct allocator_plugin_config *config;
	bool checked;
	bool final;
	int file;

	/* For each page of the heap: the frame that backs it + 1. */
	uint32_t *backed;

	/* For each word of the heap: the bytes that were requested of what begins
	 * there + 1; and, a bit each, whether it is anybody's. */
	uint32_t *asked;
	unsigned char *taken;

	/* For each frame: the page of the heap that it backs + 1. */
	uint32_t *page_of;
	uint32_t pages;

	/* What the checks call may panic: it then comes back here. */
	bool guarded;
	jmp_buf guard;
	char guard_text[TEXT_SIZE];
	char guard_file[TEXT_SIZE];
	int guard_line;

	const char *call;
	const void *function;

	/* What could not be judged, or empty. */
	char not_judged[TEXT_SIZE];
	bool no_virtual, no_physical;

	const void *lock[LOCKS];
	unsigned locks;

	/* What takes a fault that is no page table's doing. */
	struct sigaction faulted;

	uint64_t maps, unmaps, lines, calls;
	uint32_t frames_peak, frames_boot;

	/* Bytes that are requested and live: now, and when most frames were used;
	 * and how far up the heap pages were handed out. */
	uint64_t asked_live, asked_peak;
	uint32_t span_peak;

	/* Which faults are looked for: bits of enum aspect. */
	unsigned judged;

	/* Instructions: what one call may execute, and has executed. */
	int budget;
	struct effort alloc, free;

	/* What all calls may execute together. */
	uint64_t total;

	/* The placement strategy that was asked for, or FOS_NONE. */
	uint32_t strategy;
};

/* A kernel is a machine of its own, and there is one in a process. */
static struct machine the;

/* --- Faults --- */

static void tell(const char *kind, const char *source, int line, bool judged,
		 const uint32_t *va, const char *message)
{
	const struct allocator_plugin_fault fault = {
		.size = sizeof(fault),
		.kind = kind,
		.call = the.call,
		.source = source,
		.line = (uint32_t)line,
		.judged = judged,
		.has_address = va != NULL,
		.address = va ? (const void *)(uintptr_t)*va : NULL,
		.function = the.function,
		.message = message,
	};

	the.config->fault(the.config->host, &fault);
	abort();
}

/* A wrong result: the function that was called is to blame. */
static void wrong(const char *kind, uint32_t va, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void wrong(const char *kind, uint32_t va, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tell(kind, NULL, 0, true, &va, text);
}

/* FOS's conversions are C's. */
static void format_text(char text[TEXT_SIZE], const char *format,
			const void *args)
{
	va_list list;

	memcpy(&list, &args, sizeof(list));
	vsnprintf(text, TEXT_SIZE, format, list);
	text[strcspn(text, "\n")] = '\0';
}

static void come_back(enum outcome outcome)
{
	the.guarded = false;
	longjmp(the.guard, outcome);
}

void fos_host_panic(const char *file, int line, const char *format,
		    const void *args)
{
	char text[TEXT_SIZE];
	char message[TEXT_SIZE + 32];

	format_text(text, format, args);
	if (the.guarded) {
		snprintf(the.guard_text, sizeof(the.guard_text), "%s", text);
		snprintf(the.guard_file, sizeof(the.guard_file), "%s", file);
		the.guard_line = line;
		come_back(PANICKED);
	}
	snprintf(message, sizeof(message), "panic: %s", text);
	tell("panic", file, line, true, NULL, message);
	abort();
}

void fos_host_refuse(const char *call, unsigned va, const char *format,
		     unsigned number)
{
	char text[TEXT_SIZE];
	const int length = snprintf(text, sizeof(text), "%s: ", call);

	snprintf(text + length, sizeof(text) - (size_t)length, format, number);
	tell("machine", NULL, 0, true, va == FOS_NONE ? NULL : &va, text);
	abort();
}

void fos_host_outside(const char *name, const void *caller)
{
	char text[TEXT_SIZE];

	the.function = (const char *)caller - 1;
	snprintf(text, sizeof(text),
		 "calls %s(), which is a part of the kernel outside the heap",
		 name);
	if (the.guarded) {
		snprintf(the.guard_text, sizeof(the.guard_text), "%s", text);
		come_back(OUTSIDE);
	}
	tell("outside", NULL, 0, false, NULL, text);
	abort();
}

void fos_host_exhausted(const void *caller)
{
	char text[TEXT_SIZE];

	the.function = (const char *)caller - 1;
	snprintf(text, sizeof(text),
		 "it does not return: %d instructions were executed",
		 the.budget);
	tell("hang", NULL, 0, true, NULL, text);
	abort();
}

static void not_judged(const char *what)
{
	if (!the.not_judged[0])
		snprintf(the.not_judged, sizeof(the.not_judged), "%s: %.400s",
			 what, the.guard_text);
}

/* --- What the tree's side calls --- */

void *fos_host_alloc(unsigned bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fos_host_refuse("boot", FOS_NONE, "no memory for %u bytes",
				bytes);
	return p;
}

static bool in_heap(uint32_t va)
{
	return va >= fos_tree.heap_start && va < fos_tree.heap_max;
}

static uint32_t page_number(uint32_t va)
{
	return (va - fos_tree.heap_start) / FOS_PAGE;
}

/* The page can be read and written, or cannot. The last page below 4 GiB is the
 * host's: nothing can be there, and nobody is told. */
static void set_access(uint32_t va, uint32_t frame)
{
	void *at = (void *)(uintptr_t)(va & ~(FOS_PAGE - 1));

	if (frame == FOS_NONE)
		mmap(at, FOS_PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		     -1, 0);
	else
		mmap(at, FOS_PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED, the.file, (off_t)frame * FOS_PAGE);
}

void fos_host_back(unsigned va, unsigned frame)
{
	const uint32_t used = FOS_FRAMES - fos_tree.free_frames();
	uint32_t page;

	if (frame == FOS_NONE)
		the.unmaps++;
	else
		the.maps++;
	if (used > the.frames_peak)
		the.frames_peak = used;
	if (!the.checked || !in_heap(va))
		return;
	page = page_number(va);
	if (the.backed[page] && the.page_of[the.backed[page] - 1] == page + 1)
		the.page_of[the.backed[page] - 1] = 0;
	the.backed[page] = frame == FOS_NONE ? 0 : frame + 1;
	if (frame != FOS_NONE)
		the.page_of[frame] = page + 1;
	set_access(va, frame);
}

void fos_host_print(const char *format, const void *args)
{
	char text[TEXT_SIZE];

	the.lines++;
	format_text(text, format, args);
	if (text[0])
		the.config->log(the.config->host, text);
}

unsigned fos_host_page_of(unsigned frame)
{
	if (!the.checked || frame >= FOS_FRAMES || !the.page_of[frame])
		return FOS_NONE;
	return fos_tree.heap_start + (the.page_of[frame] - 1) * FOS_PAGE;
}

/* A tree may write page tables itself: what its tables say is mapped is made so when
 * it is first touched, as an MMU does. Any other fault is bench's worker's. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	const uint32_t va = (uint32_t)(uintptr_t)info->si_addr;
	const uint32_t frame = in_heap(va) ? fos_tree.frame_of(va) : FOS_NONE;

	if (frame < FOS_FRAMES && the.backed[page_number(va)] != frame + 1) {
		fos_host_back(va & ~(FOS_PAGE - 1), frame);
		return;
	}
	the.faulted.sa_sigaction(number, info, context);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaction(SIGSEGV, &action, &the.faulted);
}

static unsigned find_lock(const void *lock)
{
	unsigned i = 0;

	while (i < the.locks && the.lock[i] != lock)
		i++;
	return i;
}

void fos_host_acquire(const void *lock, const void *caller)
{
	if (fos_host_holding(lock)) {
		the.function = (const char *)caller - 1;
		tell("lock", NULL, 0, true, NULL,
		     "acquires a lock that it holds already: a kernel panics "
		     "or waits for ever");
	}
	if (the.locks < LOCKS)
		the.lock[the.locks++] = lock;
}

void fos_host_release(const void *lock)
{
	const unsigned i = find_lock(lock);

	if (i < the.locks)
		the.lock[i] = the.lock[--the.locks];
}

int fos_host_holding(const void *lock)
{
	return find_lock(lock) < the.locks;
}

/* --- Both translations --- */

/* Calls a translation that may panic or be outside the heap. */
static enum outcome translate(unsigned (*function)(unsigned), uint32_t from,
			      uint32_t *to)
{
	const int back = setjmp(the.guard);

	if (back)
		return (enum outcome)back;
	the.guarded = true;
	*to = function(from);
	the.guarded = false;
	return RETURNED;
}

/* False if there is nothing to check. */
static bool ask_translation(const char *call, unsigned (*function)(unsigned),
			    bool *without, uint32_t from, uint32_t *to)
{
	const char *const was = the.call;
	const void *const was_function = the.function;
	enum outcome outcome;

	if (!function || *without || !(the.judged & TRANSLATION))
		return false;
	fos_left = the.budget;
	the.call = call;
	the.function = (const void *)function;
	outcome = translate(function, from, to);
	if (outcome == PANICKED) {
		char text[TEXT_SIZE + 32];

		snprintf(text, sizeof(text), "panic: %s", the.guard_text);
		tell("panic", the.guard_file, the.guard_line, true, &from,
		     text);
	}
	if (outcome == OUTSIDE) {
		not_judged(call);
		*without = true;
	}
	if (outcome != RETURNED) {
		the.call = was;
		the.function = was_function;
		return false;
	}
	return true;
}

static bool is_none(uint32_t address)
{
	return address == 0 || address == FOS_NONE;
}

static void check_physical(uint32_t va, uint32_t expected)
{
	const char *const was = the.call;
	const void *const was_function = the.function;
	uint32_t pa;

	if (!ask_translation("kheap_physical_address",
			     fos_tree.physical_address, &the.no_physical, va,
			     &pa))
		return;
	if (expected != FOS_NONE && pa != expected)
		wrong("translation", va,
		      "kheap_physical_address(0x%08" PRIX32 ") is 0x%" PRIX32
		      ", but the page table says 0x%" PRIX32,
		      va, pa, expected);
	if (expected == FOS_NONE && !is_none(pa))
		wrong("translation", va,
		      "kheap_physical_address(0x%08" PRIX32 ") is 0x%" PRIX32
		      ", but nothing is mapped there",
		      va, pa);
	the.call = was;
	the.function = was_function;
}

static void check_virtual(uint32_t pa, uint32_t expected)
{
	const char *const was = the.call;
	const void *const was_function = the.function;
	uint32_t va;

	if (!ask_translation("kheap_virtual_address", fos_tree.virtual_address,
			     &the.no_virtual, pa, &va))
		return;
	if (expected != FOS_NONE && va != expected)
		wrong("translation", pa,
		      "kheap_virtual_address(0x%" PRIX32 ") is 0x%" PRIX32
		      ", but 0x%08" PRIX32 " is mapped to it",
		      pa, va, expected);
	if (expected == FOS_NONE && !is_none(va) && in_heap(va))
		wrong("translation", pa,
		      "kheap_virtual_address(0x%" PRIX32 ") is 0x%" PRIX32
		      ", but nothing is mapped to it",
		      pa, va);
	the.call = was;
	the.function = was_function;
}

/* One live page, both ways. Years with a block allocator translate bytes, earlier
 * ones pages. */
static void check_page(uint32_t va)
{
	const uint32_t offset = fos_tree.block_max ? 1234 : 0;
	const uint32_t frame = fos_tree.frame_of(va);

	check_physical(va + offset, frame * FOS_PAGE + offset);
	check_virtual(frame * FOS_PAGE + offset, va + offset);
}

static void check_dead(uint32_t va, uint32_t frame)
{
	check_physical(va, FOS_NONE);
	if (frame && !the.page_of[frame - 1])
		check_virtual((frame - 1) * FOS_PAGE, FOS_NONE);
}

/* --- Placement --- */

static bool is_pages(uint32_t size)
{
	return size > fos_tree.block_max;
}

static bool page_is_free(uint32_t page)
{
	return !the.backed[page];
}

/* A run of free pages, as it was before the call under way took some. */
struct run {
	uint32_t first;
	uint32_t length;
};

/* The next run from page `from` on; pages of the new object count as free. Its
 * length is 0 after the last. */
static struct run next_run(uint32_t from, uint32_t taken, uint32_t count)
{
	struct run run = { from, 0 };

	while (run.first < the.pages && !page_is_free(run.first) &&
	       run.first - taken >= count)
		run.first++;
	while (run.first + run.length < the.pages &&
	       (page_is_free(run.first + run.length) ||
		run.first + run.length - taken < count))
		run.length++;
	return run;
}

/* The last page in use before the call, + 1. */
static uint32_t used_end(uint32_t taken, uint32_t count)
{
	uint32_t page = the.pages;

	while (page > 0 && (page_is_free(page - 1) || page - 1 - taken < count))
		page--;
	return page;
}

/* What the runs offer a request. */
struct offer {
	struct run first, best, worst, exact;
};

static struct offer look(uint32_t begin, uint32_t end, uint32_t taken,
			 uint32_t count)
{
	struct offer o = { { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } };
	struct run run = next_run(begin, taken, count);

	for (; run.length;
	     run = next_run(run.first + run.length, taken, count)) {
		if (run.first >= end)
			break;
		if (run.first + run.length > end)
			run.length = end - run.first;
		if (run.length < count)
			continue;
		if (!o.first.length)
			o.first = run;
		if (!o.best.length || run.length < o.best.length)
			o.best = run;
		if (run.length > o.worst.length)
			o.worst = run;
		if (!o.exact.length && run.length == count)
			o.exact = run;
	}
	return o;
}

/* The run that `page` was in, as far down as pages are handed out. */
static struct run run_at(uint32_t page, uint32_t count, uint32_t begin)
{
	uint32_t first = page;
	struct run run;

	while (first > begin && page_is_free(first - 1))
		first--;
	run = next_run(first, page, count);
	return run;
}

/* `count` pages were taken from `page` on. Where two runs are equally good either
 * will do. */
static void check_placement(uint32_t va, uint32_t count)
{
	static const char *const names[] = { "contiguous", "first fit",
					     "best fit",   "next fit",
					     "worst fit",  "custom fit" };
	const uint32_t strategy = fos_tree.strategy();
	const uint32_t begin = page_number(fos_tree.pages_start);
	const uint32_t page = page_number(va);
	struct run got, want = { 0, 0 };
	struct offer o;

	if (!(the.judged & PLACEMENT))
		return;
	if (strategy != 1 && strategy != 2 && strategy != 4 && strategy != 5)
		return;
	if (page < begin)
		return;
	got = run_at(page, count, begin);
	o = look(begin, the.pages, page, count);
	if (strategy == 1)
		want = o.first;
	else if (strategy == 2)
		want = o.best;
	else if (strategy == 4)
		want = o.worst;
	if (strategy == 5) {
		const uint32_t end = used_end(page, count);

		o = look(begin, end, page, count);
		want = o.exact.length ? o.exact : o.worst;
		if (!want.length && page != end && end >= begin)
			wrong("placement", va,
			      "custom fit extends the break: page 0x%08" PRIX32
			      " is next, not 0x%08" PRIX32,
			      fos_tree.heap_start + end * FOS_PAGE, va);
		if (!want.length)
			return;
		if (got.first + got.length > end)
			got.length = end > got.first ? end - got.first : 0;
	}
	if (strategy == 1 ? page == want.first
			  : page == got.first && got.length == want.length)
		return;
	wrong("placement", va,
	      "%s places %" PRIu32 " pages at 0x%08" PRIX32 " (%" PRIu32
	      " free there), not at 0x%08" PRIX32 " (%" PRIu32 " free there)",
	      names[strategy], count,
	      fos_tree.heap_start + want.first * FOS_PAGE, want.length, va,
	      got.length);
}

/* --- kmalloc and kfree --- */

static uint32_t pages_of(uint32_t size)
{
	return size ? (size - 1) / FOS_PAGE + 1 : 1;
}

static uint32_t word_number(uint32_t va)
{
	return (va - fos_tree.heap_start) / WORD;
}

/* Notes who has the words of an object. False if one is another's already. */
static bool take_words(uint32_t va, uint32_t size)
{
	const uint32_t last = word_number(va + (size ? size - 1 : 0));

	for (uint32_t i = word_number(va); i <= last; i++) {
		if (the.taken[i / 8] >> i % 8 & 1)
			return false;
		the.taken[i / 8] |= (unsigned char)(1u << i % 8);
	}
	the.asked[word_number(va)] = size + 1;
	return true;
}

static void give_words(uint32_t va, uint32_t size)
{
	const uint32_t last = word_number(va + (size ? size - 1 : 0));

	for (uint32_t i = word_number(va); i <= last; i++)
		the.taken[i / 8] &= (unsigned char)~(1u << i % 8);
	the.asked[word_number(va)] = 0;
}

/* A request that was refused: would it have fitted? */
static void check_refused(uint32_t size)
{
	const uint32_t count = pages_of(size);
	const uint32_t begin = page_number(fos_tree.pages_start);
	struct offer o;

	if (!(the.judged & UNSERVED) || fos_tree.strategy() == 0 ||
	    fos_tree.free_frames() < count)
		return;
	if (is_pages(size)) {
		o = look(begin, the.pages, the.pages, 0);
		/* The page below 4 GiB is not to be had here. */
		if (o.worst.length < count + 1)
			return;
	} else {
		const uint32_t end = begin - 1;

		o = look(0, end, the.pages, 0);
		if (!o.worst.length)
			return;
	}
	wrong("unserved", 0,
	      "kmalloc(%" PRIu32 ") returned NULL, but %" PRIu32
	      " frames and a run of %" PRIu32 " pages are free",
	      size, fos_tree.free_frames(), o.worst.length);
}

static void check_pages(uint32_t va, uint32_t size)
{
	const uint32_t last = va + (size ? size - 1 : 0);

	for (uint32_t page = page_number(va); page <= page_number(last);
	     page++) {
		const uint32_t at = fos_tree.heap_start + page * FOS_PAGE;
		const uint32_t frame = fos_tree.frame_of(at);

		if (frame == FOS_NONE)
			wrong("mapping", va,
			      "%s of %" PRIu32 " bytes returned 0x%08" PRIX32
			      ", but page 0x%08" PRIX32 " has no frame",
			      the.call, size, va, at);
		if (the.page_of[frame] != page + 1)
			wrong("mapping", va,
			      "%s of %" PRIu32 " bytes returned 0x%08" PRIX32
			      ", but page 0x%08" PRIX32
			      " has the frame of another page",
			      the.call, size, va, at);
		check_page(at);
	}
}

static void check_alloc(uint32_t va, uint32_t size)
{
	if (!va) {
		check_refused(size);
		return;
	}
	if (!in_heap(va) || size > fos_tree.heap_max - va)
		wrong("window", va,
		      "kmalloc(%" PRIu32 ") returned 0x%08" PRIX32
		      ", which is outside the heap",
		      size, va);
	if (is_pages(size) && va % FOS_PAGE != 0)
		wrong("alignment", va,
		      "kmalloc(%" PRIu32 ") returned 0x%08" PRIX32
		      ", which is not the first byte of a page",
		      size, va);
	if (!take_words(va, size))
		wrong("overlap", va,
		      "kmalloc(%" PRIu32 ") returned 0x%08" PRIX32
		      ", where something live is already",
		      size, va);
	check_pages(va, size);
	if (is_pages(size))
		check_placement(va, pages_of(size));
}

/* What took whole pages has none of them any more. */
static void check_free(uint32_t va, const uint32_t *frames, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t at = va + i * FOS_PAGE;

		if (!(the.judged & LEAK))
			return;
		if (fos_tree.frame_of(at) != FOS_NONE)
			wrong("leak", va,
			      "kfree(0x%08" PRIX32 ") left page 0x%08" PRIX32
			      " mapped",
			      va, at);
		check_dead(at, frames[i]);
	}
}

/* Live pages both ways, now and then: what a later call may have broken. */
static void check_every(uint32_t step)
{
	uint32_t live = 0;

	for (uint32_t page = 0; page < the.pages; page++)
		if (the.backed[page] && live++ % step == 0)
			check_page(fos_tree.heap_start + page * FOS_PAGE);
}

static void check_some(void)
{
	const uint32_t live = FOS_FRAMES - fos_tree.free_frames();

	check_every(live / WALK_PAGES + 1);
}

static void begin_call(const char *call, const void *function)
{
	the.call = call;
	the.function = function;
	*the.config->call = call;
	fos_left = the.budget;
}

/* What the call under way has executed. */
static void note_effort(struct effort *e)
{
	const uint64_t spent = (uint64_t)(the.budget - fos_left);

	e->calls++;
	e->instructions += spent;
	if (the.alloc.instructions + the.free.instructions > the.total)
		tell("hang", NULL, 0, true, NULL,
		     "it does not come to an end: all calls together have "
		     "executed more instructions than they may");
	if (spent > e->most)
		e->most = spent;
	fos_left = the.budget;
}

static void note_alloc(uint32_t va, uint32_t size)
{
	const uint32_t used = FOS_FRAMES - fos_tree.free_frames();
	uint32_t end;

	note_effort(&the.alloc);
	if (!in_heap(va))
		return;
	end = va < fos_tree.pages_start
		      ? 0
		      : (va - fos_tree.pages_start + size) / FOS_PAGE + 1;
	the.asked_live += size;
	if (used >= the.frames_peak && the.asked_live > the.asked_peak)
		the.asked_peak = the.asked_live;
	if (end > the.span_peak)
		the.span_peak = end;
}

static void *fos_alloc(void *ctx, size_t size)
{
	uint32_t va;

	(void)ctx;
	fos_left = the.budget;
	if (!the.checked)
		return fos_tree.kmalloc((unsigned)size);
	begin_call("kmalloc", (const void *)fos_tree.kmalloc);
	va = (uint32_t)(uintptr_t)fos_tree.kmalloc((unsigned)size);
	note_alloc(va, (uint32_t)size);
	check_alloc(va, (uint32_t)size);
	if (++the.calls % WALK_EVERY == 0)
		check_some();
	return (void *)(uintptr_t)va;
}

static int fos_free(void *ctx, void *p)
{
	const uint32_t va = (uint32_t)(uintptr_t)p;
	uint32_t *frames, size, count, free_frames;
	uint64_t maps;

	(void)ctx;
	fos_left = the.budget;
	if (!the.checked) {
		fos_tree.kfree(p);
		return 0;
	}
	begin_call("kfree", (const void *)fos_tree.kfree);
	size = the.asked[word_number(va)] - 1;
	count = is_pages(size) ? pages_of(size) : 0;
	frames = malloc((count + 1) * sizeof(*frames));
	if (!frames)
		fos_host_refuse("bench", FOS_NONE, "out of memory", 0);
	memcpy(frames, &the.backed[page_number(va)], count * sizeof(*frames));
	free_frames = fos_tree.free_frames();
	maps = the.maps;
	fos_tree.kfree(p);
	note_effort(&the.free);
	the.asked_live -= size;
	check_free(va, frames, count);
	if ((the.judged & LEAK) && the.maps == maps &&
	    fos_tree.free_frames() < free_frames + count)
		wrong("leak", va,
		      "kfree(0x%08" PRIX32 ") of %" PRIu32
		      " pages gave only %" PRIu32 " frames back",
		      va, count, fos_tree.free_frames() - free_frames);
	give_words(va, size);
	free(frames);
	return 0;
}

/* --- At the end: krealloc, and kfree of what was never handed out --- */

static void *guarded_realloc(void *p, uint32_t size, enum outcome *outcome)
{
	const int back = setjmp(the.guard);
	void *q;

	*outcome = (enum outcome)back;
	if (back)
		return NULL;
	the.guarded = true;
	fos_left = the.budget;
	q = fos_tree.krealloc(p, size);
	the.guarded = false;
	return q;
}

static enum outcome guarded_free(void *p)
{
	const int back = setjmp(the.guard);

	if (back)
		return (enum outcome)back;
	the.guarded = true;
	fos_left = the.budget;
	fos_tree.kfree(p);
	the.guarded = false;
	return RETURNED;
}

static void fill(unsigned char *p, uint32_t size, unsigned seed)
{
	for (uint32_t i = 0; i < size; i++)
		p[i] = (unsigned char)(seed + i * 7);
}

static bool is_filled(const unsigned char *p, uint32_t size, unsigned seed)
{
	for (uint32_t i = 0; i < size; i++)
		if (p[i] != (unsigned char)(seed + i * 7))
			return false;
	return true;
}

/* Grows and shrinks one object. False if this tree's krealloc does nothing. */
static bool check_sizes(const uint32_t *sizes, size_t count, unsigned seed)
{
	unsigned char *p = fos_tree.kmalloc(sizes[0]);
	enum outcome outcome;

	if (!p)
		return false;
	fill(p, sizes[0], seed);
	for (size_t i = 1; i < count; i++) {
		const uint32_t kept =
			sizes[i] < sizes[i - 1] ? sizes[i] : sizes[i - 1];
		unsigned char *q = guarded_realloc(p, sizes[i], &outcome);
		const uint32_t va = (uint32_t)(uintptr_t)q;

		if (outcome == OUTSIDE)
			not_judged("krealloc");
		if (outcome == PANICKED && !strstr(the.guard_text, "not impl"))
			tell("panic", the.guard_file, the.guard_line, true,
			     NULL, the.guard_text);
		/* Not written, or out of room: it has changed nothing. */
		if (outcome != RETURNED || !q)
			return false;
		if (!in_heap(va) || sizes[i] > fos_tree.heap_max - va)
			wrong("window", va,
			      "krealloc to %" PRIu32
			      " bytes returned 0x%08" PRIX32
			      ", which is outside the heap",
			      sizes[i], va);
		check_pages(va, sizes[i]);
		if (!is_filled(q, kept, seed))
			wrong("realloc", va,
			      "krealloc from %" PRIu32 " to %" PRIu32
			      " bytes did not keep the contents",
			      sizes[i - 1], sizes[i]);
		fill(q, sizes[i], seed);
		p = q;
	}
	if (guarded_free(p) == OUTSIDE)
		not_judged("kfree");
	return true;
}

/* The rule: an object grows by half, over a page, to many pages, and shrinks the
 * same way; three such in turn, of each kind that the heap has. */
static void check_realloc(void)
{
	static const uint32_t blocks[] = { 40, 60, 1500, 2048, 300, 40 };
	static const uint32_t mixed[] = { 1000, 3000, 9000, 1000 };
	static const uint32_t pages[] = {
		5000, 8192, 20000, 50000, 9000, 5000
	};

	if (!fos_tree.krealloc || !(the.judged & REALLOC))
		return;
	begin_call("krealloc", (const void *)fos_tree.krealloc);
	if (!check_sizes(pages, sizeof(pages) / sizeof(*pages), 3))
		return;
	if (fos_tree.block_max &&
	    check_sizes(blocks, sizeof(blocks) / sizeof(*blocks), 5))
		check_sizes(mixed, sizeof(mixed) / sizeof(*mixed), 9);
}

/* The tree may panic or ignore it, but nothing may change. Before 2023 the course
 * promises nothing. */
static void check_invalid_free(void)
{
	static const uint32_t outside = 0x10000000;
	const uint32_t frames = fos_tree.free_frames();

	if (!fos_tree.block_max || !(the.judged & INVALID))
		return;
	begin_call("kfree", (const void *)fos_tree.kfree);
	if (guarded_free((void *)(uintptr_t)outside) == OUTSIDE)
		return;
	if (fos_tree.free_frames() != frames)
		wrong("invalid", outside,
		      "kfree(0x%08" PRIX32 "), outside the heap, freed frames",
		      outside);
}

/* The last checks, in the order of what they may destroy. */
static void check_end(void)
{
	begin_call("", NULL);
	check_every(1);
	check_realloc();
	check_invalid_free();
	if (the.not_judged[0])
		tell("outside", NULL, 0, false, NULL, the.not_judged);
}

/* --- The plugin --- */

static void *map_fixed(uint32_t at, size_t bytes, int access, int flags,
		       int file)
{
	void *p = mmap((void *)(uintptr_t)at, bytes, access,
		       flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, file, 0);

	if (p != (void *)(uintptr_t)at)
		fos_host_refuse("boot", at, "the host has something there", 0);
	return p;
}

/* Physical memory from kernel_base up to the heap, and the heap itself; the last
 * two pages below 4 GiB are not to be had. */
static void boot_memory(void)
{
	const uint64_t top = UINT64_C(0xFFFFE000);
	const uint64_t end = fos_tree.heap_max < top ? fos_tree.heap_max : top;
	uint64_t low = (uint64_t)fos_tree.heap_start - fos_tree.kernel_base;

	if (low > (uint64_t)FOS_FRAMES * FOS_PAGE)
		low = (uint64_t)FOS_FRAMES * FOS_PAGE;
	the.file = memfd_create("fos", MFD_CLOEXEC);
	if (the.file < 0 ||
	    ftruncate(the.file, (off_t)FOS_FRAMES * FOS_PAGE) != 0)
		fos_host_refuse("boot", FOS_NONE, "no memory for frames", 0);
	map_fixed(fos_tree.kernel_base, (size_t)low, PROT_READ | PROT_WRITE,
		  MAP_SHARED, the.file);
	map_fixed(fos_tree.heap_start, (size_t)(end - fos_tree.heap_start),
		  the.checked ? PROT_NONE : PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void check_window(void)
{
	const uint32_t start = fos_tree.heap_start, max = fos_tree.heap_max;

	if (start % FOS_PAGE || max % FOS_PAGE || start >= max ||
	    fos_tree.kernel_base >= start || fos_tree.pages_start >= max)
		fos_host_refuse("boot", start,
				"KERNEL_HEAP_START and KERNEL_HEAP_MAX are no "
				"window of pages above KERNEL_BASE",
				0);
}

/* "placement+leak" */
static bool take_aspects(const char *text)
{
	static const struct {
		const char *name;
		unsigned bit;
	} aspects[] = {
		{ "none", 0 },
		{ "placement", PLACEMENT },
		{ "translation", TRANSLATION },
		{ "unserved", UNSERVED },
		{ "leak", LEAK },
		{ "realloc", REALLOC },
		{ "invalid", INVALID },
	};

	the.judged = 0;
	while (*text) {
		const size_t length = strcspn(text, "+");
		size_t i = 0;

		while (i < sizeof(aspects) / sizeof(*aspects) &&
		       (strlen(aspects[i].name) != length ||
			strncmp(aspects[i].name, text, length) != 0))
			i++;
		if (i == sizeof(aspects) / sizeof(*aspects))
			return false;
		the.judged |= aspects[i].bit;
		text += length + (text[length] == '+');
	}
	return true;
}

/* A number from 1 to `high`; 0 if the text is none. */
static uint64_t take_number(const char *text, uint64_t high)
{
	char *end;
	const unsigned long long number = strtoull(text, &end, 10);

	return *text < '0' || *text > '9' || *end || number > high ? 0 : number;
}

static bool take_strategy(const char *text)
{
	static const char *const names[] = { "contiguous", "first", "best",
					     "next",	   "worst", "custom" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i]) == 0) {
			the.strategy = i;
			return true;
		}
	return false;
}

static void take_option(const struct allocator_plugin_option *option)
{
	bool good = false;

	if (strcmp(option->key, "judge") == 0) {
		good = take_aspects(option->value);
	} else if (strcmp(option->key, "strategy") == 0) {
		good = take_strategy(option->value);
	} else if (strcmp(option->key, "budget") == 0) {
		the.budget = (int)take_number(option->value, INT32_MAX - 1);
		good = the.budget > 0;
	} else if (strcmp(option->key, "total") == 0) {
		the.total = take_number(option->value, INT64_MAX);
		good = the.total > 0;
	}
	if (good)
		return;
	fos_host_refuse("boot", FOS_NONE,
			"a kernel's tree takes judge=KIND+KIND, strategy=NAME, "
			"budget=INSTRUCTIONS and total=INSTRUCTIONS",
			0);
}

static int fos_init(const struct allocator_plugin_config *config, void **ctx)
{
	*ctx = NULL;
	the.config = config;
	the.checked = config->checked;
	the.final = config->checked > 1;
	the.call = "start-up";
	the.judged = ASPECTS;
	the.budget = BUDGET;
	the.total = UINT64_MAX;
	the.strategy = FOS_NONE;
	for (size_t i = 0; i < config->option_count; i++)
		take_option(&config->options[i]);
	fos_left = the.budget;
	check_window();
	the.pages = (fos_tree.heap_max - fos_tree.heap_start) / FOS_PAGE;
	the.backed = fos_host_alloc(the.pages * sizeof(*the.backed));
	the.asked = fos_host_alloc(the.pages * (FOS_PAGE / WORD) *
				   sizeof(*the.asked));
	the.taken = fos_host_alloc(the.pages * (FOS_PAGE / WORD) / 8);
	the.page_of = fos_host_alloc(FOS_FRAMES * sizeof(*the.page_of));
	boot_memory();
	if (the.checked)
		catch_faults();
	fos_tree.boot();
	if (the.strategy != FOS_NONE)
		fos_tree.choose(the.strategy);
	the.frames_boot = FOS_FRAMES - fos_tree.free_frames();
	return 0;
}

static void fos_stats(void *ctx, allocator_plugin_stat_fn fn, void *user)
{
	(void)ctx;
	fn(user, "pages_mapped", the.maps);
	fn(user, "pages_unmapped", the.unmaps);
	fn(user, "frames_live",
	   FOS_FRAMES - fos_tree.free_frames() - the.frames_boot);
	fn(user, "frames_peak", the.frames_peak - the.frames_boot);
	fn(user, "bytes_peak", the.asked_peak);
	fn(user, "span_peak", the.span_peak);
	fn(user, "lines_printed", the.lines);
	if (!fos_tree.counts)
		return;
	fn(user, "calls_kmalloc", the.alloc.calls);
	fn(user, "calls_kfree", the.free.calls);
	fn(user, "instructions_kmalloc", the.alloc.instructions);
	fn(user, "instructions_kfree", the.free.instructions);
	fn(user, "most_kmalloc", the.alloc.most);
	fn(user, "most_kfree", the.free.most);
}

static void fos_memory(void *ctx, struct allocator_plugin_memory *out)
{
	const uint32_t used = FOS_FRAMES - fos_tree.free_frames();

	(void)ctx;
	out->mapped = (uint64_t)(used - the.frames_boot) * FOS_PAGE;
	out->resident = out->mapped;
}

static void fos_fini(void *ctx)
{
	(void)ctx;
	if (the.final)
		check_end();
}

const struct allocator_plugin allocator_plugin = {
	.version = ALLOCATOR_PLUGIN_VERSION,
	.size = sizeof(struct allocator_plugin),
	.flags = ALLOCATOR_PLUGIN_REAL,
	.alignment = 1,
	.init = fos_init,
	.alloc = fos_alloc,
	.free = fos_free,
	.stats = fos_stats,
	.memory = fos_memory,
	.fini = fos_fini,
};
