/*
 * plugin: a user's allocator, from a shared library that is loaded when it is
 * opened (replay/plugin/allocator_plugin.h).
 *
 * A timed call loads the function and its context from our context, one load
 * more than a call through a PLT.
 */
#include "alloc_host.h"
#include "alloc_library.h"
#include "alloc_plugin32.h"
#include "allocator_plugin.h"
#include "kb_bits.h"
#include "kb_text.h"
#include "kheap.h"
#include "plugin_lender.h"
#include "sandbox_filter.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYMBOL "allocator_plugin"
#define FLAGS  (ALLOCATOR_PLUGIN_REAL | ALLOCATOR_PLUGIN_WINDOW)

/* The prefix of a plugin's own counters in reports, and the longest counter
 * name. */
#define STAT_PREFIX "plugin_"
#define STAT_LENGTH 24

/* Options that fit into a name: a comma, a key, '='. */
#define OPTIONS_MAX (ALLOC_NAME_SIZE / 3)

struct plugin {
	/* What a timed call reads, side by side. */
	void *(*alloc)(void *ctx, size_t size);
	int (*free)(void *ctx, void *p);
	void *ctx;
	bool real;

	/* The part of the library's object that both sides know; then zeros. */
	struct allocator_plugin ops;
	struct alloc_vt vt;

	/* The library borrows it. */
	struct allocator_plugin_config config;
	struct allocator_plugin_option option[OPTIONS_MAX];
	struct alloc_report report;
	struct plugin_lender lender;

	/* The canonical name, and a copy cut into path, keys and values. */
	char name[ALLOC_NAME_SIZE];
	char text[ALLOC_NAME_SIZE];
	const char *path;
};

static kb_always_inline uint64_t plugin_alloc(void *ctx, uint32_t size)
{
	const struct plugin *p = ctx;

	return (uintptr_t)p->alloc(p->ctx, size);
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	const struct plugin *p = ctx;

	p->free(p->ctx, (void *)(uintptr_t)handle);
}

static kb_always_inline void plugin_touch(void *ctx, uint64_t handle,
					  uint32_t offset)
{
	const struct plugin *p = ctx;

	if (p->real)
		alloc_host_touch(ctx, handle, offset);
}

static const struct replay_calls plugin_calls = {
	.alloc = plugin_alloc,
	.free = timed_free,
	.touch = plugin_touch,
};

REPLAY_STAMP(plugin, plugin_calls)

static int plugin_free(void *ctx, uint64_t handle)
{
	const struct plugin *p = ctx;

	if (p->free(p->ctx, (void *)(uintptr_t)handle) != 0)
		return KB_E_NOT_LIVE;
	return 0;
}

static uint64_t plugin_usable_of(const void *ctx, uint64_t handle)
{
	const struct plugin *p = ctx;

	return p->ops.usable_size(p->ctx, (void *)(uintptr_t)handle);
}

static bool plugin_in_window(const void *ctx, uint64_t handle, uint64_t size)
{
	const struct allocator_plugin_config *c =
		&((const struct plugin *)ctx)->config;
	const uint64_t bytes = (uint64_t)c->heap_pages * c->page_size;

	return handle >= c->heap_base && handle - c->heap_base <= bytes &&
	       size <= bytes - (handle - c->heap_base);
}

static void plugin_memory(void *ctx, struct alloc_memory *out)
{
	const struct plugin *p = ctx;
	struct allocator_plugin_memory m = {
		ALLOCATOR_PLUGIN_UNKNOWN,
		ALLOCATOR_PLUGIN_UNKNOWN,
		ALLOCATOR_PLUGIN_UNKNOWN,
		ALLOCATOR_PLUGIN_UNKNOWN,
	};

	if (p->ops.memory)
		p->ops.memory(p->ctx, &m);
	if (m.mapped == ALLOCATOR_PLUGIN_UNKNOWN && p->lender.base) {
		m.mapped = plugin_lender_mapped(&p->lender);
		m.resident = plugin_lender_resident(&p->lender);
	}
	*out = (struct alloc_memory){
		.mapped = m.mapped,
		.resident = m.resident,
		.metadata = m.metadata,
		.largest = m.largest,
	};
}

static_assert(ALLOCATOR_PLUGIN_UNKNOWN == ALLOC_UNKNOWN,
	      "both sides mean the same by it");

