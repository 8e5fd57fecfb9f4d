/*
 * alloc_plugin32: a plugin that is 32-bit code, run by the worker beside bench
 * that is 32-bit code as well (plugin/worker32).
 *
 * Its pages are real and its pointers have 32 bits, so that code which is right on
 * a 32-bit kernel is right here. Runs are timed in the worker. A crash, a hang or
 * a fault that the plugin reports is told with the line of the plugin's source
 * that the debug information names.
 *
 * alloc_plugin.c includes this file.
 */
#ifndef ALLOC_PLUGIN32_H
#define ALLOC_PLUGIN32_H

#include "alloc.h"

#include <stdbool.h>

/* True if the file is a 32-bit x86 ELF object. */
bool alloc_plugin32_is(const char *path);

/*
 * Opens the plugin at `path` as `out`. `options` has KEY=VALUE after KEY=VALUE,
 * each with a NUL; an empty one ends it. Borrowed for the call. Returns 0;
 * KB_E_ENVIRONMENT if there is no worker, KB_E_ARG for what is no plugin,
 * KB_E_UNSUPPORTED, KB_E_RANGE or KB_E_WRONG, with `diag` filled.
 */
int alloc_plugin32_open(struct alloc *out, const struct alloc_config *config,
			const char *path, const char *options,
			struct kb_diag *diag);

#endif /* ALLOC_PLUGIN32_H */
