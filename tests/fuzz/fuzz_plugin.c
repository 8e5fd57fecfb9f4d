/*
 * Bytes as a plugin: the object that its library exports, and what each of its
 * functions answers, while a trace is verified and counted. Wrong objects are
 * refused; wrong answers become this allocator's result, with the reason; right
 * ones cause no error. This file judges independently what is wrong.
 *
 *   byte 0   bits of what is wrong or missing in the object (enum lack)
 *   byte 1   flags, modulo 4; unknown ones from 192
 *   byte 2   alignment: 2^n below 16, else the byte itself
 *   byte 3   bits 0, 1: the trace; 2, 3: touch, modulo 3; 4: a small window
 *
 * Each answer takes some of what follows; after the last byte all are 0.
 *
 * Addresses of a plugin with real memory are in an arena of ours: one that
 * returns others crashes its process, as it must, and panic ends it. Neither is
 * tried here.
 */
#include "alloc_library.h"
#include "allocator_plugin.h"
#include "fuzz_support.h"
#include "kb_bits.h"
#include "replay.h"
#include "replay_support.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void *__wrap_alloc_library_load(const char *file);

#define ARENA_SIZE ((size_t)1 << 20)
#define LIVE_MAX   256

/* No size of a trace here is larger. */
#define SIZE_MAX_ASKED 70000u

enum { HEADER = 4, TRACES = 4 };

enum lack {
	LACK_VERSION = 1,
	LACK_SIZE = 2,
	LACK_INIT = 4,
	LACK_ALLOC = 8,
	LACK_FREE = 16,
	LACK_USABLE = 32,
	LACK_STATS = 64,
	LACK_MEMORY = 128
};

struct range {
	uintptr_t address;
	uintptr_t span;
};

/* The plugin of this input. */
static struct {
	const uint8_t *data;
	size_t size;
	struct allocator_plugin_config config;

	struct range live[LIVE_MAX];
	size_t count;

	/* Next address of a good plugin. */
	uintptr_t next;
	uintptr_t end;

	/* An answer so far that must be found wrong; and one that may. */
	bool is_wrong;
	bool is_odd;
} self;

/* What dlsym finds under the name that every plugin has. */
struct allocator_plugin fuzz_table;
extern struct allocator_plugin fuzz_table_exported __asm__("allocator_plugin")
	__attribute__((alias("fuzz_table")));

static uint8_t *arena;

void *__wrap_alloc_library_load(const char *file)
{
	(void)file;
	return dlopen(NULL, RTLD_NOW);
}

static uint8_t take(void)
{
	if (self.size == 0)
		return 0;
	self.size--;
	return *self.data++;
}

/* Small and large ones, and those near a power of two. */
static uint64_t take_number(void)
{
	const uint8_t kind = take();

	return ((uint64_t)take() << (kind & 56)) - (kind & 7);
}

static bool is_real(void)
{
	return fuzz_table.flags & ALLOCATOR_PLUGIN_REAL;
}

static void place_window(void)
{
	const struct allocator_plugin_config *c = &self.config;

	self.next = is_real() ? (uintptr_t)arena : c->heap_base;
	self.end = self.next +
		   (is_real() ? ARENA_SIZE
			      : (uintptr_t)c->heap_pages * c->page_size);
}

static int fuzz_init(const struct allocator_plugin_config *config, void **ctx)
{
	const char message[] = { (char)take(), (char)take(), '\0' };
	const uint8_t status = take();

	self.config = *config;
	self.count = 0;
	place_window();
	*ctx = take() ? &self : NULL;
	config->log(config->host, message);
	self.is_odd |= status >= 240;
	return status < 240 ? 0 : status;
}

static uintptr_t good_address(size_t size)
{
	const uintptr_t mask = fuzz_table.alignment - 1;
	const uintptr_t at = (self.next + mask) & ~mask;

	if (at < self.next || at > self.end || size + 1 > self.end - at)
		return 0;
	self.next = at + size + 1;
	return at;
}

