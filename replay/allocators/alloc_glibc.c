/*
 * glibc: the malloc and free of this process's C library.
 *
 * The timed loops use the process's own. A second glibc in a link-map namespace
 * of its own (dlmopen) would behave differently: it cannot know that the
 * process has one thread, so it takes its locks, and it must not move the
 * break. In a comparison over 2 million operations it took 12 to 18% longer.
 * Sharing does no harm there: between the first and the last event of a timed
 * replay nothing else allocates (test_alloc_isolation checks it).
 *
 * The single operations of the untimed passes, around which the harness does
 * allocate, use that second glibc, so that its statistics are the trace's alone.
 */
#include "alloc_host.h"
#include "kb_bits.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libc.so.6"

/* The second glibc. */
struct glibc {
	void *library;
	void *(*malloc)(size_t size);
	void (*free)(void *p);
	size_t (*usable)(void *p);
	struct mallinfo2 (*info)(void);
};

static kb_always_inline uint64_t timed_alloc(void *ctx, uint32_t size)
{
	(void)ctx;
	return (uintptr_t)malloc(size);
}

static kb_always_inline uint64_t timed_page_alloc(void *ctx, uint32_t size)
{
	return timed_alloc(ctx, alloc_host_round(size));
}

static kb_always_inline void timed_free(void *ctx, uint64_t handle)
{
	(void)ctx;
	free((void *)(uintptr_t)handle);
}

static uint64_t single_alloc(void *ctx, uint32_t size)
{
	const struct glibc *own = ctx;

	return (uintptr_t)own->malloc(size);
}

static uint64_t single_page_alloc(void *ctx, uint32_t size)
{
	return single_alloc(ctx, alloc_host_round(size));
}

static int single_free(void *ctx, uint64_t handle)
{
	const struct glibc *own = ctx;

	own->free((void *)(uintptr_t)handle);
	return 0;
}

static uint64_t glibc_usable_of(const void *ctx, uint64_t handle)
{
	const struct glibc *own = ctx;

	return own->usable((void *)(uintptr_t)handle);
}

/* The arena, and what has a mapping of its own. The chunks' headers are
 * inside the arena and are not counted separately. */
static void glibc_memory(void *ctx, struct alloc_memory *out)
{
	const struct glibc *own = ctx;
	const struct mallinfo2 info = own->info();

	kb_written(&info, sizeof(info));
	alloc_host_memory_unknown(out);
	out->mapped = info.arena + info.hblkhd;
}

static void glibc_close(void *ctx)
{
	struct glibc *own = ctx;

	dlclose(own->library);
	free(own);
}

/* MALLOC_ALIGNMENT of glibc: two words. */
#define GLIBC_REST                                            \
	.free = single_free, .alignment = 2 * sizeof(size_t), \
	.usable_of = glibc_usable_of, .memory = glibc_memory, \
	.close = glibc_close

ALLOC_HOST_LOOPS(glibc, .alloc = timed_alloc, .free = timed_free)
ALLOC_HOST_LOOPS(glibc_page, .alloc = timed_page_alloc, .free = timed_free)
ALLOC_HOST_VT(glibc, .alloc = single_alloc, GLIBC_REST)
ALLOC_HOST_VT(glibc_page, .alloc = single_page_alloc, GLIBC_REST)

/* POSIX lets an object pointer carry a function's address; C has no conversion
 * for it. */
static bool find(const struct glibc *own, const char *name, void *function)
{
	void *address = dlsym(own->library, name);

	memcpy(function, &address, sizeof(address));
	return address != NULL;
}

static bool load(struct glibc *own)
{
	own->library = dlmopen(LM_ID_NEWLM, LIBRARY, RTLD_NOW | RTLD_LOCAL);
	return own->library && find(own, "malloc", &own->malloc) &&
	       find(own, "free", &own->free) &&
	       find(own, "malloc_usable_size", &own->usable) &&
	       find(own, "mallinfo2", &own->info);
}

static int glibc_open(struct alloc *out, const struct alloc_config *config,
		      struct kb_diag *diag)
{
	struct glibc *own = calloc(1, sizeof(*own));

	if (!own)
		return kb_fail(diag, KB_E_NOMEM, "out of memory");
	/* Debian always has it, so no test gets here. */
	if (!load(own)) {
		free(own);
		return kb_fail(diag, KB_E_UNSUPPORTED,
			       "glibc: cannot load a second %s: %s; needs "
			       "glibc 2.33 or later, dynamically linked",
			       LIBRARY, dlerror());
	}
	out->vt = alloc_host_rounds(config->spec) ? &glibc_page_vt : &glibc_vt;
	out->ctx = own;
	return 0;
}

const struct alloc_ops alloc_glibc = {
	.name = "glibc",
	.help = "glibc's malloc and free",
	.keys = alloc_host_keys,
	.version = gnu_get_libc_version,
	.is_shared = true,
	.open = glibc_open,
};
