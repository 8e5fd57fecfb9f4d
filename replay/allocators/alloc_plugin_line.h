/*
 * alloc_plugin_line: the line of source that an instruction of a library is from,
 * by the library's debug information.
 *
 * Only allocators' files include this file.
 */
#ifndef ALLOC_PLUGIN_LINE_H
#define ALLOC_PLUGIN_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Asks addr2line, which belongs to the compiler's binutils, for the line at `pc`,
 * an address as the file has it. Fills `source` and `*line`; leaves both alone if
 * it is not known. `path` has a slash. */
void alloc_plugin_line(const char *path, uint64_t pc, char *source, size_t size,
		       uint32_t *line);

#endif /* ALLOC_PLUGIN_LINE_H */