static uintptr_t address_for(size_t size)
{
	const uint8_t kind = take() % 8;
	const struct range none = { self.next, 0 };
	const struct range *old = &none;

	if (self.count)
		old = &self.live[take() % self.count];
	switch (kind) {
	case 0:
	case 1:
	case 2:
		return good_address(size);
	case 3:
		return 0;
	case 4:
		return old->address + take();
	case 5:
		return old->address - take();
	case 6:
		return self.end - take();
	default:
		return (uintptr_t)take_number();
	}
}

static bool meet(const struct range *a, const struct range *b)
{
	return a->address < b->address ? b->address - a->address < a->span
				       : a->address - b->address < b->span;
}

static bool lies_outside(const struct range *r)
{
	const struct allocator_plugin_config *c = &self.config;
	const uint64_t bytes = (uint64_t)c->heap_pages * c->page_size;

	return r->address < c->heap_base || r->address - c->heap_base > bytes ||
	       r->span > bytes - (r->address - c->heap_base);
}

/* Our own judgment of an address, which is live from now on. */
static void judge(const struct range *r)
{
	if (r->address & (fuzz_table.alignment - 1))
		self.is_wrong = true;
	if ((fuzz_table.flags & ALLOCATOR_PLUGIN_WINDOW) && lies_outside(r))
		self.is_wrong = true;
	for (size_t i = 0; i < self.count; i++)
		self.is_wrong |= meet(&self.live[i], r);
	fuzz_require(self.count < LIVE_MAX);
	self.live[self.count++] = *r;
}

static void *fuzz_alloc(void *ctx, size_t size)
{
	struct range r = { address_for(size), size ? size : 1 };

	(void)ctx;
	fuzz_require(size <= SIZE_MAX_ASKED);
	if (!r.address)
		return NULL;
	if (is_real())
		r.address = (uintptr_t)arena +
			    (r.address - (uintptr_t)arena) %
				    (ARENA_SIZE - SIZE_MAX_ASKED);
	judge(&r);
	return (void *)r.address;
}

static int fuzz_free(void *ctx, void *p)
{
	const bool refuses = take() >= 250;
	size_t i = 0;

	(void)ctx;
	while (i < self.count && self.live[i].address != (uintptr_t)p)
		i++;
	fuzz_require(i < self.count);
	self.live[i] = self.live[--self.count];
	self.is_wrong |= refuses;
	if (is_real() && take() >= 250) {
		arena[take() * 256u + take()] ^= 1;
		self.is_odd = true;
	}
	return refuses;
}

static size_t fuzz_usable_size(void *ctx, void *p)
{
	size_t i = 0;

	(void)ctx;
	while (i < self.count && self.live[i].address != (uintptr_t)p)
		i++;
	fuzz_require(i < self.count);
	if (take() < 250)
		return self.live[i].span;
	self.is_odd = true;
	return (size_t)take_number();
}

static void fuzz_stats(void *ctx, allocator_plugin_stat_fn fn, void *user)
{
	const unsigned count = take() % (ALLOCATOR_PLUGIN_STATS_MAX + 1);

	(void)ctx;
	for (unsigned i = 0; i < count; i++) {
		char name[25] = "a_23456789012345678901234";

		name[0] = (char)('a' + i);
		name[1 + take() % 24] = '\0';
		fn(user, name, take_number());
	}
}

static void fuzz_memory(void *ctx, struct allocator_plugin_memory *out)
{
	(void)ctx;
	out->mapped = take_number();
	out->resident = take_number();
	out->metadata = take_number();
	out->largest = take_number();
}

static void fuzz_fini(void *ctx)
{
	fuzz_require(ctx == NULL || ctx == &self);
}

