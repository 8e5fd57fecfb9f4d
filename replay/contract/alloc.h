/*
 * alloc: the contract between the replay engine and an allocator.
 *
 * An allocator is a const struct alloc_ops, one file and one line in
 * allocators/alloc_list.c; alloc_skeleton.c shows the least there is to write.
 * Opening it gives a struct alloc { vt, ctx }: what the engine replays into.
 *
 * A handle names a live allocation: a host address, or an address in the
 * simulated machine. 0 is "failed".
 *
 * Hot paths go through `run` and `run_probed`, which each allocator stamps from
 * the templates in replay_loop.h, so that there is no indirect call in a timed
 * loop. The single-operation entries are for the untimed passes; they count
 * where the allocator has something to count. An allocator is driven by the one
 * kind or the other for all of its life.
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

/* Most keys that one allocator can have. */
#define ALLOC_KEYS_MAX 8

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

struct alloc_ops;

/* An allocator's name, parsed (alloc_spec.h). */
struct alloc_spec {
	const struct alloc_ops *ops;

	/* For each key, which of its values. */
	uint8_t choice[ALLOC_KEYS_MAX];

	/* The name, then only the keys that differ from their defaults. */
	char name[ALLOC_NAME_SIZE];
};

/*
 * Where an allocator that is not ours says what it has to say; its own canonical
 * name goes with it. `log` is one line, NULL drops it. `panic` is its end: it
 * does not return; whoever has none cannot open such an allocator.
 */
struct alloc_report {
	void (*log)(void *user, const char *alloc, const char *line);
	void (*panic)(void *user, const char *alloc, const char *reason);
	void *user;
};

struct alloc_config {
	/* Borrowed for the call. */
	const struct alloc_spec *spec;

	/* First address and pages of the simulated heap window; 0 means the
	 * heap's defaults. Allocators of host memory ignore them. */
	uint32_t heap_base;
	uint32_t heap_pages;

	/* Counted operations make their searches for real where they could
	 * know the steps without; the counts are the same. */
	bool walk;

	/* What is opened will not be timed: it may check itself slowly. */
	bool checked;

	/* For allocators that are not ours. */
	struct alloc_report report;
};

/* What is timed of a free. */
enum alloc_probe {
	/* The whole. */
	ALLOC_PROBE_FREE,

	/* Its lookup alone, and then the free untimed, so that neither
	 * warms the caches for the other. Only where there is a lookup. */
	ALLOC_PROBE_LOOKUP
};

/* Timed single frees. */
struct replay_probe {
	enum alloc_probe kind;
	bool use_tsc;

	/* What the last one read: ticks, the cost of reading included. */
	uint64_t ticks;
};

/* The steps of a free that can be told apart, in their order. */
enum alloc_step {
	ALLOC_STEP_LOOKUP,
	ALLOC_STEP_UNMAP,
	ALLOC_STEP_REMOVE,
	ALLOC_STEP_RELEASE
};
#define ALLOC_STEPS 4

/* Called at the end of each step. */
typedef void (*alloc_step_fn)(void *user);

/* A figure that an allocator cannot tell. */
#define ALLOC_UNKNOWN UINT64_MAX

/* The state of a heap: read after every operation of the count pass. */
struct alloc_gauge {
	/* Sums so far. */
	uint64_t lookups;
	uint64_t nodes_visited;

	/* Sums as well. The caller puts ALLOC_UNKNOWN here, which stays where
	 * they are not counted. */
	uint64_t rows_visited;
	uint64_t lines_touched;

	/* States. Pages are of 4,096 bytes: those mapped, those still to be had,
	 * and the longest stretch of these, which is the largest request. */
	uint64_t pages_live;
	uint64_t free_pages;
	uint64_t longest_free_run;
};

/*
 * What an allocator takes from the machine, in bytes: exact where the memory is
 * simulated, by the allocator's own statistics elsewhere. Each is ALLOC_UNKNOWN
 * if the allocator cannot tell.
 */
struct alloc_memory {
	/* Address space that has pages, including its metadata where that
	 * is in the same pages. */
	uint64_t mapped;

	/* Of it, what is in physical memory. */
	uint64_t resident;

	/* Its own records: lists, tables, tags, page tables. */
	uint64_t metadata;

	/* The largest request that would succeed now. */
	uint64_t largest;
};

