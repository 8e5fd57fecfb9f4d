/*
 * misfit: libraries that cannot be plugins, one for each value of MISFIT.
 */
#include "allocator_plugin.h"

/* None is static: so each library holds all three, whatever its fault. Libraries
 * that look alike but are not would share one file of coverage's counters. */
int misfit_init(const struct allocator_plugin_config *config, void **ctx)
{
	(void)config;
	*ctx = NULL;
	return 0;
}

void *misfit_alloc(void *ctx, size_t size)
{
	(void)ctx;
	(void)size;
	return NULL;
}

int misfit_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
	return 0;
}

#define NO_SYMBOL   1
#define OLD	    2
#define SHORT	    3
#define NO_FREE	    4
#define ODD_FLAGS   5
#define NO_ALIGNING 6
#define NO_INIT	    7
#define NO_ALLOC    8
#define ALIGNING_0  9

#if MISFIT == NO_SYMBOL
extern const struct allocator_plugin allocator_plugout;
#define OBJECT allocator_plugout
#else
#define OBJECT allocator_plugin
#endif

const struct allocator_plugin OBJECT = {
	.version = ALLOCATOR_PLUGIN_VERSION + (MISFIT == OLD),
	.size = sizeof(struct allocator_plugin) - (MISFIT == SHORT),
	.flags = MISFIT == ODD_FLAGS ? 0x80 : 0,
	.alignment = MISFIT == NO_ALIGNING  ? 12
		     : MISFIT == ALIGNING_0 ? 0
					    : 1,
	.init = MISFIT == NO_INIT ? NULL : misfit_init,
	.alloc = MISFIT == NO_ALLOC ? NULL : misfit_alloc,
	.free = MISFIT == NO_FREE ? NULL : misfit_free,
};