static void plugin_log(void *host, const char *message)
{
	const struct plugin *p = host;

	if (p->report.log)
		p->report.log(p->report.user, p->name, message);
}

static void plugin_panic(void *host, const char *message)
{
	const struct plugin *p = host;

	p->report.panic(p->report.user, p->name, message, NULL);
	abort();
}

static void *plugin_take_pages(void *host, size_t pages)
{
	struct plugin *p = host;

	return plugin_lender_take(&p->lender, pages);
}

static int plugin_give_pages(void *host, void *first, size_t pages)
{
	struct plugin *p = host;

	return plugin_lender_give(&p->lender, first, pages);
}

/* A plugin's counters being handed up. */
struct handing {
	const struct plugin *plugin;
	alloc_counter_fn fn;
	void *user;
	unsigned count;
};

static void hand_stat(void *user, const char *name, uint64_t value)
{
	struct handing *h = user;
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	char full[sizeof(STAT_PREFIX) + STAT_LENGTH];

	if (length == 0 || length > STAT_LENGTH || name[length])
		plugin_panic((void *)h->plugin,
			     "stats reports a counter whose name is not 1 to "
			     "24 of a-z, 0-9 and '_'");
	if (h->count++ == ALLOCATOR_PLUGIN_STATS_MAX)
		plugin_panic((void *)h->plugin,
			     "stats reports more counters than "
			     "ALLOCATOR_PLUGIN_STATS_MAX");
	snprintf(full, sizeof(full), STAT_PREFIX "%s", name);
	h->fn(h->user, full, value);
}

static void plugin_counters(const void *ctx, alloc_counter_fn fn, void *user)
{
	const struct plugin *p = ctx;
	struct handing handing = { p, fn, user, 0 };

	p->ops.stats(p->ctx, hand_stat, &handing);
}

static void plugin_close(void *ctx)
{
	struct plugin *p = ctx;

	if (p->ops.fini)
		p->ops.fini(p->ctx);
	plugin_lender_release(&p->lender);
	free(p);
}

static void fill_vt(struct plugin *p)
{
	p->vt = (struct alloc_vt){
		REPLAY_STAMPED(plugin),
		.alloc = plugin_alloc,
		.free = plugin_free,
		.touch = plugin_touch,
		.alignment = p->ops.alignment,
		.has_memory = true,
		.fill = p->real ? alloc_host_fill : NULL,
		.intact = p->real ? alloc_host_intact : NULL,
		.in_window = p->ops.flags & ALLOCATOR_PLUGIN_WINDOW
				     ? plugin_in_window
				     : NULL,
		.usable_of = p->ops.usable_size ? plugin_usable_of : NULL,
		.memory = plugin_memory,
		.counters = p->ops.stats ? plugin_counters : NULL,
		.close = plugin_close,
	};
}

static int check_library(const char *path, const struct allocator_plugin *ops,
			 struct kb_diag *diag)
{
	const char *missing = NULL;

	if (ops->version != ALLOCATOR_PLUGIN_VERSION ||
	    ops->size < sizeof(*ops))
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "'%s' is built for version %" PRIu32
			       " of the plugin interface (%" PRIu32
			       " bytes), this bench needs version %d (%zu "
			       "bytes); compile it again with this bench's "
			       "allocator_plugin.h",
			       path, ops->version, ops->size,
			       ALLOCATOR_PLUGIN_VERSION, sizeof(*ops));
	if (!ops->free)
		missing = "free";
	if (!ops->alloc)
		missing = "alloc";
	if (!ops->init)
		missing = "init";
	if (missing)
		return kb_fail(diag, KB_E_ARG,
			       "'%s': its allocator_plugin has no %s; init, "
			       "alloc and free are required",
			       path, missing);
	if (ops->flags & ~FLAGS)
		return kb_fail(diag, KB_E_ARG,
			       "'%s': its allocator_plugin has unknown flags "
			       "0x%" PRIx32 "; see allocator_plugin.h",
			       path, ops->flags & ~FLAGS);
	if (ops->alignment == 0 || (ops->alignment & (ops->alignment - 1)))
		return kb_fail(diag, KB_E_ARG,
			       "'%s': its allocator_plugin has alignment "
			       "%" PRIu32 "; it must be a power of two, and 1 "
			       "promises nothing",
			       path, ops->alignment);
	return 0;
}