/* Receives an allocator's counters, one call each, in a fixed order. `name` is
 * good for the call. */
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

	/*
	 * The same as run[touch], to the last bit of the allocator's state, but
	 * as fast as can be: for stretches of a trace between those that are
	 * timed, where the search itself would take minutes. Returns 0, or
	 * KB_E_NOMEM with nothing run. Optional: NULL where run is fast anyway.
	 */
	int (*fast_forward)(void *ctx, const struct replay_op *ops,
			    size_t count, uint64_t *live,
			    enum alloc_touch touch);

	/* Allocates `size` bytes; the handle, or 0. Required. */
	uint64_t (*alloc)(void *ctx, uint32_t size);

	/* Frees a live handle. Returns 0, or <0 if the allocator does not know
	 * it. Required. */
	int (*free)(void *ctx, uint64_t handle);

	/* The same, given the size that was requested, which must be right: the
	 * untimed passes then call it instead of free. Optional: where the timed
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
	 * Returns its index, or -1. Optional: NULL where an allocator's lookup
	 * is not to be had alone. */
	int64_t (*lookup)(const void *ctx, uint64_t handle);

	/* Frees a live handle as the timed loops do, and calls `done` at the end
	 * of each of the ALLOC_STEPS steps. Optional: NULL where a free has no
	 * such steps. */
	void (*free_steps)(void *ctx, uint64_t handle, alloc_step_fn done,
			   void *user);

	/* Bytes that the allocator's own records give to the live allocation at
	 * `handle`, found as its free would find it; 0 if there is none. It is
	 * the requested size, rounded up to whole granules, at least one.
	 * Optional, with the granule. */
	uint64_t (*size_of)(const void *ctx, uint64_t handle);
	uint32_t granule;

	/* The same, found by whatever is quickest in the untimed passes. Optional:
	 * NULL where size_of is as quick. */
	uint64_t (*size_at)(const void *ctx, uint64_t handle);

	/* Writes a payload made from `key` to the allocation, and tells whether
	 * it is still there. Optional, as a pair. */
	void (*fill)(void *ctx, uint64_t handle, uint32_t size, uint64_t key);
	bool (*intact)(void *ctx, uint64_t handle, uint32_t size, uint64_t key);

	/* True if [handle, handle + size) is where the allocator promises to
	 * put all allocations. Optional: NULL promises nothing. */
	bool (*in_window)(const void *ctx, uint64_t handle, uint64_t size);

	/* A handle less the heap's base: what the digest takes. Optional: NULL
	 * where addresses are the host's. Without size_of a free adds nothing to
	 * the digest. */
	uint64_t (*offset_of)(const void *ctx, uint64_t handle);

	/* Optional: NULL where there is no heap window to look at. */
	void (*gauge)(const void *ctx, struct alloc_gauge *out);

	/* Bytes that the live allocation at `handle` may use: the requested size
	 * and whatever rounding adds. Optional: NULL where nobody can tell. */
	uint64_t (*usable_of)(const void *ctx, uint64_t handle);

	/* Optional: NULL knows nothing of its memory. May be slow; asked for now
	 * and then in untimed passes. */
	void (*memory)(void *ctx, struct alloc_memory *out);

	/* Optional: NULL has none. */
	void (*counters)(const void *ctx, alloc_counter_fn fn, void *user);

	/* Hands up every live cluster: rows rising, each row in its list's
	 * order. Returns the number of rows, the empty ones included. For
	 * drawing; slow. Optional: NULL where there are no rows. */
	uint32_t (*inspect)(const void *ctx, alloc_cluster_fn fn, void *user);

	/* True if all of the allocator's structures agree; slow. Optional. */
	bool (*is_valid)(const void *ctx);

	/* Frees the allocator; live handles do not have to be freed first. */
	void (*close)(void *ctx);
};

struct alloc {
	const struct alloc_vt *vt;
	void *ctx;
};

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

	/* Its code is not ours and is not trusted: it only runs in a child
	 * process whose memory is limited. */
	bool foreign;

	/*
	 * Tells whether the library that it needs can be used on this machine:
	 * returns 0, or KB_E_ENVIRONMENT with `diag` saying why not and what to
	 * do, without the allocator's name. Whoever gets 0 can open it. Optional:
	 * NULL needs nothing that could be missing.
	 */
	int (*available)(struct kb_diag *diag);

	/* Version of the library that it uses; NULL if that is not available.
	 * Static. Optional: NULL has none. */
	const char *(*version)(void);

	/* The library's settings in effect, "name=value,…", or NULL if it has
	 * none to tell of. Static. */
	const char *(*options)(void);

	/*
	 * Makes an allocator in `*out`, which the caller closes by
	 * vt->close(ctx). Returns 0, or <0 with `diag` filled.
	 */
	int (*open)(struct alloc *out, const struct alloc_config *config,
		    struct kb_diag *diag);
};

#endif /* ALLOC_H */
