/*
 * alloc: the contract between the replay engine and an allocator.
 *
 * An allocator is a const struct alloc_ops, one file and one line in
 * allocators/alloc_list.c; alloc_skeleton.c shows the minimum. Opening it gives
 * a struct alloc { vt, ctx }: what the engine replays into.
 *
 * A handle names a live allocation: a host address, or an address in the
 * simulated machine. 0 is "failed".
 *
 * Hot paths go through `run` and `run_probed`, which each allocator stamps from
 * the templates in replay_loop.h, so that there is no indirect call in a timed
 * loop. The single-operation entries are for the untimed passes; they count if
 * the allocator has something to count. One allocator is driven by only one
 * kind, from open to close.
 *
 * Every allocator's file and the replay engine include this file.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include "kb_status.h"
#include "replay_op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of an object a replay touches right after its allocation. */
enum alloc_touch {
	/* Nothing: the default. */
	ALLOC_TOUCH_NONE = 0,

	/* Its first byte. */
	ALLOC_TOUCH_FIRST = 1,

	/* The first byte of the object and of each further 4,096 of it. */
	ALLOC_TOUCH_ALL = 2
};
#define ALLOC_TOUCH_MODES 3

/* Bytes between two touches of ALLOC_TOUCH_ALL. */
#define ALLOC_TOUCH_STRIDE 4096u

/* Most keys of one allocator. */
#define ALLOC_KEYS_MAX 12

/* Longest canonical name, the terminating NUL included, bytes. */
#define ALLOC_NAME_SIZE 160

/* One key=value choice in an allocator's name. */
struct alloc_key {
	const char *name;

	/* One line for --list. */
	const char *help;

	/* The i-th value's name; NULL past the last. The first is the
	 * default. */
	const char *(*value)(size_t i);
};

/* As `value` of a key: it takes any number of 32 bits; 0 is the default. Returns
 * "0", then NULL. */
const char *alloc_number(size_t i);

struct alloc_ops;

/* An allocator's name, parsed (alloc_spec.h). */
struct alloc_spec {
	const struct alloc_ops *ops;

	/* For each key, which of its values; or the number that it has. */
	uint32_t choice[ALLOC_KEYS_MAX];

	/* The name, then only the keys that differ from their defaults. */
	char name[ALLOC_NAME_SIZE];
};

/* Longest word and longest source or message of a fault, with the NUL, bytes. */
#define ALLOC_FAULT_WORD_SIZE 32
#define ALLOC_FAULT_TEXT_SIZE 512

/* What is known of a fault of an allocator. */
struct alloc_fault {
	/* One word: overlap, crash, hang, panic, mapping, … */
	char kind[ALLOC_FAULT_WORD_SIZE];

	/* The function that was called, as kmalloc; or empty. */
	char call[ALLOC_FAULT_WORD_SIZE];

	/* The line of its source, or empty and 0. */
	char source[ALLOC_FAULT_TEXT_SIZE];
	uint32_t line;

	/* What went wrong, in words. */
	char message[ALLOC_FAULT_TEXT_SIZE];

	/* False: the allocator could not be judged. */
	bool judged;

	/* What the call was about, as far as that is known. */
	bool has_address;
	bool has_size;
	uint64_t address;
	uint64_t size;
};

/*
 * Where an allocator that is not ours says what it has to say; its own canonical
 * name goes with it. `log` is one line, NULL drops it. `panic` is its end: it
 * does not return; whoever has none cannot open such an allocator. `fault` is what
 * is known of it, or NULL.
 */
struct alloc_report {
	void (*log)(void *user, const char *alloc, const char *line);
	void (*panic)(void *user, const char *alloc, const char *reason,
		      const struct alloc_fault *fault);
	void *user;
};

struct alloc_config {
	/* Borrowed for the call. */
	const struct alloc_spec *spec;

	/* First address and pages of the simulated heap window; 0 means the
	 * heap's defaults. Allocators of host memory ignore them. */
	uint32_t heap_base;
	uint32_t heap_pages;

	/* Counted operations search for real even if they could know the steps
	 * without; the counts are the same. */
	bool walk;

	/* Not 0: what is opened will not be timed, so it may check itself
	 * slowly. 2: pass verify, so it may also do so when it is closed. */
	uint32_t checked;

	/* Which clock times it (replay_tick.h). */
	bool use_tsc;

	/* For allocators that are not ours. */
	struct alloc_report report;

	/* A plugin of the same width is opened without the filter of system
	 * calls. The filter is the whole process's and stays when the plugin is
	 * closed, so a process that does more than run one plugin, such as a
	 * test, sets this; it must know what the plugin does. */
	bool unconfined;
};

/* What is timed of a free. */
enum alloc_probe {
	/* The whole. */
	ALLOC_PROBE_FREE,

	/* Its lookup alone, and then the free untimed, so that neither warms
	 * the caches for the other. Only if there is a lookup. */
	ALLOC_PROBE_LOOKUP
};