static void make_table(const uint8_t header[HEADER])
{
	const uint8_t lacks = header[0];

	fuzz_table = (struct allocator_plugin){
		.version = ALLOCATOR_PLUGIN_VERSION +
			   (lacks & LACK_VERSION ? header[1] : 0),
		.size = sizeof(fuzz_table) - (lacks & LACK_SIZE ? 1 : 0),
		.flags = header[1] < 192 ? header[1] % 4 : header[1],
		.alignment = header[2] < 16 ? 1u << header[2] : header[2],
		.init = lacks & LACK_INIT ? NULL : fuzz_init,
		.alloc = lacks & LACK_ALLOC ? NULL : fuzz_alloc,
		.free = lacks & LACK_FREE ? NULL : fuzz_free,
		.usable_size = lacks & LACK_USABLE ? NULL : fuzz_usable_size,
		.stats = lacks & LACK_STATS ? NULL : fuzz_stats,
		.memory = lacks & LACK_MEMORY ? NULL : fuzz_memory,
		.fini = header[3] & 32 ? NULL : fuzz_fini,
	};
}

static void show_line(void *user, const char *alloc, const char *line)
{
	fuzz_require(user == &self && *alloc && line != NULL);
}

static void panic(void *user, const char *alloc, const char *reason,
		  const struct alloc_fault *fault)
{
	(void)fault;
	(void)user;
	(void)alloc;
	(void)reason;
	abort();
}

/* The traces, read anew for each replay. */
static struct trc_reader *trace(unsigned which)
{
	static struct trc_reader *readers[TRACES];
	static const char *const scripts[TRACES] = {
		"+1:8192 +2:4096 +3:4096 -1 -2",
		"+1:0 +2:1 -2 +2:16 +3:70000 -1 +1:5000 -3 -2 -1",
		("+1:1 +2:2 +3:3 +4:4 +5:5 +6:6 +7:7 +8:8 -1 -3 -5 -7 +1:100 "
		 "+3:200 +5:300 +7:400 -2 -4 -6 -8 -7 -5 -3 -1"),
	};
	struct kb_diag diag;

	kb_diag_init(&diag);
	if (!readers[which] && scripts[which]) {
		readers[which] = test_trace(scripts[which]);
	} else if (!readers[which]) {
		char *script = test_script(120, 40);

		readers[which] = test_trace(script);
		free(script);
	}
	fuzz_require(trc_reader_rewind(readers[which], &diag) == 0);
	return readers[which];
}

static int open_plugin(struct alloc *alloc, const uint8_t header[HEADER],
		       struct kb_diag *diag)
{
	struct alloc_spec spec;
	const struct alloc_config config = {
		.spec = &spec,
		.heap_pages = header[3] & 16 ? 9 : 0,
		.checked = true,
		.report = { show_line, panic, &self },
		.unconfined = true,
	};

	kb_diag_init(diag);
	fuzz_require(alloc_spec_parse(&spec, "plugin:./fuzz.so,key=value",
				      diag) == 0);
	return alloc_open(alloc, &config, diag);
}

/* Runs one pass over it. Returns the status. */
static int replay(const uint8_t header[HEADER], bool counts)
{
	static struct replay_count_result count;
	struct replay_verify_result verify;
	struct replay_job job = {
		.touch = (enum alloc_touch)((header[3] >> 2 & 3) % 3),
		.seed = 1,
	};
	struct kb_diag diag;
	int err = open_plugin(&job.alloc, header, &diag);

	if (err == 0) {
		job.reader = trace(header[3] % TRACES);
		err = counts ? replay_count(&job, &count, &diag)
			     : replay_verify(&job, &verify, &diag);
		if (counts)
			fuzz_require(count.counters.count <=
				     REPLAY_COUNTERS_MAX);
		alloc_close(&job.alloc);
	}
	fuzz_require(err <= 0 && (err == 0) == (diag.text[0] == '\0'));
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int err;

	if (size < HEADER)
		return 0;
	if (!arena)
		arena = calloc(1, ARENA_SIZE);
	fuzz_require(arena != NULL);
	memset(&self, 0, sizeof(self));
	self.data = data + HEADER;
	self.size = size - HEADER;
	make_table(data);
	err = replay(data, false);
	if (self.is_wrong)
		fuzz_require(err == KB_E_WRONG);
	if (err == 0)
		replay(data, true);
	else if (err == KB_E_WRONG)
		fuzz_require(self.is_wrong || self.is_odd);
	return 0;
}
