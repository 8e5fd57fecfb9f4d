/*
 * alloc_host: what the allocators of host memory have in common: payload and
 * touch are plain memory accesses.
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_HOST_H
#define ALLOC_HOST_H

#include "alloc.h"
#include "replay_loop.h"

/* alloc_vt's fill and intact: the whole object carries a pattern of 8-byte
 * words made from `key`. */
void alloc_host_fill(void *ctx, uint64_t handle, uint32_t size, uint64_t key);
bool alloc_host_intact(void *ctx, uint64_t handle, uint32_t size, uint64_t key);

/* Rounds a size up to whole pages, for round=page; 0 takes a page, as in the
 * cluster heap. A size over 4 GiB less a page would overflow and stays as it
 * is. */
static inline uint32_t alloc_host_round(uint32_t size)
{
	if (size == 0)
		return 4096;
	return size > UINT32_MAX - 4095 ? size
					: (size + 4095) & ~UINT32_C(4095);
}

/* alloc_vt's touch: writes the byte at handle + offset. */
static inline void alloc_host_touch(void *ctx, uint64_t handle, uint32_t offset)
{
	(void)ctx;
	*(volatile char *)(uintptr_t)(handle + offset) = 1;
}

/* The keys of every allocator of host memory: round=none|page. */
extern const struct alloc_key alloc_host_keys[];

/* The same, and sized=0|1: for those with a free that takes the size. */
extern const struct alloc_key alloc_host_sized_keys[];

/* True if the spec says round=page; if it says sized=1, which takes
 * alloc_host_sized_keys. */
bool alloc_host_rounds(const struct alloc_spec *spec);
bool alloc_host_sizes(const struct alloc_spec *spec);

/* Fills `out` with ALLOC_UNKNOWN. */
void alloc_host_memory_unknown(struct alloc_memory *out);

/* alloc_vt's close for an allocator that has nothing to close. */
void alloc_host_close(void *ctx);

/*
 * Defines `prefix_open` for an allocator made of a malloc-like and a free-like
 * function, whose addresses are multiples of `aligned`.
 */
#define ALLOC_HOST_DEFINE(prefix, malloc_fn, free_fn, aligned)                \
	static kb_always_inline void *prefix##_malloc_call(void *ctx,         \
							   size_t size)       \
	{                                                                     \
		(void)ctx;                                                    \
		return malloc_fn(size);                                       \
	}                                                                     \
	static kb_always_inline void prefix##_free_call(void *ctx, void *p)   \
	{                                                                     \
		(void)ctx;                                                    \
		free_fn(p);                                                   \
	}                                                                     \
	ALLOC_HOST_STAMP(prefix, prefix##_malloc_call, prefix##_free_call,    \
			 .alignment = (aligned), .close = alloc_host_close)   \
	static int prefix##_open(struct alloc *out,                           \
				 const struct alloc_config *config,           \
				 struct kb_diag *diag)                        \
	{                                                                     \
		(void)diag;                                                   \
		out->vt = alloc_host_rounds(config->spec) ? &prefix##_page_vt \
							  : &prefix##_vt;     \
		out->ctx = NULL;                                              \
		return 0;                                                     \
	}

/*
 * Defines `prefix_vt` and `prefix_page_vt`, without and with round=page: the
 * loops, stamped, and all else that alloc.h asks for except what is given after
 * the calls: alignment, close, and whatever of alloc_vt is optional.
 * `malloc_call` and `free_call` are inline functions that get the allocator's
 * context first.
 */