/* Timed single frees. */
struct replay_probe {
	enum alloc_probe kind;
	bool use_tsc;

	/* What the last one read: ticks, the cost of reading included. */
	uint64_t ticks;
};

/* The separately timed steps of a free, in order. */
enum alloc_step {
	ALLOC_STEP_LOOKUP,
	ALLOC_STEP_UNMAP,
	ALLOC_STEP_REMOVE,
	ALLOC_STEP_RELEASE
};
#define ALLOC_STEPS 4

/* Called at the end of each step. */
typedef void (*alloc_step_fn)(void *user);

/* A figure that an allocator does not know. */
#define ALLOC_UNKNOWN UINT64_MAX

/* The state of a heap, read after every operation of the count pass. */
struct alloc_gauge {
	/* Sums so far. */
	uint64_t lookups;
	uint64_t nodes_visited;

	/* Also sums. The caller stores ALLOC_UNKNOWN, which stays if they are
	 * not counted. */
	uint64_t rows_visited;
	uint64_t lines_touched;

	/* States. Pages of 4,096 bytes: those mapped, those still available,
	 * and the longest run of these, which is the largest request. */
	uint64_t pages_live;
	uint64_t free_pages;
	uint64_t longest_free_run;
};

/*
 * What an allocator takes from the machine, in bytes: exact if the memory is
 * simulated, else from the allocator's own statistics. Each is ALLOC_UNKNOWN if
 * the allocator does not report it.
 */
struct alloc_memory {
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

/* Receives an allocator's counters, one call each, in a fixed order. `name` is
 * valid only during the call. */
typedef void (*alloc_counter_fn)(void *user, const char *name, uint64_t value);

/* One live cluster of an allocator that keeps rows and tracking arrays. */
struct alloc_cluster {
	/* The row that its node is linked into: clusters of row + 1 pages. */
	uint32_t row;

	/* What its node carries: its place in both tracking arrays. */
	uint32_t index;

	/* The arrays' entries: its handle and its size, bytes. */
	uint64_t handle;
	uint64_t size;
};

/* Receives one cluster, valid for the call. */
typedef void (*alloc_cluster_fn)(void *user,
				 const struct alloc_cluster *cluster);

struct alloc_vt {
	/* Runs `count` operations, timed from outside. `live` maps slots to
	 * handles. One for each enum alloc_touch. Required. */
	void (*run[ALLOC_TOUCH_MODES])(void *ctx, const struct replay_op *ops,
				       size_t count, uint64_t *live);

	/* The same, untouched, with each free timed. Required. */
	void (*run_probed)(void *ctx, const struct replay_op *ops, size_t count,
			   uint64_t *live, struct replay_probe *probe);

	/* Ticks of the clock that the last run took where it ran. Optional: NULL
	 * where that is this process, which then reads its own clock. */
	uint64_t (*ran_ticks)(const void *ctx);

	/*
	 * The same as run[touch], with exactly the same resulting state, but as
	 * fast as possible: for the parts of a trace that are not timed, if
	 * their searches would take minutes. Returns 0, or KB_E_NOMEM with
	 * nothing run. Optional: NULL if run is fast anyway.
	 */
	int (*fast_forward)(void *ctx, const struct replay_op *ops,
			    size_t count, uint64_t *live,
			    enum alloc_touch touch);

	/* Allocates `size` bytes; the handle, or 0. Required. */
	uint64_t (*alloc)(void *ctx, uint32_t size);

	/* Frees a live handle. Returns 0, or <0 if the allocator does not know
	 * it. Required. */
	int (*free)(void *ctx, uint64_t handle);

	/* The same, given the requested size, which must be right: the untimed
	 * passes then call it instead of free. Optional: set it if the timed
	 * loops free with a size too. */
	int (*free_sized)(void *ctx, uint64_t handle, uint32_t size);

	/* One access to the byte at handle + offset. Required. */
	void (*touch)(void *ctx, uint64_t handle, uint32_t offset);

	/* The bytes the allocator's handles are multiples of. At least 1. */
	uint32_t alignment;

	/* False for an allocator that hands out no memory (null): nothing about
	 * its handles can be verified. */
	bool has_memory;

	/* Finds the allocation that starts at `handle`, as its free would.
	 * Returns its index, or -1. Optional: NULL if the lookup cannot run
	 * alone. */
	int64_t (*lookup)(const void *ctx, uint64_t handle);

	/* Frees a live handle as the timed loops do, and calls `done` at the
	 * end of each of the ALLOC_STEPS steps. Optional: NULL if a free has no
	 * such steps. */
	void (*free_steps)(void *ctx, uint64_t handle, alloc_step_fn done,
			   void *user);

	/* Bytes that the allocator's own records give to the live allocation at
	 * `handle`, found as its free would find it; 0 if there is none. It is
	 * the requested size, rounded up to whole granules, at least one.
	 * Optional, with the granule. */
	uint64_t (*size_of)(const void *ctx, uint64_t handle);
	uint32_t granule;

