/*
 * allocator_plugin: what a shared library must provide to be measured as
 *
 *   bench --trace traces/boot.trc --alloc plugin:./mine.so[,KEY=VALUE...]
 *
 * The library defines one object, `allocator_plugin` (declared below), which
 * names its functions. skeleton.c beside this file is a complete example,
 * annotated.
 *
 * The header needs nothing else of this project; it is C89, C99 and C++.
 *
 * Units: sizes in bytes. Addresses are `void *`: of real memory in this
 * process, or of a machine that the library simulates (see
 * ALLOCATOR_PLUGIN_REAL).
 *
 * Threads: none. All calls come from one thread, one after the other.
 *
 * Order of calls, in a process of its own for each pass:
 *
 *   init -> alloc, free, usable_size, stats, memory in any order -> fini
 *
 * fini is called once after an init that returned 0, and allocations may still
 * be live then. After a panic, or if the process is ended from outside, nothing
 * more is called. The library is never unloaded.
 *
 * These failures become this allocator's result, and the rest of the run
 * continues: a crash; the process ended; no progress for bench's --timeout;
 * memory that overlaps, is not aligned as promised or is outside the promised
 * window; a payload overwritten while its owner lived; a free that is refused;
 * panic.
 *
 * The process's private writable memory is limited to half of the machine's
 * (RLIMIT_DATA): beyond it mmap, brk and malloc fail with ENOMEM. Address space
 * that is reserved without access (PROT_NONE) does not count.
 */
#ifndef ALLOCATOR_PLUGIN_H
#define ALLOCATOR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Version of this interface, raised when anything in it changes its meaning. A
 * library built for another version is refused.
 *
 * Within a version the structs only grow at their ends. Each begins with its
 * size as its creator knew it: read no field beyond that.
 */
#define ALLOCATOR_PLUGIN_VERSION 1

/* One KEY=VALUE after the library's name on the command line. */
struct allocator_plugin_option {
	const char *key;
	const char *value;
};

/* What went wrong, where, by whose call. Texts are copied. */
struct allocator_plugin_fault {
	/* sizeof(struct allocator_plugin_fault) of the library. */
	size_t size;

	/* One word: panic, mapping, placement, ... */
	const char *kind;

	/* The function that was called, as kmalloc; NULL: that of the event. */
	const char *call;

	/* The line of the library's source, as far as it is known; or NULL, 0. */
	const char *source;
	uint32_t line;

	/* Not 0: this is a fault. 0: the library cannot judge the allocator. */
	uint32_t judged;

	/* Not 0: the fault is about this address. */
	uint32_t has_address;
	const void *address;

	/* Not NULL, and without it, `source` and `line` are the function's own:
	 * that at this address of the library. */
	const void *function;

	const char *message;
};

/* What the harness tells and lends the library. */
struct allocator_plugin_config {
	/* sizeof(struct allocator_plugin_config) of the harness. */
	size_t size;

	/* First address, pages and bytes per page of the simulated heap window
	 * (--heap-base, --heap-pages). Allocators of the host's memory ignore
	 * them. */
	uint32_t heap_base;
	uint32_t heap_pages;
	uint32_t page_size;

	/* Not 0 where the pass is not timed: the library may check itself as
	 * slowly as it likes. 2 in pass verify: also in fini, where it may still
	 * use its allocations. */
	uint32_t checked;

	/* In the order given; no key occurs twice. `options` may be NULL if
	 * there are none. Valid until fini returns, like everything they point
	 * to. */
	const struct allocator_plugin_option *options;
	size_t option_count;

	/* Pass this to log and panic. */
	void *host;

	/* Prints a line on standard error: the first 20 of pass verify, the
	 * rest are dropped. Callable at any time until fini returns. */
	void (*log)(void *host, const char *message);

	/* Reports `message` as this allocator's result and ends the process.
	 * Does not return. Callable as log. */
	void (*panic)(void *host, const char *message);

	/* The same, with all that is known of what went wrong. May be NULL; not
	 * there in a config of a smaller size. */
	void (*fault)(void *host, const struct allocator_plugin_fault *fault);

	/* Where the library may say which of its functions it is about to call,
	 * for the case that it does not return. May be NULL, as fault. */
	const char **call;

