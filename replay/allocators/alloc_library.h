/*
 * alloc_library: malloc- and free-like functions from a shared library that is
 * loaded when the allocator is opened.
 *
 * These libraries also define malloc itself, so linking them would replace
 * malloc in the whole process. Loaded this way, nothing else sees their names
 * (RTLD_LOCAL), and their own calls stay inside (RTLD_DEEPBIND). A call loads
 * its target from the allocator's context, as a call through a PLT loads its
 * from the GOT. (jemalloc is linked privately at build time instead. These
 * cannot be: Debian has no archive of mimalloc, and tcmalloc's is not
 * position-independent.)
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_LIBRARY_H
#define ALLOC_LIBRARY_H

#include "alloc_host.h"

#include <stdlib.h>

struct alloc_library {
	void *(*malloc)(size_t size);
	void (*free)(void *p);

	/* NULL if the library has none. `size` is what malloc was given. */
	void (*free_sized)(void *p, size_t size);

	size_t (*usable)(void *p);

	/* Functions that report the allocator's memory; each has its own
	 * type. */
	void (*stats)(void);
};

/* Most sonames of one allocator's library. */
#define ALLOC_LIBRARY_SONAMES 4

/* Where an allocator's functions are. All static. */
struct alloc_library_names {
	/* The allocator's own name, for messages. */
	const char *allocator;

	/* The library's sonames, the preferred one first, NULL after the last.
	 * The first library that can be loaded and has every function below is
	 * used. */
	const char *sonames[ALLOC_LIBRARY_SONAMES + 1];

	/* The Debian packages that have them, as words: "a or b". */
	const char *packages;

	/* The functions' names, as in struct alloc_library. free_sized may be
	 * NULL. */
	const char *malloc;
	const char *free;
	const char *free_sized;
	const char *usable;
	const char *stats;

	/* The functions or variables that hold the library's version; each has
	 * its own type. */
	const char *version;
};

/* Loads a shared library privately; it stays loaded. NULL if that fails:
 * dlerror says why. */
void *alloc_library_load(const char *file);

/* alloc_ops' available: loads the library. */
int alloc_library_available(const struct alloc_library_names *names,
			    struct kb_diag *diag);

/* Puts the address of the library's `symbol` into `*function`, a pointer to a
 * function. Returns false if the library is not available or lacks it. */
bool alloc_library_function(const struct alloc_library_names *names,
			    const char *symbol, void *function);

/* The functions, loaded, in `*out`, which the caller frees with free. Returns 0;
 * or KB_E_ENVIRONMENT with `diag` saying what to do, or KB_E_NOMEM. */
int alloc_library_open(struct alloc_library **out,
		       const struct alloc_library_names *names,
		       struct kb_diag *diag);

/* alloc_vt's usable_of and close. */
uint64_t alloc_library_usable_of(const void *ctx, uint64_t handle);
void alloc_library_close(void *ctx);

/* The calls that ALLOC_HOST_STAMP and ALLOC_HOST_STAMP_SIZED need. */
static kb_always_inline void *alloc_library_malloc(void *ctx, size_t size)
{
	const struct alloc_library *library = (const struct alloc_library *)ctx;

	return library->malloc(size);
}

static kb_always_inline void alloc_library_free(void *ctx, void *p)
{
	const struct alloc_library *library = (const struct alloc_library *)ctx;

	library->free(p);
}

static kb_always_inline void alloc_library_free_sized(void *ctx, void *p,
						      size_t size)
{
	const struct alloc_library *library = (const struct alloc_library *)ctx;

	library->free_sized(p, size);
}

/* Defines `prefix_open` for the allocator that `names` describes, whose
 * addresses are multiples of `aligned`; `memory_fn` is its alloc_vt's
 * memory. */
#define ALLOC_LIBRARY_DEFINE(prefix, names, aligned, memory_fn)            \
	ALLOC_HOST_STAMP(prefix, alloc_library_malloc, alloc_library_free, \
			 ALLOC_LIBRARY_REST(aligned, memory_fn))           \
	ALLOC_HOST_STAMP_SIZED(prefix, alloc_library_free_sized,           \
			       ALLOC_LIBRARY_REST(aligned, memory_fn))     \
	static int prefix##_open(struct alloc *out,                        \
				 const struct alloc_config *config,        \
				 struct kb_diag *diag)                     \
	{                                                                  \
		struct alloc_library *library;                             \
		int err = alloc_library_open(&library, names, diag);       \
                                                                           \
		if (err < 0)                                               \
			return err;                                        \
		out->vt = ALLOC_HOST_CHOOSE(prefix, config->spec);         \
		out->ctx = library;                                        \
		return 0;                                                  \
	}

#define ALLOC_LIBRARY_REST(aligned, memory_fn)                        \
	.alignment = (aligned), .usable_of = alloc_library_usable_of, \
	.memory = memory_fn, .close = alloc_library_close

#endif /* ALLOC_LIBRARY_H */
