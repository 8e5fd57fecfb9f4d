/*
 * alloc_library: a malloc-like and a free-like function out of a shared library
 * that is loaded when the allocator is opened.
 *
 * These libraries define malloc itself too, so linking them would give them the
 * whole process. Loaded like this nobody else sees their names (RTLD_LOCAL), and
 * their own calls go to themselves (RTLD_DEEPBIND). A call loads its target from
 * the allocator's context, which is what a call through a PLT does with its GOT
 * entry.
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
};

/* Where an allocator's functions are. All static. */
struct alloc_library_names {
	/* The allocator's own name, for messages. */
	const char *allocator;

	/* The library's soname and the Debian package that has it. */
	const char *soname;
	const char *package;

	const char *malloc_name;
	const char *free_name;
};

/* The address of `symbol` in the library, which then stays loaded; or NULL with
 * `diag` filled, which may be NULL. */
void *alloc_library_symbol(const struct alloc_library_names *names,
			   const char *symbol, struct kb_diag *diag);

/* The functions, loaded, in `*out`, which the caller frees with free. Returns 0;
 * or KB_E_UNSUPPORTED with `diag` saying what to install, or KB_E_NOMEM. */
int alloc_library_open(struct alloc_library **out,
		       const struct alloc_library_names *names,
		       struct kb_diag *diag);

/* alloc_vt's close. */
void alloc_library_close(void *ctx);

/* The calls that ALLOC_HOST_STAMP wants. */
static kb_always_inline void *alloc_library_malloc(void *ctx, size_t size)
{
	const struct alloc_library *library = ctx;

	return library->malloc(size);
}

static kb_always_inline void alloc_library_free(void *ctx, void *p)
{
	const struct alloc_library *library = ctx;

	library->free(p);
}

/* Defines `prefix_open` for the allocator that `names` tells of, whose addresses
 * are multiples of `aligned`. */
#define ALLOC_LIBRARY_DEFINE(prefix, names, aligned)                          \
	ALLOC_HOST_STAMP(prefix, alloc_library_malloc, alloc_library_free,    \
			 aligned, alloc_library_close)                        \
	static int prefix##_open(struct alloc *out,                           \
				 const struct alloc_config *config,           \
				 struct kb_diag *diag)                        \
	{                                                                     \
		struct alloc_library *library;                                \
		int err = alloc_library_open(&library, names, diag);          \
                                                                              \
		if (err < 0)                                                  \
			return err;                                           \
		out->vt = alloc_host_rounds(config->spec) ? &prefix##_page_vt \
							  : &prefix##_vt;     \
		out->ctx = library;                                           \
		return 0;                                                     \
	}

#endif /* ALLOC_LIBRARY_H */
