/*
 * jemalloc: the baseline, in a library that exports none of its own names.
 */
#include "alloc_host.h"
#include "jemalloc_isolated.h"
#include "kb_bits.h"

static kb_always_inline void *jemalloc_malloc(void *ctx, size_t size)
{
	(void)ctx;
	return kb_jemalloc_malloc(size);
}

static kb_always_inline void jemalloc_release(void *ctx, void *p)
{
	(void)ctx;
	kb_jemalloc_free(p);
}

static kb_always_inline void jemalloc_release_sized(void *ctx, void *p,
						    size_t size)
{
	(void)ctx;
	kb_jemalloc_sdallocx(p, size, 0);
}

static uint64_t jemalloc_usable_of(const void *ctx, uint64_t handle)
{
	(void)ctx;
	return kb_jemalloc_usable_size((void *)(uintptr_t)handle);
}

static void jemalloc_memory(void *ctx, struct alloc_memory *out)
{
	struct kb_jemalloc_memory memory;

	(void)ctx;
	alloc_host_memory_unknown(out);
	/* No test makes it fail; see its definition. */
	if (kb_jemalloc_memory(&memory) < 0)
		return;
	kb_written(&memory, sizeof(memory));
	out->mapped = memory.mapped;
	out->resident = memory.resident;
	out->metadata = memory.metadata;
}

static void jemalloc_set_clock(void *ctx, uint64_t now_ns)
{
	(void)ctx;
	kb_jemalloc_set_clock(now_ns);
}

/* Objects below 16 bytes are only 8-byte aligned in jemalloc (size classes of
 * jemalloc(3), "IMPLEMENTATION NOTES"). */
#define JEMALLOC_REST                                               \
	.alignment = 8, .usable_of = jemalloc_usable_of,            \
	.memory = jemalloc_memory, .set_clock = jemalloc_set_clock, \
	.close = alloc_host_close

ALLOC_HOST_STAMP(jemalloc, jemalloc_malloc, jemalloc_release, JEMALLOC_REST)
ALLOC_HOST_STAMP_SIZED(jemalloc, jemalloc_release_sized, JEMALLOC_REST)

static int jemalloc_open(struct alloc *out, const struct alloc_config *config,
			 struct kb_diag *diag)
{
	(void)diag;
	/* It starts with its first call, which in a program of its own is not one
	 * of those that a trace makes. */
	kb_jemalloc_free(kb_jemalloc_malloc(64));
	out->vt = ALLOC_HOST_CHOOSE(jemalloc, config->spec);
	out->ctx = NULL;
	return 0;
}

const struct alloc_ops alloc_jemalloc = {
	.name = "jemalloc",
	.help = "jemalloc's malloc and free, isolated from the process's own",
	.keys = alloc_host_sized_keys,
	.version = kb_jemalloc_version,
	.options = kb_jemalloc_options,
	.is_shared = true,
	.open = jemalloc_open,
};