static int load(struct plugin *p, struct kb_diag *diag)
{
	const struct allocator_plugin *ops;
	void *library = alloc_library_load(p->path);
	int err;

	if (!library)
		return kb_fail(
			diag, KB_E_ARG,
			"cannot load the plugin: %s; it must be a shared "
			"library (cc -shared -fPIC)",
			dlerror());
	ops = dlsym(library, SYMBOL);
	if (!ops)
		return kb_fail(diag, KB_E_ARG,
			       "'%s' is not a plugin: it has no symbol '" SYMBOL
			       "', which allocator_plugin.h declares",
			       p->path);
	err = check_library(p->path, ops, diag);
	if (err < 0)
		return err;
	p->ops = *ops;
	p->alloc = ops->alloc;
	p->free = ops->free;
	p->real = ops->flags & ALLOCATOR_PLUGIN_REAL;
	fill_vt(p);
	return 0;
}

/* Splits "plugin:PATH,KEY=VALUE,…", which alloc_plugin_parse has made. */
static void cut_name(struct plugin *p)
{
	char *save = NULL;
	char *word;

	strcpy(p->text, p->name);
	p->path = strtok_r(strchr(p->text, ':') + 1, ",", &save);
	while ((word = strtok_r(NULL, ",", &save))) {
		char *equals = strchr(word, '=');

		*equals = '\0';
		p->option[p->config.option_count++] =
			(struct allocator_plugin_option){ word, equals + 1 };
	}
}

static int fill_config(struct plugin *p, const struct alloc_config *config,
		       struct kb_diag *diag)
{
	struct allocator_plugin_config *c = &p->config;
	uint64_t room;

	c->size = sizeof(*c);
	c->heap_base =
		config->heap_base ? config->heap_base : KHEAP_BASE_DEFAULT;
	c->heap_pages =
		config->heap_pages ? config->heap_pages : KHEAP_PAGES_DEFAULT;
	c->page_size = KVA_PAGE_SIZE;
	c->checked = config->checked;
	c->options = p->option;
	c->host = p;
	c->log = plugin_log;
	c->panic = plugin_panic;
	c->take_pages = plugin_take_pages;
	c->give_pages = plugin_give_pages;
	room = KVA_SPACE_PAGES - kb_div_up(c->heap_base, KVA_PAGE_SIZE);
	if (c->heap_base % KVA_PAGE_SIZE != 0 || c->heap_pages > room)
		return kb_fail(diag, KB_E_RANGE,
			       "a window of %" PRIu32 " pages from 0x%" PRIx32
			       " is not whole pages below 4 GiB; there is room "
			       "for %" PRIu64,
			       c->heap_pages, c->heap_base, room);
	return 0;
}

/* The plugin of this process: a signal handler has no other way to it. */
static const struct plugin *the_plugin;

/* It has made a system call that it may not make. */
static void on_forbidden(int number, siginfo_t *info, void *context)
{
	const struct plugin *p = the_plugin;
	struct alloc_fault fault = { .kind = "forbidden", .judged = true };
	char name[64], text[ALLOC_FAULT_TEXT_SIZE];

	(void)number;
	(void)context;
	sandbox_filter_name(SANDBOX_NATIVE, info->si_syscall, name,
			    sizeof(name));
	snprintf(text, sizeof(text), "calls %s(), which a plugin may not",
		 name);
	p->report.panic(p->report.user, p->name, text, &fault);
	abort();
}

/* From here on this process makes only a plugin's system calls. A sanitizer makes
 * more. */