#define ALLOC_HOST_STAMP(prefix, malloc_call, free_call, ...)                  \
	static kb_always_inline uint64_t prefix##_alloc(void *ctx,             \
							uint32_t size)         \
	{                                                                      \
		return (uintptr_t)malloc_call(ctx, size);                      \
	}                                                                      \
	static kb_always_inline uint64_t prefix##_page_alloc(void *ctx,        \
							     uint32_t size)    \
	{                                                                      \
		return (uintptr_t)malloc_call(ctx, alloc_host_round(size));    \
	}                                                                      \
	static kb_always_inline void prefix##_free(void *ctx, uint64_t handle) \
	{                                                                      \
		free_call(ctx, (void *)(uintptr_t)handle);                     \
	}                                                                      \
	static int prefix##_free_one(void *ctx, uint64_t handle)               \
	{                                                                      \
		prefix##_free(ctx, handle);                                    \
		return 0;                                                      \
	}                                                                      \
	ALLOC_HOST_LOOPS(prefix, .alloc = prefix##_alloc,                      \
			 .free = prefix##_free)                                \
	ALLOC_HOST_LOOPS(prefix##_page, .alloc = prefix##_page_alloc,          \
			 .free = prefix##_free)                                \
	ALLOC_HOST_VT(prefix, .alloc = prefix##_alloc,                         \
		      .free = prefix##_free_one, __VA_ARGS__)                  \
	ALLOC_HOST_VT(prefix##_page, .alloc = prefix##_page_alloc,             \
		      .free = prefix##_free_one, __VA_ARGS__)

/*
 * After ALLOC_HOST_STAMP: defines `prefix_sized_vt` and `prefix_page_sized_vt`,
 * which free by `sized_call`, an inline function that gets context, address and
 * the size that malloc_call was given.
 */
#define ALLOC_HOST_STAMP_SIZED(prefix, sized_call, ...)                     \
	static kb_always_inline void prefix##_free_sized(                   \
		void *ctx, uint64_t handle, uint32_t size)                  \
	{                                                                   \
		sized_call(ctx, (void *)(uintptr_t)handle, size);           \
	}                                                                   \
	static kb_always_inline void prefix##_page_free_sized(              \
		void *ctx, uint64_t handle, uint32_t size)                  \
	{                                                                   \
		sized_call(ctx, (void *)(uintptr_t)handle,                  \
			   alloc_host_round(size));                         \
	}                                                                   \
	static int prefix##_free_sized_one(void *ctx, uint64_t handle,      \
					   uint32_t size)                   \
	{                                                                   \
		prefix##_free_sized(ctx, handle, size);                     \
		return 0;                                                   \
	}                                                                   \
	static int prefix##_page_free_sized_one(void *ctx, uint64_t handle, \
						uint32_t size)              \
	{                                                                   \
		prefix##_page_free_sized(ctx, handle, size);                \
		return 0;                                                   \
	}                                                                   \
	ALLOC_HOST_LOOPS(prefix##_sized, .alloc = prefix##_alloc,           \
			 .free_sized = prefix##_free_sized)                 \
	ALLOC_HOST_LOOPS(prefix##_page_sized, .alloc = prefix##_page_alloc, \
			 .free_sized = prefix##_page_free_sized)            \
	ALLOC_HOST_VT(prefix##_sized, .alloc = prefix##_alloc,              \
		      .free = prefix##_free_one,                            \
		      .free_sized = prefix##_free_sized_one, __VA_ARGS__)   \
	ALLOC_HOST_VT(prefix##_page_sized, .alloc = prefix##_page_alloc,    \
		      .free = prefix##_free_one,                            \
		      .free_sized = prefix##_page_free_sized_one, __VA_ARGS__)

/* The vt that a spec with alloc_host_sized_keys asks for, of the four. */
#define ALLOC_HOST_CHOOSE(prefix, spec)                               \
	(alloc_host_sizes(spec)                                       \
		 ? (alloc_host_rounds(spec) ? &prefix##_page_sized_vt \
					    : &prefix##_sized_vt)     \
		 : (alloc_host_rounds(spec) ? &prefix##_page_vt       \
					    : &prefix##_vt))

/* The loops of one variant, from its members of struct replay_calls. */
#define ALLOC_HOST_LOOPS(variant, ...)                       \
	static const struct replay_calls variant##_calls = { \
		.touch = alloc_host_touch,                   \
		__VA_ARGS__,                                 \
	};                                                   \
	REPLAY_STAMP(variant, variant##_calls)

/* The vt over a variant's loops, from its own members. */
#define ALLOC_HOST_VT(variant, ...)                                     \
	static const struct alloc_vt variant##_vt = {                   \
		REPLAY_STAMPED(variant),     .touch = alloc_host_touch, \
		.has_memory = true,	     .fill = alloc_host_fill,   \
		.intact = alloc_host_intact, __VA_ARGS__,               \
	};

#endif /* ALLOC_HOST_H */
