#include "jemalloc_isolated.h"

#include <stdint.h>

/*
 * kb_jemalloc_malloc and kb_jemalloc_free have no body here: the linker makes
 * them second names of jemalloc's own malloc and free (--defsym), so that a
 * call costs what a call of glibc's costs.
 */

/* jemalloc's control interface (jemalloc(3)). */
int mallctl(const char *name, void *oldp, size_t *oldlenp, void *newp,
	    size_t newlen);

const char *kb_jemalloc_version(void)
{
	const char *version = NULL;
	size_t size = sizeof(version);

	if (mallctl("version", &version, &size, NULL, 0) != 0)
		return "unknown";
	return version;
}
