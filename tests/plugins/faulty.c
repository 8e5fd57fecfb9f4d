/*
 * faulty: a plugin that does what its option fault= says, at the second alloc or
 * the first free, or later; without the option it is a sound one that never
 * reuses.
 *
 * Compiled twice: with real memory, and (FAULTY_WINDOW) with simulated addresses
 * in the heap's window.
 */
#include "allocator_plugin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define ALIGNMENT 4096
#define ARENA	  (64 << 20)

/* Allocs before late-hang: a process that times seed-example.trc makes fewer, one
 * replay of debian-boot.trc more. */
#define LATE 50000

/* … and before killed: boot.trc has fewer, two rounds of it more. */
#define VERY_LATE 20000

/* Allocs of the whole of seed-example.trc. */
#define WHOLE 3

#ifdef FAULTY_WINDOW
#define FLAGS ALLOCATOR_PLUGIN_WINDOW
#else
#define FLAGS ALLOCATOR_PLUGIN_REAL
#endif

struct faulty {
	const struct allocator_plugin_config *config;
	const char *fault;
	char *arena;
	size_t used;
	unsigned calls;
	unsigned allocs;
	char *last;
};

static int is(const struct faulty *f, const char *fault)
{
	return strcmp(f->fault, fault) == 0;
}

static void crash(void)
{
	*(volatile int *)NULL = 1;
}

static void hang(void)
{
	static volatile int forever = 1;

	while (forever)
		;
}

/* Takes memory, untouched, until there is none. Does nothing to a machine that would
 * let it. */
static void hog(const struct faulty *f)
{
	struct rlimit limit;

	getrlimit(RLIMIT_DATA, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		f->config->panic(f->config->host, "nobody limits my memory");
	while (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		;
	f->config->panic(f->config->host, "took all there was");
}

/* Overwrites all memory that it shares with others: where its result goes.
 * Spares the counters of scripts/long/coverage, which are in a mapped file. */
static void vandalise(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], access[5];
	unsigned long low, high;

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &low, &high, access) == 3 &&
		    strcmp(access, "rw-s") == 0 && !strstr(line, ".profraw"))
			memset((void *)low, 0x7f, high - low);
	fclose(maps);
}

static void faulty_fini(void *ctx)
{
	struct faulty *f = ctx;

	if (is(f, "fini-crash"))
		crash();
	if (is(f, "fini-hang"))
		hang();
	if (is(f, "vandal"))
		vandalise();
	if (is(f, "whole-crash") && f->calls < WHOLE)
		hang();
	if (is(f, "whole-crash"))
		crash();
#ifndef FAULTY_WINDOW
	free(f->arena);
#endif
	free(f);
}

static int faulty_init(const struct allocator_plugin_config *config, void **ctx)
{
	struct faulty *f = calloc(1, sizeof(*f));

	f->config = config;
	f->fault = "none";
	for (size_t i = 0; i < config->option_count; i++)
		if (strcmp(config->options[i].key, "fault") == 0)
			f->fault = config->options[i].value;
	*ctx = f;
#ifdef FAULTY_WINDOW
	f->arena = (char *)(uintptr_t)config->heap_base;
#else
	f->arena = aligned_alloc(ALIGNMENT, ARENA);
#endif
	if (is(f, "init-crash"))
		crash();
	if (is(f, "init-hang"))
		hang();
	if (is(f, "vandal-late"))
		atexit(vandalise);
	if (is(f, "log"))
		for (int i = 0; i < 30; i++)
			config->log(config->host, "a word\033 from inside");
	if (!is(f, "init-status"))
		return 0;
	faulty_fini(f);
	return 7;
}

/* What the second alloc does before it allocates. */
static void misbehave(const struct faulty *f)
{
	if (is(f, "alloc-crash"))
		crash();
	if (is(f, "alloc-hang"))
		hang();
	if (is(f, "alloc-exit"))
		exit(0);
	if (is(f, "hog"))
		hog(f);
	if (is(f, "panic"))
		f->config->panic(f->config->host, "the list is\nbroken");
	if (is(f, "scribble"))
		memset(f->last, 0x55, 64);
}

/* What a later call of alloc does first. Whom FAULTY_KILLED names not is not
 * killed: one of two programs that run the same plugin. */
static void misbehave_late(const struct faulty *f)
{
	if (f->calls == LATE && is(f, "late-hang"))
		hang();
	if (f->calls == VERY_LATE && is(f, "killed") && getenv("FAULTY_KILLED"))
		raise(SIGKILL);
}

static char *lie(const struct faulty *f, char *p)
{
	if (is(f, "overlap"))
		return f->last + ALIGNMENT;
	if (is(f, "twice"))
		return f->last;
	if (is(f, "misaligned"))
		return p + 8;
	if (is(f, "wild"))
		return (char *)ALIGNMENT;
	if (is(f, "outside"))
		return p + ((size_t)f->config->heap_pages * ALIGNMENT);
	if (is(f, "below"))
		return (char *)ALIGNMENT;
	return p;
}

static void *faulty_alloc(void *ctx, size_t size)
{
	struct faulty *f = ctx;
	size_t span = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	char *p = f->arena + f->used;

	f->calls++;
	misbehave_late(f);
	if (is(f, "full") || f->used + span > ARENA)
		return NULL;
	f->used += span;
	if (++f->allocs == 2) {
		misbehave(f);
		p = lie(f, p);
	}
	f->last = p;
	return p;
}

static int faulty_free(void *ctx, void *p)
{
	struct faulty *f = ctx;

	(void)p;
	if (is(f, "free-crash"))
		crash();
	if (is(f, "free-hang"))
		hang();
	return is(f, "refuse");
}

static size_t faulty_usable_size(void *ctx, void *p)
{
	(void)p;
	return is(ctx, "usable") ? 100 : (size_t)1 << 40;
}

static void faulty_stats(void *ctx, allocator_plugin_stat_fn fn, void *user)
{
	fn(user, is(ctx, "stat-name") ? "events, really" : "events", 42);
	for (int i = 1; is(ctx, "stat-flood") && i < 100; i++)
		fn(user, "more", 1);
}

const struct allocator_plugin allocator_plugin = {
	.version = ALLOCATOR_PLUGIN_VERSION,
	.size = sizeof(struct allocator_plugin),
	.flags = FLAGS,
	.alignment = ALIGNMENT,
	.init = faulty_init,
	.alloc = faulty_alloc,
	.free = faulty_free,
	.usable_size = faulty_usable_size,
	.stats = faulty_stats,
	.fini = faulty_fini,
};