	/* The same, found in whatever way is quickest. Optional: NULL if
	 * size_of is as quick. */
	uint64_t (*size_at)(const void *ctx, uint64_t handle);

	/* Write a payload made from `key` to the allocation, and check that it
	 * is still there. Optional, as a pair. */
	void (*fill)(void *ctx, uint64_t handle, uint32_t size, uint64_t key);
	bool (*intact)(void *ctx, uint64_t handle, uint32_t size, uint64_t key);

	/* True if [handle, handle + size) is where the allocator promises to
	 * put all allocations. Optional: NULL promises nothing. */
	bool (*in_window)(const void *ctx, uint64_t handle, uint64_t size);

	/* A handle less the heap's base, for the digest. Optional: NULL if
	 * addresses are the host's. Without size_of a free adds nothing to the
	 * digest. */
	uint64_t (*offset_of)(const void *ctx, uint64_t handle);

	/* Optional: NULL if there is no heap window. */
	void (*gauge)(const void *ctx, struct alloc_gauge *out);

	/* Bytes that the live allocation at `handle` may use: the requested
	 * size and whatever rounding adds. Optional: NULL if unknown. */
	uint64_t (*usable_of)(const void *ctx, uint64_t handle);

	/* Pages of the cluster that a request of `size` bytes would be granted; 0
	 * if it would get a part of a page. Optional: for allocators of a
	 * simulated window whose counters tell all that an operation does. */
	uint32_t (*cluster_pages)(const void *ctx, uint32_t size);

	/* Optional: NULL if the allocator reports nothing. May be slow; called
	 * occasionally in untimed passes. */
	void (*memory)(void *ctx, struct alloc_memory *out);

	/* Sets the time that the allocator takes for now, ns of the recording, which
	 * does not go back. From the first call on its own clock does not move between
	 * calls. Optional: NULL if the allocator asks no clock, or one that cannot be
	 * set. */
	void (*set_clock)(void *ctx, uint64_t now_ns);

	/* Optional: NULL has none. */
	void (*counters)(const void *ctx, alloc_counter_fn fn, void *user);

	/* Hands up every live cluster, in ascending rows, each row in its
	 * list's order. Returns the number of rows, including empty ones. For
	 * drawing; slow. Optional: NULL if there are no rows. */
	uint32_t (*inspect)(const void *ctx, alloc_cluster_fn fn, void *user);

	/* True if all of the allocator's structures agree; slow. Optional. */
	bool (*is_valid)(const void *ctx);

	/* True once an allocation has failed because the host had no memory for the
	 * allocator's records, not because its window was full. Optional. */
	bool (*is_starved)(const void *ctx);

	/* Frees the allocator; live handles do not have to be freed first. */
	void (*close)(void *ctx);
};

struct alloc {
	const struct alloc_vt *vt;
	void *ctx;
};

/* The ticks of the last run, of which this process's clock says `read`. */
static inline uint64_t alloc_ran_ticks(const struct alloc *alloc, uint64_t read)
{
	return alloc->vt->ran_ticks ? alloc->vt->ran_ticks(alloc->ctx) : read;
}

struct alloc_ops {
	/* The name on a command line. */
	const char *name;

	/* One line for --list. */
	const char *help;

	/* Keys, ended by one whose name is NULL; NULL has none. Their order is
	 * that of the canonical name. */
	const struct alloc_key *keys;

	/*
	 * Parses `text`, which follows the colon, in place of the parser of
	 * KEY=VALUE: checks it and writes the canonical name to the spec.
	 * Returns 0, or KB_E_ARG with `diag` filled. Optional: NULL has `keys`.
	 */
	int (*parse)(struct alloc_spec *spec, const char *text,
		     struct kb_diag *diag);

	/* Its code is not ours and not trusted: it runs only in a child process
	 * with limited memory. */
	bool foreign;

	/* Any number of threads may call `run` at once, with arrays of their own. */
	bool is_shared;

	/*
	 * Checks whether the library that it needs can be used on this machine:
	 * returns 0, or KB_E_ENVIRONMENT with `diag` saying why not and what to
	 * do, without the allocator's name. After 0, opening it works.
	 * Optional: NULL if it needs nothing that could be missing.
	 */
	int (*available)(struct kb_diag *diag);

	/* Version of the library that it uses; NULL if that is not available.
	 * Static. Optional: NULL has none. */
	const char *(*version)(void);

	/* The library's settings in effect, "name=value,…", or NULL if it has
	 * none. Static. */
	const char *(*options)(void);

	/*
	 * Makes an allocator in `*out`, which the caller closes by
	 * vt->close(ctx). Returns 0, or <0 with `diag` filled.
	 */
	int (*open)(struct alloc *out, const struct alloc_config *config,
		    struct kb_diag *diag);
};

#endif /* ALLOC_H */