	/* Lends `pages` pages of page_size bytes in a row, zeroed, as real memory;
	 * NULL if there are not as many. A library that has all of its memory from
	 * here needs no `memory`: the harness counts what it has lent, and what of
	 * that was touched. Callable from init on, until fini returns, by which time
	 * everything is taken back. Not there in a config of a smaller size. */
	void *(*take_pages)(void *host, size_t pages);

	/* Takes back `pages` pages from `first` on, a whole loan or a part of one.
	 * Returns 0; anything else means that not all of them were lent, and nothing
	 * is changed. */
	int (*give_pages)(void *host, void *first, size_t pages);
};

/* A figure that the library does not know. */
#define ALLOCATOR_PLUGIN_UNKNOWN UINT64_MAX

/* What the library takes from the machine, bytes. */
struct allocator_plugin_memory {
	/* Address space that has pages, including metadata in the same
	 * pages. */
	uint64_t mapped;

	/* The part of it in physical memory. */
	uint64_t resident;

	/* Its own records: lists, tables, tags, page tables. */
	uint64_t metadata;

	/* The largest request that would succeed now. */
	uint64_t largest;
};

/* Receives one of the library's own counters: its name, 1 to 24 of a-z, 0-9 and
 * '_', copied, and its value. */
typedef void (*allocator_plugin_stat_fn)(void *user, const char *name,
					 uint64_t value);

/* Most counters that stats may hand up; one more counts as a panic. */
#define ALLOCATOR_PLUGIN_STATS_MAX 24

/* Flags. */

/* Addresses are real: the harness may read and write every byte of a live
 * allocation, which is how it verifies payloads. Without it addresses are only
 * numbers, never dereferenced. */
#define ALLOCATOR_PLUGIN_REAL 1u

/* Every allocation is in the window [heap_base, heap_base + heap_pages *
 * page_size), which is then verified. */
#define ALLOCATOR_PLUGIN_WINDOW 2u

struct allocator_plugin {
	/* ALLOCATOR_PLUGIN_VERSION and sizeof(struct allocator_plugin) that the
	 * library was compiled with. */
	uint32_t version;
	uint32_t size;

	/* ALLOCATOR_PLUGIN_REAL, _WINDOW, or'ed. */
	uint32_t flags;

	/* All addresses are multiples of this power of two; 1 promises nothing.
	 * Verified. */
	uint32_t alignment;

	/*
	 * Makes the allocator. `config` is the harness's, good until fini
	 * returns. `*ctx` is passed to every other function and may stay NULL.
	 * Returns 0, or a number that is reported as the result. Required.
	 */
	int (*init)(const struct allocator_plugin_config *config, void **ctx);

	/* Allocates `size` bytes, 0 included. Returns the address, which belongs
	 * to the caller until it is freed; NULL if there is no memory left,
	 * which is counted and is not an error. Required. */
	void *(*alloc)(void *ctx, size_t size);

	/* Frees what alloc returned and has not been freed since; never NULL.
	 * Returns 0; anything else means an unknown address, which is a wrong
	 * result. Required. */
	int (*free)(void *ctx, void *p);

	/* Bytes of the live allocation at `p` that its owner may use, at least
	 * what was requested. Optional: NULL if unknown. */
	size_t (*usable_size)(void *ctx, void *p);

	/* Hands up the library's counters by fn(user, name, value), the same
	 * ones in the same order each time; reports show them as plugin_NAME.
	 * Not timed. Optional: NULL has none. */
	void (*stats)(void *ctx, allocator_plugin_stat_fn fn, void *user);

	/* Fills `*out`, whose fields start as ALLOCATOR_PLUGIN_UNKNOWN. Not
	 * timed. Optional: NULL if all of it is unknown, or is what take_pages has
	 * lent. */
	void (*memory)(void *ctx, struct allocator_plugin_memory *out);

	/* Releases everything. Optional: NULL if there is nothing to
	 * release. */
	void (*fini)(void *ctx);
};

/* The library's one symbol. Visible even with -fvisibility=hidden. */
#ifdef __GNUC__
__attribute__((visibility("default")))
#endif
extern const struct allocator_plugin allocator_plugin;

#ifdef __cplusplus
}
#endif

#endif /* ALLOCATOR_PLUGIN_H */