static int confine(const struct plugin *p, struct kb_diag *diag)
{
	const struct sigaction action = { .sa_sigaction = on_forbidden,
					  .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sandbox_filter filter;
	int err;

	if (KB_ASAN)
		return 0;
	the_plugin = p;
	sigaction(SIGSYS, &action, NULL);
	err = sandbox_filter_make(&filter, SANDBOX_NATIVE, getpid(), diag);
	return err < 0 ? err : sandbox_filter_enter(&filter, diag);
}

static int start(struct plugin *p, const struct alloc_config *config,
		 struct kb_diag *diag)
{
	int err, status;

	err = fill_config(p, config, diag);
	if (err == 0 && !config->unconfined)
		err = confine(p, diag);
	if (err == 0)
		err = load(p, diag);
	if (err < 0)
		return err;
	status = p->ops.init(&p->config, &p->ctx);
	if (status != 0)
		return kb_fail(diag, KB_E_WRONG, "%s: its init returned %d",
			       p->name, status);
	return 0;
}

/* Opens a plugin of the other width. */
static int open_plugin32(struct alloc *out, const struct alloc_config *config,
			 const char *path, struct kb_diag *diag)
{
	const char *text = strchr(config->spec->name, ':') + 1;
	char options[ALLOC_NAME_SIZE + 1] = "";
	const char *comma = strchr(text, ',');

	if (comma)
		strcpy(options, comma + 1);
	for (char *at = options; *at; at++)
		if (*at == ',')
			*at = '\0';
	return alloc_plugin32_open(out, config, path, options, diag);
}

static int plugin_open(struct alloc *out, const struct alloc_config *config,
		       struct kb_diag *diag)
{
	struct plugin *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	strcpy(p->name, config->spec->name);
	p->report = config->report;
	cut_name(p);
	if (alloc_plugin32_is(p->path)) {
		err = open_plugin32(out, config, p->path, diag);
		free(p);
		return err;
	}
	err = start(p, config, diag);
	if (err < 0) {
		free(p);
		return err;
	}
	out->vt = &p->vt;
	out->ctx = p;
	return 0;
}

/* Names go into JSON, which is UTF-8, and onto terminals. */
static bool is_printable(const char *text)
{
	size_t length = 1;

	for (; *text && length; text += length)
		length = kb_text_character(text);
	return length != 0;
}

/* True if an option before `option` has the same key of `length` bytes. */
static bool came_before(const char *first, const char *option, size_t length)
{
	for (; first < option; first += strcspn(first, ",") + 1)
		if (strncmp(first, option, length + 1) == 0)
			return true;
	return false;
}

static int check_options(const char *first, struct kb_diag *diag)
{
	for (const char *option = first; *option;) {
		int length = (int)strcspn(option, ",");
		size_t key = strcspn(option, "=,");

		if (key == 0 || option[key] != '=')
			return kb_fail(diag, KB_E_ARG,
				       "'%.*s' after the plugin's file is not "
				       "KEY=VALUE; a file's name cannot have a "
				       "comma",
				       length, option);
		if (came_before(first, option, key))
			return kb_fail(
				diag, KB_E_ARG,
				"the plugin's option '%.*s=' is given twice",
				(int)key, option);
		option += length;
		option += *option == ',';
	}
	return 0;
}

/* PATH[,KEY=VALUE…]. A file without a slash is in the working folder; dlopen
 * alone would look for it among the system's libraries. */
static int alloc_plugin_parse(struct alloc_spec *spec, const char *text,
			      struct kb_diag *diag)
{
	size_t path = strcspn(text, ",");
	const char *folder = memchr(text, '/', path) ? "" : "./";
	int length;

	if (path == 0)
		return kb_fail(diag, KB_E_ARG,
			       "'plugin' needs a file: plugin:./mine.so");
	if (!is_printable(text))
		return kb_fail(diag, KB_E_ARG,
			       "plugin:%s: the name must be UTF-8 without "
			       "control characters; rename the file or link to "
			       "it",
			       text);
	if (check_options(text + path + (text[path] == ','), diag) < 0)
		return KB_E_ARG;
	length = snprintf(spec->name, sizeof(spec->name), "%s:%s%s",
			  spec->ops->name, folder, text);
	if (length >= (int)sizeof(spec->name))
		return kb_fail(diag, KB_E_ARG,
			       "'plugin:%.40s…' has %d bytes; an allocator's "
			       "name has at most %zu: link to the file from "
			       "the working folder",
			       text, length, sizeof(spec->name) - 1);
	return 0;
}

const struct alloc_ops alloc_plugin = {
	.name = "plugin",
	.help = "plugin:./mine.so[,KEY=VALUE,...]: your own allocator, a "
		"shared library (allocator_plugin.h)",
	.parse = alloc_plugin_parse,
	.foreign = true,
	.open = plugin_open,
};
